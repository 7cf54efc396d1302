"""`esr-sandbox database`: what is done to a database while no sandbox runs on it."""

from pathlib import Path

import click

from sandbox.cli import DEFAULT_DATABASE, Stop
from sandbox.cli.output import json_option, print_json
from sandbox.cli.progress import bar
from sandbox.database import (
    SCHEMA_VERSION,
    Database,
    bring_up_to_date,
    held_version,
    is_address,
    without_password,
)


@click.group("database", epilog="Example: esr-sandbox database migrate --database sandbox.db")
def command() -> None:
    """Bring a database that an earlier version has written up to date."""


@command.command(
    "migrate",
    epilog="Examples: esr-sandbox database migrate --database sandbox.db · "
    "esr-sandbox database migrate --database postgresql+psycopg://sandbox@db/sandbox --backed-up",
)
@click.option(
    "--database",
    default=DEFAULT_DATABASE,
    show_default=True,
    envvar="ESR_SANDBOX_DATABASE",
    help="An SQLite file, or the address of a database on a PostgreSQL server.",
)
@click.option(
    "--backed-up",
    is_flag=True,
    help="Say that a backup of the server's database was made; of a file a copy is kept beside it.",
)
@json_option
def migrate(database: str, backed_up: bool, as_json: bool) -> None:
    """Bring a database to this version's schema, in one transaction, while no sandbox runs on it.

    A file is brought up to date also by a start. A database on a server is by this command alone.
    """
    shown = without_password(database)
    if is_address(database):
        if not backed_up:
            plain = shown.replace("postgresql+psycopg://", "postgresql://")
            raise Stop(
                "Make a backup first, for instance with\n"
                f"  pg_dump --format=custom --file=before.dump '{plain}'\n"
                "and say so with --backed-up. Nothing was changed."
            )
        with bar(f"Bringing {shown} up to date", is_told=False):
            before, after = bring_up_to_date(database)
    else:
        held = held_version(Path(database))
        if held is None:
            raise Stop(f"{database} is no sandbox's database. Name one with --database.")
        with bar(f"Bringing {shown} up to date", is_told=False):
            Database(Path(database)).close()
        before, after = held, SCHEMA_VERSION
    if as_json:
        print_json({"database": shown, "schemaBefore": before, "schemaNow": after})
    elif before == after:
        click.echo(f"{shown} is of schema {after} already: nothing to do.")
    else:
        click.echo(f"{shown} was of schema {before} and is of schema {after} now.")
