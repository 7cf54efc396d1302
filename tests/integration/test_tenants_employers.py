"""A client that is let in for some employers acts for these, and hears of no other."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from harness import Workspace
from known_people import PERSON, number_of, send, vacancy
from receiving import Receiver, subscribe

EMPLOYER = "NHSD-End-User-Organisation-ODS"


@pytest.fixture
def world(make_workspace: Callable[..., Workspace]) -> Workspace:
    """Three employers, and a client that is let in for all of them."""
    return make_workspace(organisations=3)


def let_in(world: Workspace, *places: int) -> list[str]:
    """Lets the workspace's client in for these employers only; answers their ODS codes."""
    codes = [str(world.world.organisations[place]["odsCode"]) for place in places]
    client = world.control.get("/clients").raise_for_status().json()["clients"][0]["clientId"]
    changed = world.control.patch(f"/clients/{client}", json={"employers": codes})
    assert changed.status_code == 200, changed.text
    return codes


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def of(employer: str) -> dict[str, str]:
    return {EMPLOYER: employer}


READS = ("/applicants", "/vacancies", "/positions", "/events")


@pytest.mark.parametrize("path", READS)
def test_a_client_of_several_employers_names_one(world: Workspace, path: str) -> None:
    first, second = let_in(world, 0, 1)
    third = str(world.world.organisations[2]["odsCode"])

    unnamed = world.esr.get(path)
    unknown, disabled = (world.esr.get(path, headers=of(code)) for code in ("Z9Z9Z", third))

    assert told(unnamed) == (400, "EMPLOYER_NOT_NAMED")
    assert [told(answer) for answer in (unknown, disabled)] == [(403, "EMPLOYER_NOT_ENABLED")] * 2
    assert disabled.json()["errors"][0]["pointer"] == EMPLOYER
    for code in (first, second):
        page = world.esr.get(path, headers=of(code)).raise_for_status().json()
        assert {item["odsCode"] for item in page.get(path[1:], []) if "odsCode" in item} <= {code}


def test_a_client_of_one_employer_need_not_name_it(world: Workspace) -> None:
    [only] = let_in(world, 1)
    offered = vacancy(world, 0, elsewhere=True)
    assert offered["odsCode"] == only

    listed = world.esr.get("/positions", params={"limit": 100}).raise_for_status().json()
    submission = send(world, offered, PERSON).json()
    withdrawn = world.esr.post(
        f"/applicants/{submission['applicantNumber']}/withdrawal",
        json={"reason": "CANDIDATE_WITHDREW", "withdrawnDate": "2026-04-02"},
        headers={"X-Request-ID": str(uuid4())},
    )

    assert {item["odsCode"] for item in listed["positions"]} == {only}
    assert (withdrawn.status_code, withdrawn.json()["odsCode"]) == (200, only)


def test_a_write_for_another_employer_changes_nothing(world: Workspace) -> None:
    let_in(world, 0)
    offered = vacancy(world, 0, elsewhere=True)

    answer = send(world, offered, PERSON)

    assert told(answer) == (403, "EMPLOYER_NOT_ENABLED")
    assert world.esr.get("/applicants").json()["applicants"] == []


def test_what_is_anothers_is_not_told_from_what_is_unknown(world: Workspace) -> None:
    theirs = vacancy(world, 0, elsewhere=True)
    number = number_of(send(world, theirs, PERSON))
    let_in(world, 0)

    pairs = [
        (f"/applicants/{number}", "/applicants/99999999"),
        (f"/applicants/{number}/employment-checks", "/applicants/99999999/employment-checks"),
        (f"/vacancies/{theirs['vacancyReference']}", "/vacancies/999-NOBODY"),
        (f"/positions/{theirs['positionId']}", "/positions/99999999"),
        (f"/organisations/{theirs['odsCode']}", "/organisations/Z9Z9Z"),
    ]

    for another, unknown in pairs:
        answers = [world.esr.get(path) for path in (another, unknown)]
        assert [told(answer) for answer in answers] == [(404, "NOT_FOUND")] * 2, another


