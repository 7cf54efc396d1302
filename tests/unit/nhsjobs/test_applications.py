"""Applications and offers, and how an accepted candidate gets to ESR."""

from typing import Any

import orjson
import pytest

from sandbox.errors import Code, Refusal
from sandbox.esr.reference import retired_by_code
from sandbox.nhsjobs.domain import applications as domain
from sandbox.nhsjobs.domain import codes
from sandbox.nhsjobs.domain import offers as offer_domain
from sandbox.nhsjobs.service import applications, offers


def _applied(nhs_jobs: Any, **changes: Any) -> dict[str, Any]:
    advert_id = nhs_jobs.published()
    return dict(
        nhs_jobs.do(applications.apply_for_advert, advert_id, nhs_jobs.candidate(**changes))
    )


def _offered(nhs_jobs: Any) -> int:
    application_id = int(_applied(nhs_jobs)["applicationId"])
    nhs_jobs.do(offers.make_offer, application_id, nhs_jobs.terms)
    return application_id


def test_application_has_a_reference_by_day(nhs_jobs: Any) -> None:
    application = _applied(nhs_jobs)

    assert application["status"] == "APPLIED"
    assert application["reference"].startswith("AR-260401-")
    assert "recruitmentSource" not in application


def test_candidate_applies_once_for_an_advert(nhs_jobs: Any) -> None:
    application = _applied(nhs_jobs)

    again = nhs_jobs.candidate("Amara.Fielding@EXAMPLE.org")
    with pytest.raises(Refusal) as refused:
        nhs_jobs.do(applications.apply_for_advert, application["advertId"], again)

    assert refused.value.code is Code.ALREADY_EXISTS


@pytest.mark.parametrize(
    "changes",
    [
        {"registrations": [{"body": "77", "number": "1"}]},
        {"registrations": [{"body": "09", "number": "1", "type": "99"}]},
    ],
)
def test_unknown_code_is_refused(nhs_jobs: Any, changes: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match="CODE_UNKNOWN"):
        _applied(nhs_jobs, **changes)


def test_internal_advert_is_for_internal_candidates(nhs_jobs: Any) -> None:
    advert_id = nhs_jobs.published(internalOnly=True)

    with pytest.raises(Refusal) as refused:
        nhs_jobs.do(applications.apply_for_advert, advert_id, nhs_jobs.candidate())

    assert refused.value.status == 422
    insider = nhs_jobs.candidate(internalCandidate=True)
    assert nhs_jobs.do(applications.apply_for_advert, advert_id, insider)["internalCandidate"]


def test_nobody_applies_after_the_closing_date(nhs_jobs: Any) -> None:
    advert_id = nhs_jobs.published()
    nhs_jobs.pass_days(30)

    with pytest.raises(Refusal, match="STATE_FORBIDS"):
        nhs_jobs.do(applications.apply_for_advert, advert_id, nhs_jobs.candidate())


def test_offer_needs_its_dates_in_order(nhs_jobs: Any) -> None:
    application_id = _applied(nhs_jobs)["applicationId"]

    with pytest.raises(Refusal, match="OFFER_AFTER_START"):
        nhs_jobs.do(
            offers.make_offer, application_id, {**nhs_jobs.terms, "startDate": "2026-03-01"}
        )

    assert nhs_jobs.status(application_id) == "APPLIED"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"answer": "ACCEPT"}, Code.CANDIDATE_DETAILS_MISSING),
        ({"answer": "ACCEPT", "dateOfBirth": "2010-06-02"}, Code.TOO_YOUNG_TO_START),
        ({"answer": "DECLINE", "dateOfBirth": "1990-06-02"}, Code.SETTING_INVALID),
    ],
)
def test_rule_refuses_answer(nhs_jobs: Any, answer: dict[str, Any], code: Code) -> None:
    application_id = _offered(nhs_jobs)

    with pytest.raises(Refusal) as refused:
        nhs_jobs.do(offers.answer_offer, application_id, answer)

    assert refused.value.code is code
    assert nhs_jobs.do(offers.read_offer, application_id)["status"] == "MADE"


def test_answer_cannot_be_changed(nhs_jobs: Any) -> None:
    application_id = _offered(nhs_jobs)
    nhs_jobs.do(offers.answer_offer, application_id, {"answer": "DECLINE"})

    with pytest.raises(Refusal, match="STATE_FORBIDS"):
        nhs_jobs.do(offers.answer_offer, application_id, nhs_jobs.acceptance)

    assert nhs_jobs.status(application_id) == "OFFER_DECLINED"


