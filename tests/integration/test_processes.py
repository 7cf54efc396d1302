"""Several processes behind one port: one that dies is replaced and loses nothing, and a database that goes away comes back."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import postgres
import pytest
from harness import Workspace
from receiving import Delivery, Receiver, change_position, subscribe

from sandbox.server import launch, stop
from simulators.world import World

WAIT = 60
OPTIONS = ("--only", "esr", "--world", "empty")


@pytest.fixture(scope="module")
def durable() -> Iterator[postgres.Server]:
    """A server of this file's own, which tests may stop."""
    if postgres.programs() is None:
        pytest.skip(postgres.NOT_TESTED)
    with postgres.running(is_durable=True) as server:
        yield server


@pytest.fixture
def database(durable: postgres.Server) -> str:
    return durable.make_database()


@contextmanager
def serving(folder: Path, database: str, processes: int = 2) -> Iterator[tuple[Any, Workspace]]:
    """The supervisor, and a tenant."""
    process, ready = launch(*OPTIONS, folder=folder, database=database, processes=processes)
    try:
        yield process, tenant(ready.url)
    finally:
        stop(process)


def tenant(url: str) -> Workspace:
    name = f"w-{uuid4().hex[:8]}"
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        made = client.post("/control/v1/workspaces", json={"name": name}).raise_for_status()
        wanted = {"seed": 1, "organisations": 1, "positionsPerOrganisation": 10}
        client.post(f"/w/{name}/control/v1/seed", json=wanted).raise_for_status()
    return Workspace(name, url, made.json()["token"], World.make(1, 1, 10))


