"""ESR's events at the example supplier: each once, none undone by an older one, and whatever comes is kept."""

from typing import Any

import pytest

from simulators.supplier.answers import Answer
from simulators.supplier.events import APPLIED, IGNORED, UNREADABLE, WAITING
from simulators.supplier.messages import next_of_each
from simulators.supplier.positions import place_of
from tests.unit.supplier.conftest import NUMBER, Records, check_told, event, told

LOADED = Answer(201, {}, {"loadStatusCode": "SUCCESS", "applicantNumber": NUMBER, "messages": []})


def load(records: Records) -> None:
    """ESR has answered that the applicant is loaded."""
    [message] = next_of_each(records.storage.connection)
    records.outcomes.settle(message, LOADED)


def test_an_event_is_taken_once(records: Records) -> None:
    assert records.events.take(event(1, "ping", {}))
    assert not records.events.take(event(1, "ping", {"again": True}))

    assert records.events.view() == {
        "received": 1,
        "ids": ["event-1"],
        "lastSequence": "000000000001",
    }


def test_the_same_id_of_another_source_is_another_event(records: Records) -> None:
    assert records.events.take(event(1, "ping", {}))
    assert records.events.take(event(1, "ping", {}, source="/esr/v1"))


def test_an_older_event_does_not_undo_a_newer_one(records: Records) -> None:
    load(records)

    records.events.take(told(3, "HIRED", 4, act="hired"))
    records.events.take(told(2, "ACCEPTED", 3))
    records.events.take(check_told(5, "COMPLETE", 2))
    records.events.take(check_told(4, "AWAITING_ANSWER", 1))

    assert records.application.status == "HIRED"
    assert records.checks == [{"checkType": "dbs", "state": "COMPLETE"}]


def test_an_event_that_overtakes_the_answer_waits_for_it(records: Records) -> None:
    records.events.take(told(2, "HIRED", 3, act="hired"))
    records.events.take(told(1, "ACCEPTED", 2))
    records.events.take(check_told(3, "REQUESTED", 1))
    assert [records.state_of(f"event-{number}") for number in (1, 2, 3)] == [WAITING] * 3

    load(records)

    assert (records.application.applicant_number, records.application.status) == (NUMBER, "HIRED")
    assert records.checks == [{"checkType": "dbs", "state": "REQUESTED"}]
    assert [records.state_of(f"event-{number}") for number in (1, 2, 3)] == [APPLIED] * 3


@pytest.mark.parametrize(
    "other",
    [
        {"source": "/esr/v1/organisations/X9Z9Z"},
        {
            "data": {
                "applicantNumber": "1",
                "supplierReference": "APP-1",
                "status": "HIRED",
                "version": 9,
            }
        },
        {
            "data": {
                "applicantNumber": "1",
                "supplierReference": "APP-2",
                "status": "HIRED",
                "version": 9,
            }
        },
    ],
)
def test_what_is_told_of_somebody_else_changes_nothing(
    records: Records, other: dict[str, Any]
) -> None:
    load(records)

    records.events.take(told(1, "HIRED", 9, act="hired") | other)

    assert records.application.status is None


@pytest.mark.parametrize(
    ("odd", "state"),
    [
        (event(1, "assignment.changed", {"assignmentId": 7}), IGNORED),
        (event(1, "applicant.hired", {}), UNREADABLE),
        (event(1, "applicant.hired", {}) | {"data": None}, UNREADABLE),
        (event(1, "position.changed", {"positionId": 1, "updatedAt": "soon"}), UNREADABLE),
        (event(1, "employment-check.updated", {"applicantNumber": []}), UNREADABLE),
        ({"specversion": "1.0", "id": "event-1", "source": "/esr/v1", "type": "ping"}, IGNORED),
    ],
)
def test_what_cannot_be_applied_is_kept_all_the_same(
    records: Records, odd: dict[str, Any], state: str
) -> None:
    load(records)

    assert records.events.take(odd)

    assert records.state_of("event-1") == state


def test_a_status_and_a_property_that_are_new_are_taken_as_they_are(records: Records) -> None:
    load(records)

    records.events.take(told(1, "DEFERRED", 2, addedLater={"deep": [1]}))

    assert records.application.status == "DEFERRED"


def test_a_position_is_as_the_newest_event_tells(records: Records) -> None:
    def changed(number: int, moment: str, title: str) -> dict[str, Any]:
        data = {"positionId": 7, "positionTitle": title, "updatedAt": moment}
        return event(number, "position.changed", data)

    records.events.take(changed(2, "2026-05-12T10:00:00.5Z", "second"))
    records.events.take(changed(1, "2026-05-12T10:00:00Z", "first"))
    records.events.take(changed(3, "2026-05-12T10:00:00.5Z", "third"))

    place = place_of(records.storage.connection, 7)
    assert place == ("2026-05-12T10:00:00.500000+00:00", "000000000003")
