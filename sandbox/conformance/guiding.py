"""Guided mode: the suite says in words what to do in the subject, waits with a visible deadline, and observes.

It asks at the terminal, or through a folder, for whoever builds a page on it:

    <folder>/step-3.json     {"number": 3, "sentence": "Withdraw …", "case": "…", "title": "…", "asked": "…", "until": "…"}
    <folder>/answer-3        done, refused or not-possible: one word, written by whoever did it

A step without an answer by `until` (UTC) has none. What was asked of a person before its time was up is asked once.
"""

import select
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console

from sandbox.conformance.driving import Driver, GuidedDriver, NoDriver
from sandbox.conformance.driving.guided import ANSWERS

PATIENCE_SECONDS = 600.0
"""How long a person has for one step, unless another time is named."""
_LOOK_SECONDS = 0.1
_console = Console(stderr=True, highlight=False)


def terminal_driver(seconds: float = PATIENCE_SECONDS) -> Driver:
    """A driver that asks whoever sits at the terminal; nobody is asked where there is none."""
    if sys.stdin is None or not sys.stdin.isatty():
        return NoDriver()
    return GuidedDriver(lambda sentence: ask(sentence, seconds))


def ask(sentence: str, seconds: float) -> str:
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


class FolderGuide:
    """Asks through a folder, and tells the events `guide.asked` and `guide.answered`."""

    def __init__(
        self, folder: Path, seconds: float, tell: Callable[[dict[str, Any]], None]
    ) -> None:
        self._folder = folder
        self._seconds = seconds
        self._tell = tell
        self._number = 0
        self._case: dict[str, str] = {}
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def driver(self) -> Driver:
        """The driver that asks so."""
        return GuidedDriver(self.ask)

    def heard(self, see: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
        """`see`, and the guide knows by the events which case a step belongs to."""

        def both(event: dict[str, Any]) -> None:
            if event["event"] == "case.started":
                self._case = {"case": event["case"], "title": event["title"]}
            see(event)

        return both

    def ask(self, sentence: str) -> str:
        """What was answered to a sentence; nothing where the time is up."""
        self._number += 1
        asked = datetime.now(UTC)
        step = {
            "number": self._number,
            "sentence": sentence,
            **self._case,
            "asked": _text(asked),
            "until": _text(asked + timedelta(seconds=self._seconds)),
        }
        answer_path = self._folder / f"answer-{self._number}"
        # One that is left of an earlier run is no answer to this.
        answer_path.unlink(missing_ok=True)
        draft = self._folder / f".step-{self._number}.json"
        draft.write_bytes(orjson.dumps(step))
        draft.replace(self._folder / f"step-{self._number}.json")
        self._tell({"event": "guide.asked", **step})
        answer = self._waited_for(answer_path)
        self._tell({"event": "guide.answered", "number": self._number, "answer": answer})
        return answer

    def _waited_for(self, path: Path) -> str:
        deadline = time.monotonic() + self._seconds
        while time.monotonic() < deadline:
            try:
                answer = path.read_text(encoding="utf-8", errors="replace").strip().lower()
            except OSError:
                answer = ""
            # A word that is not whole yet, or means nothing, is looked at again.
            if answer in ANSWERS:
                return answer
            time.sleep(_LOOK_SECONDS)
        return ""


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
