"""`esr-sandbox contracts`."""

from pathlib import Path

import click

from sandbox.cli import FAILED, HELD
from sandbox.contracts import stale_bundles, write_bundles
from sandbox.contracts.requirements import load_requirements


@click.group("contracts")
def command() -> None:
    """Check the contracts and write their bundles."""


@command.command()
@click.option(
    "--folder", type=click.Path(path_type=Path, exists=True), help="The folder `openapi`."
)
def check(folder: Path | None) -> int:
    """Judge every contract and the requirements, and say which bundle is not what its sources make."""
    requirements = load_requirements(folder / "requirements" if folder else None)
    stale = stale_bundles(folder)
    for path in stale:
        click.echo(f"{path} is out of date; run: esr-sandbox contracts bundle", err=True)
    if not stale:
        click.echo(
            f"Every contract validates and every bundle is current; {len(requirements)} requirements are well formed."
        )
    return FAILED if stale else HELD


@command.command()
@click.option(
    "--folder", type=click.Path(path_type=Path, exists=True), help="The folder `openapi`."
)
def bundle(folder: Path | None) -> None:
    """Judge every contract and write its bundle."""
    for path in write_bundles(folder):
        click.echo(path)
