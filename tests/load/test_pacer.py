"""When messages are due: in order, never faster than the cap, idle time skipped, and an honest lateness."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.pacer import (
    HOUR_SECONDS,
    RETRIED,
    Leg,
    Pacer,
    RetryRule,
    Stretch,
    capped,
    constant,
    lateness,
)

SECOND = 1_000_000
DAY = 24 * 3600 * 1_000_000
HOUR = HOUR_SECONDS * SECOND

by_hours = st.dictionaries(
    st.integers(495_000, 495_200).map(lambda hour: hour * HOUR_SECONDS),
    st.integers(0, 5_000),
    min_size=1,
    max_size=60,
)
factors = st.floats(100, 10_000_000)
caps = st.floats(0.5, 5_000)
examples = settings(deadline=None, max_examples=60)


def legs_of(stretches: list[Stretch]) -> list[Leg]:
    return [leg for stretch in stretches for leg in stretch.legs]


def test_constant_pace_has_one_factor_throughout() -> None:
    stretch = constant(10 * HOUR, 34 * HOUR, messages=9, factor=720.0)

    assert [leg.factor for leg in stretch.legs] == [720.0]
    assert stretch.seconds == 120.0
    pacer = Pacer(1000.0, stretch.legs)
    assert pacer.due(10 * HOUR) == 1000.0
    assert pacer.due(10 * HOUR + 720 * SECOND) == pytest.approx(1001.0)
    assert pacer.due(34 * HOUR) == 1120.0


@examples
@given(by_hours, factors, caps, st.floats(0.01, 5))
def test_capped_pace_covers_every_hour_that_has_messages_once_and_in_order(
    by_hour: dict[int, int], factor: float, cap: float, at_least: float
) -> None:
    stretches = list(capped(by_hour, factor, cap, at_least))

    legs = legs_of(stretches)
    busy = sorted(hour for hour, messages in by_hour.items() if messages)
    assert [leg.first for leg in legs] == [hour * SECOND for hour in busy]
    assert all(leg.last - leg.first == HOUR for leg in legs)
    assert [leg.messages for leg in legs] == [by_hour[hour] for hour in busy]
    assert [stretch.number for stretch in stretches] == list(range(len(stretches)))
    assert all(
        one.seconds >= at_least or one.first // DAY != other.first // DAY
        for one, other in pairwise(stretches)
    )
    assert all(stretch.first // DAY == (stretch.last - 1) // DAY for stretch in stretches)
    assert all(a.last <= b.first for a, b in pairwise(stretches))


@examples
@given(by_hours, factors, caps)
def test_no_leg_is_faster_than_the_cap_or_than_the_factor(
    by_hour: dict[int, int], factor: float, cap: float
) -> None:
    for leg in legs_of(list(capped(by_hour, factor, cap))):
        assert leg.messages / leg.seconds <= cap * (1 + 1e-9)
        assert leg.factor <= factor * (1 + 1e-9)
        at_its_limit = leg.messages / leg.seconds, leg.factor
        assert at_its_limit[0] >= cap * (1 - 1e-9) or at_its_limit[1] >= factor * (1 - 1e-9)


@examples
@given(by_hours, factors, caps)
def test_idle_hours_take_no_time(by_hour: dict[int, int], factor: float, cap: float) -> None:
    busy = {hour: messages for hour, messages in by_hour.items() if messages}

    with_idle, without = (list(capped(each, factor, cap)) for each in (by_hour, busy))

    assert with_idle == without


@examples
@given(by_hours, factors, caps, st.integers(0, 60))
def test_pace_goes_on_where_it_was_left(
    by_hour: dict[int, int], factor: float, cap: float, minutes: int
) -> None:
    middle = sorted(by_hour)[len(by_hour) // 2] * SECOND + minutes * 60 * SECOND

    legs = legs_of(list(capped(by_hour, factor, cap, start=middle, number=4)))

    assert all(leg.first >= middle for leg in legs)
    assert [leg.last for leg in legs] == [
        (hour + HOUR_SECONDS) * SECOND
        for hour, messages in sorted(by_hour.items())
        if messages and (hour + HOUR_SECONDS) * SECOND > middle
    ]


@examples
@given(by_hours, factors, caps, st.data())
def test_due_times_never_fall_as_intended_times_rise(
    by_hour: dict[int, int], factor: float, cap: float, data: st.DataObject
) -> None:
    legs = tuple(legs_of(list(capped(by_hour, factor, cap))))
    first, last = min(by_hour) * SECOND, (max(by_hour) + HOUR_SECONDS) * SECOND
    moments = data.draw(st.lists(st.integers(first - HOUR, last + HOUR), max_size=40))

    dues = [Pacer(1000.0, legs).due(moment) for moment in sorted(moments)]

    assert dues == sorted(dues)
    total = sum(leg.seconds for leg in legs)
    assert all(1000.0 <= due <= 1000.0 + total * (1 + 1e-9) for due in dues)


def test_between_two_legs_a_message_is_due_when_the_next_begins() -> None:
    legs = (Leg(0, HOUR, 1, 2.0), Leg(5 * HOUR, 6 * HOUR, 1, 4.0))

    pacer = Pacer(100.0, legs)

    assert [pacer.due(moment) for moment in (HOUR // 2, HOUR, 3 * HOUR, 5 * HOUR)] == [
        101.0,
        102.0,
        102.0,
        102.0,
    ]
    assert pacer.due(5 * HOUR + HOUR // 4) == 103.0
    assert pacer.due(9 * HOUR) == 106.0


@examples
@given(
    st.floats(0, 100, allow_nan=False),
    st.floats(0, 100, allow_nan=False),
    st.floats(0, 100, allow_nan=False),
)
def test_lateness_is_what_passes_after_a_message_could_go(
    due: float, ready: float, sent: float
) -> None:
    late = lateness(due, ready, sent)

    assert late >= 0
    assert late == max(0.0, min(sent - due, sent - ready))


def test_waiting_for_ones_own_answer_is_not_the_drivers_lateness() -> None:
    assert lateness(due=10.0, ready=12.0, sent=12.0) == 0.0
    assert lateness(due=10.0, ready=9.0, sent=10.5) == 0.5


def test_retry_follows_retry_after_and_ends_in_time() -> None:
    rule = RetryRule(give_up_after=10.0)

    assert rule.wait(503, attempts=1, elapsed=0.0, retry_after=3.0) == 3.0
    assert rule.wait(0, attempts=1, elapsed=0.0, retry_after=None) == 0.1
    assert rule.wait(0, attempts=9, elapsed=1.0, retry_after=None) == 2.0
    assert rule.wait(429, attempts=3, elapsed=9.0, retry_after=2.0) is None


@pytest.mark.parametrize("status", [200, 201, 400, 401, 404, 409, 412, 422, 428])
def test_an_answer_is_final(status: int) -> None:
    assert RetryRule(give_up_after=10.0).wait(status, 1, 0.0, None) is None
    assert status not in RETRIED