def test_accepted_candidate_waits_for_the_vacancy_then_goes_to_esr(nhs_jobs: Any) -> None:
    application_id = nhs_jobs.accepted(nhs_jobs.published())
    [message] = nhs_jobs.waiting()
    assert message.kind == "nhs-jobs-vacancy"

    nhs_jobs.open_vacancy()

    [message] = nhs_jobs.waiting()
    application = nhs_jobs.do(applications.read_application, application_id)
    assert message.url == "esr:/applicants"
    assert orjson.loads(message.body) == {
        "supplierReference": application["reference"],
        "vacancyReference": nhs_jobs.vacancy_reference,
        "positionId": nhs_jobs.position_id,
        "person": {**nhs_jobs.candidate()["candidate"], "dateOfBirth": "1994-05-17"},
        "staffGroup": "03",
        "jobRole": "03007",
        **nhs_jobs.terms,
        "offerAcceptedDate": "2026-04-01",
        "internalCandidate": False,
        "dataSharingConsent": True,
        "recruitmentSource": "01",
    }


def test_confirmation_of_success_gives_the_numbers(nhs_jobs: Any) -> None:
    application_id, number = nhs_jobs.sent()

    application = nhs_jobs.do(applications.read_application, application_id)
    assert application["status"] == "SENT_TO_ESR"
    assert application["esr"]["applicantNumber"] == number
    assert application["esr"]["confirmation"]["loadStatusCode"] == "SUCCESS"


def test_confirmation_of_failure_rejects_the_application(nhs_jobs: Any) -> None:
    advert_id = nhs_jobs.published()
    nhs_jobs.open_vacancy()
    application_id = nhs_jobs.accepted(advert_id)
    [message] = nhs_jobs.waiting()
    failure = {**nhs_jobs.confirmation(message), "loadStatusCode": "FAIL"}

    nhs_jobs.answer(message, 422, {"code": "APPLICANT_REFUSED", "confirmation": failure})

    application = nhs_jobs.do(applications.read_application, application_id)
    assert application["status"] == "ESR_REJECTED"
    assert application["esr"] == {"confirmation": failure}


def test_answer_that_comes_twice_changes_nothing(nhs_jobs: Any) -> None:
    advert_id = nhs_jobs.published()
    nhs_jobs.open_vacancy()
    application_id = nhs_jobs.accepted(advert_id)
    [message] = nhs_jobs.waiting()
    nhs_jobs.answer(message, 201, nhs_jobs.confirmation(message))
    first = nhs_jobs.do(applications.read_application, application_id)

    nhs_jobs.answer(message, 409, {})

    assert nhs_jobs.do(applications.read_application, application_id) == first


def test_no_vacancy_rejects_who_accepted_before_and_after(nhs_jobs: Any) -> None:
    advert_id = nhs_jobs.published()
    before = nhs_jobs.accepted(advert_id)
    [message] = nhs_jobs.waiting()

    nhs_jobs.answer(message, 422, {"code": "POSITION_DELETED", "detail": "It was deleted."})
    after = nhs_jobs.accepted(advert_id, "tomasz.whitlow@example.org")

    assert nhs_jobs.status(before) == nhs_jobs.status(after) == "ESR_REJECTED"
    assert nhs_jobs.waiting() == []


def test_same_message_has_the_same_request_id(nhs_jobs: Any) -> None:
    nhs_jobs.published("A")
    nhs_jobs.published("B")

    first, second = nhs_jobs.waiting()

    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
    assert first == nhs_jobs.waiting()[0]


def test_codes_are_those_of_the_national_lists() -> None:
    lists = retired_by_code()

    assert set(lists["registration-body"]) == codes.REGISTRATION_BODIES
    assert set(lists["registration-type"]) == codes.REGISTRATION_TYPES
    assert all(codes.ETHNIC_CATEGORY.fullmatch(code) for code in lists["ethnic-category"])
    assert len(codes.COUNTRIES) == 249


@pytest.mark.parametrize("status", list(domain.Status))
@pytest.mark.parametrize("act", list(domain.Act))
def test_every_move_without_a_row_is_refused(status: domain.Status, act: domain.Act) -> None:
    if (status, act) in domain.LIFE_CYCLE:
        assert domain.after(status, act) is domain.LIFE_CYCLE[status, act]
    else:
        with pytest.raises(Refusal, match="STATE_FORBIDS"):
            domain.after(status, act)


@pytest.mark.parametrize("status", ["ACCEPTED", "DECLINED"])
@pytest.mark.parametrize("answer", list(offer_domain.Answer))
def test_answered_offer_takes_no_answer(status: str, answer: str) -> None:
    with pytest.raises(Refusal, match="STATE_FORBIDS"):
        offer_domain.after(status, answer)
