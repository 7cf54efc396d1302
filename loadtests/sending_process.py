"""The sending process: Locust, started, followed and stopped from outside.

Locust runs in a process of its own because it replaces the sockets of the process that imports it. It is stopped
whatever happens here: its orders name a pipe that closes with this process, and it ends when that closes.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from loadtests.due import Due
from loadtests.errors import TargetError
from loadtests.ledger import LedgerTail
from loadtests.plan import Census, Scope
from loadtests.results import Listener, Master, Progress, ReplayPlan
from loadtests.sending import (
    ORDERS_VARIABLE,
    PIPE_VARIABLE,
    SEED_VARIABLE,
    SendingOrders,
    write_orders,
)

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
_GRACE_SECONDS = 5.0
"""How long the sending process has to end after it is asked to."""
_SHOWN_EVERY = 0.25


def send(
    orders: SendingOrders, plan: ReplayPlan, census: Census, limit: float, listener: Listener
) -> str | None:
    """Let sending processes carry out the orders, for `limit` seconds of wall time at most.

    Returns why it ended early, a sentence, or None when it did not. Ctrl-C is one of the reasons, and is not raised.
    """
    with tempfile.TemporaryDirectory(prefix="esr-replay-") as folder, _lifeline() as pipe:
        path = Path(folder) / "orders.json"
        write_orders(path, orders)
        log = Path(folder) / "locust.log"
        told = {ORDERS_VARIABLE: str(path)}
        try:
            with (
                log.open("wb") as output,
                _locust(_options(plan), told, Path(folder), pipe, output.fileno()) as child,
            ):
                deadline = time.monotonic() + limit
                code = _follow(child, orders, census, deadline, listener)
        except KeyboardInterrupt:
            return "stopped by Ctrl-C"
        if code is None:
            return f"stopped after the time limit of {limit:.0f} s"
        return None if code == 0 else _why(log, code)


def work(master: Master, seed: int | None, patience: float = 120.0) -> int:
    """Be a worker of the master there until its replay ends; what it says goes to standard error. Returns 0 if all is well.

    With `seed`, the master refuses this worker if its replay has another. Raises `TargetError` where no master is there
    after `patience` seconds.
    """
    _await(master, patience)
    options = ["--worker", "--master-host", master.host, "--master-port", str(master.port)]
    told = {} if seed is None else {SEED_VARIABLE: str(seed)}
    with (
        tempfile.TemporaryDirectory(prefix="esr-replay-") as folder,
        _lifeline() as pipe,
        _locust(options, told, Path(folder), pipe, sys.stderr.fileno()) as child,
    ):
        return child.wait()


def _await(master: Master, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            socket.create_connection((master.host, master.port), timeout=5).close()
        except OSError as error:
            if time.monotonic() > deadline:
                raise TargetError(
                    f"No master of a replay answers at {master.host}, port {master.port} ({error.strerror or error}); "
                    "start one there with --master."
                ) from error
            time.sleep(0.2)
        else:
            return


def _options(plan: ReplayPlan) -> list[str]:
    """Locust's own options: how many send, and where from."""
    options = ["--headless", "--only-summary"]
    options += ["--users", str(plan.processes), "--spawn-rate", str(plan.processes)]
    if plan.csv is not None:
        options += ["--csv", str(plan.csv.resolve())]
    if plan.master is not None:
        options += ["--master", "--expect-workers", str(plan.processes)]
        options += ["--master-bind-host", plan.master.host]
        options += ["--master-bind-port", str(plan.master.port)]
    elif plan.processes > 1:
        options += ["--processes", str(plan.processes), "--master-bind-port", str(_free_port())]
        options += ["--master-port", options[-1]]
    return options


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def _lifeline() -> Iterator[int]:
    """The reading end of a pipe whose other end closes with this process, however it ends."""
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(reading)
        os.close(writing)


