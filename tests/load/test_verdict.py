"""The verdict cannot be flattered: what was not seen is inconclusive, what is gone is a failure whatever else held."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from loadtests.discrepancies import Discrepancy, Reconciliation
from loadtests.measurements import NEVER_MS, Distribution, Latency, Measurements, Recovery
from loadtests.profiles import LatencyLimits, Limits
from loadtests.verdict import Counts, Finding, Outcome, judge, roll_up
from simulators.year import Kind

PASS, FAIL, INCONCLUSIVE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
LIMITS = Limits(
    error_rate=0.1,
    driver_lateness_p99_ms=100,
    latency=LatencyLimits(p50_ms=10, p95_ms=20, p99_ms=30, max_ms=40),
    recovery_seconds=60,
    growth=2.0,
    throughput_per_second=0.5,
    propagation_p95_ms=500,
)
ALL = Counts(
    planned=10,
    sent=10,
    acknowledged=10,
    refused=0,
    unacknowledged=0,
    cut_off=0,
    never_sent=0,
    retries=0,
    by_kind={},
)
CLEAN = Reconciliation(acknowledged=10, confirmed=10)
QUICK = Distribution(10, 1.0, 1.0, 1.0, 1.0)
NOTHING = Distribution(0, 0.0, 0.0, 0.0, 0.0)
MEASURED = Measurements(
    latency={"all": Latency(QUICK, QUICK)},
    lateness=QUICK,
    arrivals=(),
    latency_over_time=(),
    rate_over_time=(),
    recovery=Recovery(waited=5, seconds=9.0, simulated_seconds=900.0),
    histogram="",
    wall_seconds=1.0,
    simulated_seconds=720.0,
    growth=1.1,
)
GONE = Discrepancy("gone", Kind.CHECK, 3, "R-1")


def judged(
    counts: Counts = ALL,
    measured: Measurements = MEASURED,
    reconciliation: Reconciliation | None = CLEAN,
    interrupted: str | None = None,
    propagation: Distribution | None = QUICK,
    limits: Limits = LIMITS,
) -> dict[str, Finding]:
    found = judge(limits, counts, measured, reconciliation, interrupted, propagation)
    assert len({finding.name for finding in found}) == len(found)
    return {finding.name: finding for finding in found}


def slow(**percentiles: float) -> Measurements:
    """Measurements with these percentiles from the intended time, service being quick."""
    shown = replace(QUICK, **percentiles)
    return replace(MEASURED, latency={"all": Latency(shown, QUICK)})


def test_everything_held_passes() -> None:
    findings = judged()

    assert {finding.outcome for finding in findings.values()} == {PASS}
    assert roll_up(findings.values()) is PASS
    assert set(findings) == {
        "every message sent",
        "lost",
        "duplicated",
        "altered",
        "held against ESR's own answer",
        "acknowledged messages found once, unaltered",
        "error rate",
        "the driver kept pace (p99 of its own lateness)",
        "latency from intended time, p50",
        "latency from intended time, p95",
        "latency from intended time, p99",
        "latency from intended time, max",
        "recovery after the closure",
        "service time at the end over that at the beginning (medians)",
        "throughput",
        "from a change to the receiver, p95",
    }


SENT = "every message sent"
FOUND = "acknowledged messages found once, unaltered"
ERRORS = "error rate"
PACE = "the driver kept pace (p99 of its own lateness)"
RECOVERY = "recovery after the closure"
GROWTH = "service time at the end over that at the beginning (medians)"
RATE = "throughput"
EVENTS = "from a change to the receiver, p95"


@pytest.mark.parametrize(
    ("name", "outcome", "change"),
    [
        (SENT, INCONCLUSIVE, {"counts": replace(ALL, never_sent=1, sent=9)}),
        (SENT, INCONCLUSIVE, {"counts": replace(ALL, cut_off=1)}),
        (SENT, INCONCLUSIVE, {"counts": replace(ALL, planned=0, sent=0, acknowledged=0)}),
        (SENT, INCONCLUSIVE, {"interrupted": "stopped by Ctrl-C"}),
        ("lost", FAIL, {"reconciliation": replace(CLEAN, lost=[GONE])}),
        ("duplicated", FAIL, {"reconciliation": replace(CLEAN, duplicated=[GONE])}),
        ("altered", FAIL, {"reconciliation": replace(CLEAN, altered=[GONE])}),
        (
            "held against ESR's own answer",
            FAIL,
            {"reconciliation": replace(CLEAN, contradicted=[GONE])},
        ),
        ("reconciliation", INCONCLUSIVE, {"reconciliation": None}),
        (FOUND, FAIL, {"reconciliation": replace(CLEAN, lost=[GONE], confirmed=9)}),
        (FOUND, INCONCLUSIVE, {"reconciliation": replace(CLEAN, confirmed=9)}),
        (FOUND, INCONCLUSIVE, {"reconciliation": Reconciliation()}),
        (ERRORS, PASS, {"counts": replace(ALL, refused=1, acknowledged=9)}),
        (ERRORS, FAIL, {"counts": replace(ALL, refused=2, acknowledged=8)}),
        (ERRORS, FAIL, {"counts": replace(ALL, refused=1, unacknowledged=1, acknowledged=8)}),
        (ERRORS, INCONCLUSIVE, {"counts": replace(ALL, sent=0, acknowledged=0, never_sent=10)}),
        (PACE, PASS, {"measured": replace(MEASURED, lateness=replace(QUICK, p99=100.0))}),
        (PACE, INCONCLUSIVE, {"measured": replace(MEASURED, lateness=replace(QUICK, p99=100.1))}),
        (PACE, INCONCLUSIVE, {"measured": replace(MEASURED, lateness=NOTHING)}),
        ("latency from intended time, p50", FAIL, {"measured": slow(p50=10.1)}),
        ("latency from intended time, p95", FAIL, {"measured": slow(p95=20.1)}),
        ("latency from intended time, p99", FAIL, {"measured": slow(p99=30.1)}),
        ("latency from intended time, max", FAIL, {"measured": slow(max=40.1)}),
        ("latency from intended time, p99", PASS, {"measured": slow(p99=30.0)}),
        ("latency from intended time, p99", INCONCLUSIVE, {"measured": slow(count=0)}),
        (RECOVERY, PASS, {"measured": replace(MEASURED, recovery=Recovery(5, 60.0, 1.0))}),
        (RECOVERY, FAIL, {"measured": replace(MEASURED, recovery=Recovery(5, 60.1, 1.0))}),
        (RECOVERY, FAIL, {"measured": replace(MEASURED, recovery=Recovery(5, 0.0, 0.0))}),
        (RECOVERY, INCONCLUSIVE, {"measured": replace(MEASURED, recovery=Recovery(0, 0.0, 0.0))}),
        (RECOVERY, INCONCLUSIVE, {"measured": replace(MEASURED, recovery=None)}),
        (GROWTH, PASS, {"measured": replace(MEASURED, growth=2.0)}),
        (GROWTH, FAIL, {"measured": replace(MEASURED, growth=2.1)}),
        (RATE, FAIL, {"measured": replace(MEASURED, wall_seconds=1000.0)}),
        (RATE, INCONCLUSIVE, {"measured": slow(count=0)}),
        (EVENTS, PASS, {"propagation": replace(QUICK, p95=500.0)}),
        (EVENTS, FAIL, {"propagation": replace(QUICK, p95=500.1)}),
        (EVENTS, FAIL, {"propagation": replace(QUICK, max=NEVER_MS)}),
        (EVENTS, INCONCLUSIVE, {"propagation": NOTHING}),
        (EVENTS, INCONCLUSIVE, {"propagation": None}),
    ],
)
def test_each_finding_ends_as_what_was_seen_says(
    name: str, outcome: Outcome, change: dict[str, Any]
) -> None:
    findings = judged(**change)

    assert findings[name].outcome is outcome
    if outcome is not PASS:
        assert roll_up(findings.values()) is not PASS


def test_late_driver_concludes_nothing_about_latency() -> None:
    late = replace(
        slow(p50=999.0, p95=999.0, p99=999.0, max=999.0), lateness=replace(QUICK, p99=101)
    )

    findings = judged(measured=late)

    assert roll_up(findings.values()) is INCONCLUSIVE
    latencies = [each for name, each in findings.items() if name.startswith("latency")]
    assert {finding.outcome for finding in latencies} == {INCONCLUSIVE}
    assert len(latencies) == 4


@pytest.mark.parametrize("interrupted", ["stopped by Ctrl-C", "every worker is lost"])
def test_interrupted_replay_never_passes_and_says_why(interrupted: str) -> None:
    findings = judged(interrupted=interrupted)

    assert roll_up(findings.values()) is INCONCLUSIVE
    assert interrupted in findings[SENT].measured


def test_lost_message_fails_even_when_the_replay_was_cut_short() -> None:
    lost = replace(CLEAN, confirmed=9, lost=[GONE])

    findings = judged(counts=replace(ALL, never_sent=5), reconciliation=lost, interrupted="stopped")

    assert roll_up(findings.values()) is FAIL


def test_unacknowledged_message_that_is_held_is_no_failure_of_esr() -> None:
    unheard = replace(CLEAN, unacknowledged_found=[GONE], unacknowledged_absent=[GONE])

    assert roll_up(judged(reconciliation=unheard).values()) is PASS


def test_what_a_profile_does_not_limit_is_not_judged() -> None:
    bare = Limits(error_rate=0.0, driver_lateness_p99_ms=1)

    names = set(judged(limits=bare))

    assert {PACE, RECOVERY, GROWTH, EVENTS}.isdisjoint(names)
    assert not any(name.startswith("latency") for name in names)


def test_roll_up_is_fail_before_inconclusive_before_pass() -> None:
    each = {outcome: Finding(outcome, outcome, "", "") for outcome in Outcome}

    assert roll_up(each.values()) is FAIL
    assert roll_up([each[PASS], each[INCONCLUSIVE]]) is INCONCLUSIVE
    assert roll_up([each[PASS], each[PASS]]) is PASS
    assert roll_up([]) is INCONCLUSIVE
