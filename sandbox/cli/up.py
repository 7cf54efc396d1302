"""`esr-sandbox up`."""

import json
import os
from ipaddress import ip_address
from pathlib import Path

import click

from sandbox.cli import Stop
from sandbox.cli.worlds import DEFAULT_WORLD, WORLDS, admit, fill_default, make_world
from sandbox.identity.store import new_token
from sandbox.runtime import Runtime
from sandbox.server import serve, silence_libraries
from sandbox.settings import Settings

_DATABASE = ".esr-sandbox/sandbox.db"


@click.command(
    "up",
    epilog="Examples: esr-sandbox up · esr-sandbox up --port 0 --database :memory: · esr-sandbox up --only esr --fresh",
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="The loopback address to listen on."
)
@click.option(
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="0 takes a free one.",
)
@click.option(
    "--database", default=_DATABASE, show_default=True, help="An SQLite file, or :memory:."
)
@click.option("--fresh", is_flag=True, help="Begin again: forget what the database holds.")
@click.option("--only", type=click.Choice(["esr", "nhs-jobs"]), help="Run one of the two systems.")
@click.option("--esr-url", help="Where NHS Jobs finds ESR, with --only nhs-jobs.")
@click.option("--esr-token", envvar="ESR_SANDBOX_ESR_TOKEN", help="The token for that ESR.")
@click.option(
    "--seed",
    default=1,
    show_default=True,
    type=click.IntRange(0, 2**53 - 1),
    help="The seed of a new world.",
)
@click.option(
    "--world",
    type=click.Choice([*WORLDS, "empty"]),
    default=DEFAULT_WORLD,
    show_default=True,
    help="What to fill a new world with: 1, 5 or 40 employers, or nothing.",
)
@click.option(
    "--token",
    envvar="ESR_SANDBOX_TOKEN",
    help="A bearer token to accept; one is made and kept when left out.",
)
@click.option(
    "--validate-responses",
    is_flag=True,
    help="Hold each answer against the contract before it is sent.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object when ready, for scripts."
)
def command(
    host: str,
    port: int,
    database: str,
    fresh: bool,
    only: str | None,
    esr_url: str | None,
    esr_token: str | None,
    seed: int,
    world: str,
    token: str | None,
    validate_responses: bool,
    as_json: bool,
) -> None:
    """Start the mock ESR and the mock NHS Jobs on one port; Ctrl-C stops them, and the state stays."""
    silence_libraries()
    if not _is_loopback(host):
        raise Stop(
            f"{host} is not a loopback address. The sandbox's own powers ask for no token, so it listens on loopback only."
        )
    if only == "nhs-jobs" and not esr_url:
        raise Stop(
            "NHS Jobs alone needs to know where ESR is: name it with --esr-url (and its token with --esr-token)."
        )
    settings = Settings(
        database=database,
        host=host,
        port=port,
        systems=frozenset({only} if only else {"esr", "nhs-jobs"}),
        seed=seed,
        validate_responses=validate_responses,
        esr_url=esr_url,
        esr_token=esr_token,
        token=token,
    )

    def prepare(runtime: Runtime) -> None:
        if runtime.settings.token is None:
            admit(runtime, _kept_token(settings.database_path))
        if world != "empty":
            fill_default(runtime, world)

    serve(settings, make_world, prepare, lambda ready: _announce(ready, as_json), fresh)
    if not as_json:
        kept = (
            f"The state is kept in {database}." if settings.database_path else "Its state is gone."
        )
        click.echo(f"Stopped. {kept}")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _announce(settings: Settings, as_json: bool) -> None:
    url = settings.public_url
    addresses = {
        "esr": [("ESR", f"{url}/esr/v1")],
        "nhs-jobs": [("NHS Jobs", f"{url}/nhs-jobs/v1")],
    }
    shown = [row for system in sorted(settings.systems) for row in addresses[system]]
    if as_json:
        click.echo(json.dumps({"url": url, "token": settings.token, "database": settings.database}))
        return
    rows = [
        *shown,
        ("Control", f"{url}/control/v1"),
        ("Pages", f"{url}/"),
        ("Health", f"{url}/health"),
    ]
    for name, address in rows:
        click.echo(f"{name:<9} {address}")
    click.echo(f"Database  {settings.database}")
    click.echo(f"Token     {settings.token}")
    if "esr" in settings.systems:
        click.echo(
            f'Try       curl -H "Authorization: Bearer {settings.token}" {url}/esr/v1/organisations'
        )
    click.echo("Ctrl-C stops it.")


def _kept_token(database: Path | None) -> str:
    """The token that stands beside the database, made when there is none: the same after every restart."""
    if database is None:
        return new_token()
    path = Path(f"{database}.token")
    try:
        kept = path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        kept = ""
    if kept:
        return kept
    token = new_token()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(token + "\n")
    return token
