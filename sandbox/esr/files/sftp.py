"""The hub's folders over SFTP: each employer sees its own, on loopback alone.

The user name is `<workspace>.<odsCode>`, the password a bearer token of a client of that workspace. A session sees
its own folder and nothing else, for as long as the token is good: no shell, no forwarding, no other subsystem. ESR's own
files travel by SFTP too (TIS-ESR pages, "ESR Schedules"); user names and rights are ours.
"""

import asyncio
import os
import socket
from functools import partial
from pathlib import Path

import asyncssh

from sandbox.database import Database, Transaction
from sandbox.esr.files.hub import INBOX, UNFINISHED, Hub
from sandbox.esr.files.sftp_session import ACCESS, FOLDER, EmployerSession
from sandbox.esr.store.organisations import find_organisation
from sandbox.identity.bearer import is_good
from sandbox.identity.store import digest_of, find_client
from sandbox.settings import Settings

WORKSPACE = "workspace"
"""Under this name a connection holds the workspace of its user, once that one is known."""
_HOST_KEY = ".host-key"
_MOST_CONNECTIONS = 128
_MOST_OF_A_WORKSPACE = 16
_MOST_STRANGERS = 32
"""How many connections may be there whose user is not known yet: they leave room for those who are."""
_MOST_ATTEMPTS = 5
_LOGIN_SECONDS = 20
_SILENT_SECONDS = 30
_SFTP_VERSION = 3


class HostKeyUnusable(Exception):
    """The key by which the server is known cannot be read or kept; the message says which file, and why."""


class Sftp:
    """The SFTP server of one hub."""

    def __init__(
        self, root: Path, listener: socket.socket, database: Database, settings: Settings
    ) -> None:
        """Makes the host key beside the folders where there is none. Raises HostKeyUnusable."""
        self.hub = Hub(root)
        self.database = database
        self.settings = settings
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self._listener = listener
        self._host_key = _host_key(root / _HOST_KEY)
        self._acceptor: asyncssh.SSHAcceptor | None = None

    async def start(self) -> None:
        """Serves on the listening socket; what an earlier process left half-sent is removed."""
        for left in self.hub.root.glob(f"*/*/{INBOX}/.*{UNFINISHED}"):
            left.unlink(missing_ok=True)
        self._acceptor = await asyncssh.listen(
            sock=self._listener,
            server_factory=lambda: _Door(self),
            server_host_keys=[self._host_key],
            sftp_factory=EmployerSession,
            sftp_version=_SFTP_VERSION,
            config=None,
            allow_scp=False,
            allow_pty=False,
            agent_forwarding=False,
            x11_forwarding=False,
            gss_host=None,
            login_timeout=_LOGIN_SECONDS,
            keepalive_interval=_SILENT_SECONDS,
        )

    async def stop(self) -> None:
        """Ends every session; what was not closed by then is not kept."""
        if self._acceptor is None:
            return
        self._acceptor.close()
        for connection in list(self.connections):
            connection.abort()
            await connection.wait_closed()
        await self._acceptor.wait_closed()

    async def cut(self, workspace: str) -> None:
        """Ends every session of a workspace."""
        for connection in list(self.connections):
            username = str(connection.get_extra_info("username") or "")
            if username.rpartition(".")[0] == workspace:
                connection.abort()
                await connection.wait_closed()

    async def folder(self, username: str, token: str) -> Path | None:
        """The folder that a user may see: the token is its workspace's, and the employer is one of ESR's there."""
        workspace, _, ods_code = username.rpartition(".")
        if not await self.is_known(workspace, ods_code, digest_of(token)):
            return None
        employer = self.hub.employer(workspace, ods_code)
        await asyncio.to_thread(employer.make)
        return None if employer.path.is_symlink() else employer.path

    async def is_known(self, workspace: str, ods_code: str, digest: str) -> bool:
        """Whether the token with this digest lets its client act for an employer of the workspace now."""

        def look(transaction: Transaction) -> bool:
            client = find_client(transaction.connection, digest)
            if client is None or client.workspace != workspace:
                return False
            if not is_good(client, self.settings):
                return False
            if client.employers is not None and ods_code not in client.employers:
                return False
            return find_organisation(transaction.connection, workspace, ods_code) is not None

        known: bool = await asyncio.wrap_future(self.database.read(look))
        return known

    def is_full(self, workspace: str) -> bool:
        """Whether a workspace has as many sessions as it may: none takes those of the others."""
        named = [connection.get_extra_info(WORKSPACE) for connection in self.connections]
        return named.count(workspace) >= _MOST_OF_A_WORKSPACE

    def has_room(self) -> bool:
        """Whether one more may knock."""
        strangers = [each for each in self.connections if each.get_extra_info(WORKSPACE) is None]
        return len(self.connections) < _MOST_CONNECTIONS and len(strangers) < _MOST_STRANGERS


class _Door(asyncssh.SSHServer):
    """One connection: who it is."""

    def __init__(self, server: Sftp) -> None:
        self._server = server
        self._attempts = 0

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        if not self._server.has_room():
            conn.abort()
        self._server.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._server.connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        del username
        return True

    def password_auth_supported(self) -> bool:
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        self._attempts += 1
        if self._attempts > _MOST_ATTEMPTS:
            self._connection.abort()
            return False
        folder = await self._server.folder(username, password)
        if folder is None:
            return False
        workspace, _, ods_code = username.rpartition(".")
        if self._server.is_full(workspace):
            self._connection.send_auth_banner(
                f"A workspace has {_MOST_OF_A_WORKSPACE} sessions at most: end one.\n"
            )
            return False
        still_good = partial(self._server.is_known, workspace, ods_code, digest_of(password))
        self._connection.set_extra_info(
            **{FOLDER: folder, ACCESS: still_good, WORKSPACE: workspace}
        )
        return True


def _host_key(path: Path) -> asyncssh.SSHKey:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            made = asyncssh.generate_private_key("ssh-ed25519").export_private_key()
            hidden = path.with_name(f"{path.name}{UNFINISHED}")
            hidden.unlink(missing_ok=True)
            opened = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(opened, "wb") as file:
                file.write(made)
            hidden.replace(path)
        return asyncssh.import_private_key(path.read_bytes())
    except OSError as problem:
        raise HostKeyUnusable(
            f"The SFTP server's key {path} cannot be used: {problem.strerror or problem}."
        ) from problem
    except asyncssh.KeyImportError as problem:
        raise HostKeyUnusable(
            f"{path} holds no key ({problem}). Remove it, and another is made; clients will ask whether to trust it."
        ) from problem
