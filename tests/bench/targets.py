"""What the bench drives: a sandbox, the floor and the peers, each in a process of its own on a free port of loopback."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from sandbox.server import launch, stop
from tests.bench.measuring import SEED, NoFigure

CONTRACT = Path(__file__).parents[2] / "openapi" / "esr" / "v1" / "bundle.json"
_PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.005
_WORLD = ("--only", "esr", "--seed", str(SEED), "--world", "small")


@dataclass(frozen=True, slots=True)
class Target:
    """A server of ESR's contract that answers."""

    url: str
    base_path: str
    token: str
    seconds_to_ready: float
    """From the start of its process to its first answer."""


@contextmanager
def sandbox(folder: Path, database: str | None = None) -> Iterator[Target]:
    """The whole stack, over a database file in `folder` unless another is named. Raises CannotStart."""
    began = time.perf_counter()
    process, ready = launch(*_WORLD, folder=folder, database=database or str(folder / "sandbox.db"))
    try:
        _wait(process, ready.url, "/esr/v1", ready.token)
        yield Target(ready.url, "/esr/v1", ready.token, time.perf_counter() - began)
    finally:
        stop(process)


@contextmanager
def floor(folder: Path) -> Iterator[Target]:
    """The bare handler, over a database that a sandbox has made: the same schema and the same world."""
    database = folder / "floor.db"
    process, _ = launch(*_WORLD, folder=folder, database=str(database))
    stop(process)
    began = time.perf_counter()
    command = [sys.executable, str(Path(__file__).with_name("floor.py")), str(database)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().decode().strip()
        if not url:
            raise NoFigure("the bare handler did not start")
        yield Target(url, "/esr/v1", "none", time.perf_counter() - began)
    finally:
        stop(process)


@contextmanager
def started(
    command: Sequence[str], port: int, log: Path, environment: Mapping[str, str]
) -> Iterator[Target]:
    """A peer's process that serves the contract at the root of `port`. Raises NoFigure where it does not."""
    began = time.perf_counter()
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            env={**os.environ, **environment},
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(process, url, "", "none")
        yield Target(url, "", "none", time.perf_counter() - began)
    finally:
        stop(process)


def free_port() -> int:
    """A port of loopback that nothing listens on just now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait(process: "subprocess.Popen[bytes]", url: str, base_path: str, token: str) -> None:
    """Until a read of the contract is answered with 200."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url + base_path, headers=headers, trust_env=False) as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if client.get("/organisations").status_code == 200:
                    return
            except httpx.HTTPError:
                pass  # Nobody listens yet.
            time.sleep(_LOOK_SECONDS)
    raise NoFigure(f"it did not serve {CONTRACT.name} within {_PATIENCE_SECONDS:.0f} s")
