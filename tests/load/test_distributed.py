"""Several senders, in one machine's processes or at a master: the same messages, the same state, and a lost one's share
said."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from loadtests.errors import TargetError
from loadtests.ledger import read_ledger
from loadtests.results import Master, Progress, ReplayPlan, ReplayResult
from loadtests.runner import reconcile_ledger, run_replay
from loadtests.sending_process import work
from loadtests.verdict import Outcome
from simulators.year import STEPS
from tests.load.esr_stub import TOKEN, EsrStub
from tests.load.replaying import (
    A_SECOND,
    BOUND,
    REPOSITORY,
    WORLD,
    assert_whole,
    children_of,
    copied,
    found_in,
    is_running,
    listed,
    messages_of,
    plan_for,
    wait_until,
)


@pytest.fixture
def master() -> Master:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return Master("127.0.0.1", taken.getsockname()[1])


@contextmanager
def worker(
    master: Master, log: Path, seed: int | None = None, home: Path = REPOSITORY
) -> Iterator[subprocess.Popen[bytes]]:
    """A worker as `--worker` starts one, of the package in `home`; gone when the block is left."""
    script = (
        "import sys; from loadtests.results import Master; from loadtests.sending_process import work;"
        f"sys.exit(work(Master({master.host!r}, {master.port}), {seed}))"
    )
    paths = os.pathsep.join([str(home), *filter(None, sys.path)])
    with log.open("wb") as output:
        process = subprocess.Popen(
            cwd=home,
            args=[sys.executable, "-c", script],
            env={**os.environ, "PYTHONPATH": paths},
            stderr=output,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> ReplayResult:
    """What one process makes of the replay."""
    with EsrStub(WORLD.make()) as stub:
        result = run_replay(plan_for(stub, tmp_path_factory.mktemp("alone")))
    assert_whole(result)
    return result


def assert_same(result: ReplayResult, alone: ReplayResult) -> None:
    assert_whole(result)
    assert result.senders == 2
    assert result.messages_digest == alone.messages_digest
    assert result.state_digest == alone.state_digest
    assert result.counts.by_kind == alone.counts.by_kind
    assert result.set_up == alone.set_up


def test_two_processes_send_the_same_and_leave_the_same(
    plan: ReplayPlan, alone: ReplayResult
) -> None:
    assert_same(run_replay(replace(plan, processes=2)), alone)


def test_other_messages_have_other_digests(plan: ReplayPlan, alone: ReplayResult) -> None:
    other = run_replay(replace(plan, seed=3))

    assert_whole(other)
    assert other.messages_digest != alone.messages_digest
    assert other.state_digest != alone.state_digest


def test_two_workers_at_a_master_send_the_same_and_leave_the_same(
    plan: ReplayPlan, alone: ReplayResult, master: Master, tmp_path: Path
) -> None:
    with ExitStack() as started:
        workers = [started.enter_context(worker(master, tmp_path / f"{n}.log")) for n in range(2)]

        result = run_replay(replace(plan, processes=2, master=master))

        assert_same(result, alone)
        assert [each.wait(BOUND) for each in workers] == [0, 0]


@pytest.mark.prove
def test_share_of_a_killed_worker_is_reported_as_not_sent_and_the_others_is_whole(
    stub: EsrStub, plan: ReplayPlan
) -> None:
    slow = replace(plan, processes=2, applicants=150, factor=A_SECOND / 3)
    planned = messages_of(slow)

    def kill(step: Progress) -> None:
        if len(stub.arrivals) > 150 and not killed:
            [lead] = children_of(os.getpid())
            killed.append(children_of(lead)[0])
            os.kill(killed[0], signal.SIGKILL)

    killed: list[int] = []
    result = run_replay(slow, kill)

    assert killed
    assert result.lost_senders == 1
    assert "1 of 2 workers were lost" in str(result.interrupted)
    assert result.outcome is Outcome.INCONCLUSIVE, result.findings
    assert found_in(result).clean, listed(found_in(result))
    assert found_in(result).confirmed == found_in(result).acknowledged
    ledger = read_ledger(slow.ledger)
    [lost] = [note["lost"] for note in ledger.notes if "lost" in note]
    assert lost["of"] == 2
    sent = {entry.number for entry in ledger.entries() if entry.acknowledged}
    shares: dict[bool, set[int]] = {True: set(), False: set()}
    for message in planned.messages():
        shares[message.number // STEPS % 2 == lost["share"]].add(message.number)
    assert shares[False] <= sent
    assert result.counts.never_sent == len(shares[True] - sent) > 0
    # Somebody may do the lost share later: one process goes on with the ledger.
    assert_whole(run_replay(replace(slow, processes=1, factor=10 * A_SECOND)))


def test_worker_whose_command_is_killed_ends_and_its_share_is_lost(
    stub: EsrStub, plan: ReplayPlan, master: Master, tmp_path: Path
) -> None:
    slow = replace(plan, processes=2, master=master, applicants=150, factor=A_SECOND / 3)
    senders: list[int] = []

    def kill(step: Progress) -> None:
        if len(stub.arrivals) > 150 and not senders:
            senders.extend(children_of(victim.pid))
            victim.kill()

    with (
        worker(master, tmp_path / "one.log") as victim,
        worker(master, tmp_path / "other.log") as other,
    ):
        result = run_replay(slow, kill)
        other.wait(BOUND)

    assert senders
    wait_until(lambda: not any(map(is_running, senders)))
    assert result.lost_senders == 1
    assert result.interrupted == "1 of 2 workers were lost"
    assert result.outcome is Outcome.INCONCLUSIVE, result.findings
    assert reconcile_ledger(slow.ledger, stub.base_url, TOKEN).clean


def test_worker_that_was_started_for_another_seed_is_refused(
    plan: ReplayPlan, master: Master, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    with worker(master, log, seed=3) as refused:
        result = run_replay(replace(plan, processes=1, master=master))
        code = refused.wait(BOUND)

    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.counts.sent == 0
    told = "was started for seed 3, this replay has seed 2"
    assert told in str(result.interrupted)
    assert told in log.read_text()
    assert code == 4


def test_worker_of_another_version_is_refused(
    plan: ReplayPlan, master: Master, tmp_path: Path
) -> None:
    home, log = copied(tmp_path), tmp_path / "worker.log"
    with (home / "simulators" / "streams.py").open("a") as file:
        file.write("\n# Another version.\n")

    with worker(master, log, home=home) as refused:
        result = run_replay(replace(plan, processes=1, master=master))
        code = refused.wait(BOUND)

    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.counts.sent == 0
    for told in (str(result.interrupted), log.read_text()):
        assert "is of another version" in told
        assert "install the same release there" in told
    assert code == 4


SLOW = """
import gevent
from loadtests import users
from loadtests.sender import _Stock

turns = 0

def heart():
    global turns
    while True:
        gevent.sleep(0.001)
        turns += 1

def messages():
    # Makes nothing until the rest of the process has had its turn; for as long as a bound if it never has.
    for _ in range(20_000_000):
        if turns > 5:
            break
    yield "message"

gevent.spawn(heart)
gevent.sleep(0)
_Stock(messages()).make(1)
print(turns > 5)
"""


def test_worker_goes_on_telling_that_it_lives_while_it_makes_messages() -> None:
    """In a process of its own: Locust replaces the sockets of the one that imports it."""
    told = subprocess.run(
        [sys.executable, "-c", SLOW],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
        text=True,
        timeout=BOUND,
    )

    assert told.stdout.strip() == "True"


def test_worker_without_a_master_gives_up_with_one_clear_sentence(master: Master) -> None:
    told = rf"No master of a replay answers at 127\.0\.0\.1, port {master.port} .*--master"

    with pytest.raises(TargetError, match=told):
        work(master, None, patience=0.3)
