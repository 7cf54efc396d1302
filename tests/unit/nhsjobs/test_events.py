"""ESR's events: each once, in any order, whatever comes."""

from typing import Any

import pytest

from sandbox.nhsjobs.domain.events import is_readable
from sandbox.nhsjobs.service import adverts, events, offers
from sandbox.nhsjobs.service import pre_employment_checks as checks

REFERENCE = "901-ESR-42"


def _event(kind: str, sequence: int, data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"event-{sequence}",
        "source": "/esr/v1/organisations/X0A1B",
        "type": kind,
        "subject": "things/1",
        "time": "2026-04-02T08:00:00.000Z",
        "sequence": f"{sequence:012d}",
        "data": data,
    }


def _vacancy(nhs_jobs: Any, **changes: Any) -> dict[str, Any]:
    return {
        "vacancyReference": REFERENCE,
        "requisitionReference": "901-REQ-ESR-42",
        "origin": "ESR",
        "odsCode": nhs_jobs.ods,
        "positionId": nhs_jobs.position_id,
        "title": "Staff Nurse",
        "status": "01",
        "openings": 2,
        "createdAt": "2026-04-02T08:00:00.000Z",
        "updatedAt": "2026-04-02T08:00:00.000Z",
        **changes,
    }


def _applicant(reference: str, version: int, **changes: Any) -> dict[str, Any]:
    return {
        "applicantNumber": "10000017",
        "supplierReference": reference,
        "vacancyReference": "901-M9901-26-0001",
        "status": "ACCEPTED",
        "startDate": "2026-06-01",
        "version": version,
        **changes,
    }


def _all(nhs_jobs: Any) -> list[dict[str, Any]]:
    return list(nhs_jobs.do(adverts.list_adverts, 0, 100, None)["adverts"])


def test_vacancy_of_esr_becomes_an_advert_once(nhs_jobs: Any) -> None:
    event = _event("vacancy.published", 1, _vacancy(nhs_jobs, closingDate="2026-05-01"))

    nhs_jobs.do(events.receive_event, event)
    nhs_jobs.do(events.receive_event, event)
    nhs_jobs.do(events.receive_event, {**event, "id": "another"})

    [advert] = _all(nhs_jobs)
    assert (advert["status"], advert["origin"]) == ("RECEIVED_FROM_ESR", "ESR")
    assert (advert["vacancyReference"], advert["closeDate"]) == (REFERENCE, "2026-05-01")


def test_advert_from_esr_is_completed_when_it_is_published(nhs_jobs: Any) -> None:
    nhs_jobs.do(events.receive_event, _event("vacancy.published", 1, _vacancy(nhs_jobs)))
    [advert] = _all(nhs_jobs)

    published = nhs_jobs.do(adverts.publish_advert, advert["advertId"])

    assert published["staffGroup"] == "03"
    assert published["salary"] == {
        "text": "£31049.00 to £37796.00",
        "minimum": 31049,
        "maximum": 37796,
    }
    assert published["closeDate"] == "2026-04-29"
    assert nhs_jobs.waiting() == []
    nhs_jobs.accepted(advert["advertId"])
    assert [message.kind for message in nhs_jobs.waiting()] == ["nhs-jobs-applicant"]


def test_vacancy_of_an_employer_who_is_new_here_is_taken(nhs_jobs: Any) -> None:
    vacancy = _vacancy(nhs_jobs, odsCode="X0Z9Z", vacancyReference="950-1000")

    nhs_jobs.do(events.receive_event, _event("vacancy.published", 1, vacancy))

    [advert] = _all(nhs_jobs)
    assert (advert["employer"], advert["reference"]) == ("X0Z9Z", "M9950-26-0001")


def test_end_of_a_vacancy_closes_its_advert_even_if_it_arrives_first(nhs_jobs: Any) -> None:
    ended = _event("vacancy.status-changed", 2, _vacancy(nhs_jobs, status="09"))
    nhs_jobs.do(events.receive_event, ended)

    nhs_jobs.do(events.receive_event, _event("vacancy.published", 1, _vacancy(nhs_jobs)))

    assert [advert["status"] for advert in _all(nhs_jobs)] == ["CLOSED"]


def test_hire_and_start_date_are_taken_over(nhs_jobs: Any) -> None:
    application_id, _ = nhs_jobs.sent()
    reference = _reference(nhs_jobs, application_id)
    hired = _applicant(reference, 3, status="HIRED", startDate="2026-06-08")
    late = _applicant(reference, 2, startDate="2026-06-15")

    nhs_jobs.do(events.receive_event, _event("applicant.hired", 9, hired))
    nhs_jobs.do(events.receive_event, _event("applicant.amended", 8, late))

    assert nhs_jobs.status(application_id) == "HIRED"
    assert nhs_jobs.do(offers.read_offer, application_id)["startDate"] == "2026-06-08"


