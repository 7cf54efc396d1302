"""The verdict on a supplier: each kind of defect under its own name, and nothing concluded from what was not seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from loadtests.discrepancies import Discrepancy, Reconciliation
from loadtests.ledger import LedgerWriter, read_ledger
from loadtests.measurements import Distribution, Latency
from loadtests.plan import Scope, WorldParameters
from loadtests.profiles import load_profile
from loadtests.supplier.timing import Stall, Timed, timed
from loadtests.supplier.verdict import judge_supplier
from loadtests.verdict import Counts, Outcome, roll_up
from simulators.year import Kind

LIMITS = load_profile("supplier").limits
ALL = Counts(
    planned=5,
    sent=5,
    acknowledged=5,
    refused=0,
    unacknowledged=0,
    cut_off=0,
    never_sent=0,
    retries=0,
    by_kind={},
)
QUICK = Distribution(5, 1.0, 1.0, 1.0, 1.0)
SHORT = Stall(0.1, 0.0, 1)


@pytest.fixture
def shown(tmp_path: Path) -> Timed:
    """What an empty ledger shows, with quick answers put in."""
    scope = Scope(1, WorldParameters(1, 1, 1), 10)
    path = tmp_path / "ledger.ndjson"
    with LedgerWriter(path) as writer:
        writer.write_header({})
    folded = timed(read_ledger(path), scope, frozenset(), {})
    measured = replace(folded.measured, latency={"all": Latency(QUICK, QUICK)}, lateness=QUICK)
    return Timed(measured, SHORT, SHORT, QUICK, events=3, acknowledged=3)


def clean() -> Reconciliation:
    return Reconciliation(acknowledged=5, confirmed=5)


def outcomes(
    times: Timed, found: Reconciliation | None = None, interrupted: str | None = None
) -> dict[str, Outcome]:
    findings = judge_supplier(LIMITS, ALL, times, found or clean(), interrupted)
    return {finding.name: finding.outcome for finding in findings}


def not_passed(told: dict[str, Outcome]) -> dict[str, Outcome]:
    return {name: outcome for name, outcome in told.items() if outcome is not Outcome.PASS}


def test_a_supplier_that_did_all_in_time_passes(shown: Timed) -> None:
    assert not_passed(outcomes(shown)) == {}


@pytest.mark.parametrize(
    ("listed", "name"),
    [
        ("lost", "lost"),
        ("duplicated", "doubled"),
        ("altered", "altered"),
        ("reordered", "reordered"),
    ],
)
@pytest.mark.parametrize(
    ("kind", "part"),
    [
        (Kind.CHECK, "sender"),
        ("applicant.amended", "receiver"),
        ("application", "receiver"),
        ("event", "receiver"),
    ],
)
def test_a_defect_is_a_finding_of_its_own_in_the_part_that_has_it(
    shown: Timed, listed: str, name: str, kind: str, part: str
) -> None:
    found = clean()
    getattr(found, listed).append(Discrepancy("wrong", kind, 1, "R-1"))

    assert not_passed(outcomes(shown, found)) == {f"{name} ({part})": Outcome.FAIL}


def test_a_stall_beyond_the_limit_fails_in_the_part_that_stalled(shown: Timed) -> None:
    long = Stall(10.0, 0.0, 7)

    sender, receiver = replace(shown, sender_stall=long), replace(shown, receiver_stall=long)

    assert not_passed(outcomes(sender)) == {"stalled (sender)": Outcome.FAIL}
    assert not_passed(outcomes(receiver)) == {"stalled (receiver)": Outcome.FAIL}


def test_a_late_driver_concludes_nothing_about_stalls(shown: Timed) -> None:
    late = replace(QUICK, p99=LIMITS.driver_lateness_p99_ms + 1)
    stalled = replace(
        shown,
        measured=replace(shown.measured, lateness=late),
        sender_stall=Stall(10.0, 0.0, 7),
    )

    assert outcomes(stalled)["stalled (sender)"] is Outcome.INCONCLUSIVE


def test_what_was_not_seen_is_inconclusive(shown: Timed) -> None:
    unseen = replace(shown, sender_stall=None, receiver_stall=None, events=0, acknowledged=0)

    assert set(not_passed(outcomes(unseen)).values()) == {Outcome.INCONCLUSIVE}
    assert set(not_passed(outcomes(shown, interrupted="stopped")).values()) == {
        Outcome.INCONCLUSIVE
    }
    unread = judge_supplier(LIMITS, ALL, shown, None, None)
    assert roll_up(unread) is Outcome.INCONCLUSIVE
    nothing = judge_supplier(LIMITS, ALL, shown, Reconciliation(), None)
    assert roll_up(nothing) is Outcome.INCONCLUSIVE


def test_an_event_that_was_never_acknowledged_fails(shown: Timed) -> None:
    assert not_passed(outcomes(replace(shown, acknowledged=2))) == {
        "events acknowledged": Outcome.FAIL
    }
