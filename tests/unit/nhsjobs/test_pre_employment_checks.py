"""Pre-employment checks: recorded, forwarded in order, and changed by what ESR says."""

from typing import Any

import orjson
import pytest

from sandbox.errors import Code, Refusal
from sandbox.esr.domain import employment_checks as esr_domain
from sandbox.nhsjobs.domain import pre_employment_checks as domain
from sandbox.nhsjobs.service import applications, events, offers
from sandbox.nhsjobs.service import pre_employment_checks as service

REQUESTED = {"state": "REQUESTED", "requestedDate": "2026-04-02"}
COMPLETE = {
    "state": "COMPLETE",
    "outcome": "CLEAR",
    "requestedDate": "2026-04-02",
    "completedDate": "2026-04-05",
}


def _record(nhs_jobs: Any, application_id: int, check_type: str, update: dict[str, Any]) -> Any:
    return nhs_jobs.do(
        service.record_pre_employment_check, application_id, check_type, nhs_jobs.ods, update
    )


def _held(nhs_jobs: Any, application_id: int) -> dict[str, dict[str, Any]]:
    found = nhs_jobs.do(service.list_pre_employment_checks, application_id)
    return {check["checkType"]: check for check in found["preEmploymentChecks"]}


def _esr_check(update: dict[str, Any], version: int, by: str = "SUPPLIER") -> dict[str, Any]:
    return {
        "applicantNumber": "10000017",
        "checkType": "dbs",
        **update,
        "startedBy": "SUPPLIER",
        "updatedBy": by,
        "version": version,
        "updatedAt": "2026-04-05T10:00:00.000Z",
    }


def _event(check: dict[str, Any], sequence: int) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"check-{sequence}",
        "source": "/esr/v1/organisations/X0A1B",
        "type": "employment-check.updated",
        "subject": "applicants/10000017/employment-checks/dbs",
        "time": "2026-04-05T10:00:00.000Z",
        "sequence": f"{sequence:012d}",
        "data": check,
    }


def test_checks_recorded_before_the_number_is_known_are_forwarded_in_order(nhs_jobs: Any) -> None:
    advert_id = nhs_jobs.published()
    nhs_jobs.open_vacancy()
    application_id = nhs_jobs.accepted(advert_id)
    for check_type, update in (("dbs", REQUESTED), ("identity", COMPLETE), ("dbs", COMPLETE)):
        _record(nhs_jobs, application_id, check_type, update)
    [message] = nhs_jobs.waiting()
    assert message.kind == "nhs-jobs-applicant"

    nhs_jobs.answer(message, 201, nhs_jobs.confirmation(message))

    sent = []
    for version in (1, 1, 2):
        [message] = nhs_jobs.waiting()
        sent.append((message.url.rsplit("/", 1)[1], orjson.loads(message.body)))
        nhs_jobs.answer(message, 200, _esr_check(orjson.loads(message.body), version))
    assert sent == [("dbs", REQUESTED), ("identity", COMPLETE), ("dbs", COMPLETE)]
    held = _held(nhs_jobs, application_id)
    assert {check["sentToEsr"] for check in held.values()} == {"SENT"}
    assert held["dbs"]["version"] == 2


def test_check_of_an_application_that_stays_here_is_not_forwarded(nhs_jobs: Any) -> None:
    wanted = nhs_jobs.submission()
    del wanted["positionId"]
    advert_id = nhs_jobs.do(_push_and_publish, nhs_jobs.ods, wanted)
    application_id = nhs_jobs.accepted(advert_id)

    check, started = _record(nhs_jobs, application_id, "dbs", REQUESTED)

    assert started
    assert check["sentToEsr"] == "NOT_NEEDED"
    assert nhs_jobs.waiting() == []


def _push_and_publish(unit: Any, ods_code: str, wanted: dict[str, Any]) -> int:
    from sandbox.nhsjobs.service import adverts

    advert = adverts.push_advert(unit, ods_code, wanted)
    return int(adverts.publish_advert(unit, advert["advertId"])["advertId"])


def test_refusal_of_esr_stands_with_the_check(nhs_jobs: Any) -> None:
    application_id, _ = nhs_jobs.sent()
    _record(nhs_jobs, application_id, "dbs", REQUESTED)
    [message] = nhs_jobs.waiting()
    problem = {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "code": "STATE_FORBIDS",
        "detail": "No.",
    }

    nhs_jobs.answer(message, 409, problem)

    check = _held(nhs_jobs, application_id)["dbs"]
    assert (check["sentToEsr"], check["problem"]) == ("REFUSED", problem)


