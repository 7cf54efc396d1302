"""A sandbox that is told to stop answers what it has taken, takes nothing new, and ends in time with everything kept."""

import http.client
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from harness import Workspace
from receiving import Delivery, Receiver, change_position, subscribe

from sandbox.server import launch, stop
from simulators.world import World

WAIT = 30


class Running:
    """A sandbox on a file, with the small world."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._folder = folder
        self.process, self.workspace = self._launch(*arguments)

    def _launch(self, *arguments: str) -> tuple[subprocess.Popen[bytes], Workspace]:
        database = str(self._folder / "sandbox.db")
        process, told = launch(
            "--world", "small", *arguments, folder=self._folder, database=database
        )
        return process, Workspace("default", told.url, told.token, World.make(1, 1, 60))

    def signal(self, name: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(name)

    def ends(self) -> int:
        return self.process.wait(WAIT)

    def again(self) -> Workspace:
        stop(self.process)
        self.process, workspace = self._launch()
        return workspace

    def log(self) -> str:
        return (self._folder / "sandbox.log").read_text()


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Running]:
    started = Running(folder, *arguments)
    try:
        yield started
    finally:
        stop(started.process)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as started:
        yield started


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        threading.Event().wait(0.01)


def is_refused(workspace: Workspace) -> bool:
    """Whether a new connection is refused."""
    address = urlsplit(workspace.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=5)
    try:
        connection.connect()
    except ConnectionRefusedError:
        return True
    finally:
        connection.close()
    return False


@pytest.mark.prove
def test_requests_under_load_are_answered_or_never_begun(sandbox: Running) -> None:
    workspace = sandbox.workspace
    taken: list[str] = []
    lock = threading.Lock()
    statuses: set[int] = set()

    def load() -> None:
        client = httpx.Client(
            base_url=f"{workspace.url}/esr/v1", headers=workspace.esr.headers, trust_env=False
        )
        while True:
            with lock:
                body = workspace.submission()
            try:
                answer = workspace.write("POST", "/applicants", body, client=client)
            except httpx.HTTPError:
                return
            statuses.add(answer.status_code)
            if answer.status_code == 201:
                taken.append(answer.json()["applicantNumber"])

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: len(taken) > 30)

    sandbox.signal()
    code = sandbox.ends()

    for thread in threads:
        thread.join(WAIT)
    assert code == 0, sandbox.log()
    assert statuses <= {201, 503}
    assert "Traceback" not in sandbox.log()
    held, _ = sandbox.again().walk("/applicants", limit=100)
    assert {item["applicantNumber"] for item in held} >= set(taken)


def test_a_delivery_under_way_is_settled_and_nothing_new_is_taken(
    sandbox: Running, receiver: Receiver
) -> None:
    workspace = sandbox.workspace
    arrived, may_answer = threading.Event(), threading.Event()

    def answer(_: Delivery) -> int:
        arrived.set()
        assert may_answer.wait(WAIT)
        return 202

    receiver.answer = answer
    subscribe(workspace, receiver.url)
    change_position(workspace)
    assert arrived.wait(WAIT)

    sandbox.signal()
    until(lambda: is_refused(workspace))
    assert sandbox.process.poll() is None
    may_answer.set()

    assert sandbox.ends() == 0
    again = sandbox.again()
    again.settle()
    assert len(receiver.deliveries) == 1  # Its answer was kept: it is not sent again.


def test_what_takes_too_long_is_told_so_and_goes_on_at_the_next_start(
    sandbox: Running, receiver: Receiver
) -> None:
    workspace = sandbox.workspace
    arrived, may_answer = threading.Event(), threading.Event()

    def answer(_: Delivery) -> int:
        arrived.set()
        return 202 if may_answer.wait(WAIT) else 503

    receiver.answer = answer
    workspace.freeze("2030-01-01T09:00:00.000Z")
    subscribe(workspace, receiver.url)
    change_position(workspace)
    told: list[Any] = []

    def advance() -> None:
        move = {"by": "P1D"}
        told.append(workspace.control.post("/clock/advance", json=move))

    moving = threading.Thread(target=advance)
    moving.start()
    assert arrived.wait(WAIT)
    until(lambda: "advance" in sandbox.log() or moving.is_alive())

    began = time.monotonic()
    sandbox.signal()
    code = sandbox.ends()
    moving.join(WAIT)
    may_answer.set()

    assert code == 0, sandbox.log()
    assert time.monotonic() - began < 20  # It is killed where it takes longer than this.
    [answered] = told
    assert (answered.status_code, answered.json()["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert answered.headers["retry-after"]
    again = sandbox.again()
    again.settle()
    assert again.control.get("/clock").json()["now"] == "2030-01-02T09:00:00.000Z"
    assert {event["id"] for event in receiver.events} == {receiver.events[0]["id"]}


@pytest.mark.prove
def test_a_second_signal_ends_it_at_once(sandbox: Running, receiver: Receiver) -> None:
    workspace = sandbox.workspace
    arrived, may_answer = threading.Event(), threading.Event()
    receiver.answer = lambda _: (arrived.set(), may_answer.wait(WAIT), 202)[2]
    subscribe(workspace, receiver.url)
    change_position(workspace)
    number = workspace.submit()
    assert arrived.wait(WAIT)

    sandbox.signal()
    until(lambda: is_refused(workspace))
    sandbox.signal()
    code = sandbox.ends()
    may_answer.set()

    assert code == 128 + signal.SIGTERM
    assert sandbox.again().read(number)["applicantNumber"] == number


def test_readiness_goes_first_where_time_is_given_for_it(tmp_path: Path) -> None:
    with running(tmp_path, "--drain-seconds", "2") as sandbox:
        workspace = sandbox.workspace
        ready = f"{workspace.url}/ready"
        assert httpx.get(ready, trust_env=False).status_code == 200

        sandbox.signal()
        until(lambda: httpx.get(ready, trust_env=False).status_code == 503)

        assert "stopping" in httpx.get(ready, trust_env=False).text
        number = workspace.submit()  # Who has not looked yet is served.
        assert sandbox.ends() == 0
        assert sandbox.again().read(number)["applicantNumber"] == number
