"""The pacer's honesty: what a stall does to latency from the intended time, and what it would have
hidden."""

from __future__ import annotations

from loadtests.ledger import Entry, Kind, Ledger
from loadtests.measurements import Measurements, measure
from loadtests.pacer import Pacer, RetryRule, lateness


def test_message_is_due_at_its_intended_time_over_the_factor() -> None:
    pacer = Pacer(started=1000.0, first=28_800.0, factor=720.0)

    assert pacer.due(28_800.0) == 1000.0
    assert pacer.due(28_800.0 + 720.0) == 1001.0
    assert pacer.simulated(1001.0) == 28_800.0 + 720.0


def test_waiting_for_ones_own_answer_is_not_the_drivers_lateness() -> None:
    assert lateness(due=10.0, ready=12.0, sent=12.0) == 0.0
    assert lateness(due=10.0, ready=9.0, sent=10.5) == 0.5


def test_ten_second_stall_shows_from_intended_time_and_not_in_service_time() -> None:
    measured = conversation_of(3000, every=0.1, stall_at=1000, stall=10.0)

    latency = measured.latency["check"]
    assert latency.service.p99 < 10
    assert latency.intended.p99 > 7000
    assert measured.lateness.p99 == measured.lateness.max
    assert measured.lateness.max < 1


def test_retry_follows_retry_after_and_ends_in_time() -> None:
    rule = RetryRule(give_up_after=10.0)

    assert rule.wait(503, attempts=1, elapsed=0.0, retry_after=3.0) == 3.0
    assert rule.wait(0, attempts=1, elapsed=0.0, retry_after=None) == 0.1
    assert rule.wait(0, attempts=9, elapsed=1.0, retry_after=None) == 2.0
    assert rule.wait(429, attempts=3, elapsed=9.0, retry_after=2.0) is None
    assert rule.wait(409, attempts=1, elapsed=0.0, retry_after=None) is None


def conversation_of(count: int, every: float, stall_at: int, stall: float) -> Measurements:
    """One applicant's messages, each answered in a millisecond but for one that stalls; each waits
    for the one before."""
    pacer = Pacer(started=0.0, first=0.0, factor=1.0)
    ledger = Ledger(header={})
    ready = 0.0
    for number in range(count):
        due = pacer.due(number * every)
        sent = max(due, ready)
        answered = sent + (stall if number == stall_at else 0.001)
        ledger.entries[Kind.CHECK, number] = Entry(
            number=number,
            kind=Kind.CHECK,
            supplierReference="R-1",
            requestId=str(number),
            intended=number * every,
            due=due,
            sent=sent,
            lastSent=sent,
            answered=answered,
            status=200,
            digest="",
            late=lateness(due, ready, sent),
        )
        ready = answered
    return measure(ledger, {})