@contextmanager
def _locust(
    options: list[str], told: dict[str, str], folder: Path, pipe: int, output: int
) -> Iterator[subprocess.Popen[bytes]]:
    """A running Locust that is gone when the block is left. `told` are environment variables for the locustfile."""
    # Only ours: a LOCUST_... variable or a locust.conf of somebody else's would change what is run.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")
    }
    environment |= {**told, PIPE_VARIABLE: str(pipe)}
    environment["PYTHONPATH"] = os.pathsep.join(
        [str(LOCUSTFILE.parent.parent), environment.get("PYTHONPATH", "")]
    ).rstrip(os.pathsep)
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), *options]
    child = subprocess.Popen(  # nosec B603  # noqa: S603 - our own interpreter with fixed arguments
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        pass_fds=(pipe,),
        start_new_session=True,  # Ctrl-C is for this process to hear; it then ends the child in order
    )
    try:
        yield child
    finally:
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is not None:
        return
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:  # after a second Ctrl-C too: the child must not outlive us
        if child.poll() is None:
            child.kill()
            child.wait()


def _follow(
    child: subprocess.Popen[bytes],
    orders: SendingOrders,
    census: Census,
    deadline: float,
    listener: Listener,
) -> int | None:
    """Report progress until the child ends (its exit code) or its time is up (None)."""
    view = _View(census, orders.scope)
    with LedgerTail(orders.ledger) as tail:
        while True:
            code = child.poll()
            for line in tail.lines():
                view.take(line)
            now = time.monotonic()
            listener(view.progress(now))
            if code is not None:
                return code
            if now > deadline:
                return None
            try:
                child.wait(_SHOWN_EVERY)
            except subprocess.TimeoutExpired:
                continue


class _View:
    """What the ledger's lines, as they come, say of the progress."""

    def __init__(self, census: Census, scope: Scope) -> None:
        self._due = Due(census, scope)
        self._messages = census.messages
        self._caught_up = census.caught_up
        self._done = 0
        self._begun = False
        self._finished = False
        self._last = b""
        self._reached: deque[tuple[float, int, int]] = deque(maxlen=20)

    def take(self, line: bytes) -> None:
        """One line of the ledger."""
        if line.startswith(b'{"n":'):
            self._done += 1
            self._last = line
        elif line.startswith(b'{"stretch"'):
            self._begun = True
            self._due.begin(orjson.loads(line)["stretch"])
        elif line.startswith(b'{"calibration"'):
            self._begun = True
        elif line.startswith(b'{"begun"'):
            self._finished = False  # what an earlier run of this replay ended with
        elif line.startswith(b'{"finished"'):
            self._finished = True

    def progress(self, now: float) -> Progress:
        """How far it is at this moment of the monotonic clock."""
        simulated = orjson.loads(self._last)["at"] // 1_000_000 if self._last else 0
        self._reached.append((now, self._done, simulated))
        before, done, reached = self._reached[0]
        elapsed = now - before
        rate = (self._done - done) / elapsed if elapsed > 0 else 0.0
        compression = (simulated - reached) / elapsed if elapsed > 0 and reached else 0.0
        sent = max(0, self._done - self._caught_up)
        phase = "replaying" if sent or self._begun else "catching up"
        if not self._done:
            phase = "preparing"
        if self._finished:
            phase = "settling"
        left = max(0, self._messages + self._caught_up - self._done)
        planned, due = self._due.at(time.time())
        return Progress(
            phase,
            self._done,
            left,
            rate,
            max(0.0, compression),
            simulated,
            planned,
            max(0, due - sent),
        )


def _why(log: Path, code: int) -> str:
    """The sender's own last word, from its log."""
    lines = [
        line.strip()
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines()
        if line.strip()
    ]
    said = [line.partition("replay: ")[2] for line in lines if "replay: " in line]
    last = said[-1] if said else (lines[-1] if lines else "it said nothing")
    return f"the sending process ended with code {code}: {last}"
