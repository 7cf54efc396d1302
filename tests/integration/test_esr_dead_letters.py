"""What could not be delivered is listed, holds up nothing, and can be sent again."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from harness import Workspace
from receiving import Delivery, Receiver, change_position, subscribe

pytestmark = pytest.mark.any_database

ATTEMPTS = 10
BEGIN = "2030-01-01T08:00:00Z"
# 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h after the first attempt.
GIVEN_UP = "2030-01-04T11:35:05.000Z"


@pytest.fixture
def frozen(workspace: Workspace) -> Workspace:
    workspace.freeze(BEGIN)
    return workspace


def wait_days(workspace: Workspace, days: int = 4) -> None:
    workspace.advance(by=f"P{days}D")
    workspace.settle()


def dead_letters(workspace: Workspace, identifier: str, **parameters: Any) -> dict[str, Any]:
    answer = workspace.esr.get(
        f"/event-subscriptions/{identifier}/dead-letters", params=parameters
    ).raise_for_status()
    return dict(answer.json())


def replay(workspace: Workspace, identifier: str, body: Any = None) -> Any:
    path = f"/event-subscriptions/{identifier}/dead-letters/replay"
    return workspace.write("POST", path, body)


def refusing(*titles: str) -> Callable[[Delivery], int]:
    """Refuses the positions of these titles."""
    return lambda delivery: 503 if delivery.event["data"]["positionTitle"] in titles else 202


def titles(receiver: Receiver) -> list[str]:
    return [event["data"]["positionTitle"] for event in receiver.accepted]


def test_what_was_refused_ten_times_is_a_dead_letter(frozen: Workspace, receiver: Receiver) -> None:
    identifier = subscribe(frozen, receiver.url)
    receiver.answer = lambda _: 503
    change_position(frozen)
    frozen.settle()
    assert dead_letters(frozen, identifier) == {"deadLetters": [], "more": False}

    wait_days(frozen)

    [event] = frozen.walk("/events")[0]
    [letter] = dead_letters(frozen, identifier)["deadLetters"]
    assert letter == {
        "eventId": event["id"],
        "type": "position.changed",
        "subject": event["subject"],
        "sequence": event["sequence"],
        "attempts": ATTEMPTS,
        "lastAnswer": "503",
        "givenUpAt": GIVEN_UP,
        "event": event,
    }
    assert len(receiver.deliveries) == ATTEMPTS


def test_a_dead_letter_of_a_receiver_that_is_not_there_says_so(frozen: Workspace) -> None:
    identifier = subscribe(frozen, "http://127.0.0.1:1/events")
    change_position(frozen)

    wait_days(frozen)

    [letter] = dead_letters(frozen, identifier)["deadLetters"]
    assert letter["lastAnswer"].startswith("0 ")


def test_a_dead_letter_holds_up_nothing(frozen: Workspace, receiver: Receiver) -> None:
    identifier = subscribe(frozen, receiver.url)
    receiver.answer = refusing("Second")
    for title in ("First", "Second", "Third"):
        change_position(frozen, positionTitle=title)
    frozen.settle()
    assert titles(receiver) == ["First"]

    wait_days(frozen)

    assert titles(receiver) == ["First", "Third"]
    assert [
        letter["event"]["data"]["positionTitle"]
        for letter in dead_letters(frozen, identifier)["deadLetters"]
    ] == ["Second"]


def test_a_replay_sends_every_dead_letter_in_the_order_of_events(
    frozen: Workspace, receiver: Receiver
) -> None:
    identifier = subscribe(frozen, receiver.url)
    receiver.answer = lambda _: 500
    for title in ("First", "Second", "Third"):
        change_position(frozen, positionTitle=title)
    for _ in range(3):  # One waits for the end of the other.
        wait_days(frozen)
    assert len(dead_letters(frozen, identifier)["deadLetters"]) == 3
    receiver.answer = lambda _: 202

    answer = replay(frozen, identifier)
    frozen.settle()

    assert (answer.status_code, answer.json()) == (202, {"replayed": 3})
    assert receiver.accepted == frozen.walk("/events")[0]
    assert dead_letters(frozen, identifier)["deadLetters"] == []
    assert replay(frozen, identifier).json() == {"replayed": 0}


def test_a_replay_sends_those_that_are_named(frozen: Workspace, receiver: Receiver) -> None:
    identifier = subscribe(frozen, receiver.url)
    receiver.answer = lambda _: 500
    for place in range(3):
        change_position(frozen, place)
    wait_days(frozen)
    letters = dead_letters(frozen, identifier)["deadLetters"]
    receiver.answer = lambda _: 202

    answer = replay(frozen, identifier, {"eventIds": [letters[1]["eventId"].upper()]})
    frozen.settle()

    assert answer.json() == {"replayed": 1}
    assert receiver.accepted == [letters[1]["event"]]
    assert dead_letters(frozen, identifier)["deadLetters"] == [letters[0], letters[2]]


def test_a_replay_that_names_what_is_no_dead_letter_sends_nothing(
    frozen: Workspace, receiver: Receiver
) -> None:
    identifier = subscribe(frozen, receiver.url)
    receiver.answer = lambda _: 500
    change_position(frozen)
    wait_days(frozen)
    page = dead_letters(frozen, identifier)
    unknown = str(uuid4())

    named = [page["deadLetters"][0]["eventId"], unknown]
    answer = replay(frozen, identifier, {"eventIds": named})
    frozen.settle()

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert unknown in answer.json()["detail"]
    assert dead_letters(frozen, identifier) == page
    assert len(receiver.deliveries) == ATTEMPTS


def test_a_replayed_dead_letter_begins_anew_and_may_die_again(
    frozen: Workspace, receiver: Receiver
) -> None:
    identifier = subscribe(frozen, receiver.url)
    receiver.answer = lambda _: 500
    change_position(frozen)
    wait_days(frozen)
    [first] = dead_letters(frozen, identifier)["deadLetters"]

    replay(frozen, identifier)
    frozen.settle()
    assert dead_letters(frozen, identifier)["deadLetters"] == []
    assert len(receiver.deliveries) == ATTEMPTS + 1
    wait_days(frozen)

    [again] = dead_letters(frozen, identifier)["deadLetters"]
    assert len(receiver.deliveries) == 2 * ATTEMPTS
    assert again == {**first, "givenUpAt": again["givenUpAt"]}
    assert again["givenUpAt"] > first["givenUpAt"]


def test_a_replayed_dead_letter_goes_before_what_waits_for_the_same_position(
    frozen: Workspace, receiver: Receiver
) -> None:
    identifier = subscribe(frozen, receiver.url)
    receiver.answer = refusing("First", "Second")
    change_position(frozen, positionTitle="First")
    wait_days(frozen)
    change_position(frozen, positionTitle="Second")
    frozen.settle()
    receiver.answer = refusing("Second")

    replay(frozen, identifier)
    frozen.settle()
    receiver.answer = lambda _: 202
    wait_days(frozen, 1)

    assert titles(receiver) == ["First", "Second"]


def test_dead_letters_are_listed_page_by_page(frozen: Workspace, receiver: Receiver) -> None:
    identifier = subscribe(frozen, receiver.url)
    receiver.answer = lambda _: 500
    for place in range(5):
        change_position(frozen, place)
    wait_days(frozen)

    first = dead_letters(frozen, identifier, limit=2)
    second = dead_letters(frozen, identifier, limit=2, cursor=first["next"])
    third = dead_letters(frozen, identifier, limit=2, cursor=second["next"])

    assert [len(page["deadLetters"]) for page in (first, second, third)] == [2, 2, 1]
    assert [page["more"] for page in (first, second, third)] == [True, True, False]
    listed = [letter["event"] for page in (first, second, third) for letter in page["deadLetters"]]
    assert listed == frozen.walk("/events")[0]


def test_dead_letters_are_those_of_ones_own_subscription(
    frozen: Workspace, receiver: Receiver, make_workspace: Callable[..., Workspace]
) -> None:
    dead, alive = subscribe(frozen, "http://127.0.0.1:1/events"), subscribe(frozen, receiver.url)
    change_position(frozen)
    wait_days(frozen)

    assert len(dead_letters(frozen, dead)["deadLetters"]) == 1
    assert dead_letters(frozen, alive)["deadLetters"] == []
    stranger = make_workspace()
    for path in (f"{dead}/dead-letters", f"{uuid4()}/dead-letters"):
        assert stranger.esr.get(f"/event-subscriptions/{path}").json()["code"] == "NOT_FOUND"
    assert replay(stranger, dead).json()["code"] == "NOT_FOUND"


def test_a_deleted_subscription_takes_its_dead_letters_with_it(
    frozen: Workspace, receiver: Receiver
) -> None:
    identifier = subscribe(frozen, receiver.url)
    receiver.answer = lambda _: 500
    change_position(frozen)
    wait_days(frozen)

    frozen.write("DELETE", f"/event-subscriptions/{identifier}").raise_for_status()

    path = f"/event-subscriptions/{identifier}/dead-letters"
    assert frozen.esr.get(path).json()["code"] == "NOT_FOUND"
    assert replay(frozen, identifier).json()["code"] == "NOT_FOUND"
    wait_days(frozen)
    assert len(receiver.deliveries) == ATTEMPTS
