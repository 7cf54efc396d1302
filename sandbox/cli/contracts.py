"""`esr-sandbox contracts`."""

from pathlib import Path

import click

from sandbox.cli import FAILED, HELD
from sandbox.cli.output import json_option, print_json
from sandbox.cli.progress import bar
from sandbox.contracts import stale_bundles, write_bundles
from sandbox.contracts.requirements import load_requirements


@click.group("contracts", epilog="Example: esr-sandbox contracts check")
def command() -> None:
    """Check the contracts, write their bundles, and make a request collection of them."""


@command.command(epilog="Example: esr-sandbox contracts check")
@click.option(
    "--folder", type=click.Path(path_type=Path, exists=True), help="The folder `openapi`."
)
@json_option
def check(folder: Path | None, as_json: bool) -> int:
    """Judge every contract and the requirements, and say which bundle is not what its sources make."""
    requirements = load_requirements(folder / "requirements" if folder else None)
    with bar("Judging every contract", is_told=False):
        stale = stale_bundles(folder)
    for path in stale:
        click.echo(f"{path} is out of date; run: esr-sandbox contracts bundle", err=True)
    if as_json:
        print_json({"stale": stale, "requirements": len(requirements)})
    elif not stale:
        click.echo(
            f"Every contract validates and every bundle is current; {len(requirements)} requirements are well formed."
        )
    return FAILED if stale else HELD


@command.command(epilog="Example: esr-sandbox contracts bundle")
@click.option(
    "--folder", type=click.Path(path_type=Path, exists=True), help="The folder `openapi`."
)
@json_option
def bundle(folder: Path | None, as_json: bool) -> None:
    """Judge every contract and write its bundle."""
    with bar("Bundling every contract", is_told=False):
        written = write_bundles(folder)
    if as_json:
        print_json({"written": written})
        return
    for path in written:
        click.echo(path)
