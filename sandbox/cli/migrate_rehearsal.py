"""`esr-sandbox migrate-rehearsal`."""

import platform
import time
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from sandbox import __version__
from sandbox.cli import FAILED, HELD, INCONCLUSIVE, Stop
from sandbox.cli.progress import bar
from sandbox.conformance.results import Result
from sandbox.rehearsal.api_door import NoAnswer
from sandbox.rehearsal.cutover import CutoverResult
from sandbox.rehearsal.intentions import Verdict
from sandbox.rehearsal.parity import ParityResult
from sandbox.rehearsal.run import RehearsalPlan, RehearsalResult, first_day, run_rehearsal
from sandbox.rehearsal.tenant import SandboxFails
from sandbox.rehearsal.timing import CLAIM, CLAIMED_IN, Timing
from sandbox.reports.rehearsal import rehearsal_report, to_json, write_rehearsal
from sandbox.reports.verdicts import Report

_SHOWN = 20
_EXIT_CODES = {Result.PASS: HELD, Result.FAIL: FAILED, Result.INCONCLUSIVE: INCONCLUSIVE}


@click.command(
    "migrate-rehearsal", epilog="Example: esr-sandbox migrate-rehearsal --count 5000 --seed 3"
)
@click.option(
    "--count",
    default=500,
    show_default=True,
    type=click.IntRange(1, 50_000),
    help="How many applicants, each with checks.",
)
@click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0, 2**53 - 1), help="The seed."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, for scripts.")
@click.option(
    "--report",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("reports/rehearsal"),
    show_default=True,
    help="A folder for the report.",
)
def command(count: int, seed: int, as_json: bool, folder: Path) -> int:
    """Rehearse the move from hourly files to the API: parity of both doors, then a cutover in each direction.

    Exit code 0 only when everything agrees; 1 when anything differs, is lost, doubled or contradictory; 3: too little was seen.
    """
    # Whether the report can be written is found out before the work.
    folder.mkdir(parents=True, exist_ok=True)
    began, wall = time.monotonic(), datetime.now(UTC)
    plan = RehearsalPlan(count, seed, first_day())
    with bar("Rehearsing") as progress:
        try:
            result = run_rehearsal(plan, lambda what, done, total: progress.show(done, total, what))
        except (SandboxFails, NoAnswer) as problem:
            raise Stop(f"The rehearsal could not go on. {problem}", FAILED) from problem
    facts = {
        "Sandbox": __version__,
        "Seed": str(seed),
        "Applicants": f"{count:,} in the parity, {plan.in_flight:,} in flight in each cutover",
        "World": f"{plan.size.employers} employers with {plan.size.positions} positions each in the parity, one in a "
        f"cutover; its first day is {plan.today}",
        "Began": f"{wall:%Y-%m-%d %H:%M:%S} UTC",
        "Took": f"{time.monotonic() - began:.0f} s",
        "Python": platform.python_version(),
        "Machine": f"{platform.system()} {platform.machine()}",
    }
    report = rehearsal_report(result, facts)
    paths = write_rehearsal(report, folder)
    if as_json:
        click.echo(to_json(report))
    else:
        _print(result, report, paths)
    return _EXIT_CODES[report.result]


def _print(result: RehearsalResult, report: Report, paths: list[Path]) -> None:
    console = Console()
    _print_parity(result.parity, console)
    for cutover in result.cutovers:
        _print_cutover(cutover, console)
    _print_timing(result.parity.timing, console)
    verdict = Table(title=f"Verdict: {report.result.upper()}")
    for heading in ("part", "result", "seconds"):
        verdict.add_column(heading, justify="right" if heading == "seconds" else "left")
    for section in report.sections:
        verdict.add_row(section.title, section.result.upper(), f"{section.seconds:.0f}")
    console.print(verdict)
    for path in paths:
        console.print(str(path), highlight=False, soft_wrap=True)


def _print_parity(parity: ParityResult, console: Console) -> None:
    compared = parity.comparison
    messages = sum(parity.messages.values())
    console.print(
        f"Parity: {messages:,} messages through each door, {parity.files_sent:,} files "
        f"({parity.files_split:,} of them split off at 40 for a position). Compared {compared.applicants:,} applicants, "
        f"{compared.checks:,} checks, {compared.transfers:,} transfers, {compared.fields:,} fields: "
        f"{len(compared.differences):,} differences; {len(parity.answer_differences):,} applicants whose answers differ.",
        highlight=False,
        soft_wrap=True,
    )
    for item in compared.differences[:_SHOWN]:
        console.print(
            f"  {item.reference} {item.record} {item.pointer}: {item.files} by files, {item.api} by the API",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    for answers in parity.answer_differences[:_SHOWN]:
        console.print(
            f"  {answers.reference}: only by files {'; '.join(answers.files) or 'nothing'}, only by the API "
            f"{'; '.join(answers.api) or 'nothing'}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


def _print_cutover(cutover: CutoverResult, console: Console) -> None:
    told = ", ".join(f"{cutover.count(verdict):,} {verdict}" for verdict in Verdict)
    seen = sum(kind.seen for kind in cutover.kinds)
    kept = sum(kind.as_defined for kind in cutover.kinds)
    console.print(
        f"Cutover {cutover.direction}: {cutover.in_flight:,} applicants in flight: {told}. "
        f"{len(cutover.kinds)} kinds of overlap, {seen:,} seen, {kept:,} with their defined result.",
        highlight=False,
        soft_wrap=True,
    )
    for fault in cutover.faults[:_SHOWN]:
        console.print(
            f"  {fault.verdict}: {fault.reference} {fault.record} {fault.pointer}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    for item in cutover.unexpected[:_SHOWN]:
        console.print(
            f"  {item.reference} {item.what} by {item.door}: {item.found} instead of {item.defined} "
            f"({item.overlap or 'no overlap'})",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    for kind in cutover.kinds:
        if not kind.seen:
            console.print(f"  never occurred: {kind.name}", highlight=False, soft_wrap=True)


def _print_timing(timing: Timing, console: Console) -> None:
    table = Table(title="From an event to ESR, in seconds")
    for heading in ("door", "part", "median", "95 %", "longest"):
        table.add_column(heading, justify="left" if heading in ("door", "part") else "right")
    for door, times in (("files", timing.files), ("API", timing.api)):
        for part, spread in (("waiting", times.waiting), ("processing", times.processing)):
            values = (spread.median, spread.p95, spread.max)
            table.add_row(door, part, *(f"{value:,.3f}" for value in values))
    console.print(table)
    console.print(
        f"Waiting is the world's time, processing wall time. The API was asked for {timing.rate:.0f} messages a second, "
        f"{timing.over_the_busiest_hour:,.0f} times the busiest hour of a busy day of the whole country. The owners claim of "
        f"theirs: {CLAIM} ({CLAIMED_IN}); this confirms nothing of that.",
        highlight=False,
        soft_wrap=True,
    )
