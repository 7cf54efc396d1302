"""What `esr-sandbox certify` says before and after a run, and its exit code."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sandbox.cli import INCONCLUSIVE
from sandbox.conformance.evidence.eligibility import VOLUME, Eligibility
from sandbox.conformance.preflight import Check
from sandbox.conformance.results import EXIT_CODES, Result
from sandbox.conformance.volume.telling import replayed


def check_table(checks: list[Check]) -> Table:
    """What was looked at before the run, and what to change."""
    table = Table(title="Pre-flight")
    for heading in ("check", "", "found", "what to change"):
        table.add_column(heading)
    for check in checks:
        mark = "[green]ok[/]" if check.ok else "[bold red]no[/]"
        table.add_row(escape(check.name), mark, escape(check.found), escape(check.to_do))
    return table


def conclude(
    results: dict[str, Any],
    decided: Eligibility,
    written: list[Path],
    console: Console,
    as_json: bool,
) -> None:
    """Says what a run came to, what it is enough for, and where its files are."""
    table = Table(title=f"Overall: {results['overall']}")
    for heading in ("suite", "result", "pass", "fail", "other"):
        table.add_column(heading, justify="left" if heading in ("suite", "result") else "right")
    for suite, result in results["suites"].items():
        told = [item["result"] for item in results["cases"] if item["suite"] == suite]
        if suite == "traffic":
            told = [item["result"] for item in results["traffic"].values()]
        if suite == VOLUME and VOLUME in results:
            told = [item["result"] for item in results[VOLUME]["findings"]]
        if suite == "contract":
            told = [
                outcome
                for contract in results["contract"].values()
                for outcome in contract["operations"].values()
            ]
        passed, failed = told.count("pass"), told.count("fail")
        table.add_row(suite, result, str(passed), str(failed), str(len(told) - passed - failed))
    console.print(table)
    if VOLUME in results:
        console.print(f"Replayed: {escape(replayed(results[VOLUME]))}")
    console.print(f"Certifiable: {decided.kind}." if decided.is_certifiable else "Not certifiable:")
    for reason in decided.reasons[:10]:
        console.print(f"  {escape(reason)}")
    if len(decided.reasons) > 10:
        console.print(f"  and {len(decided.reasons) - 10} more; the report lists them")
    for path in written:
        click.echo(path, err=as_json)


def exit_code(results: dict[str, Any], interrupted: bool, cannot: str) -> int:
    """The exit code of a run; `cannot` says why it could not certify, and is empty where it could."""
    if interrupted:
        return INCONCLUSIVE
    if cannot:
        # What was left out is no verdict on the subject; what was played is.
        played = [
            Result(item["result"])
            for item in results["cases"]
            if item["result"] not in ("skip", "omit")
        ]
        if VOLUME in results:
            played.append(Result(results[VOLUME]["result"]))
        if Result.FAIL in played:
            return EXIT_CODES[Result.FAIL]
        return EXIT_CODES[Result.ERROR] if Result.ERROR in played else INCONCLUSIVE
    return EXIT_CODES[Result(results["overall"])]
