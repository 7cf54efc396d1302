"""The sandbox that a command works on: one that runs already, or one of its own."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.cli import Stop
from sandbox.server import Started, is_answering, started


@contextmanager
def target_sandbox(url: str | None, token: str | None, *arguments: str) -> Iterator[Started]:
    """The sandbox at `url`; without one, a sandbox started with `arguments` of `up` and stopped at the end.

    Raises Stop when the token is missing or nothing answers at `url`.
    """
    if url:
        if not token:
            raise Stop("A sandbox at --url needs --token: the one that it printed when it started.")
        address = url.rstrip("/")
        if not is_answering(address):
            raise Stop(
                f"Nothing answers at {address}/health. Start it with esr-sandbox up, or leave --url out."
            )
        yield Started(address, token)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with started(*arguments, folder=folder, database=str(folder / "sandbox.db")) as running:
            yield running
