"""Faults of deliveries, as the receiver of ESR's events sees them."""

from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from harness import Workspace
from receiving import Delivery, Receiver, change_position, in_turn, read_keys, subscribe
from verifying import signature_input, verify

RETRY = "PT5S"


def fault(workspace: Workspace, kind: str, **wanted: Any) -> None:
    """Sets a fault of what the workspace's own subscriptions are sent; NHS Jobs has one of its own."""
    mine = workspace.esr.get("/event-subscriptions").json()["eventSubscriptions"]
    chosen = {"subscriptionId": mine[0]["subscriptionId"]} if mine else {}
    document = {"system": "receiver", "kind": kind, **chosen, **wanted}
    answer = workspace.control.post("/faults", json=document)
    assert answer.status_code == 201, answer.text


def hits(workspace: Workspace) -> list[int]:
    return [item["hits"] for item in workspace.control.get("/faults").json()["faults"]]


def journal(workspace: Workspace, system: str) -> list[dict[str, Any]]:
    """The exchanges of a system, oldest first."""
    # A refusal that changes nothing is kept without being waited for; a write comes behind it, and is waited for.
    workspace.freeze()
    asked = {"system": system, "limit": 100}
    return list(workspace.control.get("/exchanges", params=asked).json()["exchanges"])


def sent_by_esr(workspace: Workspace) -> list[dict[str, Any]]:
    """The deliveries of ESR as the journal has them."""
    return [item for item in journal(workspace, "esr") if item["direction"] == "OUT"]


def delivered(workspace: Workspace, receiver: Receiver) -> list[Delivery]:
    """What came once everything that is due is sent, in its order."""
    workspace.settle()
    return [delivery for delivery, _ in receiver.deliveries]


@pytest.fixture
def subscribed(workspace: Workspace, receiver: Receiver) -> Workspace:
    """A workspace whose clock stands still, of which the receiver hears."""
    workspace.freeze("2030-03-02T12:00:00Z")
    subscribe(workspace, receiver.url)
    return workspace


@pytest.mark.parametrize(
    "kind", ["UNSIGNED", "BAD_SIGNATURE", "EXPIRED_SIGNATURE", "UNKNOWN_KEY", "BODY_ALTERED"]
)
def test_a_delivery_that_was_refused_for_its_signature_comes_again_well(
    subscribed: Workspace, receiver: Receiver, kind: str
) -> None:
    fault(subscribed, kind, times=1)
    receiver.answer = in_turn(401)
    change_position(subscribed)
    [bad] = delivered(subscribed, receiver)
    subscribed.advance(by=RETRY)
    _, good = delivered(subscribed, receiver)

    keys = read_keys(subscribed)
    verify(good, keys)
    assert bad.headers["content-length"] == good.headers["content-length"]
    assert (bad.body == good.body) == (kind != "BODY_ALTERED")
    if kind == "UNSIGNED":
        assert not {"signature", "signature-input", "content-digest"} & bad.headers.keys()
    elif kind == "EXPIRED_SIGNATURE":
        verify(bad, keys)
        [late, punctual] = [int(signature_input(each)["expires"]) for each in (bad, good)]
        assert punctual - late >= 3600
    elif kind == "UNKNOWN_KEY":
        known = {key["kid"] for key in keys["keys"]}
        assert signature_input(bad)["keyid"] not in known
    else:
        with pytest.raises(InvalidSignature):
            verify(bad, keys)
    if kind == "BODY_ALTERED":
        [altered, event] = receiver.events
        assert altered["data"] != event["data"]
        assert {**altered, "data": None} == {**event, "data": None}
    assert hits(subscribed) == [1]


def test_an_altered_delivery_that_is_accepted_is_delivered(
    subscribed: Workspace, receiver: Receiver
) -> None:
    fault(subscribed, "BAD_SIGNATURE")
    change_position(subscribed)
    subscribed.settle()
    subscribed.advance(by="P1D")

    assert len(delivered(subscribed, receiver)) == 1


def test_what_the_contract_does_not_know_is_signed_well(
    subscribed: Workspace, receiver: Receiver
) -> None:
    fault(subscribed, "ADD_PROPERTY", times=1)
    fault(subscribed, "UNKNOWN_TYPE", times=1)
    fault(subscribed, "NEW_ENUM_VALUE", property="odsCode", times=1)
    for _ in range(4):
        change_position(subscribed)

    came = delivered(subscribed, receiver)

    keys = read_keys(subscribed)
    for delivery in came:
        verify(delivery, keys)
    added, unknown, new, usual = receiver.events
    assert (added["addedlater"], added["data"]["addedLater"]) == ("ADDED_LATER", "ADDED_LATER")
    assert unknown["type"] == "position.added-later"
    assert new["data"]["odsCode"] == "ADDED_LATER"
    assert usual.keys() == unknown.keys() == new.keys() == added.keys() - {"addedlater"}


