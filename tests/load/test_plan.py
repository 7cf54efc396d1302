"""The plan is a pure function: any part of it made alone is the part of the whole."""

from __future__ import annotations

import json
from itertools import pairwise

from loadtests.ledger import Kind
from loadtests.plan import DayPlan, Scope, Vacancy, WorldParameters

SCOPE = Scope(
    seed=7, world=WorldParameters(5, 2, 20), first_applicant=100, applicants=60, history_share=0.1
)


def plan() -> DayPlan:
    vacancies = SCOPE.world.make().vacancies
    return DayPlan(
        SCOPE,
        tuple(
            Vacancy(each["vacancyReference"], each["positionId"], each["odsCode"], each["openings"])
            for each in vacancies
        ),
    )


def test_workers_shares_make_up_the_whole() -> None:
    whole = {each.index: each for each in plan().conversations()}

    shared = {each.index: each for worker in range(4) for each in plan().conversations(worker, 4)}

    assert shared == whole


def test_conversation_made_alone_is_the_same() -> None:
    assert plan().conversation(41) == list(plan().conversations())[41]


def test_messages_of_an_applicant_are_in_order_and_within_the_day() -> None:
    for conversation in plan().conversations():
        first, *updates = conversation.messages
        assert first.kind is Kind.APPLICANT
        assert all(update.kind is Kind.CHECK for update in updates)
        assert all(
            a.intended <= b.intended and a.number < b.number
            for a, b in pairwise(conversation.messages)
        )
        assert first.intended >= 0
        assert conversation.messages[-1].intended < 86_400


def test_conversations_begin_in_order() -> None:
    begins = [each.messages[0].intended for each in plan().conversations()]

    assert begins == sorted(begins)


def test_every_message_has_a_request_id_of_its_own() -> None:
    ids = [message.requestId for each in plan().conversations() for message in each.messages]

    assert len(set(ids)) == len(ids) == plan().messages == sum(plan().by_hour.values())


def test_references_lead_back_to_their_conversation() -> None:
    day = plan()

    assert day.index_of(day.conversation(17).supplierReference) == 17
    assert (
        json.loads(day.conversation(17).messages[0].body)["supplierReference"]
        == f"{SCOPE.run}-0000017"
    )
    assert day.index_of("R0-0000017") is None
    assert day.index_of(f"{SCOPE.run}-0000060") is None
    assert day.index_of(f"{SCOPE.run}-V00001") is None


def test_scope_survives_json() -> None:
    assert Scope.from_dict(json.loads(json.dumps(SCOPE.to_dict()))) == SCOPE
