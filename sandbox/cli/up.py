"""`esr-sandbox up`."""

import json
from contextlib import nullcontext
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import click

from sandbox.app import DEFAULT_CLIENT
from sandbox.cli import DEFAULT_DATABASE, Stop
from sandbox.cli.hosting import hosting_options, hosting_settings
from sandbox.cli.ready_client import admit_key, operator_file, ready_credentials
from sandbox.cli.worlds import DEFAULT_WORLD, WORLDS, admit, fill_default, make_world
from sandbox.database import is_address
from sandbox.identity.kept import kept_secret
from sandbox.identity.keys import KeysUnusable, read_private_key
from sandbox.identity.store import new_token
from sandbox.runtime import Runtime
from sandbox.server import serve, silence_libraries
from sandbox.settings import Level, LogFormat, Mode, Settings

_SHORTEST_OPERATOR_TOKEN = 20
_OPERATOR = (
    "Operator  the token in ESR_SANDBOX_OPERATOR_TOKEN; where that is not set, nobody knows it"
)


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
    "--database",
    envvar="ESR_SANDBOX_DATABASE",
    default=DEFAULT_DATABASE,
    show_default=True,
    help="An SQLite file, :memory:, or postgresql+psycopg://user:password@host:5432/database.",
)
@click.option("--fresh", is_flag=True, help="Begin again: forget what the database holds.")
@click.option("--only", type=click.Choice(["esr", "nhs-jobs"]), help="Run one of the two systems.")
@click.option("--esr-url", help="Where NHS Jobs finds ESR, with --only nhs-jobs.")
@click.option("--esr-token", envvar="ESR_SANDBOX_ESR_TOKEN", help="The token for that ESR.")
@click.option(
    "--esr-client-id",
    envvar="ESR_SANDBOX_ESR_CLIENT_ID",
    help="The client as which NHS Jobs gets its tokens for that ESR, with --esr-key; in place of --esr-token.",
)
@click.option(
    "--esr-key",
    envvar="ESR_SANDBOX_ESR_KEY",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file of that client's private key (PEM).",
)
@click.option(
    "--esr-token-url",
    envvar="ESR_SANDBOX_ESR_TOKEN_URL",
    help="Where it gets them; /oauth2/token beside that ESR when left out.",
)
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
    "--level",
    envvar="ESR_SANDBOX_LEVEL",
    type=click.Choice([level.value for level in Level]),
    default=Level.SANDBOX.value,
    show_default=True,
    help="How much is asked of callers: open asks for no token, sandbox accepts a ready one, platform accepts only those "
    "from /oauth2/token.",
)
@click.option(
    "--mode",
    envvar="ESR_SANDBOX_MODE",
    type=click.Choice([mode.value for mode in Mode]),
    default=Mode.FULL.value,
    show_default=True,
    help="contract-only serves what the contracts of ESR and NHS Jobs describe; every power of the sandbox answers 404.",
)
@click.option(
    "--operator-token",
    envvar="ESR_SANDBOX_OPERATOR_TOKEN",
    help="At level platform: the token for the control API of every workspace; one is made and kept when left out.",
)
@click.option(
    "--client-key",
    envvar="ESR_SANDBOX_CLIENT_KEY",
    type=click.Path(dir_okay=False, path_type=Path),
    help="At level platform: the private key (PEM) of the ready client; one is made and kept when left out.",
)
@click.option(
    "--hub",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder through which ESR exchanges files on the hour; none are exchanged when left out.",
)
@click.option(
    "--sftp-port",
    type=click.IntRange(0, 65535),
    help="Serve the hub over SFTP too, on this port of --host; 0 takes a free one.",
)
@hosting_options
@click.option(
    "--validate-responses",
    is_flag=True,
    help="Hold each answer against the contract before it is sent.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object when ready, for scripts."
)
def command(**options: Any) -> None:
    """Start the mock ESR and the mock NHS Jobs on one port; Ctrl-C stops them, and the state stays."""
    start(1, **options)


def start(
    processes: int,
    *,
    host: str,
    port: int,
    database: str,
    fresh: bool,
    only: str | None,
    esr_url: str | None,
    esr_token: str | None,
    esr_client_id: str | None,
    esr_key: Path | None,
    esr_token_url: str | None,
    seed: int,
    world: str,
    token: str | None,
    level: str,
    mode: str,
    operator_token: str | None,
    client_key: Path | None,
    hub: Path | None,
    sftp_port: int | None,
    validate_responses: bool,
    as_json: bool,
    **hosting: Any,
) -> None:
    """Serves with the options of the command, in so many processes."""
    silence_libraries(LogFormat(hosting["log_format"]))
    _check_place(host, level, database, processes)
    if only == "nhs-jobs" and not esr_url:
        raise Stop(
            "NHS Jobs alone needs to know where ESR is: name it with --esr-url (and its token with --esr-token)."
        )
    _check_esr_client(esr_client_id, esr_key, esr_token)
    if hub is not None:
        _make_hub(hub, only)
    elif sftp_port is not None:
        raise Stop("SFTP serves the hub; name its folder with --hub, or leave --sftp-port out.")
    if token is not None and level == Level.PLATFORM:
        raise Stop(
            "At level platform no token but those from /oauth2/token is accepted; leave --token (ESR_SANDBOX_TOKEN) out."
        )
    if operator_token is not None and len(operator_token) < _SHORTEST_OPERATOR_TOKEN:
        raise Stop(
            f"The operator's token opens every workspace and has {_SHORTEST_OPERATOR_TOKEN} characters at least; "
            "draw one with openssl rand -base64 32."
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
        esr_client_id=esr_client_id,
        esr_key=esr_key,
        esr_token_url=esr_token_url,
        token=token,
        level=Level(level),
        mode=Mode(mode),
        operator_token=operator_token,
        client_key=client_key,
        hub=hub.resolve() if hub else None,
        sftp_port=sftp_port,
        # Where a script asked for it, nobody may ever look; where there are contracts only, there is no console.
        prepares_console=not as_json and mode == Mode.FULL,
        **hosting_settings(**hosting),
    )

    def prepare(runtime: Runtime) -> None:
        if runtime.settings.level == Level.PLATFORM:
            admit_key(runtime, is_given=client_key is not None)
        elif runtime.settings.token is None:
            admit(runtime, _kept_token(settings.database_path))
        if world != "empty":
            fill_default(runtime, world)

    if settings.level == Level.OPEN:
        click.echo(
            "Level open: nobody is asked for a token. Never let anything but this machine reach it.",
            err=True,
        )
    # Who has given it knows it: what is printed may be kept in a log.
    shows_operator = operator_token is None
    has_credentials = settings.level == Level.PLATFORM
    with ready_credentials(settings) if has_credentials else nullcontext(settings) as ready:
        serve(
            ready,
            make_world,
            prepare,
            lambda told: _announce(told, as_json, shows_operator),
            fresh,
            processes,
        )
    if not as_json:
        kept = settings.shown_database if settings.database_place else None
        click.echo(f"Stopped. {f'The state is kept in {kept}.' if kept else 'Its state is gone.'}")


