"""`esr-sandbox token`."""

import json
from pathlib import Path

import click

from sandbox.cli import FAILED, Stop
from simulators.credentials import (
    CredentialUnusable,
    TokenRefused,
    client_access,
    key_in,
    token_now,
)

_URL = "http://127.0.0.1:8080"
_HINTS = {
    "has expired": "Is this machine's clock right?",
    "5 minutes in future": "Is this machine's clock right?",
    "no matching public key": "The client has another key: register this one, or name its id with --kid.",
    "signature verification failed": "The key file and the key that the client has registered do not belong together.",
    "Invalid 'iss'/'sub'": "There is no such client in this sandbox; esr-sandbox client new makes one.",
    "Missing or invalid 'aud'": "The sandbox knows its token endpoint by another address; name that with --token-url.",
    "need to register a public key": "Register one: esr-sandbox client new makes a client with a key.",
}
"""By a part of the endpoint's own words: what to look at."""


@click.command(
    "token",
    epilog='Example: curl -H "Authorization: Bearer $(esr-sandbox token --client-id … --key-file …)" …/esr/v1/organisations',
)
@click.option("--url", default=_URL, show_default=True, help="The running sandbox.")
@click.option(
    "--client-id", "--client", "client_id", envvar="ESR_SANDBOX_CLIENT_ID", help="Who asks."
)
@click.option(
    "--key-file",
    "--key",
    "key_file",
    envvar="ESR_SANDBOX_KEY_FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file of its private key (PEM).",
)
@click.option("--kid", help="The key's id; its thumbprint when left out.")
@click.option(
    "--token-url",
    envvar="ESR_SANDBOX_TOKEN_URL",
    help="The token endpoint; …/oauth2/token of the sandbox when left out.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")
def command(
    url: str,
    client_id: str | None,
    key_file: Path | None,
    kid: str | None,
    token_url: str | None,
    as_json: bool,
) -> None:
    """Get an access token with a signed JWT, and print it."""
    if client_id is None or key_file is None:
        raise Stop(
            "Name the client with --client-id and its private key with --key-file; esr-sandbox client new makes both."
        )
    address = token_url or f"{url.rstrip('/')}/oauth2/token"
    try:
        token = token_now(client_access(client_id, key_in(key_file), address, kid))
    except CredentialUnusable as problem:
        raise Stop(str(problem)) from problem
    except TokenRefused as problem:
        hint = next((hint for part, hint in _HINTS.items() if part in problem.description), "")
        raise Stop(f"{problem} {hint}".strip(), FAILED) from problem
    if as_json:
        told = {"accessToken": token, "tokenType": "Bearer"}
        click.echo(json.dumps({**told, "clientId": client_id, "tokenUrl": address}))
    else:
        click.echo(token)
