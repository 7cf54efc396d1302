"""A real PostgreSQL server for tests: made from the system's packages, in a folder of its own, stopped at the end."""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

PASSWORD = "p:w/d@1%"  # pragma: allowlist secret
"""With every letter that an address has to escape."""
NOT_TESTED = "PostgreSQL is not installed on this machine: nothing was tested against it."
_START_SECONDS = 60
_ESCAPED = "p%3Aw%2Fd%401%25"


def programs() -> Path | None:
    """The folder of the newest server's programs, or None where the system has none."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).resolve().parent)
    return max(found, key=_version, default=None)


def _version(folder: Path) -> int:
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, check=True)
    numbers = re.search(rb"\d+", said.stdout)
    return int(numbers.group()) if numbers else 0


@dataclass(slots=True)
class Server:
    """A server that listens on loopback."""

    programs: Path
    folder: Path
    port: int
    user: str | None
    """Whom it runs as; a server refuses to run as root."""
    settings: tuple[str, ...]
    process: "subprocess.Popen[bytes] | None" = None
    _made: int = 0
    _log: list[str] = field(default_factory=list)

    def url(self, database: str = "postgres", user: str = "tester") -> str:
        """The address of a database."""
        return f"postgresql+psycopg://{user}:{_ESCAPED}@127.0.0.1:{self.port}/{database}"

    def make_database(self) -> str:
        """A new empty database's address."""
        self._made += 1
        name = f"sandbox_{self._made}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def connect(self, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        """A connection of the tests' own, each of whose statements stands alone."""
        address = self.url(database).replace("+psycopg", "")
        return psycopg.connect(address, autocommit=True, connect_timeout=5)

    def start(self) -> None:
        """Starts the server and waits until it takes connections."""
        log = (self.folder / "server.log").open("ab")
        arguments = [argument for setting in self.settings for argument in ("-c", setting)]
        self.process = subprocess.Popen(
            [
                self.programs / "postgres",
                "-D",
                self.folder / "data",
                "-p",
                str(self.port),
                *arguments,
            ],
            stdout=log,
            stderr=log,
            start_new_session=True,
            **_as(self.user),
        )
        log.close()
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                assert self.process.poll() is None, (self.folder / "server.log").read_text()
                assert time.monotonic() < deadline, "the server does not come up"
                time.sleep(0.02)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stops the server; SIGQUIT has it end at once, as a crash would."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(_START_SECONDS)
            self.process = None


@contextmanager
def running(*settings: str, is_durable: bool = False) -> Iterator[Server]:
    """A server of its own, which flushes to the disk only where `is_durable`. The system must have its programs."""
    found = programs()
    assert found is not None, NOT_TESTED
    user = "postgres" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="esr-sandbox-postgresql-"))
    try:
        if user:
            account = pwd.getpwnam(user)
            os.chown(folder, account.pw_uid, account.pw_gid)
        _initialise(found, folder, user)
        held = ("fsync=on",) if is_durable else ("fsync=off", "full_page_writes=off")
        port = _free_port()
        server = Server(found, folder, port, user, (*_SETTINGS, *held, *settings))
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "shared_buffers=32MB",
    "max_connections=100",
    "log_min_messages=warning",
)


def _initialise(found: Path, folder: Path, user: str | None) -> None:
    secret = folder / "password"
    secret.write_text(PASSWORD)
    if user:
        shutil.chown(secret, user)
    # A language whose order is not that of the bytes: nothing may rest on the server's.
    language = ("--locale-provider=icu", "--icu-locale=en-GB") if _version(found) >= 15 else ()
    subprocess.run(
        [
            found / "initdb",
            *("-D", folder / "data", "-U", "tester", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8"),
            *("--auth=scram-sha-256", f"--pwfile={secret}", *language),
        ],
        check=True,
        capture_output=True,
        **_as(user),
    )


def _as(user: str | None) -> dict[str, object]:
    return {"user": user, "group": user, "extra_groups": []} if user else {}


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


if __name__ == "__main__":
    if programs() is None:
        sys.exit(f"{NOT_TESTED} On Debian and Ubuntu: apt-get install postgresql")
