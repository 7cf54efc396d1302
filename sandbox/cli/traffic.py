"""`esr-sandbox traffic`."""

from collections.abc import Iterable
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sandbox.cli import Stop
from sandbox.conformance.results import EXIT_CODES, Result, rolled_up
from sandbox.conformance.traffic import (
    RecordingError,
    RuleResult,
    TrafficFacts,
    judge_traffic,
    read_recording,
)

_COLOURS = {
    Result.PASS: "green",
    Result.FAIL: "red",
    Result.WARN: "yellow",
    Result.REVIEW: "cyan",
    Result.INCONCLUSIVE: "dim",
}


@click.group(
    "traffic",
    epilog="Example: esr-sandbox traffic check calls.har --esr-url https://esr.example/esr/v1",
)
def command() -> None:
    """Judge recorded traffic of a recruitment system, offline."""


@command.command(
    epilog="Example: esr-sandbox traffic check calls.har --only ESR-REQ-001 --only ESR-REQ-030"
)
@click.argument("recording", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--esr-url", help="ESR's address in a HAR file; looked for when left out.")
@click.option(
    "--client", help="The client to judge, in the journal of a sandbox; all when left out."
)
@click.option(
    "--enabled", multiple=True, help="The ODS code of an employer with the interface on; repeat it."
)
@click.option("--only", multiple=True, help="A requirement, or the beginning of its id; repeat it.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON, for scripts.")
def check(
    recording: Path,
    esr_url: str | None,
    client: str | None,
    enabled: tuple[str, ...],
    only: tuple[str, ...],
    as_json: bool,
) -> int:
    """Judge a HAR file (.har), or exchanges of the journal as NDJSON, by every rule for recruitment systems.

    Exit code 0: every rule was exercised and held; 1: one was broken; 3: one was never exercised, or is for a person to
    decide. `--only` names the rules that count.
    """
    facts = TrafficFacts(
        client=client, enabled=frozenset(enabled) if enabled else None, complete=False
    )
    try:
        exchanges = read_recording(recording, esr_url)
    except RecordingError as problem:
        raise Stop(str(problem)) from problem
    results = [
        item
        for item in judge_traffic(exchanges, facts)
        if not only or item.requirement.startswith(only)
    ]
    if not results:
        raise Stop(f"No rule over traffic is about {' or '.join(only)}.")
    whole = rolled_up(item.result for item in results)
    if as_json:
        click.echo(
            orjson.dumps(_document(whole, results, len(exchanges)), option=orjson.OPT_INDENT_2)
        )
    else:
        _print(whole, results, len(exchanges))
    return EXIT_CODES[whole]


def _document(whole: Result, results: Iterable[RuleResult], count: int) -> dict[str, object]:
    return {
        "result": whole,
        "exchanges": count,
        "requirements": [
            {
                "requirement": item.requirement,
                "sentence": item.sentence,
                "result": item.result,
                "found": item.found,
                "exercised": item.exercised,
                "exchanges": item.exchanges,
            }
            for item in results
        ],
    }


def _print(whole: Result, results: list[RuleResult], count: int) -> None:
    table = Table(title=f"{count} exchanges by requirement")
    table.add_column("requirement", no_wrap=True)
    table.add_column("result", no_wrap=True)
    table.add_column("what was found")
    seen = [item for item in results if item.result is not Result.INCONCLUSIVE]
    for item in seen:
        told = item.found if item.result is Result.PASS else f"{item.sentence}\n{item.found}"
        # What a recording holds is somebody else's text: it is shown, and never read as markup.
        result = Text(item.result, style=_COLOURS[item.result])
        table.add_row(item.requirement, result, Text(told))
    console = Console()
    if seen:
        console.print(table)
    missing = [item.requirement for item in results if item.result is Result.INCONCLUSIVE]
    if missing:
        shown = ", ".join(missing[:12]) + (", ..." if len(missing) > 12 else "")
        console.print(
            f"Never exercised, so nothing is concluded: {len(missing)} ({shown})", highlight=False
        )
    console.print(f"Result: {whole}", highlight=False)
