"""What a sandbox at level `platform` has ready for whoever started it: the operator's token, and a client with its key.

Both are made at the first start and stand beside the database, for their owner alone to read. A world in memory, or on a
database server, has them in a temporary folder that goes with the process.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sandbox.app import DEFAULT_CLIENT
from sandbox.cli import Stop
from sandbox.database import Transaction
from sandbox.identity.kept import kept_secret, write_private
from sandbox.identity.keys import KeysUnusable, new_private_key, read_private_key
from sandbox.identity.store import change_client, find_registration
from sandbox.runtime import Runtime
from sandbox.settings import Settings
from sandbox.workspaces.store import DEFAULT_WORKSPACE

_QUICK_BITS = 2048
"""Of the ready client's key. Suppliers' own keys are of 4096, which take a second or more to make."""


@contextmanager
def ready_credentials(settings: Settings) -> Iterator[Settings]:
    """The settings with the operator's token and the file of the client's key, made where they are not given. Raises Stop."""
    made: Path | None = None
    path = settings.database_path
    if path is None and (settings.operator_token is None or settings.client_key is None):
        made = Path(tempfile.mkdtemp(prefix="esr-sandbox-"))
        path = made / "sandbox"
    try:
        token, key = settings.operator_token, settings.client_key
        if token is None:
            token = kept_secret(operator_file(path))
        if key is None:
            key = Path(f"{path}.client-key.pem")
        if not key.exists():
            key.parent.mkdir(parents=True, exist_ok=True)
            write_private(key, new_private_key(_QUICK_BITS)[0].encode(), is_new=True)
        yield replace(settings, operator_token=token, client_key=key)
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)


def operator_file(database: Path | str | None) -> Path:
    """Where the operator's token stands of a database in a file."""
    return Path(f"{database}.operator")


def admit_key(runtime: Runtime, is_given: bool) -> None:
    """Registers the key with the ready client, unless that has keys already and this one was not given. Raises Stop."""
    key = runtime.settings.client_key
    assert key is not None
    try:
        _, public = read_private_key(key.read_text(encoding="ascii", errors="replace"))
    except KeysUnusable as problem:
        raise Stop(
            f"The key file {key} cannot be used: {problem}. Name another with --client-key, or remove it."
        ) from problem

    def admit(transaction: Transaction) -> bool:
        client = find_registration(transaction.connection, DEFAULT_CLIENT)
        if client is not None and client.jwks == public:
            return True
        has_keys = client is not None and (client.jwks is not None or client.jwks_url is not None)
        if has_keys and not is_given:
            return False
        keys = {"jwks": public, "jwks_url": None}
        change_client(transaction, DEFAULT_WORKSPACE, DEFAULT_CLIENT, keys)
        return True

    if not runtime.database.write(admit, DEFAULT_WORKSPACE).result():
        # The client has other keys by now, so this one is of no use.
        runtime.settings = replace(runtime.settings, client_key=None)
