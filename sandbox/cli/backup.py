"""`esr-sandbox backup`."""

from pathlib import Path

import click

from sandbox.cli import DEFAULT_DATABASE, Stop
from sandbox.cli.output import json_option, print_json
from sandbox.database import is_address, without_password


@click.command(
    "backup",
    epilog="Example: esr-sandbox backup --to sandbox-monday.db · later: esr-sandbox up --database sandbox-monday.db",
)
@click.option(
    "--database",
    default=DEFAULT_DATABASE,
    show_default=True,
    envvar="ESR_SANDBOX_DATABASE",
    help="The SQLite file of a sandbox, which may be running.",
)
@click.option(
    "--to",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write.",
)
@click.option("--force", is_flag=True, help="Replace the file if it is there already.")
@json_option
def command(database: str, to: Path, force: bool, as_json: bool) -> None:
    """Copy a sandbox's database while it runs, and check the copy before it gets its name.

    All that was acknowledged before the copy began is in it. A sandbox can be started on it.
    """
    # Imported when it is asked for.
    from sandbox.backup import back_up
    from sandbox.cli.progress import bar

    if is_address(database):
        shown = without_password(database).replace("postgresql+psycopg://", "postgresql://")
        raise Stop(
            "A PostgreSQL database is backed up with the server's own tools, also while the sandbox runs:\n"
            f"  pg_dump --format=custom --file={to} '{shown}'\n"
            "and put back into an empty database with pg_restore."
        )
    if database == ":memory:":
        raise Stop("A world in memory cannot be backed up: it is gone when its process ends.")
    with bar(f"Copying {database} and looking through the copy", is_told=False):
        made = back_up(Path(database), to, replaces=force)
    if as_json:
        counts = {"bytes": made.size, "workspaces": made.workspaces, "records": made.records}
        print_json({"path": made.path, **counts})
        return
    click.echo(
        f"{made.path}: {made.size:,} bytes; workspaces: {made.workspaces:,}, records: {made.records:,}. "
        "Every page is sound and every journal is whole."
    )
