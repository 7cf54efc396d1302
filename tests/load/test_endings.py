"""However a replay ends, it judges what it did, blames nobody for the rest, and goes on where it ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from loadtests.ledger import read_ledger
from loadtests.profiles import Pace, Pacing
from loadtests.results import Progress, ReplayPlan, ReplayResult
from loadtests.runner import reconcile_ledger, run_replay
from loadtests.target import Target
from loadtests.verdict import Outcome
from simulators.year import Kind
from tests.load.esr_stub import TOKEN, EsrStub, Fault
from tests.load.faults import Laid, lay
from tests.load.replaying import (
    A_SECOND,
    BOUND,
    assert_whole,
    children_of,
    copied,
    found_in,
    is_running,
    listed,
    messages_of,
    wait_until,
)

UNDER_WAY = {
    "submission": Laid(Fault.WITHHELD, Kind.APPLICANT),
    "first update": Laid(Fault.WITHHELD, Kind.CHECK, followed=True),
    "last update": Laid(Fault.WITHHELD, Kind.CHECK, followed=False),
    "amendment": Laid(Fault.WITHHELD, Kind.START_DATE_CHANGE),
    "withdrawal": Laid(Fault.WITHHELD, Kind.WITHDRAWAL),
}
"""Done by ESR, and on their way when the replay ends: the sender never hears of it."""


@pytest.fixture
def plan(plan: ReplayPlan) -> ReplayPlan:
    return replace(plan, applicants=150, factor=A_SECOND / 2)


@pytest.fixture
def under_way(stub: EsrStub, plan: ReplayPlan) -> Callable[[], bool]:
    """Whether ESR has done all that is to be under way when the replay ends."""
    victims = lay(UNDER_WAY, messages_of(plan), stub)
    requests = [victim.requestId for victim in victims.values()]
    return lambda: all(stub.attempts[request] for request in requests)


def assert_goes_on(stub: EsrStub, plan: ReplayPlan) -> None:
    """The replay is taken up where it ended, and nothing is there twice."""
    resumed = run_replay(replace(plan, factor=10 * A_SECOND))

    assert_whole(resumed)
    references = [applicant["supplierReference"] for applicant in stub.applicants]
    assert len(references) == len(set(references))


def assert_blames_nobody(result: ReplayResult) -> None:
    """What was done is judged, what was not is said, and ESR is accused of nothing."""
    found = found_in(result)
    assert found.clean, listed(found)
    assert found.confirmed == found.acknowledged > 0
    assert 0 < result.counts.sent < result.counts.planned
    assert result.outcome is Outcome.INCONCLUSIVE, result.findings
    assert result.interrupted is not None


def test_ctrl_c_stops_the_sender_and_reports_what_was_done(
    stub: EsrStub, plan: ReplayPlan, under_way: Callable[[], bool]
) -> None:
    def interrupt(step: Progress) -> None:
        if step.phase == "replaying" and under_way():
            raise KeyboardInterrupt

    result = run_replay(plan, interrupt)

    assert_blames_nobody(result)
    assert result.interrupted == "stopped by Ctrl-C"
    assert children_of(os.getpid()) == []
    assert_goes_on(stub, plan)


def test_ctrl_c_while_reading_back_is_inconclusive(plan: ReplayPlan) -> None:
    def interrupt(step: Progress) -> None:
        if step.phase == "reconciling":
            raise KeyboardInterrupt

    result = run_replay(replace(plan, factor=A_SECOND), interrupt)

    assert result.interrupted == "stopped by Ctrl-C while reading back"
    assert result.reconciliation is None
    assert result.counts.acknowledged == result.counts.planned
    assert result.outcome is Outcome.INCONCLUSIVE


def test_time_limit_ends_the_replay(plan: ReplayPlan) -> None:
    result = run_replay(replace(plan, factor=A_SECOND / 100, time_limit_seconds=2.0))

    assert found_in(result).clean, listed(found_in(result))
    assert result.counts.sent < result.counts.planned
    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.interrupted == "stopped after the time limit of 2 s"
    assert children_of(os.getpid()) == []


def runner_of(plan: ReplayPlan, before: str = "") -> subprocess.Popen[bytes]:
    """A process of its own that runs this replay; `before` is what it does first."""
    script = f"""
