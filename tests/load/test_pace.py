"""The pacer's honesty over real HTTP: a stall is seen from the intended time, a driver that cannot keep pace concludes
nothing, and what waited while ESR was closed goes at once and in order."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from loadtests.ledger import read_ledger
from loadtests.pacer import HOUR_SECONDS
from loadtests.plan import HOUR
from loadtests.profiles import Arrivals, Pace, Pacing, Window
from loadtests.results import ReplayPlan, ReplayResult
from loadtests.runner import run_replay
from loadtests.verdict import Outcome
from simulators.year import STEPS
from tests.load.esr_stub import EsrStub
from tests.load.replaying import (
    A_SECOND,
    SUMMER,
    assert_whole,
    found_in,
    messages_of,
    plan_for,
    profile,
)

STALL = 2.0


def outcomes(result: ReplayResult) -> dict[str, Outcome]:
    return {finding.name: finding.outcome for finding in result.findings}


def test_stall_of_esr_shows_from_the_intended_time_and_not_in_the_service_time_of_the_others(
    stub: EsrStub, tmp_path: Path
) -> None:
    plan = plan_for(stub, tmp_path, applicants=120)
    latency = profile().limits.latency
    assert latency is not None
    strict = replace(latency, p95_ms=900, p99_ms=1000)
    limits = replace(plan.profile.limits, latency=strict)
    stub.stall_seconds = STALL
    # Half-way through some two hundred and fifty writes of three seconds.
    stub.stall_at = 150

    result = run_replay(
        replace(plan, profile=replace(plan.profile, limits=limits), factor=A_SECOND / 3)
    )

    rows = read_ledger(plan.ledger).rows
    began, ended = stub.stalled
    # All but those that were on their way while ESR stood still.
    others = rows[(rows["last"] > ended) | (rows["answered"] < began)]
    assert len(others) > len(rows) / 3
    service = others["answered"] - others["last"]
    intended = others["answered"] - others["due"]
    assert np.percentile(service, 99) < STALL / 2
    assert np.percentile(intended, 99) > STALL / 2
    shown = result.measurements.latency["all"]
    assert shown.intended.p99 > 1000 * STALL / 2
    # Half of all messages were due while ESR stood still or waited for one that was; few were on their way then.
    assert shown.service.p50 < 1000 * STALL / 8 < shown.intended.p50
    assert found_in(result).clean
    named = outcomes(result)
    assert named["the driver kept pace (p99 of its own lateness)"] is Outcome.PASS
    assert named["latency from intended time, p99"] is Outcome.FAIL
    assert result.outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("connections", "kept_pace"), [(1, Outcome.INCONCLUSIVE), (200, Outcome.PASS)]
)
def test_driver_that_cannot_keep_pace_with_a_slow_esr_concludes_nothing(
    stub: EsrStub, plan: ReplayPlan, connections: int, kept_pace: Outcome
) -> None:
    stub.pause = 0.02
    few = replace(plan, profile=profile(connections=connections))

    result = run_replay(few)

    assert found_in(result).clean
    assert result.counts.acknowledged == result.counts.planned
    named = outcomes(result)
    assert named["the driver kept pace (p99 of its own lateness)"] is kept_pace
    latencies = {outcome for name, outcome in named.items() if name.startswith("latency")}
    assert latencies == {kept_pace}
    assert result.outcome is kept_pace


def came_in_order(stub: EsrStub, plan: ReplayPlan) -> None:
    """Each applicant's messages came one after another, as the plan has them."""
    planned = messages_of(plan)
    place = {identifier: at for at, (identifier, _) in reversed([*enumerate(stub.arrivals)])}
    for applicant in range(planned.scope.applicants):
        conversation = [each for each in planned.conversation(applicant) if not each.again]
        assert all(place[a.requestId] < place[b.requestId] for a, b in pairwise(conversation))


def test_backlog_of_a_closed_esr_goes_at_once_when_it_opens_and_in_order(
    stub: EsrStub, tmp_path: Path
) -> None:
    closed = replace(
        SUMMER, closed_from=datetime.fromisoformat("2026-07-01"), closed_hours=30 * 24.0
    )
    plan = replace(plan_for(stub, tmp_path, applicants=120), profile=profile(closed))
    moments = closed.closed()
    assert moments is not None
    opening = moments[1]
    usual = messages_of(replace(plan, profile=profile()))
    held = {m.number for m in usual.messages() if moments[0] <= m.intended < opening}

    result = run_replay(plan)

    assert_whole(result)
    rows = read_ledger(plan.ledger).rows
    late = rows[rows["intended"] == opening]
    assert set(late["number"].tolist()) == held
    assert len(held) > 50
    assert len(set(late["due"].tolist())) == 1
    assert not ((rows["intended"] >= moments[0]) & (rows["intended"] < opening)).any()
    came = dict(reversed(stub.arrivals))
    requests = {m.requestId for m in messages_of(plan).messages() if m.number in held}
    # The two clocks are read in two processes, within a millisecond of each other.
    assert all(came[request] > late["due"].min() - 0.01 for request in requests)
    came_in_order(stub, plan)
    recovery = result.measurements.recovery
    assert recovery is not None
    assert recovery.waited == len(held)
    assert 0 < recovery.seconds == pytest.approx(late["answered"].max() - late["due"].min())
    assert outcomes(result)["recovery after the closure"] is Outcome.PASS


