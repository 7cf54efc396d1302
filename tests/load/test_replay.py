"""A replay against a little ESR over real HTTP, Locust in its own process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from loadtests.discrepancies import Discrepancy, Reconciliation
from loadtests.errors import LedgerError, PlanError, TargetError
from loadtests.ledger import Kind, read_ledger
from loadtests.plan import DayPlan, Message, WorldParameters
from loadtests.profiles import load_profile
from loadtests.results import Progress, ReplayPlan, ReplayResult
from loadtests.runner import reconcile_ledger, run_replay, scope_of, vacancies_of
from loadtests.verdict import Outcome
from tests.load.esr_stub import TOKEN, EsrStub, Fault

WORLD = WorldParameters(seed=5, organisations=2, positions_per_organisation=20)
QUICK = 150_000.0
"""A factor at which the whole day takes well under a second."""


@pytest.fixture
def stub() -> Iterator[EsrStub]:
    with EsrStub(WORLD.make()) as running:
        yield running


def plan_for(stub: EsrStub, folder: Path) -> ReplayPlan:
    return ReplayPlan(
        base_url=stub.base_url,
        token=TOKEN,
        profile=load_profile("smoke"),
        world=WORLD,
        seed=7,
        ledger=folder / "ledger.ndjson",
        factor=QUICK,
        applicants=8,
    )


@pytest.fixture
def plan(stub: EsrStub, tmp_path: Path) -> ReplayPlan:
    return plan_for(stub, tmp_path)


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> list[Message]:
    """What every replay of this file sends, as a replay without faults left it."""
    with EsrStub(WORLD.make()) as clean:
        plan = plan_for(clean, tmp_path_factory.mktemp("clean"))
        run_replay(plan)
    day = DayPlan(scope_of(plan), vacancies_of(read_ledger(plan.ledger)))
    return [message for conversation in day.conversations() for message in conversation.messages]


def pick(messages: list[Message], kind: Kind, last_of_its_check: bool = False) -> Message:
    """A message of this kind from the middle; for a check, one that is or is not followed by
    another."""
    chosen = [message for message in messages if message.kind is kind]
    if kind is Kind.CHECK:
        keys = [(message.supplierReference, message.checkType) for message in chosen]
        chosen = [
            m
            for place, m in enumerate(chosen)
            if (keys[place] in keys[place + 1 :]) != last_of_its_check
        ]
    return chosen[len(chosen) // 2]


def found_in(result: ReplayResult) -> Reconciliation:
    assert result.reconciliation is not None
    return result.reconciliation


def numbers(listed: list[Discrepancy]) -> list[tuple[Kind, int | None]]:
    return [(item.kind, item.number) for item in listed]


def test_day_without_faults_is_found_whole(plan: ReplayPlan, messages: list[Message]) -> None:
    heard: list[Progress] = []

    result = run_replay(plan, heard.append)

    found = found_in(result)
    assert result.outcome is Outcome.PASS, result.findings
    assert (found.lost, found.duplicated, found.altered, found.contradicted) == ([], [], [], [])
    assert found.confirmed == found.acknowledged == result.counts.sent + result.set_up
    assert result.counts.sent == result.counts.planned == len(messages)
    assert {step.phase for step in heard} >= {"setting up", "preparing", "replaying", "reconciling"}
    assert (
        sum(hour.applicants + hour.checks for hour in result.measurements.arrivals)
        == result.counts.sent
    )
    assert sum(point.count for point in result.measurements.latency_over_time) == result.counts.sent


@pytest.mark.parametrize(
    ("fault", "listed"),
    [(Fault.DROP, "lost"), (Fault.DOUBLE, "duplicated"), (Fault.ALTER, "altered")],
)
def test_faulty_applicant_is_caught_by_name(
    stub: EsrStub, plan: ReplayPlan, messages: list[Message], fault: Fault, listed: str
) -> None:
    victim = pick(messages, Kind.APPLICANT)
    stub.faults[victim.requestId] = fault

    result = run_replay(plan)

    named = getattr(found_in(result), listed)
    assert result.outcome is Outcome.FAIL
    assert (Kind.APPLICANT, victim.number) in numbers(named)
    assert {item.supplierReference for item in named} == {victim.supplierReference}
    others = {"lost", "duplicated", "altered"} - {listed}
    assert all(getattr(found_in(result), other) == [] for other in others)
    if fault is Fault.ALTER:
        assert [each.pointer for each in named[0].differences] == ["/person/lastName"]


@pytest.mark.parametrize(
    "last", [True, False], ids=["last update of its check", "update with another after it"]
)
@pytest.mark.parametrize(("fault", "listed"), [(Fault.DROP, "lost"), (Fault.DOUBLE, "duplicated")])
def test_faulty_check_update_is_caught_by_name(
    stub: EsrStub, plan: ReplayPlan, messages: list[Message], fault: Fault, listed: str, last: bool
) -> None:
    victim = pick(messages, Kind.CHECK, last_of_its_check=last)
    stub.faults[victim.requestId] = fault

    result = run_replay(plan)

    named = getattr(found_in(result), listed)
    assert numbers(named) == [(Kind.CHECK, victim.number)]
    others = {"lost", "duplicated", "altered"} - {listed}
    assert all(getattr(found_in(result), other) == [] for other in others)


def test_altered_check_update_is_caught_by_name_and_field(
    stub: EsrStub, plan: ReplayPlan, messages: list[Message]
) -> None:
    victim = pick(messages, Kind.CHECK, last_of_its_check=True)
    stub.faults[victim.requestId] = Fault.ALTER

    found = found_in(run_replay(plan))

    assert numbers(found.altered) == [(Kind.CHECK, victim.number)]
    assert [each.pointer for each in found.altered[0].differences] == ["/requestedDate"]
    assert found.lost == found.duplicated == []


def test_unavailable_message_goes_again_with_its_request_id(
    stub: EsrStub, plan: ReplayPlan, messages: list[Message]
) -> None:
    victim = pick(messages, Kind.APPLICANT)
    stub.faults[victim.requestId] = Fault.UNAVAILABLE_ONCE

    result = run_replay(plan)

    assert result.outcome is Outcome.PASS, result.findings
    assert stub.attempts[victim.requestId] == 2
    assert result.counts.retries == 1


def test_unheard_answer_is_retried_within_bounds_and_reported_apart(
    stub: EsrStub, plan: ReplayPlan, messages: list[Message]
) -> None:
    victim = pick(messages, Kind.APPLICANT)
    stub.faults[victim.requestId] = Fault.UNHEARD
    impatient = replace(plan.profile.sending, retry_for_seconds=0.5)

    result = run_replay(replace(plan, profile=replace(plan.profile, sending=impatient)))

    found = found_in(result)
    assert stub.attempts[victim.requestId] > 1
    assert numbers(found.unacknowledged_found) == [(Kind.APPLICANT, victim.number)]
    assert found.clean
    assert result.counts.unacknowledged == 1
    assert result.counts.never_sent > 0
    assert result.outcome is not Outcome.PASS


def test_refused_message_counts_as_error_and_is_not_sought(
    stub: EsrStub, plan: ReplayPlan, messages: list[Message]
) -> None:
    victim = pick(messages, Kind.CHECK)
    stub.faults[victim.requestId] = Fault.REFUSE

    result = run_replay(plan)

    assert result.counts.refused == 1
    assert found_in(result).clean
    assert result.outcome is Outcome.FAIL
    entry = read_ledger(plan.ledger).entries[Kind.CHECK, victim.number]
    assert entry.code == "RULE_REFUSES"


def test_sender_outlives_an_absence_of_esr(stub: EsrStub, plan: ReplayPlan) -> None:
    def take_away(step: Progress) -> None:
        if step.phase == "replaying" and step.done > 5 and not gone.is_set():
            gone.set()
            stub.stop()
            threading.Timer(0.7, stub.start).start()

    gone = threading.Event()

    result = run_replay(replace(plan, factor=40_000.0), take_away)

    assert gone.is_set()
    assert found_in(result).clean
    assert result.counts.acknowledged == result.counts.planned
    assert result.counts.retries > 0


def test_stall_of_esr_shows_from_the_intended_time(stub: EsrStub, plan: ReplayPlan) -> None:
    stub.stall_at, stub.stall_seconds = 30, 1.0

    result = run_replay(replace(plan, factor=50_000.0))

    shown = result.measurements.latency["all"]
    assert shown.intended.p95 > 500
    entries = [
        e
        for e in read_ledger(plan.ledger).of(Kind.APPLICANT, Kind.CHECK)
        if e.answered and e.lastSent
    ]
    slow_by_intent = sum(entry.answered - entry.due > 0.3 for entry in entries if entry.answered)
    slow_by_service = sum(
        entry.answered - entry.lastSent > 0.3
        for entry in entries
        if entry.answered and entry.lastSent
    )
    assert slow_by_intent > slow_by_service
    assert result.measurements.lateness.p99 < 300, "the driver was not to blame"


def test_ctrl_c_stops_the_sender_and_keeps_what_was_done(plan: ReplayPlan) -> None:
    def interrupt(step: Progress) -> None:
        if step.phase == "replaying" and step.done >= 3:
            raise KeyboardInterrupt

    slow = replace(plan, factor=20_000.0)

    result = run_replay(slow, interrupt)

    assert result.interrupted == "stopped by Ctrl-C"
    assert result.outcome is Outcome.INCONCLUSIVE
    assert 3 <= result.counts.sent < result.counts.planned
    assert found_in(result).clean
    assert senders_running() == []

    resumed = run_replay(plan)

    assert resumed.outcome is Outcome.PASS, resumed.findings
    assert resumed.counts.acknowledged == resumed.counts.planned
    assert found_in(resumed).clean


def test_time_limit_ends_inconclusive(plan: ReplayPlan) -> None:
    result = run_replay(replace(plan, factor=200.0, time_limit_seconds=2.0))

    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.interrupted == "stopped after the time limit of 2 s"


def test_killed_runner_takes_its_sender_with_it_and_its_ledger_reconciles(
    stub: EsrStub, plan: ReplayPlan, messages: list[Message]
) -> None:
    script = (
        "import sys; from pathlib import Path; from loadtests.runner import *; from loadtests.plan import *; "
        "from loadtests.results import *; from loadtests.profiles import load_profile\n"
        f"run_replay(ReplayPlan({stub.base_url!r}, {TOKEN!r}, load_profile('smoke'), {WORLD!r}, 7, "
        f"Path({str(plan.ledger)!r}), factor=20000.0, applicants=8))"
    )
    runner = subprocess.Popen(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    wait_until(lambda: sum(stub.attempts.values()) > 8)

    runner.kill()
    runner.wait()

    wait_until(lambda: settled(stub))
    found = reconcile_ledger(plan.ledger, stub.base_url, TOKEN)
    assert found.clean
    assert 0 < found.confirmed == found.acknowledged < len(messages)


def test_reconciliation_finds_what_vanished_after_the_replay(
    stub: EsrStub, plan: ReplayPlan
) -> None:
    run_replay(plan)
    gone = stub.applicants.pop(3)

    found = reconcile_ledger(plan.ledger, stub.base_url, TOKEN)

    assert {item.applicantNumber for item in found.lost} == {gone["applicantNumber"]}
    assert found.lost[0].kind is Kind.APPLICANT


def test_second_run_of_one_replay_is_refused(plan: ReplayPlan, tmp_path: Path) -> None:
    run_replay(plan)

    with pytest.raises(PlanError, match="already holds replay"):
        run_replay(replace(plan, ledger=tmp_path / "another.ndjson"))


def test_ledger_of_another_replay_is_refused(plan: ReplayPlan) -> None:
    run_replay(plan)

    with pytest.raises(LedgerError, match="another replay"):
        run_replay(replace(plan, seed=8))


def test_world_that_esr_does_not_hold_is_refused(plan: ReplayPlan) -> None:
    with pytest.raises(PlanError, match="seed the sandbox with that world"):
        run_replay(replace(plan, world=replace(WORLD, seed=99)))


def test_absent_esr_is_one_clear_sentence(stub: EsrStub, plan: ReplayPlan) -> None:
    stub.stop()

    with pytest.raises(TargetError, match="is it running there"):
        run_replay(plan)


def test_wrong_token_is_one_clear_sentence(plan: ReplayPlan) -> None:
    with pytest.raises(TargetError, match="401"):
        run_replay(replace(plan, token="wrong"))


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.02)


def settled(stub: EsrStub) -> bool:
    before = sum(stub.attempts.values())
    threading.Event().wait(0.4)
    return sum(stub.attempts.values()) == before


def senders_running() -> list[str]:
    """The command lines of this process's children that are Locust."""
    listed = subprocess.run(
        ["ps", "-o", "args=", "--ppid", str(os.getpid())],
        check=False,
        capture_output=True,
        text=True,
    )
    return [line for line in listed.stdout.splitlines() if "locust" in line]
