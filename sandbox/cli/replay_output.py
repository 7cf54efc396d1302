"""What `esr-sandbox replay` shows: progress while it runs, then the verdict."""

import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from loadtests.discrepancies import Discrepancy
from loadtests.results import Progress, ReplayPlan, ReplayResult
from loadtests.runner import run_replay
from loadtests.supplier.access import SupplierAccess, SupplierPlan
from loadtests.supplier.runner import run_supplier_replay
from sandbox.cli.progress import bar
from sandbox.cli.replay_events import ReplayEvents
from sandbox.reports.certification_exchanges import printable
from sandbox.reports.replay import WRONG, replay_lines
from sandbox.reports.replay_calendar import local

_SHOWN = 20
"""Messages named for each thing that is wrong; the report names more."""
_COLOURS = {"pass": "green", "fail": "red", "inconclusive": "yellow"}


@dataclass(frozen=True, slots=True)
class Replayed:
    """A replay that was made, and how long each of its phases took in wall seconds."""

    result: ReplayResult
    phases: dict[str, float]


class _Phases:
    """Times the phases by what is heard of them."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._phase = "setting up"
        self._since = time.monotonic()

    def hear(self, phase: str) -> None:
        """The replay is in this phase."""
        now = time.monotonic()
        self._seconds[self._phase] = self._seconds.get(self._phase, 0.0) + now - self._since
        self._phase, self._since = phase, now

    def end(self) -> dict[str, float]:
        """Seconds by phase, in their order; the last one ends now."""
        self.hear(self._phase)
        return self._seconds


def replay(
    plan: ReplayPlan, supplier: SupplierAccess | None = None, events: ReplayEvents | None = None
) -> Replayed:
    """Replays against ESR, or through a supplier, with progress shown. Raises what `run_replay` raises."""
    phases = _Phases()
    with bar(f"Replay of {plan.profile.name}:") as progress:

        def show(step: Progress) -> None:
            phases.hear(step.phase)
            if events is not None:
                events.hear(step)
            progress.show(step.done, step.done + step.remaining, told(step))

        result = (
            run_replay(plan, show)
            if supplier is None
            else run_supplier_replay(SupplierPlan(plan, supplier), show)
        )
    return Replayed(result, phases.end())


def told(step: Progress) -> str:
    """The progress in two lines, for 80 columns: the phase; done, remaining, rate, factor and the moment reached."""
    parts = [f"{step.done:,} done", f"{step.remaining:,} left"]
    if step.rate:
        parts.append(f"{step.rate:,.0f}/s")
    if step.compression:
        parts.append(f"factor {step.compression:,.0f}")
    if step.simulated:
        parts.append(f"{local(step.simulated):%d %b %H:%M}")
    return f"{step.phase}\n{', '.join(parts)}"


def print_replay(result: ReplayResult, console: Console) -> None:
    """Counts, what is wrong, the verdict, and what is assumed."""

    def say(sentence: str, style: str = "") -> None:
        console.print(
            printable(sentence), style=style, highlight=False, markup=False, soft_wrap=True
        )

    console.print(_counts(result))
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in result.counts.by_kind.items())
    say(f"Acknowledged by kind: {kinds}.")
    say(
        f"Set-up, counted apart: {result.set_up.vacancies:,} vacancies, {result.set_up.caught_up:,} earlier messages."
    )
    say(_pace(result))
    _print_wrong(result, console)
    console.print(_verdict(result))
    if result.interrupted:
        say(f"Ended early: {result.interrupted}.")
    for assumption in result.assumptions:
        say(f"Assumed: {assumption}", style="dim")


def print_paths(paths: list[Path], console: Console) -> None:
    """Where the results are, one path a line."""
    for path in paths:
        console.print(str(path), highlight=False, markup=False, soft_wrap=True)


def _counts(result: ReplayResult) -> Table:
    title = f"Replay of {printable(result.profile)}, seed {result.seed}"
    table = Table(title=Text(title), min_width=len(title))
    counts = result.counts
    numbers = {
        "planned": counts.planned,
        "sent": counts.sent,
        "acknowledged": counts.acknowledged,
        "refused": counts.refused,
        "no answer": counts.unacknowledged,
        "cut off": counts.cut_off,
        "never sent": counts.never_sent,
        "retries": counts.retries,
    }
    table.add_column("messages")
    table.add_column("", justify="right")
    for what, number in numbers.items():
        table.add_row(what, f"{number:,}")
    return table


def _pace(result: ReplayResult) -> str:
    measured = result.measurements
    rate = (
        f"{measured.messages_per_second:,.0f} messages a second over {measured.wall_seconds:,.0f} s"
    )
    if result.factor is not None:
        return f"Factor {result.factor:,g} throughout; {rate}; {result.seconds:,.0f} s in all."
    factors = [leg.factor for leg in result.legs]
    hours = f"Factor {min(factors):,.0f} to {max(factors):,.0f}, hour by hour" if factors else ""
    cap = (
        f"capped at {result.calibration['cap']:,.0f} of {result.calibration['per_second']:,.0f} a second"
        if result.calibration
        else ""
    )
    known = "; ".join(filter(None, (hours, cap, rate)))
    return f"{known}; {result.seconds:,.0f} s in all."


def _print_wrong(result: ReplayResult, console: Console) -> None:
    found = result.reconciliation
    if found is None:
        return
    for name, (heading, _) in WRONG.items():
        items: list[Discrepancy] = getattr(found, name)
        for item in items[:_SHOWN]:
            console.print(
                printable(f"{heading}: {_named(item)}. {item.what}"),
                highlight=False,
                markup=False,
                soft_wrap=True,
            )
        if len(items) > _SHOWN:
            console.print(
                f"{heading}: {len(items) - _SHOWN:,} more; replay.json has them all.",
                highlight=False,
            )


def _named(item: Discrepancy) -> str:
    parts = [item.supplierReference, item.kind, item.checkType]
    if item.number is not None:
        parts.append(f"number {item.number}")
    if item.requestId is not None:
        parts.append(f"request {item.requestId}")
    return " ".join(filter(None, parts))


def _verdict(result: ReplayResult) -> Table:
    table = Table(title=f"Verdict: {result.outcome.upper()}")
    for heading in ("what", "result", "measured", "limit"):
        table.add_column(heading)
    for line in replay_lines(result):
        table.add_row(
            line.what,
            Text(line.result.upper(), style=_COLOURS[line.result]),
            Text(line.measured),
            line.expected,
        )
    return table