def test_slow_recovery_from_a_closure_fails(stub: EsrStub, tmp_path: Path) -> None:
    closed = replace(
        SUMMER, closed_from=datetime.fromisoformat("2026-07-01"), closed_hours=30 * 24.0
    )
    slow = profile(closed)
    slow = replace(slow, limits=replace(slow.limits, recovery_seconds=0.05))
    stub.pause = 0.06

    result = run_replay(replace(plan_for(stub, tmp_path, applicants=20), profile=slow))

    assert found_in(result).clean
    assert outcomes(result)["recovery after the closure"] is Outcome.FAIL


def test_hourly_burst_goes_at_the_end_of_its_hour_all_at_once_and_in_order(
    stub: EsrStub, tmp_path: Path
) -> None:
    day = Window(
        datetime.fromisoformat("2026-09-01"), datetime.fromisoformat("2026-09-02"), Arrivals.HOURLY
    )
    plan = replace(
        plan_for(stub, tmp_path, applicants=2500), profile=profile(day), factor=24 * 3600.0
    )

    result = run_replay(plan)

    assert_whole(result)
    ledger = read_ledger(plan.ledger)
    rows = ledger.rows[ledger.rows["intended"] >= day.moments[0]]
    hours = np.unique(rows["intended"])
    assert (hours % HOUR == 0).all()
    assert len(hours) > 5
    for hour in hours:
        burst = rows[rows["intended"] == hour]
        assert len(set(burst["due"].tolist())) == 1
        assert (burst["sent"] >= burst["due"]).all()
    assert max(each.sent for each in result.measurements.arrivals) > 5
    came_in_order(stub, plan)


def test_capped_pace_skips_idle_time_and_sends_no_hour_faster_than_its_cap(
    stub: EsrStub, tmp_path: Path
) -> None:
    usual = profile()
    year = replace(
        usual,
        window=None,
        pace=Pace(Pacing.CAPPED, factor=50_000_000.0, share_of_capacity=0.5),
        limits=replace(usual.limits, latency=None),
    )
    plan = replace(plan_for(stub, tmp_path), profile=year, factor=None)

    result = run_replay(plan)

    assert_whole(result)
    assert result.factor is None
    assert result.calibration is not None
    assert result.calibration["cap"] == pytest.approx(result.calibration["per_second"] / 2)
    assert all(
        leg.messages / leg.seconds <= result.calibration["cap"] * 1.001 for leg in result.legs
    )
    assert all(leg.factor <= 50_000_000.0 * 1.001 for leg in result.legs)
    assert all(leg.last - leg.first <= HOUR_SECONDS * 1_000_000 for leg in result.legs)
    assert all(a.last <= b.first for a, b in pairwise(result.legs))
    # What is not sent in a leg is what the calibration sent before them.
    sent = read_ledger(plan.ledger).rows
    before = int((sent["intended"] < result.legs[0].first).sum())
    assert 0 < before < len(sent)
    assert sum(leg.messages for leg in result.legs) == len(sent) - before
    paced = sent[sent["intended"] >= result.legs[0].first]
    in_order = paced[np.argsort(paced["intended"], kind="stable")]
    assert (np.diff(in_order["due"]) > -0.001).all()
    assert not any(name.startswith("latency") for name in outcomes(result))


@pytest.mark.prove
def test_clock_of_a_capped_pace_does_not_run_ahead_of_what_waits(
    stub: EsrStub, tmp_path: Path
) -> None:
    usual = profile()
    year = replace(
        usual,
        window=None,
        pace=Pace(Pacing.CAPPED, factor=50_000_000.0, share_of_capacity=1.0),
        limits=replace(usual.limits, latency=None),
        sending=replace(usual.sending, connections=2),
    )
    plan = replace(plan_for(stub, tmp_path, applicants=200), profile=year, factor=None)
    stub.stall_seconds = STALL
    # After the calibration, and long before the end.
    stub.stall_at = 300

    result = run_replay(plan)

    assert_whole(result)
    ledger = read_ledger(plan.ledger)
    _, ended = stub.stalled
    began_in = [float(stretch["started"]) for stretch in ledger.stretches]
    assert any(started > ended for started in began_in)
    for started in began_in:
        waiting = (ledger.rows["due"] < started) & (ledger.rows["answered"] > started)
        assert len(np.unique(ledger.rows["number"][waiting] // STEPS)) <= 2