def test_a_delivery_comes_twice(subscribed: Workspace, receiver: Receiver) -> None:
    fault(subscribed, "DUPLICATE", times=1)
    change_position(subscribed)

    first, second = delivered(subscribed, receiver)

    assert first.body == second.body
    sent = sent_by_esr(subscribed)
    assert [item["status"] for item in sent if item["path"] == receiver.url] == [202, 202]


def test_a_lost_answer_has_it_sent_again(subscribed: Workspace, receiver: Receiver) -> None:
    fault(subscribed, "LOSE_ANSWER", times=1)
    change_position(subscribed)
    assert len(delivered(subscribed, receiver)) == 1

    subscribed.advance(by=RETRY)

    first, second = delivered(subscribed, receiver)
    assert first.body == second.body
    subscribed.advance(by="P1D")
    assert len(delivered(subscribed, receiver)) == 2


@pytest.mark.parametrize("place", [0, 1], ids=["of the same lane", "of another lane"])
def test_a_delivery_is_overtaken_by_the_next(
    subscribed: Workspace, receiver: Receiver, place: int
) -> None:
    fault(subscribed, "REORDER", eventType="position.changed")
    change_position(subscribed)
    assert delivered(subscribed, receiver) == []
    subscribed.control.delete("/faults").raise_for_status()
    change_position(subscribed, place)

    came = delivered(subscribed, receiver)

    assert len(came) == 2
    later, earlier = receiver.events
    assert later["sequence"] > earlier["sequence"]


def test_a_delivery_that_nothing_overtakes_comes_after_an_hour(
    subscribed: Workspace, receiver: Receiver
) -> None:
    fault(subscribed, "REORDER")
    change_position(subscribed)
    subscribed.settle()
    subscribed.advance(by="PT59M")
    assert delivered(subscribed, receiver) == []

    subscribed.advance(by="PT1M")

    assert len(delivered(subscribed, receiver)) == 1
    assert hits(subscribed) == [1]


def test_of_deliveries_that_are_all_to_be_overtaken_every_second_one_overtakes(
    subscribed: Workspace, receiver: Receiver
) -> None:
    fault(subscribed, "REORDER")
    for place in (0, 0, 1, 1):
        change_position(subscribed, place)

    delivered(subscribed, receiver)

    first, second, third, fourth = sorted(event["sequence"] for event in receiver.events)
    assert [event["sequence"] for event in receiver.events] == [second, first, fourth, third]
    assert hits(subscribed) == [2]


def test_a_late_delivery_holds_up_its_lane_alone(subscribed: Workspace, receiver: Receiver) -> None:
    fault(subscribed, "LATE", delaySeconds=600, times=1)
    change_position(subscribed, 0)
    subscribed.settle()
    change_position(subscribed, 0)
    change_position(subscribed, 1)
    assert len(delivered(subscribed, receiver)) == 1

    subscribed.advance(by="PT10M")

    delivered(subscribed, receiver)
    sequences = [event["sequence"] for event in receiver.events]
    assert sequences == [max(sequences), *sorted(sequences)[:2]]


def test_a_type_of_events_and_the_worlds_clock_select(
    subscribed: Workspace, receiver: Receiver
) -> None:
    fault(subscribed, "UNKNOWN_TYPE", eventType="applicant.hired")
    fault(subscribed, "UNKNOWN_TYPE", after=1, until="2030-03-02T13:00:00Z")
    change_position(subscribed)
    change_position(subscribed)
    subscribed.settle()
    subscribed.advance(by="PT1H")
    change_position(subscribed)

    delivered(subscribed, receiver)

    assert receiver.types == ["position.changed", "position.added-later", "position.changed"]
    assert hits(subscribed) == [0, 1]


def test_nhs_jobs_refuses_what_esr_did_not_sign_and_takes_it_afterwards(
    workspace: Workspace,
) -> None:
    workspace.freeze("2030-03-02T12:00:00Z")
    fault(workspace, "BODY_ALTERED", times=1)
    change_position(workspace)
    workspace.settle()
    workspace.advance(by=RETRY)
    workspace.settle()

    sent = sent_by_esr(workspace)
    assert [item["status"] for item in sent] == [401, 202]
    digests = [item["requestDigest"] for item in sent]
    received = [item for item in journal(workspace, "receiver") if item["direction"] == "IN"]
    assert [item["requestDigest"] for item in received] == digests
    assert digests[0] != digests[1]


def test_keys_that_are_not_to_be_had_make_nhs_jobs_ask_for_the_delivery_again(
    workspace: Workspace,
) -> None:
    workspace.freeze("2030-03-02T12:00:00Z")
    document = {"system": "esr", "operationId": "read_event_signing_keys", "times": 1}
    workspace.control.post("/faults", json={**document, "kind": "STATUS", "status": 503})
    change_position(workspace)
    workspace.settle()
    workspace.advance(by=RETRY)
    workspace.settle()

    assert [item["status"] for item in sent_by_esr(workspace)] == [503, 202]
    assert hits(workspace) == [1]
