"""The conversation of the parity: the same plan gives the same messages, and both doors can be told them in one order."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from sandbox.rehearsal.conversation import SHARES, ConversationPlan
from sandbox.rehearsal.messages import Kind, Message
from simulators.world import World

TODAY = date(2030, 3, 4)
WORLD = World.make(1, 2, 20)


@pytest.fixture(scope="module")
def plan() -> ConversationPlan:
    return ConversationPlan(400, 1, WORLD, TODAY)


@pytest.fixture(scope="module")
def messages(plan: ConversationPlan) -> list[Message]:
    return plan.messages()


def by_applicant(messages: list[Message]) -> dict[str, list[Message]]:
    found: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        found[message.reference].append(message)
    return found


def hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def test_the_same_plan_gives_the_same_messages_and_another_seed_others(
    plan: ConversationPlan, messages: list[Message]
) -> None:
    assert plan.messages() == messages
    assert replace(plan, seed=2).messages() != messages


def test_messages_come_in_the_order_of_their_moments_and_within_three_days_and_some_hours(
    messages: list[Message],
) -> None:
    moments = [message.moment for message in messages]

    assert moments == sorted(moments)
    assert moments[0].date() == TODAY
    assert moments[-1].date() <= TODAY + timedelta(days=3)


def test_everything_that_may_happen_happens(messages: list[Message]) -> None:
    kinds = Counter(message.kind for message in messages)
    of_applicants = by_applicant(messages)

    assert set(kinds) == set(Kind)
    assert len(of_applicants) == 400
    assert kinds[Kind.CHECK] > 4 * 400
    assert any(
        [message.kind for message in told].count(Kind.SUBMISSION) == 2
        for told in of_applicants.values()
    )
    changed = {
        name for message in messages if message.kind is Kind.AMENDMENT for name in message.body
    }
    assert changed >= {"startDate", "dataSharingConsent", "offerAcceptedDate", "person"}


def test_each_share_of_the_table_decides_something(
    plan: ConversationPlan, messages: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    survivors = []
    for what in SHARES:
        with monkeypatch.context() as patch:
            patch.setitem(SHARES, what, 0)  # type: ignore[arg-type]
            if plan.messages() == messages:
                survivors.append(what)

    print(f"{len(SHARES)} rows taken away in turn, survivors: {len(survivors)}")
    assert survivors == []


def test_an_applicant_is_sent_before_anything_else_is_told_of_it(messages: list[Message]) -> None:
    for told in by_applicant(messages).values():
        assert told[0].kind is Kind.SUBMISSION


def test_a_withdrawal_comes_in_a_later_hour_than_the_last_check(messages: list[Message]) -> None:
    withdrawn = 0
    for told in by_applicant(messages).values():
        ends = [message.moment for message in told if message.kind is Kind.WITHDRAWAL]
        if not ends:
            continue
        withdrawn += 1
        hours = [hour(message.moment) for message in told if message.kind is Kind.CHECK]
        assert all(when != hour(ends[0]) for when in hours)
        assert "registration-and-qualifications" not in {message.check_type for message in told}
    assert withdrawn > 5


def test_those_who_want_the_same_position_most_come_within_one_hour(
    messages: list[Message],
) -> None:
    first = [told[0] for told in by_applicant(messages).values()]
    busiest, count = Counter(message.position for message in first).most_common(1)[0]

    hours = {hour(message.moment) for message in first if message.position == busiest}

    assert count > 5
    assert len(hours) == 1


def test_an_applicant_who_ends_before_the_start_is_told_of_once(messages: list[Message]) -> None:
    wrong = [
        told
        for told in by_applicant(messages).values()
        if told[0].body.get("endDate", "9999") < told[0].body["startDate"]
    ]

    assert wrong
    assert all(len(told) == 1 for told in wrong)