def children(process: "subprocess.Popen[bytes]") -> list[int]:
    """The processes that the supervisor has started and that run."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return sorted(int(pid) for pid in found if is_running(int(pid)))


def is_running(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def is_beyond(sent: dict[str, Any], count: int) -> bool:
    return len(sent) > count


def has_replaced(process: "subprocess.Popen[bytes]", pid: int) -> bool:
    now = children(process)
    return len(now) == 2 and pid not in now


def until(condition: Callable[[], bool], seconds: float = WAIT) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        threading.Event().wait(0.02)


def insist(workspace: Workspace, wanted: dict[str, Any], identifier: str) -> httpx.Response:
    """Sends one message until it is answered, as a supplier does."""
    deadline = time.monotonic() + WAIT
    headers = {
        "X-Request-ID": identifier,
        "NHSD-End-User-Organisation-ODS": workspace.employer,
        "Authorization": f"Bearer {workspace.token}",
    }
    while True:
        assert time.monotonic() < deadline
        try:
            # Each time over a connection of its own: whichever process takes it.
            answer = httpx.post(
                f"{workspace.url}/esr/v1/applicants",
                json=wanted,
                headers=headers,
                timeout=20,
                trust_env=False,
            )
        except httpx.TransportError:
            continue
        if answer.status_code < 500:
            return answer


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.prove)])
def test_a_process_that_is_killed_under_load_is_replaced_and_loses_nothing(
    database: str, tmp_path: Path, kills: int
) -> None:
    with serving(tmp_path, database) as (supervisor, workspace):
        sent: dict[str, httpx.Response] = {}
        is_over = threading.Event()

        def send() -> None:
            while not is_over.is_set():
                identifier = str(uuid4())
                sent[identifier] = insist(workspace, workspace.submission(), identifier)

        senders = [threading.Thread(target=send) for _ in range(3)]
        for each in senders:
            each.start()
        for _ in range(kills):
            before = children(supervisor)
            known = len(sent)
            until(partial(is_beyond, sent, known + 5))
            os.kill(before[0], signal.SIGKILL)
            until(partial(has_replaced, supervisor, before[0]))
        is_over.set()
        for each in senders:
            each.join(WAIT)

        assert {answer.status_code for answer in sent.values()} == {201}
        numbers = [answer.json()["applicantNumber"] for answer in sent.values()]
        until(lambda: httpx.get(f"{workspace.url}/health", trust_env=False).is_success)
        held, _ = workspace.walk("/applicants", limit=100)
        assert sorted(each["applicantNumber"] for each in held) == sorted(numbers)

        pids = children(supervisor)
        supervisor.send_signal(signal.SIGTERM)
        assert supervisor.wait(WAIT) == 0
        assert not any(is_running(pid) for pid in pids)
    log = (tmp_path / "sandbox.log").read_text()
    assert log.count("was ended by signal 9; another takes its place") == kills
    assert "Traceback" not in log


def test_no_process_outlives_a_supervisor_that_is_killed(database: str, tmp_path: Path) -> None:
    process, _ = launch(*OPTIONS, folder=tmp_path, database=database, processes=2)
    pids = children(process)

    process.kill()
    process.wait(WAIT)

    until(lambda: not any(is_running(pid) for pid in pids))
    stop(process)


def test_while_the_database_is_away_requests_are_put_off_and_all_is_well_when_it_returns(
    durable: postgres.Server, database: str, tmp_path: Path, receiver: Receiver
) -> None:
    with serving(tmp_path, database) as (supervisor, workspace):
        subscribe(workspace, receiver.url)
        before = workspace.submit()
        pids = children(supervisor)
        identifier, wanted = str(uuid4()), workspace.submission()

        durable.stop(signal.SIGQUIT)
        away = workspace.write("POST", "/applicants", wanted, headers={"X-Request-ID": identifier})
        read = workspace.esr.get(f"/applicants/{before}")
        durable.start()
        again = insist(workspace, wanted, identifier)

        for refused in (away, read):
            assert (refused.status_code, refused.json()["code"]) == (503, "SERVICE_UNAVAILABLE")
            assert int(refused.headers["retry-after"]) > 0
        assert again.status_code == 201
        assert workspace.read(before)["applicantNumber"] == before
        change_position(workspace)
        workspace.settle()
        assert receiver.types == ["position.changed"]
        assert children(supervisor) == pids


def test_a_message_that_a_dead_process_was_sending_is_sent_by_another(
    database: str, tmp_path: Path, receiver: Receiver
) -> None:
    reached, may_answer = threading.Event(), threading.Event()

    def hold(_delivery: Delivery) -> int:
        reached.set()
        may_answer.wait(WAIT)
        return 202

    with ExitStack() as ending:
        ending.callback(may_answer.set)
        dying, ready = launch(*OPTIONS, folder=tmp_path / "dying", database=database)
        ending.callback(stop, dying)
        workspace = tenant(ready.url)
        subscribe(workspace, receiver.url)
        receiver.answer = hold
        for shared in (True, False):
            change_position(workspace, shared=shared)
        assert reached.wait(WAIT)
        # It starts while the first message is on its way: that one is another's, and the second comes behind it.
        other, beside = launch(*OPTIONS, folder=tmp_path / "other", database=database)
        ending.callback(stop, other)
        receiver.answer = lambda _: 202
        assert receiver.deliveries == []
        dying.kill()
        dying.wait(WAIT)
        survivor = Workspace(workspace.name, beside.url, workspace.token, workspace.world)

        survivor.settle()

        told = [event["id"] for event in survivor.walk("/events")[0]]
        assert [event["id"] for event in receiver.events] == told


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "sandbox.cli", "serve", "--port", "0", *arguments],
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )


def test_a_start_that_fails_says_why_in_a_sentence_and_not_the_password(database: str) -> None:
    wrong = database.replace("%40", "%41")

    ended = run("--database", wrong, "--processes", "2")

    assert ended.returncode == 2
    assert "does not accept the password of tester" in ended.stderr
    for secret in (postgres.PASSWORD, "p%3A"):
        assert secret not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_file_is_for_one_process(tmp_path: Path) -> None:
    ended = run("--database", str(tmp_path / "sandbox.db"), "--processes", "2")

    assert ended.returncode == 2
    assert "is for one process" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_only_a_sandbox_that_asks_for_tokens_everywhere_listens_beyond_loopback(
    tmp_path: Path,
) -> None:
    database = str(tmp_path / "sandbox.db")

    ended = run("--database", database, "--level", "sandbox", "--host", "192.0.2.1")

    assert ended.returncode == 2
    assert "at --level platform they ask for one" in ended.stderr


_TOLD_TOO_SOON = """
import os, signal
from sandbox.processes import ProcessesFailed, Supervisor

class ToldTooSoon(Supervisor):
    def _be_a_process(self, tell):
        os.kill(os.getpid(), signal.SIGTERM)
        super()._be_a_process(tell)

def serve(tell_ready):
    tell_ready()
    signal.pause()

def on_ready():
    raise SystemExit("it did not hear that it was to end")

try:
    ToldTooSoon(1, serve, on_ready).run()
except ProcessesFailed as problem:
    print(problem)
"""


def test_a_process_that_is_told_to_end_as_it_begins_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _TOLD_TOO_SOON],
        capture_output=True,
        check=False,
        text=True,
        timeout=WAIT,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "ended with code 0 before it was ready" in done.stdout