def test_only_the_employers_of_a_client_are_listed(world: Workspace) -> None:
    codes = let_in(world, 0, 2)

    listed = world.esr.get("/organisations").raise_for_status().json()["organisations"]

    assert [item["odsCode"] for item in listed] == sorted(codes)


def test_events_of_other_employers_are_not_delivered(world: Workspace, receiver: Receiver) -> None:
    [only] = let_in(world, 0)
    subscribe(world, receiver.url)

    for organisation in world.world.organisations:
        position = next(
            item for item in world.world.positions if item["odsCode"] == organisation["odsCode"]
        )
        world.control.post(
            f"/esr/positions/{position['positionId']}/change", json={"shared": True}
        ).raise_for_status()
    world.settle()

    events: list[dict[str, Any]] = receiver.events
    assert [event["data"]["odsCode"] for event in events] == [only]
    feed = world.esr.get("/events").json()["events"]
    assert [event["id"] for event in feed] == [event["id"] for event in events]


def client_of(world: Workspace) -> str:
    [client] = world.control.get("/clients").raise_for_status().json()["clients"]
    return str(client["clientId"])


def change_each(world: Workspace) -> None:
    """Causes an event at every employer."""
    for organisation in world.world.organisations:
        position = next(
            item for item in world.world.positions if item["odsCode"] == organisation["odsCode"]
        )
        path = f"/esr/positions/{position['positionId']}/change"
        world.control.post(path, json={"shared": True}).raise_for_status()


def test_what_waits_goes_no_more_to_a_client_that_may_not_have_it(
    world: Workspace, receiver: Receiver
) -> None:
    world.freeze()
    receiver.answer = lambda _: 503
    identifier = subscribe(world, receiver.url)
    change_each(world)
    world.settle()
    world.advance(by="PT6M")
    before = len(receiver.deliveries)
    [only] = let_in(world, 1)

    receiver.answer = lambda _: 202
    world.advance(by="P4D")
    world.settle()

    later = [delivery.event for delivery, _ in receiver.deliveries[before:]]
    assert [event["data"]["odsCode"] for event in later] == [only]
    letters = world.esr.get(f"/event-subscriptions/{identifier}/dead-letters").json()
    assert letters["deadLetters"] == []


def test_nothing_is_delivered_to_a_client_that_is_revoked(
    world: Workspace, receiver: Receiver
) -> None:
    subscribe(world, receiver.url)
    path = f"/clients/{client_of(world)}"
    world.control.patch(path, json={"state": "REVOKED"}).raise_for_status()

    change_each(world)
    world.settle()
    while_revoked = len(receiver.deliveries)
    world.control.patch(path, json={"state": "ACTIVE"}).raise_for_status()
    change_each(world)
    world.settle()

    assert (while_revoked, len(receiver.deliveries)) == (0, 3)


def test_a_world_that_is_put_back_gives_nobody_what_was_taken_from_them(
    world: Workspace, receiver: Receiver
) -> None:
    world.freeze()
    receiver.answer = lambda _: 503
    subscribe(world, receiver.url)
    change_each(world)
    world.settle()
    kept = world.control.post("/snapshots", json={"name": "before"}).json()["snapshotId"]
    path = f"/clients/{client_of(world)}"
    world.control.patch(path, json={"state": "REVOKED"}).raise_for_status()
    before = len(receiver.deliveries)

    receiver.answer = lambda _: 202
    world.control.post(f"/snapshots/{kept}/restore").raise_for_status()
    world.advance(by="P4D")
    world.settle()

    assert before > 0
    assert len(receiver.deliveries) == before


def test_a_client_that_is_taken_away_takes_its_subscriptions_with_it(
    world: Workspace, receiver: Receiver
) -> None:
    subscribe(world, receiver.url)
    snapshot = world.control.post("/snapshots", json={"name": "with it"}).json()["snapshotId"]

    world.control.delete(f"/clients/{client_of(world)}").raise_for_status()
    change_each(world)
    world.settle()
    # A snapshot that has the subscription still does not bring its client back.
    world.control.post(f"/snapshots/{snapshot}/restore").raise_for_status()
    change_each(world)
    world.settle()

    assert receiver.deliveries == []