def test_what_esr_says_later_replaces_what_is_held(nhs_jobs: Any) -> None:
    application_id, _ = nhs_jobs.sent()
    _record(nhs_jobs, application_id, "dbs", REQUESTED)
    [message] = nhs_jobs.waiting()
    nhs_jobs.answer(message, 201, _esr_check(REQUESTED, 1))
    newer, older = _esr_check(COMPLETE, 3, "ESR"), _esr_check(REQUESTED, 2, "ESR")

    nhs_jobs.do(events.receive_event, _event(newer, 9))
    nhs_jobs.do(events.receive_event, _event(older, 8))

    check = _held(nhs_jobs, application_id)["dbs"]
    assert (check["state"], check["updatedBy"], check["sentToEsr"]) == (
        "COMPLETE",
        "ESR",
        "NOT_NEEDED",
    )


def test_event_that_overtakes_the_answer_wins_only_if_it_is_newer(nhs_jobs: Any) -> None:
    application_id, _ = nhs_jobs.sent()
    _record(nhs_jobs, application_id, "dbs", REQUESTED)
    [message] = nhs_jobs.waiting()

    nhs_jobs.do(events.receive_event, _event(_esr_check(REQUESTED, 1), 8))
    nhs_jobs.do(events.receive_event, _event(_esr_check(COMPLETE, 2, "ESR"), 9))
    assert _held(nhs_jobs, application_id)["dbs"]["sentToEsr"] == "PENDING"
    nhs_jobs.answer(message, 201, _esr_check(REQUESTED, 1))

    assert _held(nhs_jobs, application_id)["dbs"]["state"] == "COMPLETE"


def test_own_update_wins_over_an_event_from_before_it(nhs_jobs: Any) -> None:
    application_id, _ = nhs_jobs.sent()
    nhs_jobs.do(events.receive_event, _event(_esr_check(REQUESTED, 1, "ESR"), 8))
    _record(nhs_jobs, application_id, "dbs", COMPLETE)
    [message] = nhs_jobs.waiting()
    awaiting = {"state": "AWAITING_ANSWER", "requestedDate": "2026-04-02"}

    nhs_jobs.do(events.receive_event, _event(_esr_check(awaiting, 2, "ESR"), 9))
    nhs_jobs.answer(message, 200, _esr_check(COMPLETE, 3))

    check = _held(nhs_jobs, application_id)["dbs"]
    assert (check["state"], check["sentToEsr"]) == ("COMPLETE", "SENT")


@pytest.mark.parametrize(
    ("update", "code"),
    [
        ({**COMPLETE, "completedDate": "2026-04-01"}, Code.CHECK_DATES_OUT_OF_ORDER),
        ({"state": "COMPLETE", "requestedDate": "2026-04-02"}, Code.CHECK_OUTCOME_MISSING),
        ({**REQUESTED, "outcome": "CLEAR"}, Code.CHECK_OUTCOME_TOO_SOON),
        ({**REQUESTED, "alertNotice": {"noticeFound": False}}, Code.CHECK_DETAILS_MISPLACED),
        ({**REQUESTED, "state": "CANCELLED"}, Code.STATE_FORBIDS),
    ],
)
def test_rule_refuses_update(nhs_jobs: Any, update: dict[str, Any], code: Code) -> None:
    application_id, _ = nhs_jobs.sent()

    with pytest.raises(Refusal) as refused:
        _record(nhs_jobs, application_id, "dbs", update)

    assert refused.value.code is code


def test_checks_begin_with_the_offer_and_end_with_the_hire(nhs_jobs: Any) -> None:
    advert_id = nhs_jobs.published()
    applied = nhs_jobs.do(applications.apply_for_advert, advert_id, nhs_jobs.candidate())
    application_id = applied["applicationId"]
    with pytest.raises(Refusal, match="STATE_FORBIDS"):
        _record(nhs_jobs, application_id, "dbs", REQUESTED)

    nhs_jobs.do(offers.make_offer, application_id, nhs_jobs.terms)
    _record(nhs_jobs, application_id, "dbs", REQUESTED)
    nhs_jobs.do(offers.answer_offer, application_id, {"answer": "DECLINE"})

    with pytest.raises(Refusal, match="STATE_FORBIDS"):
        _record(nhs_jobs, application_id, "dbs", COMPLETE)


def test_other_employers_do_not_see_the_application(nhs_jobs: Any) -> None:
    application_id, _ = nhs_jobs.sent()

    with pytest.raises(Refusal, match="NOT_FOUND"):
        nhs_jobs.do(service.record_pre_employment_check, application_id, "dbs", "X9Z9Z", REQUESTED)


def test_both_systems_have_the_same_states_and_details() -> None:
    assert domain.STATES == esr_domain.STATES
    assert domain.DETAILS == esr_domain.DETAILS
