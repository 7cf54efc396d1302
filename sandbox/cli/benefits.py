"""`esr-sandbox benefits`."""

import math
from collections.abc import Callable
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.table import Table

from sandbox.benefits.model import (
    PUBLISHED_IN,
    PUBLISHED_SAVING,
    PUBLISHED_SPEED_UP,
    Assumption,
    Benefits,
    Range,
    benefits,
)
from sandbox.benefits.timing import ASSUMED, MEASURED, ReportUnusable, Spread, read_timing
from sandbox.cli import Stop

_MOST_AN_HOUR = 1000


@click.command(
    "benefits",
    epilog="Example: esr-sandbox benefits --from reports/rehearsal/rehearsal.json --hourly-cost 24.50",
)
@click.option(
    "--from",
    "report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The rehearsal.json of a rehearsal, for the times; they are assumed when it is left out.",
)
@click.option(
    "--hourly-cost",
    type=click.FloatRange(0, _MOST_AN_HOUR, min_open=True),
    help="Pounds that an hour of a recruiter's work costs the employer, in place of the assumed range.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")
def command(report: Path | None, hourly_cost: float | None, as_json: bool) -> None:
    """Turn measured times and named assumptions into hours and pounds a year; every assumption is printed."""
    if hourly_cost is not None and math.isnan(hourly_cost):
        raise Stop("--hourly-cost must be a number of pounds, for instance 24.50.")
    try:
        timing = ASSUMED if report is None else read_timing(report)
    except ReportUnusable as problem:
        raise Stop(f"{problem} Name the rehearsal.json that a rehearsal wrote.") from problem
    result = benefits(timing, hourly_cost)
    if as_json:
        click.echo(orjson.dumps(result.to_dict(), option=orjson.OPT_INDENT_2).decode())
        return
    print_benefits(result, Console())


def print_benefits(result: Benefits, console: Console) -> None:
    """The times, the assumptions, the result and the break-even."""

    def say(sentence: str) -> None:
        console.print(sentence, highlight=False, soft_wrap=True)

    timing = result.timing
    console.print(_times(result))
    say(f"The times are {timing.basis}: {timing.source}.")
    if timing.basis != MEASURED:
        say("Nothing was measured. Name the rehearsal.json of a rehearsal with --from.")
    sources = list(dict.fromkeys(row.source for row in result.assumptions))
    console.print(_assumptions(result.assumptions, sources))
    for number, source in enumerate(sources, start=1):
        say(f"  {number}  {source}")
    console.print(_result(result))
    even = result.break_even_minutes
    say(
        f"Break-even: {even.mid:.1f} minutes of a recruiter's time for each record ({even.low:.1f} to {even.high:.1f}) "
        f"would give the published GBP {PUBLISHED_SAVING:,} a year."
    )
    say(
        f"Published: about GBP {PUBLISHED_SAVING:,} a year, {PUBLISHED_SPEED_UP} % faster ({PUBLISHED_IN}). This does "
        "not confirm either: the times are a mock's, and what makes them into money is assumed."
    )


def _times(result: Benefits) -> Table:
    timing = result.timing
    table = Table(title="From event to ESR, in seconds")
    for heading in ("door", "part"):
        table.add_column(heading)
    for heading in ("median", "95th percentile", "longest"):
        table.add_column(heading, justify="right")
    rows: list[tuple[str, str, Spread]] = [
        ("files", "waiting", timing.files.waiting),
        ("files", "processing", timing.files.processing),
        ("API", "waiting", timing.api.waiting),
        ("API", "processing", timing.api.processing),
    ]
    for door, part, spread in rows:
        seconds = (spread.median, spread.p95, spread.longest)
        table.add_row(door, part, *(f"{value:,.3f}" for value in seconds))
    return table


def _assumptions(rows: tuple[Assumption, ...], sources: list[str]) -> Table:
    table = Table(title="Assumptions: one value, or low / middle / high")
    for heading in ("what", "value", "unit", "basis", "source"):
        table.add_column(heading, no_wrap=heading != "what")
    for row in rows:
        values = [f"{value:,.3f}".rstrip("0").rstrip(".") for value in row.value.values()]
        value = " / ".join(dict.fromkeys(values))
        number = str(sources.index(row.source) + 1)
        table.add_row(row.what, value, row.unit, row.basis, number)
    return table


def _result(result: Benefits) -> Table:
    table = Table(title="A year")
    for heading in ("", "low", "middle", "high"):
        table.add_column(heading, justify="right" if heading else "left")

    def add(what: str, values: Range, form: Callable[[float], str]) -> None:
        table.add_row(what, *(form(value) for value in values.values()))

    add("a record's way is shorter by", result.faster_percent, lambda value: f"{value:.2f} %")
    add(
        "hours earlier in ESR, all records (no money)",
        result.elapsed_hours,
        lambda value: f"{value:,.0f}",
    )
    add("working hours of recruiters", result.working_hours, lambda value: f"{value:,.0f}")
    add("pounds", result.pounds, lambda value: f"GBP {value:,.0f}")
    return table
