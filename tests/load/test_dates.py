"""Dates shifted to the day of sending: ages and the order of things stay, and nothing lies in the future."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from loadtests.dates import shifted_to
from loadtests.plan import Message, Plan
from tests.load.test_plan import WHOLE, plan_of

SENT_ON = date(2026, 11, 26)
ONE_DAY = timedelta(days=1)


def dates_in(value: Any, place: str = "") -> Iterator[tuple[str, date]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from dates_in(each, f"{place}/{key}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from dates_in(each, f"{place}/{number}")
    elif isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-":
        yield place, date.fromisoformat(value)


@pytest.fixture(scope="module")
def pairs() -> list[tuple[Message, dict[str, date], dict[str, date]]]:
    """Every message with its dates as the year has them, and as they are sent."""
    usual, shifted = (plan_of(scope) for scope in (WHOLE, replace(WHOLE, sent_on=str(SENT_ON))))
    return [
        (message, told(message), told(sent))
        for message, sent in zip(usual.messages(), shifted.messages(), strict=True)
    ]


def told(message: Message) -> dict[str, date]:
    return dict(dates_in(json.loads(message.body)))


def test_all_dates_of_a_message_move_by_as_many_days_but_that_of_birth(
    pairs: list[tuple[Message, dict[str, date], dict[str, date]]],
) -> None:
    births = 0
    for _, usual, sent in pairs:
        assert usual.keys() == sent.keys()
        born = usual.get("/person/dateOfBirth")
        births += born is not None
        assert sent.get("/person/dateOfBirth") == born
        moves = {sent[place] - usual[place] for place in usual if not place.endswith("Birth")}
        assert len(moves) <= 1
    assert births >= 150


def test_what_lies_in_the_past_of_its_message_still_does(
    pairs: list[tuple[Message, dict[str, date], dict[str, date]]],
) -> None:
    for _, _, sent in pairs:
        for place, day in sent.items():
            if place in _PAST:
                assert day <= SENT_ON, place
    assert {place for _, _, sent in pairs for place in sent} >= _PAST


_PAST = {"/offerDate", "/requestedDate", "/completedDate", "/withdrawnDate"}


def test_start_lies_as_far_ahead_as_it_did(
    pairs: list[tuple[Message, dict[str, date], dict[str, date]]],
) -> None:
    starts = [
        sent["/startDate"] for message, _, sent in pairs if message.operation == "submit_applicant"
    ]

    assert all(14 <= (start - SENT_ON).days <= 77 for start in starts)


def test_message_sent_shortly_after_midnight_in_summer_is_of_that_day() -> None:
    plan: Plan = plan_of(replace(WHOLE, applicants=20_000, sent_on=str(SENT_ON)))
    late = 23 * 3600
    first, last = 1_780_268_400_000_000, 1_788_217_200_000_000  # June, July and August
    nights = 0

    for applicant in plan.year.share(start=first, end=last):
        for event in plan.year.history(applicant)[:1]:
            if event.at // 1_000_000 % 86_400 >= late and first <= event.at < last:
                nights += 1
                message = plan._message(event)
                assert told(message)["/offerDate"] <= SENT_ON
                assert 14 <= (told(message)["/startDate"] - SENT_ON).days <= 77
    assert nights > 3


def test_day_of_sending_may_lie_before_the_years() -> None:
    body = {
        "startDate": "2026-06-08",
        "person": {"dateOfBirth": "1990-01-31"},
        "list": [["2026-05-02"]],
    }

    moved = shifted_to(date(2026, 2, 1), body, date(2026, 5, 1))

    assert moved == {
        "startDate": "2026-03-11",
        "person": {"dateOfBirth": "1990-01-31"},
        "list": [["2026-02-02"]],
    }
    assert body["startDate"] == "2026-06-08"


def test_only_dates_are_moved() -> None:
    body = {
        "text": "on 2026-06-08",
        "niNumber": "2026-06-0",
        "count": 20260608,
        "flag": True,
        "none": None,
    }

    assert shifted_to(SENT_ON, body, date(2026, 5, 1)) == body