import resource, sys
from dataclasses import replace
from pathlib import Path
from loadtests.runner import run_replay
from tests.load.replaying import plan_for
class Stub: base_url = {plan.base_url!r}
{before}
plan = plan_for(Stub, Path({str(plan.ledger.parent)!r}), {plan.applicants})
result = run_replay(replace(plan, factor={plan.factor!r}))
print(result.outcome, "|", result.interrupted)
"""
    paths = os.pathsep.join(filter(None, sys.path))
    return subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
    )


def test_killed_runner_takes_its_sender_with_it_and_its_ledger_blames_nobody(
    stub: EsrStub, plan: ReplayPlan, under_way: Callable[[], bool]
) -> None:
    with runner_of(plan) as runner:
        wait_until(under_way)
        senders = children_of(runner.pid)

        runner.kill()

        wait_until(lambda: not any(map(is_running, senders)))
    assert senders

    found = reconcile_ledger(plan.ledger, stub.base_url, TOKEN)

    assert found.clean, listed(found)
    assert found.confirmed == found.acknowledged > 0
    assert_goes_on(stub, plan)


def test_killed_sender_ends_the_replay_which_goes_on_later(
    stub: EsrStub, plan: ReplayPlan, under_way: Callable[[], bool]
) -> None:
    def kill(step: Progress) -> None:
        if step.phase == "replaying" and under_way():
            for sender in children_of(os.getpid()):
                os.kill(sender, signal.SIGKILL)

    result = run_replay(plan, kill)

    assert_blames_nobody(result)
    assert "the sending process ended with code -9" in str(result.interrupted)
    assert_goes_on(stub, plan)


def test_full_disk_ends_the_replay_which_goes_on_later(stub: EsrStub, plan: ReplayPlan) -> None:
    room = 40_000
    limit = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, resource.RLIM_INFINITY))"

    with runner_of(plan, before=limit) as runner:
        told = runner.communicate()[0].decode()

    assert told.startswith("inconclusive | the sending process ended with code 4: The ledger")
    assert "cannot be written" in told
    assert plan.ledger.stat().st_size == room
    found = reconcile_ledger(plan.ledger, stub.base_url, TOKEN)
    assert found.clean, listed(found)
    assert_goes_on(stub, plan)


def test_esr_that_goes_away_for_good_ends_the_replay_with_what_it_has(
    stub: EsrStub, plan: ReplayPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadtests.runner.Target", partial(Target, patience=0.2))
    stub.on_write = lambda count: stub.take_away() if count == 150 else None
    impatient = replace(plan.profile.sending, answer_timeout_seconds=1, retry_for_seconds=0.5)

    result = run_replay(replace(plan, profile=replace(plan.profile, sending=impatient)))

    assert result.reconciliation is None
    assert "does not answer any more" in str(result.interrupted)
    assert 0 < result.counts.acknowledged < result.counts.planned
    assert result.outcome is Outcome.INCONCLUSIVE, result.findings
    stub.start()
    found = reconcile_ledger(plan.ledger, stub.base_url, TOKEN)
    assert found.clean, listed(found)
    assert found.confirmed == found.acknowledged > 0
    assert_goes_on(stub, plan)


def test_replay_outlives_an_absence_of_esr(stub: EsrStub, plan: ReplayPlan) -> None:
    stub.on_write = lambda count: stub.take_away(back_after=0.7) if count == 150 else None

    result = run_replay(plan)

    assert_whole(result)
    assert result.counts.retries > 0
    rows = read_ledger(plan.ledger).rows
    retried = rows[rows["attempts"] > 1]
    # Its wait is in the latency, not in the service time of the attempt that was answered.
    assert (retried["answered"] - retried["due"]).max() > 0.5
    assert (retried["answered"] - retried["last"]).max() < 0.5


def test_capped_pace_that_is_taken_up_again_calibrates_on_what_is_left(
    stub: EsrStub, plan: ReplayPlan
) -> None:
    usual = plan.profile
    pace = Pace(Pacing.CAPPED, factor=A_SECOND, share_of_capacity=0.5)
    year = replace(usual, window=None, pace=pace, limits=replace(usual.limits, latency=None))
    plan = replace(plan, profile=year, factor=None)

    def interrupt(step: Progress) -> None:
        if read_ledger(plan.ledger).stretches and len(stub.arrivals) > 250:
            raise KeyboardInterrupt

    first = run_replay(plan, interrupt)
    reached = read_ledger(plan.ledger)
    stub.pause = 0.02

    resumed = run_replay(plan)

    assert first.interrupted == "stopped by Ctrl-C"
    assert_whole(resumed)
    notes = [
        note["calibration"] for note in read_ledger(plan.ledger).notes if "calibration" in note
    ]
    assert len(notes) == 2
    # So many connections, and each write taking so long, let no more through: it did wait for answers.
    assert 0 < notes[1]["messages"] / notes[1]["seconds"] < 32 / stub.pause
    again = read_ledger(plan.ledger).stretches[len(reached.stretches) :]
    done = reached.rows["intended"][reached.rows["status"] > 0]
    assert again[0]["legs"][0]["first"] > np.sort(done)[len(done) // 2]


def broken(module: str, name: str, folder: Path) -> Path:
    """A copy of the package in which one function raises."""
    home = copied(folder)
    path = home / "loadtests" / module
    text = path.read_text(encoding="utf-8")
    assert text.count(f"    def {name}(") == 1
    begin = text.index('"""', text.index(f"    def {name}("))
    path.write_text(f"{text[:begin]}1 / 0{text[text.index(chr(10), begin) :]}", encoding="utf-8")
    return home


@pytest.mark.parametrize(
    ("module", "name", "told"),
    [
        ("lead.py", "_calibrate", "the lead broke: ZeroDivisionError"),
        ("sender.py", "prepare", "broke: ZeroDivisionError"),
    ],
)
def test_program_that_breaks_ends_the_replay_and_says_so(
    stub: EsrStub, tmp_path: Path, module: str, name: str, told: str
) -> None:
    home = broken(module, name, tmp_path)
    script = f"""
from pathlib import Path
from dataclasses import replace
from loadtests.profiles import Pace, Pacing
from loadtests.runner import run_replay
from tests.load.replaying import plan_for
class Stub: base_url = {stub.base_url!r}
plan = plan_for(Stub, Path({str(tmp_path)!r}))
usual = plan.profile
capped = replace(usual, pace=Pace(Pacing.CAPPED, 1e6, 0.5), limits=replace(usual.limits, latency=None))
result = run_replay(replace(plan, profile=capped, factor=None))
print(result.outcome, "|", result.interrupted)
"""
    paths = os.pathsep.join([str(home), *filter(None, sys.path)])
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=home,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        check=False,
        text=True,
        timeout=BOUND,
    )

    assert ended.stdout.startswith("inconclusive | "), ended.stderr
    assert told in ended.stdout
