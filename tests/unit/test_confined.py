"""A process that is confined reaches its sandbox, what it serves itself, and public addresses over HTTPS."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from sandbox.confined import VARIABLE, confinement
from sandbox.settings import Level, Settings

TRY = """
import os, socket, sys, threading
from sandbox.confined import VARIABLE, confine
confine(os.environ[VARIABLE])
own = socket.create_server(("127.0.0.1", 0))
for host, port in [("127.0.0.1", int(sys.argv[1])), own.getsockname()[:2], ("10.0.0.1", 443), ("169.254.169.254", 80)]:
    try:
        with socket.socket() as opened:
            opened.setblocking(False)
            print(opened.connect_ex((host, port)) >= 0)
    except PermissionError as problem:
        print("refused")
with socket.socket(socket.AF_UNIX) as opened:
    try:
        opened.connect("/run/somebody.sock")
    except PermissionError:
        print("refused")
"""


@pytest.fixture
def elsewhere() -> Iterator[int]:
    """The port of something else on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def reached(settings: Settings, port: int) -> list[str]:
    environment = {**os.environ, VARIABLE: confinement(settings)}
    done = subprocess.run(
        [sys.executable, "-c", TRY, str(port)], env=environment, capture_output=True, check=True
    )
    return done.stdout.decode().split()


def test_nothing_else_on_this_machine_and_no_private_network_is_reached(elsewhere: int) -> None:
    hosted = Settings(level=Level.PLATFORM, port=1)

    assert reached(hosted, elsewhere) == ["refused", "True", "refused", "refused", "refused"]


def test_the_sandbox_that_it_belongs_to_is_reached(elsewhere: int) -> None:
    hosted = replace(Settings(level=Level.PLATFORM), port=elsewhere)

    assert reached(hosted, elsewhere)[:2] == ["True", "True"]


TAKE = """
import os, sys
from sandbox.confined import VARIABLE, confine
confine(os.environ[VARIABLE])
try:
    bytearray(9 * 1024**3)
except MemoryError:
    print("no memory")
with open(sys.argv[1], "wb") as file:
    file.truncate(1024**3)
    try:
        file.truncate(1024**3 + 1)
    except OSError:
        print("no room")
print(os.nice(0) > int(sys.argv[2]))
"""


def test_it_takes_no_more_of_the_machine_than_its_share(tmp_path: Path) -> None:
    environment = {**os.environ, VARIABLE: confinement(Settings(level=Level.PLATFORM, port=1))}

    done = subprocess.run(
        [sys.executable, "-c", TAKE, str(tmp_path / "file"), str(os.nice(0))],
        env=environment,
        capture_output=True,
        check=True,
    )

    assert done.stdout.decode().splitlines() == ["no memory", "no room", "True"]
