"""The hub's SFTP server with two workspaces behind it, and a real client in front."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh

from sandbox.clock import wall_now
from sandbox.database import Database, Transaction
from sandbox.esr.files.hub import Hub
from sandbox.esr.files.sftp import Sftp
from sandbox.esr.store.organisations import insert_organisations
from sandbox.identity.store import ensure_client, ensure_token
from sandbox.journal.store import FLUSH, append
from sandbox.settings import Settings
from sandbox.workspaces.store import insert_workspace

NAME = "ER_901_APP_20300101_00000001.DAT"
OTHER_NAME = "ER_901_APP_20300101_00000002.DAT"
CONTENT = b"HDR~whatever\nTRL~2\n"
WAIT = 10.0
"""Seconds after which a test gives up."""

Session = asyncssh.SFTPClient
Story = Callable[["Door"], Awaitable[None]]


class Door:
    """A running server, and the folders behind it."""

    def __init__(self, hub: Hub, port: int, database: Database) -> None:
        self.port = port
        self.database = database
        self.root = hub.root
        self.employer = hub.employer("acme", "X0A1B").path
        self.other = hub.employer("acme", "X0B2C").path

    def connect(
        self, username: str = "acme.X0A1B", password: str = "acme's token"
    ) -> "asyncssh.connection._ACMWrapper[asyncssh.SSHClientConnection]":
        return asyncssh.connect(
            "127.0.0.1",
            self.port,
            username=username,
            password=password,
            known_hosts=None,
            client_keys=None,
            config=None,
            agent_path=None,
        )

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        async with self.connect() as connection, connection.start_sftp_client() as session:
            yield session

    def inbox(self) -> list[str]:
        """All that is there, hidden or not."""
        return sorted(path.name for path in (self.employer / "inbox").iterdir())


def prepare(transaction: Transaction) -> None:
    for name in ("acme", "beta"):
        insert_workspace(transaction.connection, name, 1, "FULL", wall_now())
        ensure_client(transaction.connection, name, name, name)
        ensure_token(transaction.connection, name, f"{name}'s token")
    employers = [{"odsCode": ods_code} for ods_code in ("X0A1B", "X0B2C")]
    insert_organisations(transaction.connection, "acme", employers)


def through(tmp_path: Path, story: Story) -> None:
    """Tells the story against a server of its own."""

    async def run() -> None:
        database = Database(None, {FLUSH: append})
        database.write(prepare).result()
        hub = Hub(tmp_path / "hub")
        for ods_code in ("X0A1B", "X0B2C"):
            hub.employer("acme", ods_code).make()
        listener = socket.create_server(("127.0.0.1", 0))
        server = Sftp(hub.root, listener, database, Settings())
        await server.start()
        try:
            async with asyncio.timeout(60):
                await story(Door(hub, listener.getsockname()[1], database))
        finally:
            await server.stop()
            database.close()

    asyncio.run(run())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT):
        # Nothing tells of a change in a folder.
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def put(session: Session, path: str, content: bytes = CONTENT) -> None:
    async with session.open(path, "wb") as file:
        await file.write(content)


async def get(session: Session, path: str) -> bytes:
    async with session.open(path, "rb") as file:
        content: bytes = await file.read()
        return content
