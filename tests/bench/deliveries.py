"""Events from a sandbox to a receiver on loopback, signed, in the order of each applicant."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import orjson

from sandbox.server import stop
from tests.bench.client import drive
from tests.bench.measuring import Bench, NoFigure, strangers
from tests.bench.messages import check_updates, submissions
from tests.bench.table import Row, of_rounds
from tests.bench.targets import Target, sandbox

_UPDATES_FOR_EACH = 4


def measure(bench: Bench) -> list[Row]:
    """Events a second, from the first arrival to the last: every update of a check is one, and they are made faster
    than they are told. Each round has a sandbox of its own, so that nothing else is on its way.
    """
    rates = []
    for turn in range(1, bench.rounds + 1):
        with (
            sandbox(bench.folder / f"deliveries-{turn}") as server,
            _receiver(bench.requests) as receiver,
        ):
            assert receiver.stdout is not None
            url = receiver.stdout.readline().decode().strip()
            updates = _ready(bench, server)
            _subscribe(server, url)
            driven = drive(server.url, updates, bench.connections)
            if not set(driven.statuses) <= {200, 201}:
                raise NoFigure(f"not every update was taken: {dict(driven.statuses)}")
            told = receiver.stdout.readline()
            if not told:
                raise NoFigure("not every event arrived in time")
            rates.append(bench.requests / json.loads(told)["seconds"])
            bench.tell_round(turn, f"{rates[-1]:,.0f} events/s")
    return [Row("events delivered to one receiver", "events/s", of_rounds(rates))]


def _ready(bench: Bench, server: Target) -> list[bytes]:
    """Updates for applicants whom the sandbox has taken."""
    world = strangers()
    applicants = bench.requests // _UPDATES_FOR_EACH
    taken = drive(server.url, submissions(world, server, 0, applicants), bench.connections)
    if taken.statuses != {201: applicants}:
        raise NoFigure(f"not every applicant was taken: {dict(taken.statuses)}")
    numbers = [orjson.loads(body)["applicantNumber"] for body in taken.bodies]
    return check_updates(world, server, numbers, 0, bench.requests)


def _subscribe(server: Target, url: str) -> None:
    answer = httpx.post(
        f"{server.url}{server.base_path}/event-subscriptions",
        headers={"Authorization": f"Bearer {server.token}", "X-Request-ID": str(uuid4())},
        json={"url": url, "types": ["employment-check.started", "employment-check.updated"]},
        trust_env=False,
    )
    if answer.status_code != 201:
        raise NoFigure(f"the receiver could not be subscribed: {answer.text[:200]}")


@contextmanager
def _receiver(events: int) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, str(Path(__file__).with_name("receiver.py")), str(events)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        stop(process)
