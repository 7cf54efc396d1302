"""A sandbox in a process of its own that is killed without a word and started again on the same database and port."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import httpx
import orjson
import postgres
import sqlalchemy as sa

from sandbox.server import Started, launch, stop

WAIT = 60.0
"""Seconds after which what should have happened is taken not to."""


class FileVictim:
    """One process on an SQLite file, with a hub."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hub = folder / "hub"
        self.file = folder / "sandbox.db"
        self._process, self.running = self._launch("0")

    def _launch(self, port: str) -> tuple[subprocess.Popen[bytes], Started]:
        arguments = ("--world", "empty", "--hub", str(self.hub), "--port", port)
        return launch(*arguments, folder=self.folder, database=str(self.file))

    @property
    def _port(self) -> str:
        return self.running.url.rsplit(":", 1)[1]

    def reader(self) -> sa.Engine:
        """An engine that reads what is committed, while the sandbox runs or not: a transaction sees one state of it."""
        engine = sa.create_engine(f"sqlite:///file:{self.file}?mode=ro&uri=true")

        @sa.event.listens_for(engine, "connect")
        def _connect(connection: Any, _record: Any) -> None:
            connection.isolation_level = None

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql("BEGIN")

        return engine

    def kill(self, _draw: Random) -> str:
        """Ends it with SIGKILL; answers what was killed."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        stop(self._process)
        return "the process"

    def kill_while_it_stops(self, draw: Random) -> None:
        """Asks it to stop and kills it before it can have done so."""
        self._process.send_signal(signal.SIGTERM)
        threading.Event().wait(draw.uniform(0, 0.1))
        self.kill(draw)

    def kill_while_it_starts(self, draw: Random) -> None:
        """Starts it and kills it again at a moment of its start, or soon after."""
        with (self.folder / "starts.log").open("ab") as log:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "sandbox.cli", "up", "--json", "--world", "empty"),
                    *("--database", str(self.file), "--hub", str(self.hub), "--port", self._port),
                ],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
            # Most of a start is reading code; the recovery of the file begins after half a second.
            with suppress(subprocess.TimeoutExpired):
                process.wait(draw.uniform(0.3, 1.3))
            process.kill()
            process.wait()

    def revive(self) -> None:
        """Starts it again: the same address, and the same token."""
        self._process, again = self._launch(self._port)
        assert again == self.running

    def checkpoints(self) -> int:
        """Changes whenever the write-ahead log is written back into the file."""
        return self.file.stat().st_mtime_ns

    def stop(self) -> None:
        """Ends it in order."""
        stop(self._process)


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in found.split()]


def is_alive(pid: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class ServerVictim:
    """Several processes that share a database on a PostgreSQL server, which may be killed as well."""

    PROCESSES = 3

    def __init__(self, folder: Path, server: postgres.Server) -> None:
        self.folder = folder
        self.hub = folder / "hub"
        self._server = server
        self._address = server.make_database()
        self._process, self.running = self._launch("0")

    def _launch(self, port: str) -> tuple[subprocess.Popen[bytes], Started]:
        """Starts it and waits until it is ready."""
        with (self.folder / "sandbox.log").open("ab") as log:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "sandbox.cli", "serve", "--json", "--world", "empty"),
                    *("--level", "sandbox", "--processes", str(self.PROCESSES), "--port", port),
                    *("--database", self._address, "--hub", str(self.hub), "--token", "a-token"),
                ],
                stdout=subprocess.PIPE,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (self.folder / "sandbox.log").read_text()[-2000:]
        told = orjson.loads(line)
        return process, Started(told["url"], told["token"])

    def reader(self) -> sa.Engine:
        """An engine that reads what is committed: a transaction sees one state of it."""
        return sa.create_engine(
            self._address, isolation_level="REPEATABLE READ", pool_pre_ping=True
        )

    def kill(self, draw: Random) -> str:
        """Ends one of the processes, all of them with who keeps them, a connection's server process, or the whole server."""
        what = draw.choices(
            ["one process", "the supervisor", "a backend", "the server"], [7, 2, 2, 2]
        )[0]
        if what == "one process":
            os.kill(draw.choice(children(self._process.pid)), signal.SIGKILL)
        elif what == "the supervisor":
            left = children(self._process.pid)
            self._process.kill()
            self._process.wait()
            for pid in left:
                # They end by themselves with who kept them; here they get no time for it.
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            until(lambda: not any(is_alive(pid) for pid in left))
        elif what == "a backend":
            with self._server.connect() as connection:
                backends = connection.execute(
                    "SELECT pid FROM pg_stat_activity WHERE application_name = 'esr-sandbox'"
                ).fetchall()
            # The server ends every other connection with it, and recovers.
            os.kill(int(str(draw.choice(backends)[0])), signal.SIGKILL)
        else:
            self._server.stop(signal.SIGQUIT)
        return what

    def revive(self) -> None:
        """Starts what does not start by itself, and waits until it serves."""
        if self._server.process is None:
            self._server.start()
        if self._process.poll() is not None:
            self._process, again = self._launch(self.running.url.rsplit(":", 1)[1])
            assert again == self.running
        until(lambda: len(children(self._process.pid)) == self.PROCESSES and self._serves())

    def _serves(self) -> bool:
        try:
            answer = httpx.get(f"{self.running.url}/control/v1/clock", timeout=5, trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    def stop(self) -> None:
        """Ends it in order."""
        if self._server.process is None:
            self._server.start()
        stop(self._process)


def until(holds: Callable[[], bool]) -> None:
    """Waits until it holds; fails where it never does."""
    deadline = time.monotonic() + WAIT
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        threading.Event().wait(0.02)
