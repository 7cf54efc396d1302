"""`esr-sandbox client`."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import httpx

from sandbox.cli import Stop
from sandbox.identity.kept import write_private
from sandbox.identity.keys import new_private_key

_URL = "http://127.0.0.1:8080"
_SECONDS = 30.0


@click.group("client", epilog="Example: esr-sandbox client new --key-file client.pem")
def command() -> None:
    """Let a system in that gets its tokens with a key of its own, as on the NHS platform."""


@command.command(
    "new",
    epilog="Examples: esr-sandbox client new · esr-sandbox client new --url https://sandbox.example --workspace acme "
    "--name 'Acme Recruit' --key-file acme.pem --operator-file operator",
)
@click.option("--url", default=_URL, show_default=True, help="The running sandbox.")
@click.option("--workspace", default="default", show_default=True, help="Whose client it is.")
@click.option("--name", default="Recruitment system", show_default=True, help="For people.")
@click.option(
    "--key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("esr-sandbox-client.pem"),
    show_default=True,
    help="A new file for the private key. It is never sent, and never printed.",
)
@click.option(
    "--operator-token",
    envvar="ESR_SANDBOX_OPERATOR_TOKEN",
    help="The operator's token, where the sandbox runs at level platform.",
)
@click.option(
    "--operator-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file that holds the operator's token, in place of --operator-token.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")
def new(
    url: str,
    workspace: str,
    name: str,
    key_file: Path,
    operator_token: str | None,
    operator_file: Path | None,
    as_json: bool,
) -> None:
    """Make a client and an RSA key pair of 4096 bits, and register the public half; this takes a second or more."""
    url = url.rstrip("/")
    operator = _operator(operator_token, operator_file)
    pem, kid, key_set = new_private_key()
    try:
        write_private(key_file, pem.encode(), is_new=True)
    except FileExistsError as problem:
        raise Stop(
            f"{key_file} is there already and is left as it is; name another with --key-file."
        ) from problem
    try:
        client = _register(url, workspace, {"name": name, "jwks": key_set}, operator)
    except BaseException:
        key_file.unlink(missing_ok=True)
        raise
    told = {
        "clientId": client["clientId"],
        "keyFile": str(key_file),
        "kid": kid,
        "tokenUrl": client["tokenUrl"],
        "workspace": workspace,
    }
    if as_json:
        click.echo(json.dumps(told))
        return
    click.echo(f"Client    {told['clientId']} ({name}, workspace {workspace})")
    click.echo(f"Key file  {key_file} (keep it to yourself)")
    click.echo(f"Key id    {kid}")
    click.echo(f"Tokens    {told['tokenUrl']}")
    named = f"--client-id {told['clientId']} --key-file {key_file}"
    click.echo(f"Try       esr-sandbox token --url {url} {named}")


def _operator(token: str | None, file: Path | None) -> str | None:
    if file is None:
        return token
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else "it holds no token"
        raise Stop(f"The operator's token cannot be read from {file}: {why}.") from problem


def _register(
    url: str, workspace: str, client: dict[str, Any], operator: str | None
) -> dict[str, Any]:
    """Adds the client over the control API; answers it. Raises Stop."""
    headers = {"Authorization": f"Bearer {operator}"} if operator else {}
    address = f"{url}/w/{quote(workspace, safe='')}/control/v1/clients"
    try:
        answer = httpx.post(
            address, json=client, headers=headers, timeout=_SECONDS, trust_env=False
        )
        told = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeEncodeError) as problem:
        raise Stop(
            f"No sandbox answers at {url} ({type(problem).__name__}). Start one with esr-sandbox up, or name another with --url."
        ) from problem
    except ValueError as problem:
        raise Stop(f"What answers at {url} is not the control API of a sandbox.") from problem
    if answer.status_code == 201 and isinstance(told, dict):
        return told
    detail = told.get("detail", "") if isinstance(told, dict) else ""
    if answer.status_code == 401:
        detail = (
            "The sandbox runs at level platform, where only its operator lets clients in: give the operator's token with "
            f"--operator-token or --operator-file. {detail if operator else ''}"
        )
    raise Stop(f"{url} was answered {answer.status_code}. {detail}".strip())
