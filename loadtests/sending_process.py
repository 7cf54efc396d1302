"""The sending process: Locust, started, followed and stopped from outside.

Locust runs in a process of its own because it replaces the sockets of the process that imports it. It is stopped
whatever happens here: its orders name a pipe that closes with this process, and it ends when that closes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from loadtests.ledger import Kind, LedgerTail
from loadtests.results import Listener, Progress
from loadtests.sending import ORDERS_VARIABLE, SendingOrders, write_orders

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
_GRACE_SECONDS = 5.0
"""How long the sending process has to end after it is asked to."""
_SHOWN_EVERY = 0.25


def send(orders: SendingOrders, messages: int, limit: float, listener: Listener) -> str | None:
    """Let a sending process carry out the orders, for `limit` seconds of wall time at most.

    `messages` is how many the plan has. Returns why it ended early, a sentence, or None when it did not. Ctrl-C is
    one of the reasons, and is not raised.
    """
    with tempfile.TemporaryDirectory(prefix="esr-replay-") as folder, _lifeline() as pipe:
        write_orders(Path(folder) / "orders.json", replace(orders, parent_pipe=pipe))
        log = Path(folder) / "locust.log"
        try:
            with (
                log.open("wb") as output,
                _sending_process(Path(folder), pipe, output.fileno()) as child,
            ):
                code = _follow(child, orders.ledger, messages, time.monotonic() + limit, listener)
        except KeyboardInterrupt:
            return "stopped by Ctrl-C"
        if code is None:
            return f"stopped after the time limit of {limit:.0f} s"
        return None if code == 0 else _why(log, code)


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
def _sending_process(folder: Path, pipe: int, output: int) -> Iterator[subprocess.Popen[bytes]]:
    """A running Locust that is gone when the block is left."""
    # Only ours: a LOCUST_... variable or a locust.conf of somebody else's would change what is run.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")
    }
    environment[ORDERS_VARIABLE] = str(folder / "orders.json")
    environment["PYTHONPATH"] = os.pathsep.join(
        [str(LOCUSTFILE.parent.parent), environment.get("PYTHONPATH", "")]
    ).rstrip(os.pathsep)
    command = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        str(LOCUSTFILE),
        "--headless",
        "--only-summary",
        "--users",
        "1",
    ]
    child = subprocess.Popen(  # noqa: S603 - our own interpreter with fixed arguments
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
    child: subprocess.Popen[bytes], path: Path, messages: int, deadline: float, listener: Listener
) -> int | None:
    """Report progress until the child ends (its exit code) or its time is up (None)."""
    done: set[int] = set()
    simulated = 0.0
    pace: dict[str, float] | None = None
    recent: deque[tuple[float, int]] = deque(maxlen=20)
    with LedgerTail(path) as tail:
        while True:
            code = child.poll()
            for line in tail.lines():
                if "pace" in line:
                    pace = line["pace"]
                elif line.get("status") and line.get("kind") != Kind.VACANCY:
                    done.add(line["number"])
                    simulated = max(simulated, line["intended"])
            now = time.monotonic()
            recent.append((now, len(done)))
            elapsed = now - recent[0][0]
            rate = (len(done) - recent[0][1]) / elapsed if elapsed > 0 else 0.0
            spent = time.time() - pace["started"] if pace else 0.0
            compression = max(0.0, simulated - pace["first"]) / spent if pace and spent > 0 else 0.0
            phase = "replaying" if pace else "preparing"
            listener(
                Progress(
                    phase, len(done), max(0, messages - len(done)), rate, compression, simulated
                )
            )
            if code is not None:
                return code
            if now > deadline:
                return None
            try:
                child.wait(_SHOWN_EVERY)
            except subprocess.TimeoutExpired:
                continue


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
