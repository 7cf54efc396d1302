"""Guided mode at a terminal: the suite says in words what to do in the subject, waits with a visible deadline, and observes."""

import select
import sys
import time

from rich.console import Console

from sandbox.conformance.driving import Driver, GuidedDriver, NoDriver

_PATIENCE_SECONDS = 600.0
_console = Console(stderr=True, highlight=False)


def terminal_driver() -> Driver:
    """A driver that asks whoever sits at the terminal; nobody is asked where there is none."""
    return GuidedDriver(ask) if sys.stdin is not None and sys.stdin.isatty() else NoDriver()


def ask(sentence: str, seconds: float = _PATIENCE_SECONDS) -> str:
    """What a person answers to a sentence; nothing where the time is up. The deadline is shown."""
    until = time.strftime("%H:%M:%S", time.localtime(time.time() + seconds))
    _console.print(f"\n[bold]Please do this in your test system, by {until}:[/]\n  {sentence}")
    _console.print("Then answer: [bold]d[/]one, [bold]r[/]efused, [bold]n[/]ot possible here.")
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        ready, _, _ = select.select([sys.stdin], [], [], min(left, 30.0))
        if ready:
            return sys.stdin.readline().strip()
        _console.print(f"  {left / 60:.0f} minutes left")
    return ""
