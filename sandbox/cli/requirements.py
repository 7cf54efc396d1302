"""`esr-sandbox requirements`."""

from collections import Counter

import click
from rich.console import Console
from rich.table import Table

from sandbox.cli import FAILED, HELD
from sandbox.cli.output import json_option, print_json
from sandbox.conformance.coverage import coverage_path, present, render


@click.group("requirements", epilog="Example: esr-sandbox requirements check")
def command() -> None:
    """Check that every requirement is shown by a case, and write which is."""


@command.command(epilog="Example: esr-sandbox requirements check")
@json_option
def check(as_json: bool) -> int:
    """Fail where a MUST has neither case nor reason, a case names no requirement, or the committed coverage is stale."""
    found, wrong = present()
    path = coverage_path()
    if not path.is_file() or path.read_bytes() != render(found):
        wrong.append(f"{path} is out of date; run: esr-sandbox requirements write")
    for sentence in wrong:
        click.echo(sentence, err=True)
    if as_json:
        print_json({"wrong": wrong, "requirements": found["requirements"]})
        return FAILED if wrong else HELD
    if wrong:
        return FAILED
    Console().print(_table(found["requirements"]))
    return HELD


@command.command(epilog="Example: esr-sandbox requirements write")
@json_option
def write(as_json: bool) -> None:
    """Write the coverage anew."""
    found, _ = present()
    path = coverage_path()
    path.write_bytes(render(found))
    if as_json:
        print_json({"path": path})
    else:
        click.echo(path)


def _table(requirements: dict[str, dict[str, str]]) -> Table:
    table = Table(title="Requirements by how they are shown")
    for name in (
        "level",
        "actor",
        "by cases",
        "by traffic alone",
        "by a replay",
        "not, with a reason",
    ):
        table.add_column(name, justify="left" if name in ("level", "actor") else "right")
    counted = Counter((item["level"], item["actor"], _kind(item)) for item in requirements.values())
    for level, actor in sorted({(level, actor) for level, actor, _ in counted}):
        table.add_row(
            level,
            actor,
            *(str(counted[level, actor, kind]) for kind in ("case", "traffic", "volume", "no")),
        )
    return table


def _kind(item: dict[str, str]) -> str:
    if "cases" in item or "promise" in item:
        return "case"
    return next((kind for kind in ("traffic", "volume") if kind in item), "no")