def _check_place(host: str, level: str, database: str, processes: int) -> None:
    if level != Level.PLATFORM and not _is_loopback(host):
        raise Stop(
            f"{host} is not a loopback address. The sandbox's own powers ask for no token, so it listens on loopback only; "
            "at --level platform they ask for one."
        )
    if processes > 1 and not is_address(database):
        raise Stop(
            f"{database} is for one process. Name a database on a PostgreSQL server "
            "(--database postgresql+psycopg://user:password@host/database), or leave --processes out."
        )


def _check_esr_client(client_id: str | None, key: Path | None, token: str | None) -> None:
    """Raises Stop where the options do not say how NHS Jobs gets its tokens."""
    if client_id is None and key is None:
        return
    if client_id is None or key is None or token is not None:
        raise Stop("Give --esr-client-id and --esr-key together, or --esr-token alone.")
    try:
        read_private_key(key.read_text(encoding="ascii", errors="replace"))
    except KeysUnusable as problem:
        raise Stop(f"The key file {key} cannot be used: {problem}.") from problem


def _make_hub(hub: Path, only: str | None) -> None:
    if only == "nhs-jobs":
        raise Stop("The hub is ESR's; leave --hub out with --only nhs-jobs.")
    try:
        hub.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise Stop(
            f"{hub} cannot be used as a hub ({problem.strerror}). Name another folder with --hub."
        ) from problem


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _announce(settings: Settings, as_json: bool, shows_operator: bool) -> None:
    url = settings.public_url
    addresses = {
        "esr": [("ESR", f"{url}/esr/v1")],
        "nhs-jobs": [("NHS Jobs", f"{url}/nhs-jobs/v1")],
    }
    shown = [row for system in sorted(settings.systems) for row in addresses[system]]
    if as_json:
        told: dict[str, Any] = {
            "url": url,
            "level": settings.level,
            "token": settings.token,
            "tokenUrl": settings.token_url,
            "database": settings.shown_database,
        }
        if settings.level == Level.PLATFORM:
            if shows_operator:
                told["operatorToken"] = settings.operator_token
            if settings.client_key is not None:
                told |= {"clientId": DEFAULT_CLIENT, "keyFile": str(settings.client_key)}
        if settings.sftp_port is not None:
            told |= {"sftpHost": settings.host, "sftpPort": settings.sftp_port}
        click.echo(json.dumps(told))
        return
    if settings.mode is Mode.FULL:
        shown += [("Control", f"{url}/control/v1"), ("Console", f"{url}/console")]
    for name, address in [*shown, ("Health", f"{url}/health")]:
        click.echo(f"{name:<9} {address}")
    if settings.hub is not None:
        click.echo(f"Hub       {settings.hub}")
    if settings.sftp_port is not None:
        click.echo(
            f"SFTP      {settings.host} port {settings.sftp_port}, user <workspace>.<odsCode>"
        )
    click.echo(f"Database  {settings.shown_database}")
    _announce_access(settings, shows_operator)
    click.echo("Ctrl-C stops it.")


def _announce_access(settings: Settings, shows_operator: bool) -> None:
    url, path = settings.public_url, settings.database_path
    if settings.level != Level.PLATFORM:
        click.echo(f"Token     {settings.token}")
        click.echo(f"Or        esr-sandbox client new --url {url}, for tokens by signed JWT")
        if "esr" in settings.systems:
            curl = f'curl -H "Authorization: Bearer {settings.token}"'
            click.echo(f"Try       {curl} {url}/esr/v1/organisations")
        return
    click.echo(f"Tokens    {settings.token_url}, and no others")
    click.echo(
        f"Operator  its token is in {operator_file(path)}" if path and shows_operator else _OPERATOR
    )
    if settings.client_key is not None:
        click.echo(f"Client    {DEFAULT_CLIENT}, its key is in {settings.client_key}")
        named = f"--client-id {DEFAULT_CLIENT} --key-file {settings.client_key}"
        click.echo(f"Try       esr-sandbox token --url {url} {named}")


def _kept_token(database: Path | None) -> str:
    return new_token() if database is None else kept_secret(Path(f"{database}.token"))