def test_internal_candidate_who_has_moved_is_hired_here(nhs_jobs: Any) -> None:
    application_id, _ = nhs_jobs.sent()
    reference = _reference(nhs_jobs, application_id)

    nhs_jobs.do(
        events.receive_event, _event("applicant.moved", 9, _applicant(reference, 2, status="HIRED"))
    )

    assert nhs_jobs.status(application_id) == "HIRED"


def test_applicant_who_was_identified_waits_on(nhs_jobs: Any) -> None:
    application_id, _ = nhs_jobs.sent()
    told = _applicant(_reference(nhs_jobs, application_id), 2, startDate="2026-06-08")

    nhs_jobs.do(events.receive_event, _event("applicant.identified", 9, told))

    assert nhs_jobs.status(application_id) == "SENT_TO_ESR"
    assert nhs_jobs.do(offers.read_offer, application_id)["startDate"] == "2026-06-08"


def test_withdrawal_is_taken_over(nhs_jobs: Any) -> None:
    application_id, _ = nhs_jobs.sent()
    told = _applicant(_reference(nhs_jobs, application_id), 2, status="TERMINATED")

    nhs_jobs.do(events.receive_event, _event("applicant.withdrawn", 9, told))

    assert nhs_jobs.status(application_id) == "WITHDRAWN"


def test_events_that_overtake_the_confirmation_wait_for_it(nhs_jobs: Any) -> None:
    advert_id = nhs_jobs.published()
    nhs_jobs.open_vacancy()
    application_id = nhs_jobs.accepted(advert_id)
    [message] = nhs_jobs.waiting()
    told = _applicant(_reference(nhs_jobs, application_id), 2, status="HIRED")
    check = {
        "applicantNumber": "10000017",
        "checkType": "work-health-assessment",
        "state": "IN_PROGRESS",
        "requestedDate": "2026-04-02",
        "startedBy": "ESR",
        "updatedBy": "ESR",
        "version": 1,
        "updatedAt": "2026-04-02T08:00:00.000Z",
    }
    nhs_jobs.do(events.receive_event, _event("applicant.hired", 9, told))
    nhs_jobs.do(events.receive_event, _event("employment-check.started", 8, check))
    assert nhs_jobs.status(application_id) == "OFFER_ACCEPTED"

    nhs_jobs.answer(message, 201, nhs_jobs.confirmation(message))

    assert nhs_jobs.status(application_id) == "HIRED"
    held = nhs_jobs.do(checks.list_pre_employment_checks, application_id)["preEmploymentChecks"]
    assert [item["sentToEsr"] for item in held] == ["NOT_NEEDED"]


def test_deleted_position_takes_no_more_adverts(nhs_jobs: Any) -> None:
    deleted = nhs_jobs.position(changeDeleteIndicator="D", hiringStatus="DELETED")
    nhs_jobs.do(events.receive_event, _event("position.deleted", 5, deleted))
    nhs_jobs.do(events.receive_event, _event("position.changed", 4, nhs_jobs.position()))

    with pytest.raises(Exception, match="POSITION_DELETED"):
        nhs_jobs.do(adverts.push_advert, nhs_jobs.ods, nhs_jobs.submission())


@pytest.mark.parametrize(
    "event",
    [
        {"specversion": "1.0", "id": "1", "source": "x", "type": "assignment.changed"},
        {"specversion": "1.0", "id": "1", "source": "x", "type": "applicant.hired"},
        _event("vacancy.published", 1, {"vacancyReference": 5}),
        _event("applicant.hired", 1, "text"),
        {**_event("position.changed", 1, {}), "sequence": 7},
        _event("applicant.hired", 1, _applicant("SOMEBODY-ELSES", 1)),
        _event("ping", 1, {"subscriptionId": "7b0d6b52-8a5e-4c31-9c0c-5f0e6a1d2b3c"}),
    ],
)
def test_what_means_nothing_here_is_taken_and_changes_nothing(
    nhs_jobs: Any, event: dict[str, Any]
) -> None:
    nhs_jobs.do(events.receive_event, event)
    nhs_jobs.do(events.receive_event, event)

    assert _all(nhs_jobs) == []


def test_whole_event_is_readable(nhs_jobs: Any) -> None:
    assert is_readable(_event("vacancy.published", 1, _vacancy(nhs_jobs)))


def _reference(nhs_jobs: Any, application_id: int) -> str:
    from sandbox.nhsjobs.service import applications

    return str(nhs_jobs.do(applications.read_application, application_id)["reference"])
