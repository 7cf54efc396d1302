"""`esr-sandbox generate`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from sandbox.cli import Stop
from sandbox.cli.progress import bar
from sandbox.cli.worlds import DEFAULT_WORLD, WORLDS
from simulators.generate import FORMATS, Format, write_applicants
from simulators.world import World


@click.group(
    "generate",
    epilog="Example: esr-sandbox generate applicants --count 10000 --output applicants.ndjson",
)
def command() -> None:
    """Write synthetic data: the same seed gives the same bytes on any machine."""


@command.command(
    "applicants",
    epilog="Examples: esr-sandbox generate applicants --count 3 · "
    "esr-sandbox generate applicants --count 10000 --seed 7 --format csv --output applicants.csv",
)
@click.option("--count", required=True, type=click.IntRange(0), help="How many.")
@click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0, 2**53 - 1), help="The seed."
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(sorted(FORMATS)),
    default="ndjson",
    show_default=True,
    help="One JSON object a line, or CSV.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file; standard output when left out.",
)
@click.option(
    "--world",
    type=click.Choice(list(WORLDS)),
    default=DEFAULT_WORLD,
    show_default=True,
    help="Whose vacancies they apply for: that of a sandbox started with the same world and seed.",
)
def applicants(count: int, seed: int, file_format: Format, output: Path | None, world: str) -> None:
    """Write applicants as they are sent to ESR, one a line, in constant memory.

    A file has its name once all of them are in it.
    """
    employers = World.make(seed, *WORLDS[world])
    if output is None:
        if sys.stdout.isatty() and count > 1000:
            raise Stop(
                f"{count} applicants would flood the terminal. Name a file with --output, or send them on with |."
            )
        write_applicants(sys.stdout.buffer, count, seed, file_format, employers)
        return
    with (
        _written(output) as file,
        bar(f"Writing {count:,} applicants", is_told=False) as progress,
    ):
        write_applicants(
            file, count, seed, file_format, employers, watch=lambda done: progress.show(done, count)
        )
    click.echo(output)


@contextmanager
def _written(path: Path) -> Iterator[BinaryIO]:
    """A file that has its name once it is whole; what lay there stays until then. A device or a pipe is written as it comes."""
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    growing = path.with_name(f"{path.name}.part")
    try:
        with growing.open("wb") as file:
            yield file
        growing.replace(path)
    finally:
        growing.unlink(missing_ok=True)
