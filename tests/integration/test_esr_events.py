"""The feed of events, and their delivery to a receiver of the test's own."""

from uuid import uuid4

import orjson
import pytest
from harness import Workspace
from receiving import Receiver, change_position, in_turn, subscribe

pytestmark = pytest.mark.any_database


def test_the_feed_has_every_event_in_its_order_and_the_cursor_misses_none(
    workspace: Workspace,
) -> None:
    assert workspace.walk("/events")[0] == []
    for place in range(5):
        change_position(workspace, place)
    events, cursor = workspace.walk("/events", limit=2)
    change_position(workspace, 7)

    later, last = workspace.walk("/events", cursor)

    subjects = [f"positions/{item['positionId']}" for item in workspace.world.positions]
    assert [event["subject"] for event in events] == subjects[:5]
    assert [event["subject"] for event in later] == [subjects[7]]
    sequences = [event["sequence"] for event in (*events, *later)]
    assert sequences == [f"{number:012d}" for number in range(1, 7)]
    assert len({event["id"] for event in (*events, *later)}) == 6
    assert workspace.walk("/events", last) == ([], last)


def test_an_event_is_a_cloud_event_that_says_nothing_about_the_person(workspace: Workspace) -> None:
    submission = workspace.submission()
    number = workspace.write("POST", "/applicants", submission).json()["applicantNumber"]
    workspace.amend(number, {"person": {"firstName": "Zoë"}}).raise_for_status()

    [event] = workspace.walk("/events")[0]

    assert event["specversion"] == "1.0"
    assert event["source"] == f"/esr/v1/organisations/{workspace.employer}"
    assert (event["type"], event["subject"]) == ("applicant.amended", f"applicants/{number}")
    assert event["data"].keys() <= {
        *("applicantNumber", "supplierReference", "vacancyReference", "status", "startDate"),
        "version",
    }
    assert submission["person"]["lastName"] not in orjson.dumps(event).decode()


def test_a_subscriber_gets_what_happens_after_it_subscribed(
    workspace: Workspace, receiver: Receiver
) -> None:
    change_position(workspace)
    subscribe(workspace, receiver.url)

    change_position(workspace, 1)
    workspace.control.post(f"/esr/positions/{workspace.world.positions[1]['positionId']}/deletion")
    workspace.settle()

    assert receiver.types == ["position.changed", "position.deleted"]
    assert receiver.events == workspace.walk("/events")[0][1:]
    types = {delivery.headers["content-type"] for delivery, _ in receiver.deliveries}
    assert types == {"application/cloudevents+json"}


def test_a_subscriber_gets_the_types_that_it_asked_for(
    workspace: Workspace, receiver: Receiver
) -> None:
    subscribe(workspace, receiver.url, types=["position.deleted"])

    change_position(workspace)
    workspace.control.post(f"/esr/positions/{workspace.world.positions[0]['positionId']}/deletion")
    workspace.settle()

    assert receiver.types == ["position.deleted"]


def test_a_ping_comes_whatever_types_were_asked_for(
    workspace: Workspace, receiver: Receiver
) -> None:
    identifier = subscribe(workspace, receiver.url, types=["position.deleted"])

    answer = workspace.write("POST", f"/event-subscriptions/{identifier}/ping")
    workspace.settle()

    assert answer.status_code == 202
    [event] = receiver.events
    assert (event["type"], event["data"]) == ("ping", {"subscriptionId": identifier})
    assert event["id"] == answer.json()["eventId"]


def test_a_delivery_that_failed_is_made_again_once_the_world_has_moved_on(
    workspace: Workspace, receiver: Receiver
) -> None:
    workspace.freeze()
    subscribe(workspace, receiver.url)
    receiver.answer = in_turn(503, 400)

    change_position(workspace)
    workspace.settle()
    assert len(receiver.events) == 1
    workspace.advance(by="PT4S")
    assert len(receiver.events) == 1
    workspace.advance(by="PT1S")
    assert len(receiver.events) == 2
    workspace.advance(by="PT5M")
    workspace.advance(by="P30D")

    assert len(receiver.events) == 3
    assert len({event["id"] for event in receiver.events}) == 1


def test_events_about_one_thing_keep_their_order_and_hold_up_no_other(
    workspace: Workspace, receiver: Receiver
) -> None:
    workspace.freeze()
    subscribe(workspace, receiver.url)
    receiver.answer = in_turn(500)
    change_position(workspace, 0, positionTitle="First")
    workspace.settle()

    change_position(workspace, 0, positionTitle="Second")
    change_position(workspace, 1, positionTitle="Other")
    workspace.settle()
    before = [event["data"]["positionTitle"] for event in receiver.events]
    workspace.advance(by="PT5S")

    assert before == ["First", "Other"]
    after = [event["data"]["positionTitle"] for event in receiver.events[2:]]
    assert after == ["First", "Second"]


def test_a_subscription_that_was_deleted_gets_nothing_more(
    workspace: Workspace, receiver: Receiver
) -> None:
    workspace.freeze()
    identifier = subscribe(workspace, receiver.url)
    receiver.answer = in_turn(503)
    change_position(workspace)
    workspace.settle()

    deleted = workspace.write("DELETE", f"/event-subscriptions/{identifier}")
    again = workspace.write("DELETE", f"/event-subscriptions/{identifier}")
    change_position(workspace, 1)
    workspace.advance(by="P1D")

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (again.status_code, again.json()["code"]) == (404, "NOT_FOUND")
    assert len(receiver.events) == 1


def test_subscriptions_are_ones_own_and_listed_page_by_page(workspace: Workspace) -> None:
    urls = [f"http://127.0.0.1:{port}/events" for port in (9001, 9002, 9003)]
    identifiers = [subscribe(workspace, url) for url in urls]

    first = workspace.esr.get("/event-subscriptions", params={"limit": 2}).json()
    second = workspace.esr.get("/event-subscriptions", params={"cursor": first["next"]}).json()

    listed = [*first["eventSubscriptions"], *second["eventSubscriptions"]]
    assert [item["subscriptionId"] for item in listed] == identifiers
    assert [item["url"] for item in listed] == urls
    assert workspace.esr.get(f"/event-subscriptions/{identifiers[0]}").json() == listed[0]
    assert workspace.esr.get(f"/event-subscriptions/{uuid4()}").status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/events",
        "http://supplier.example.org/events",
        "http://127.0.0.1.example.org/",
        "http://0.0.0.0:9000/",
    ],
)
def test_events_do_not_leave_this_machine(workspace: Workspace, url: str) -> None:
    answer = workspace.write("POST", "/event-subscriptions", {"url": url})

    assert (answer.status_code, answer.json()["code"]) == (422, "SUBSCRIPTION_ADDRESS_REFUSED")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/url"]
    assert workspace.esr.get("/event-subscriptions").json()["eventSubscriptions"] == []
