"""What a ledger shows: a stall from the intended time, the driver's own lateness, a recovery, growth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from loadtests import measurements
from loadtests.ledger import Entry, Ledger, LedgerWriter, read_ledger
from loadtests.measurements import Measurements, measure
from loadtests.pacer import Pacer, constant, lateness
from loadtests.plan import HOUR, Scope, WorldParameters
from simulators.year import STEPS, Kind

SECOND = 1_000_000
SCOPE = Scope(seed=1, world=WorldParameters(1, 1, 1), applicants=9, window=(HOUR, 3 * HOUR))
SENT = Entry(
    number=STEPS,
    kind=Kind.APPLICANT,
    intended=HOUR,
    due=100.0,
    sent=100.0,
    digest="00" * 32,
    lastSent=100.0,
    answered=100.1,
    status=201,
)


def ledger_of(folder: Path, entries: Iterable[Entry]) -> Ledger:
    path = folder / "ledger.ndjson"
    with LedgerWriter(path) as writer:
        writer.write_header({})
        writer.append(b"".join(entry.line() for entry in entries))
    return read_ledger(path)


def conversation(count: int, every: float, stall_at: int, stall: float) -> list[Entry]:
    """One applicant's messages, each answered in a millisecond but for one that stalls; each waits
    for the one before."""
    pacer = Pacer(100.0, constant(HOUR, 2 * HOUR, count, HOUR / SECOND / (count * every)).legs)
    entries = []
    ready = 0.0
    for number in range(count):
        intended = HOUR + HOUR * number // count
        due = pacer.due(intended)
        sent = max(due, ready)
        answered = sent + (stall if number == stall_at else 0.001)
        late = lateness(due, ready, sent)
        entries.append(
            replace(
                SENT,
                number=number,
                kind=Kind.CHECK,
                intended=intended,
                due=due,
                sent=sent,
                lastSent=sent,
                answered=answered,
                late=late,
            )
        )
        ready = answered
    return entries


def test_ten_second_stall_shows_from_intended_time_and_not_in_service_time(tmp_path: Path) -> None:
    entries = conversation(3000, every=0.1, stall_at=1000, stall=10.0)

    measured = measure(ledger_of(tmp_path, entries), SCOPE, {})

    for latency in (measured.latency["check"], measured.latency["all"]):
        assert latency.service.p99 < 10
        assert latency.intended.p99 > 7000
        assert latency.intended.max == pytest.approx(10_000, rel=0.01)
    assert measured.lateness.max < 1, "the driver was not to blame"
    worst = max(measured.latency_over_time, key=lambda point: point.p99)
    assert worst.at == pytest.approx(3600 + 1200 + 10, abs=60)
    assert max(point.waiting for point in measured.rate_over_time) == pytest.approx(100, abs=5)


def test_driver_that_holds_messages_back_is_late(tmp_path: Path) -> None:
    held = [replace(SENT, number=n, sent=102.0, answered=102.1, late=2.0) for n in range(100)]

    measured = measure(ledger_of(tmp_path, held), SCOPE, {})

    assert measured.lateness.p99 == pytest.approx(2000, rel=0.01)


def test_what_was_caught_up_before_the_window_is_left_out(tmp_path: Path) -> None:
    early = replace(SENT, number=0, intended=HOUR - 1, answered=199.0)

    measured = measure(ledger_of(tmp_path, [early, SENT]), SCOPE, {3600: 1, 7200: 4})

    assert measured.latency["all"].intended.count == 1
    assert measured.latency["all"].intended.max == pytest.approx(100, rel=0.01)
    assert [(each.hour, each.sent, each.planned) for each in measured.arrivals] == [
        (3600, 1, 1),
        (7200, 0, 4),
    ]


def test_latency_counts_every_attempt_and_service_time_the_answered_one(tmp_path: Path) -> None:
    retried = replace(SENT, lastSent=104.0, answered=104.1, attempts=3)

    shown = measure(ledger_of(tmp_path, [retried]), SCOPE, {}).latency["all"]

    assert shown.intended.max == pytest.approx(4100, rel=0.01)
    assert shown.service.max == pytest.approx(100, rel=0.01)


def test_what_was_never_answered_has_no_latency(tmp_path: Path) -> None:
    cut_off = replace(SENT, number=1, lastSent=None, answered=None, status=None)

    measured = measure(ledger_of(tmp_path, [SENT, cut_off]), SCOPE, {})

    assert measured.latency["all"].intended.count == 1
    assert sum(each.sent for each in measured.arrivals) == 2


def test_empty_ledger_measures_nothing(tmp_path: Path) -> None:
    measured = measure(ledger_of(tmp_path, []), SCOPE, {3600: 5})

    assert measured.latency["all"].intended.count == measured.lateness.count == 0
    assert measured.wall_seconds == measured.messages_per_second == measured.compression == 0
    assert [each.planned for each in measured.arrivals] == [5]


CLOSED = replace(SCOPE, closed=(HOUR + HOUR // 2, 2 * HOUR))


def backlog(waited: int, every: float) -> list[Entry]:
    """What waited for the opening, drained one after another."""
    first = replace(SENT, number=0)
    held = [
        replace(
            SENT,
            number=number,
            intended=2 * HOUR,
            due=110.0,
            sent=110.0 + number * every,
            lastSent=110.0 + number * every,
            answered=110.0 + (number + 1) * every,
            late=number * every,
        )
        for number in range(1, waited + 1)
    ]
    return [first, *held, replace(SENT, number=999, intended=3 * HOUR - 1, due=120, sent=120)]


def test_recovery_runs_from_the_opening_to_the_last_answer_of_what_waited(tmp_path: Path) -> None:
    entries = backlog(40, every=0.1)

    recovery = measure(ledger_of(tmp_path, entries), CLOSED, {}).recovery

    assert recovery is not None
    assert recovery.waited == 40
    assert recovery.seconds == pytest.approx(4.1)
    assert recovery.opened == pytest.approx(10.0)
    # Two hours passed in twenty seconds.
    assert recovery.simulated_seconds == pytest.approx(4.1 * 360, rel=0.01)


def test_driver_is_not_blamed_for_what_all_wants_to_go_at_once(tmp_path: Path) -> None:
    measured = measure(ledger_of(tmp_path, backlog(40, every=0.1)), CLOSED, {})

    assert measured.lateness.count == 2
    assert measured.lateness.max < 1


def test_closure_in_which_nothing_waited_has_no_recovery(tmp_path: Path) -> None:
    recovery = measure(ledger_of(tmp_path, [SENT]), CLOSED, {}).recovery

    assert recovery is not None
    assert (recovery.waited, recovery.seconds) == (0, 0.0)
    assert measure(ledger_of(tmp_path / "other", [SENT]), SCOPE, {}).recovery is None


@pytest.mark.parametrize(("last", "growth"), [(0.1, 1.0), (0.3, 3.0)])
def test_growth_is_service_time_at_the_end_over_that_at_the_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: float, growth: float
) -> None:
    monkeypatch.setattr(measurements, "GROWS_FROM", 1000)

    assert growing(tmp_path, 1000, last).growth == pytest.approx(growth, rel=0.01)


def test_growth_of_a_few_messages_says_nothing(tmp_path: Path) -> None:
    assert growing(tmp_path, 1000, last=0.3).growth == 0.0


def growing(folder: Path, count: int, last: float) -> Measurements:
    """Messages that take a tenth of a second; the last tenth of them takes `last`."""
    entries = []
    for number in range(count):
        at = 100.0 + number
        took = last if number >= count * 9 // 10 else 0.1
        entries.append(
            replace(SENT, number=number, due=at, sent=at, lastSent=at, answered=at + took)
        )
    return measure(ledger_of(folder, entries), SCOPE, {})
