"""The plan is a pure function: any part of it made alone is the part of the whole."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise

import pytest

from loadtests.plan import HOUR, Message, Plan, Scope, Vacancy, WorldParameters
from simulators.year import Kind
from tests.load.replaying import SUMMER

DAY = 24 * HOUR
JUNE = SUMMER.moments[0]
SCOPE = Scope(
    seed=2,
    world=WorldParameters(5, 2, 20),
    first_applicant=100,
    applicants=150,
    window=SUMMER.moments,
)
WHOLE = replace(SCOPE, window=None)
HOURLY = replace(SCOPE, hourly=True)
CLOSED = replace(SCOPE, closed=(JUNE + 9 * DAY, JUNE + 15 * DAY))
SHIFTED = replace(SCOPE, sent_on="2027-03-01")
SCOPES = {
    "window": SCOPE,
    "year": WHOLE,
    "hourly": HOURLY,
    "closed": CLOSED,
    "closed and hourly": replace(CLOSED, hourly=True),
    "shifted": SHIFTED,
}
each_scope = pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)


def plan_of(scope: Scope) -> Plan:
    return Plan(
        scope,
        tuple(
            Vacancy(each["vacancyReference"], each["positionId"], each["odsCode"], each["openings"])
            for each in scope.world.make().vacancies
        ),
    )


def digest(messages: Iterable[Message]) -> str:
    """The same for the same set of messages."""
    return sha256("".join(sorted(map(repr, messages))).encode()).hexdigest()


def by_applicant(messages: Iterable[Message]) -> dict[int, list[Message]]:
    found: dict[int, list[Message]] = defaultdict(list)
    for message in messages:
        found[message.applicant].append(message)
    return found


@each_scope
def test_conversation_made_alone_is_what_was_caught_up_and_then_sent(scope: Scope) -> None:
    plan = plan_of(scope)

    before, sent = by_applicant(plan.caught_up()), by_applicant(plan.messages())

    assert sent
    for applicant in range(scope.applicants):
        conversation = plan.conversation(applicant)
        assert [*before[applicant], *sent[applicant]] == list(conversation)


@each_scope
@pytest.mark.parametrize("workers", [4, 8])
def test_workers_shares_make_up_the_whole(scope: Scope, workers: int) -> None:
    plan = plan_of(scope)

    for part in (plan.messages, plan.caught_up):
        shares = [list(part(worker, workers)) for worker in range(workers)]
        assert digest(message for share in shares for message in share) == digest(part())
        assert sum(map(len, shares)) == len(list(part()))


@each_scope
def test_messages_come_in_the_order_of_their_intended_times(scope: Scope) -> None:
    times = [message.intended for message in plan_of(scope).messages()]

    assert times == sorted(times)


@each_scope
def test_messages_of_an_applicant_keep_their_order(scope: Scope) -> None:
    plan = plan_of(scope)

    for messages in by_applicant([*plan.caught_up(), *plan.messages()]).values():
        numbers = [message.number for message in messages]
        assert numbers == sorted(set(numbers))
        assert messages[0].kind is Kind.APPLICANT
        assert not messages[0].again


@each_scope
def test_what_is_caught_up_precedes_the_window(scope: Scope) -> None:
    plan = plan_of(scope)
    caught_up, sent = list(plan.caught_up()), list(plan.messages())

    if scope.window is None:
        assert caught_up == []
        return
    first, last = scope.window
    assert caught_up
    assert all(message.intended < first for message in caught_up)
    assert all(first <= message.intended <= last for message in sent)
    assert {message.applicant for message in caught_up} <= {message.applicant for message in sent}


def test_what_comes_at_the_end_of_the_hour_before_an_hourly_window_is_caught_up() -> None:
    hour = next(
        message.intended // HOUR
        for message in plan_of(WHOLE).messages()
        if message.kind is Kind.CHECK
    )
    plan = plan_of(replace(WHOLE, hourly=True, window=((hour + 1) * HOUR, (hour + 2000) * HOUR)))

    everything = by_applicant([*plan.caught_up(), *plan.messages()])

    for applicant, messages in everything.items():
        assert messages == list(plan.conversation(applicant))


def test_hourly_messages_go_together_at_the_end_of_their_hour() -> None:
    spread = {message.number: message for message in plan_of(SCOPE).messages()}

    hourly = {message.number: message for message in plan_of(HOURLY).messages()}

    assert hourly.keys() == spread.keys()
    for number, message in hourly.items():
        assert message.intended % HOUR == 0
        assert 0 <= message.intended - spread[number].intended < HOUR


def test_what_is_due_while_esr_is_closed_is_due_when_it_opens() -> None:
    assert CLOSED.closed is not None
    closes, opens = CLOSED.closed
    usual = {message.number: message.intended for message in plan_of(SCOPE).messages()}

    moved = {message.number: message.intended for message in plan_of(CLOSED).messages()}

    assert moved.keys() == usual.keys()
    held = [number for number, at in usual.items() if closes <= at < opens]
    assert len(held) > 5
    assert all(moved[number] == opens for number in held)
    assert all(moved[number] == at for number, at in usual.items() if number not in held)


@each_scope
def test_census_counts_what_is_sent(scope: Scope) -> None:
    plan = plan_of(scope)
    sent = list(plan.messages())

    census = plan.census()

    assert census.messages == len(sent)
    assert census.caught_up == len(list(plan.caught_up()))
    kinds = Counter(message.counted.value for message in sent)
    assert {kind: count for kind, count in census.by_kind.items() if count} == kinds
    hours = Counter((message.intended // HOUR * 3600, message.counted.value) for message in sent)
    counted = {
        (hour, kind): count
        for hour, kinds in census.by_hour.items()
        for kind, count in kinds.items()
    }
    assert counted == hours


def test_every_kind_of_message_is_in_the_plan_under_the_contracts_operation() -> None:
    operations = {
        message.counted: (message.operation, message.method, message.path("00000007"))
        for message in plan_of(WHOLE).messages()
        if message.counted not in (Kind.CHECK, Kind.RESEND)
    }

    assert operations == {
        Kind.APPLICANT: ("submit_applicant", "POST", "/applicants"),
        Kind.START_DATE_CHANGE: ("amend_applicant", "PATCH", "/applicants/00000007"),
        Kind.WITHDRAWAL: ("withdraw_applicant", "POST", "/applicants/00000007/withdrawal"),
    }
    check = next(each for each in plan_of(SCOPE).messages() if each.kind is Kind.CHECK)
    assert (check.operation, check.method) == ("record_employment_check", "PUT")
    assert check.path("00000007") == f"/applicants/00000007/employment-checks/{check.checkType}"


def test_message_sent_again_is_the_same_request() -> None:
    again = 0
    for messages in by_applicant(plan_of(WHOLE).messages()).values():
        first: dict[str, Message] = {}
        for message in messages:
            if not message.again:
                assert message.requestId not in first
                first[message.requestId] = message
                continue
            again += 1
            sent = first[message.requestId]
            assert message.path("1") == sent.path("1")
            assert (message.body, message.headers()) == (sent.body, sent.headers())
            assert message.counted is Kind.RESEND
    assert again > 2


def test_message_sent_again_after_midnight_is_the_same_request_still() -> None:
    plan = plan_of(SHIFTED)
    again = next(
        event
        for applicant in range(SHIFTED.applicants)
        for event in plan.year.history(applicant)
        if event.of is not None
    )
    assert again.of is not None

    sent, later = plan._message(plan.year.event(again.of)), again._replace(at=again.at + DAY)

    assert plan._message(later).body == sent.body


def test_every_other_message_has_a_request_id_of_its_own() -> None:
    ids = [message.requestId for message in plan_of(WHOLE).messages() if not message.again]

    assert len(set(ids)) == len(ids)


def test_another_scope_shares_no_request_and_no_reference() -> None:
    others = [replace(SCOPE, seed=3), replace(SCOPE, first_applicant=0), WHOLE, HOURLY, SHIFTED]

    runs = [
        {
            (message.requestId, message.supplierReference)
            for message in plan_of(scope).conversation(75)
        }
        for scope in (SCOPE, *others)
    ]

    assert all(not (a & b) for a, b in pairwise(runs))
    assert len({scope.run for scope in (SCOPE, *others)}) == 6


def test_references_lead_back_to_their_conversation() -> None:
    plan = plan_of(WHOLE)
    submission = plan.conversation(17)[0]

    assert submission.supplierReference == f"{WHOLE.run}-0000017"
    assert json.loads(submission.body)["supplierReference"] == submission.supplierReference
    assert plan.index_of(submission.supplierReference) == 17
    assert plan.index_of("R0-0000017") is None
    assert plan.index_of(f"{WHOLE.run}-0000150") is None
    assert plan.index_of(f"{WHOLE.run}-V00001") is None
    assert plan.index_of("None") is None


@each_scope
def test_scope_survives_json(scope: Scope) -> None:
    assert Scope.from_dict(json.loads(json.dumps(scope.to_dict()))) == scope
