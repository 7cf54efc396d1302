"""What an event is, and what is known of a transfer before one is asked for."""

from datetime import UTC, datetime

import pytest

from sandbox.esr.domain.events import applicant_data, cloud_event, event_id
from sandbox.esr.domain.transfers import initial_transfer

APPLICANT = {
    "applicantNumber": "10000001",
    "supplierReference": "APP-1",
    "vacancyReference": "901-A",
    "status": "OFFER",
    "startDate": "2026-06-01",
    "version": 1,
    "updatedAt": "2026-04-01T09:30:00.000Z",
    "person": {"lastName": "Fielding"},
}


def test_the_same_world_gives_an_event_the_same_id() -> None:
    assert event_id("default", 1, 7) == event_id("default", 1, 7)
    assert len({event_id("default", 1, 7), event_id("other", 1, 7), event_id("default", 2, 7)}) == 3


def test_an_event_is_a_cloud_event_of_its_employer() -> None:
    moment = datetime(2026, 4, 1, 9, 30, tzinfo=UTC)

    event = cloud_event("id", 42, "ping", "event-subscriptions/1", "X0A1B", moment, {})

    assert event["specversion"] == "1.0"
    assert event["source"] == "/esr/v1/organisations/X0A1B"
    assert event["sequence"] == "000000000042"
    assert event["time"] == "2026-04-01T09:30:00.000Z"


def test_an_event_about_an_applicant_holds_nothing_about_the_person() -> None:
    assert applicant_data(APPLICANT).keys() == APPLICANT.keys() - {"person", "updatedAt"}


@pytest.mark.parametrize(
    ("consent", "status"), [(None, "NOT_REQUESTED"), (True, "NOT_REQUESTED"), (False, "NOT_RUN")]
)
def test_a_transfer_that_nobody_asked_for_says_what_the_answer_makes_of_it(
    consent: bool | None, status: str
) -> None:
    answered = {} if consent is None else {"dataSharingConsent": consent}

    transfer = initial_transfer({**APPLICANT, **answered})

    assert transfer["status"] == status
    assert transfer.get("consent") is consent
    assert ("reason" in transfer) is (consent is False)
