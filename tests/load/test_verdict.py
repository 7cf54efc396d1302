"""The verdict cannot be flattered."""

from __future__ import annotations

from dataclasses import replace

from loadtests.discrepancies import Discrepancy, Reconciliation
from loadtests.ledger import Kind
from loadtests.measurements import Distribution, Latency, Measurements
from loadtests.profiles import load_profile
from loadtests.verdict import Counts, Finding, Outcome, judge, roll_up

LIMITS = load_profile("day").limits
ALL = Counts(
    planned=10,
    sent=10,
    acknowledged=10,
    refused=0,
    unacknowledged=0,
    cut_off=0,
    never_sent=0,
    retries=0,
)
CLEAN = Reconciliation(acknowledged=10, confirmed=10)
QUICK = Distribution(10, 1.0, 1.0, 1.0, 1.0)
MEASURED = Measurements({"all": Latency(QUICK, QUICK)}, QUICK, (), (), "", 1.0, 720.0)


def outcomes(findings: tuple[Finding, ...]) -> dict[str, Outcome]:
    return {finding.name: finding.outcome for finding in findings}


def test_everything_held_passes() -> None:
    assert roll_up(judge(LIMITS, ALL, MEASURED, CLEAN, None)) is Outcome.PASS


def test_late_driver_concludes_nothing_about_latency() -> None:
    slow = Latency(replace(QUICK, p99=99_999.0), QUICK)
    late = replace(
        MEASURED,
        latency={"all": slow},
        lateness=replace(QUICK, p99=LIMITS.driver_lateness_p99_ms + 1),
    )

    findings = judge(LIMITS, ALL, late, CLEAN, None)

    assert roll_up(findings) is Outcome.INCONCLUSIVE
    assert outcomes(findings)["latency from intended time, p99"] is Outcome.INCONCLUSIVE


def test_slow_answers_fail() -> None:
    slow = replace(MEASURED, latency={"all": Latency(replace(QUICK, p99=99_999.0), QUICK)})

    assert (
        outcomes(judge(LIMITS, ALL, slow, CLEAN, None))["latency from intended time, p99"]
        is Outcome.FAIL
    )


def test_lost_message_fails_even_when_the_run_was_cut_short() -> None:
    lost = Reconciliation(
        acknowledged=10, confirmed=9, lost=[Discrepancy("gone", Kind.CHECK, 3, "R-1")]
    )

    assert (
        roll_up(judge(LIMITS, replace(ALL, never_sent=5), MEASURED, lost, "stopped"))
        is Outcome.FAIL
    )


def test_what_was_not_seen_is_inconclusive() -> None:
    assert roll_up(judge(LIMITS, ALL, MEASURED, None, None)) is Outcome.INCONCLUSIVE
    assert roll_up(judge(LIMITS, ALL, MEASURED, Reconciliation(), None)) is Outcome.INCONCLUSIVE
    assert (
        roll_up(judge(LIMITS, replace(ALL, never_sent=1), MEASURED, CLEAN, None))
        is Outcome.INCONCLUSIVE
    )
    assert (
        roll_up(judge(LIMITS, replace(ALL, cut_off=1), MEASURED, CLEAN, None))
        is Outcome.INCONCLUSIVE
    )
    assert roll_up(()) is Outcome.INCONCLUSIVE


def test_refusals_count_as_errors() -> None:
    assert (
        outcomes(judge(LIMITS, replace(ALL, refused=1), MEASURED, CLEAN, None))["error rate"]
        is Outcome.FAIL
    )
