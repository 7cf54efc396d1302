"""When a rule strikes, and with what luck."""

import math
import statistics
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.clock import Clock, ClockMode
from sandbox.contracts import load_contract
from sandbox.control.service.faults import kinds_of
from sandbox.errors import Refusal
from sandbox.faults.rules import DELIVERIES, LONGEST_DELAY, Chance, FaultRule, Strike
from sandbox.web.reply import Reply
from sandbox.web.spoiling import reply_instead, spoil_of

TWO = datetime(2030, 3, 2, 2, tzinfo=UTC)
NIGHTS = {"from": "2030-03-02T02:00:00Z", "until": "2030-03-02T04:00:00Z", "repeatEvery": "P1D"}


def rule(**wanted: Any) -> FaultRule:
    return FaultRule(1, {"system": "esr", "kind": "STATUS", "status": 503, **wanted}, "")


def strike(
    seed: int = 1, meeting: int = 1, now: datetime = TWO, factor: float | None = None, **wanted: Any
) -> Strike:
    mode = ClockMode.FROZEN if factor is None else ClockMode.RUNNING
    clock = Clock(mode, now, now, factor or 1.0)
    return Strike(rule(**wanted), Chance(seed, 1, meeting), clock, now)


def met(wanted: FaultRule, times: int, seed: int = 1) -> list[int]:
    """Which of as many meetings the rule strikes."""
    return [
        meeting
        for meeting in range(1, times + 1)
        if wanted.strikes(Chance(seed, wanted.fault_id, meeting))
    ]


@pytest.mark.parametrize(
    ("after_two", "is_on"),
    [
        (timedelta(microseconds=-1), False),
        (timedelta(), True),
        (timedelta(hours=2, microseconds=-1), True),
        (timedelta(hours=2), False),
        (timedelta(hours=24, microseconds=-1), False),
        (timedelta(hours=24), True),
        (timedelta(hours=26), False),
        (timedelta(days=-1, hours=1), False),
        (timedelta(days=9000, hours=1), True),
    ],
)
def test_a_window_comes_again(after_two: timedelta, is_on: bool) -> None:
    assert rule(**NIGHTS).is_on(TWO + after_two) == is_on


def test_windows_that_touch_leave_no_gap() -> None:
    always = rule(**{**NIGHTS, "repeatEvery": "PT2H"})

    assert all(always.is_on(TWO + timedelta(minutes=7 * count)) for count in range(200))
    assert not always.is_on(TWO - timedelta(minutes=1))


def test_how_long_is_left_is_said_in_the_clients_own_time() -> None:
    late = TWO + timedelta(days=3, hours=1, minutes=59)

    assert strike(now=late, **NIGHTS).seconds_left == 60
    assert strike(now=late, factor=60.0, **NIGHTS).seconds_left == 1
    assert strike(now=late, factor=0.5, **NIGHTS).seconds_left == 120


def test_each_nth_of_those_that_are_not_spared_is_struck() -> None:
    assert met(rule(everyNth=3), 10) == [3, 6, 9]
    assert met(rule(everyNth=3, after=2), 10) == [5, 8]
    assert met(rule(after=8), 10) == [9, 10]
    assert met(FaultRule(1, {"kind": "RESET", "times": 3}, "", met=9, done=3), 10) == []


def test_chance_follows_from_the_seed_the_fault_and_the_number_of_the_meeting() -> None:
    half = rule(probability=0.5)

    assert met(half, 200) == met(half, 200)
    assert met(half, 200) != met(half, 200, seed=2)
    assert met(half, 200) != met(FaultRule(2, half.document, ""), 200)
    # A thousand throws of a coin: outside these bounds once in a billion.
    assert 400 < len(met(half, 1000)) < 600
    assert met(rule(probability=0), 50) == []
    assert met(rule(probability=1), 50) == list(range(1, 51))


def test_delays_are_spread_as_was_asked() -> None:
    wanted: dict[str, Any] = {"kind": "DELAY", "delaySeconds": 0.2, "p95Seconds": 1.0}
    delays = [strike(meeting=number, **wanted).delay for number in range(1, 4001)]

    logarithms = [math.log(each) for each in delays]
    assert statistics.median(delays) == pytest.approx(0.2, rel=0.1)
    assert sum(each > 1.0 for each in delays) / len(delays) == pytest.approx(0.05, abs=0.015)
    spread = math.log(1.0 / 0.2) / 1.6448536
    assert statistics.stdev(logarithms) == pytest.approx(spread, rel=0.05)
    assert delays[:10] == [strike(meeting=number, **wanted).delay for number in range(1, 11)]


def test_no_delay_is_longer_than_the_longest() -> None:
    delays = [
        strike(meeting=number, kind="DELAY", delaySeconds=100, p95Seconds=10_000).delay
        for number in range(50)
    ]

    assert max(delays) == LONGEST_DELAY
    assert strike(kind="DELAY", delaySeconds=3).delay == 3


def test_every_kind_of_the_contract_is_known_and_does_something() -> None:
    schemas = load_contract("control").document["components"]["schemas"]
    known = kinds_of("esr") | kinds_of(DELIVERIES)
    assert set(schemas["FaultKind"]["enum"]) == known

    usual = Reply(201, b'{"status": "1", "other": [{}]}')
    waits = {"DELAY", "DELAY_ANSWER", "SLOW_BODY"}
    for kind in sorted(kinds_of("esr") - waits):
        assert spoiled(strike(kind=kind, until="2031-01-01T00:00:00Z"), usual) != usual, kind


def spoiled(wanted: Strike, usual: Reply) -> Reply:
    """What is answered in place of the usual."""
    try:
        instead = reply_instead(wanted)
    except Refusal as refusal:
        return Reply(refusal.status)
    spoil = spoil_of(wanted)
    return instead or (usual if spoil is None else spoil(usual))
