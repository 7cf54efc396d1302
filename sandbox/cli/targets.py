"""The sandbox that a command works on: one that runs already, or one of its own."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

import click

from sandbox.cli import Stop
from sandbox.conformance.started import access_of
from sandbox.server import Started, is_answering, started
from simulators.credentials import (
    Access,
    CredentialUnusable,
    TokenRefused,
    client_access,
    key_in,
    token_now,
)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox, or an ESR, and how it is reached."""

    url: str
    access: Access = field(repr=False)
    """The token, or the key that gets tokens."""
    operator: Access | None = field(default=None, repr=False)
    """What the powers over workspaces ask for, where they do."""

    @classmethod
    def of(cls, running: Started) -> "Sandbox":
        """One that was started for the command."""
        return cls(running.url, access_of(running), running.operator_token)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls, as the options say it."""

    token: str | None
    client_id: str | None
    key_file: Path | None
    kid: str | None
    token_url: str | None

    @property
    def is_given(self) -> bool:
        """Whether anything says who calls."""
        return bool(self.token or self.client_id or self.key_file)

    def access(self, url: str | None = None) -> Access:
        """How that one is let in. `url` is the sandbox whose token endpoint is asked unless another is named.

        Raises Stop for options that do not go together, a key that cannot be used and a client that gets no token.
        """
        if self.client_id is None and self.key_file is None:
            return self.token or ""
        if self.client_id is None or self.key_file is None:
            raise Stop("A client that gets its own tokens needs both --client-id and --key-file.")
        if self.token is not None:
            raise Stop("Give --token, or --client-id with --key-file; not both.")
        token_url = self.token_url or (None if url is None else f"{url}/oauth2/token")
        if token_url is None:
            raise Stop("Say with --token-url where the client gets its tokens.")
        try:
            access = client_access(self.client_id, key_in(self.key_file), token_url, self.kid)
            token_now(access)
        except (CredentialUnusable, TokenRefused) as problem:
            raise Stop(str(problem)) from problem
        return access


_OPTIONS = (
    click.option(
        "--client-id",
        envvar="ESR_SANDBOX_CLIENT_ID",
        help="The client that gets its own tokens with --key-file, in place of a token.",
    ),
    click.option(
        "--key-file",
        envvar="ESR_SANDBOX_KEY_FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The file of that client's private key (PEM).",
    ),
    click.option("--kid", help="The key's id; its thumbprint when left out."),
    click.option(
        "--token-url",
        envvar="ESR_SANDBOX_TOKEN_URL",
        help="Where that client gets its tokens; …/oauth2/token of the sandbox when left out.",
    ),
)


def identity_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command that has an option --token those of a client that gets its own; they come as `identity`."""

    @wraps(command)
    def run(
        *arguments: Any,
        token: str | None,
        client_id: str | None,
        key_file: Path | None,
        kid: str | None,
        token_url: str | None,
        **options: Any,
    ) -> Any:
        identity = Identity(token, client_id, key_file, kid, token_url)
        return command(*arguments, identity=identity, **options)

    for option in reversed(_OPTIONS):
        run = option(run)
    return run


operator_option = click.option(
    "--operator-token",
    "operator",
    envvar="ESR_SANDBOX_OPERATOR_TOKEN",
    help="The operator's token, with --url and a sandbox at level platform.",
)


@contextmanager
def target_sandbox(
    url: str | None, identity: Identity, operator: str | None, *arguments: str
) -> Iterator[Sandbox]:
    """The sandbox at `url`; without one, a sandbox started with `arguments` of `up` and stopped at the end.

    Raises Stop when who calls is missing or nothing answers at `url`.
    """
    if url:
        address = url.rstrip("/")
        if not identity.is_given:
            raise Stop(
                "A sandbox at --url needs --token: the one that it printed when it started; at level platform --client-id "
                "and --key-file."
            )
        if not is_answering(address):
            raise Stop(
                f"Nothing answers at {address}/health. Start it with esr-sandbox up, or leave --url out."
            )
        yield Sandbox(address, identity.access(address), operator)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with started(*arguments, folder=folder, database=str(folder / "sandbox.db")) as running:
            yield Sandbox.of(running)
