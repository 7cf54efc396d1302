"""Adverts: pushed, published, closed."""

from typing import Any

import orjson
import pytest

from sandbox.errors import Code, Refusal
from sandbox.nhsjobs.domain import adverts as domain
from sandbox.nhsjobs.service import adverts


def test_pushed_advert_is_a_draft_with_number_and_reference(nhs_jobs: Any) -> None:
    advert = nhs_jobs.do(adverts.push_advert, nhs_jobs.ods, nhs_jobs.submission())

    assert advert["status"] == "DRAFT"
    assert advert["reference"] == "M9901-26-0001"
    assert advert["employer"] == "Northmere and Vale NHS Trust"
    assert advert == nhs_jobs.do(adverts.read_advert, advert["advertId"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"closeDate": "2026-03-31"}, Code.CLOSE_DATE_PAST),
        ({"salary": {"text": "x", "minimum": 2, "maximum": 1}}, Code.SALARY_RANGE_REVERSED),
        ({"jobRole": "08001"}, Code.JOB_ROLE_NOT_IN_STAFF_GROUP),
        ({"positionId": 5}, Code.POSITION_UNKNOWN),
    ],
)
def test_rule_refuses_advert(nhs_jobs: Any, changes: dict[str, Any], code: Code) -> None:
    with pytest.raises(Refusal) as refused:
        nhs_jobs.do(adverts.push_advert, nhs_jobs.ods, nhs_jobs.submission(**changes))

    assert refused.value.code is code
    assert refused.value.status == 422
    assert refused.value.places


def test_unknown_employer_cannot_advertise(nhs_jobs: Any) -> None:
    with pytest.raises(Refusal, match="EMPLOYER_UNKNOWN"):
        nhs_jobs.do(adverts.push_advert, "X9Z9Z", nhs_jobs.submission())


def test_supplier_reference_is_unique_for_the_employer(nhs_jobs: Any) -> None:
    nhs_jobs.do(adverts.push_advert, nhs_jobs.ods, nhs_jobs.submission())

    with pytest.raises(Refusal) as refused:
        nhs_jobs.do(adverts.push_advert, nhs_jobs.ods, nhs_jobs.submission())

    assert (refused.value.code, refused.value.status) == (Code.ADVERT_EXISTS, 409)


def test_publishing_asks_esr_for_the_vacancy(nhs_jobs: Any) -> None:
    advert_id = nhs_jobs.published(openings=3)

    [message] = nhs_jobs.waiting()
    assert (message.kind, message.url) == ("nhs-jobs-vacancy", "esr:/vacancies")
    assert message.headers["NHSD-End-User-Organisation-ODS"] == nhs_jobs.ods
    assert "Authorization" not in message.headers
    assert orjson.loads(message.body) == {
        "supplierReference": "M9901-26-0001",
        "positionId": nhs_jobs.position_id,
        "title": "Staff Nurse",
        "openings": 3,
        "closingDate": "2026-04-30",
    }
    assert nhs_jobs.do(adverts.read_advert, advert_id)["url"].endswith("M9901-26-0001")


def test_advert_without_position_does_not_concern_esr(nhs_jobs: Any) -> None:
    wanted = nhs_jobs.submission()
    del wanted["positionId"]
    advert = nhs_jobs.do(adverts.push_advert, nhs_jobs.ods, wanted)

    nhs_jobs.do(adverts.publish_advert, advert["advertId"])

    assert nhs_jobs.waiting() == []


def test_published_advert_cannot_be_published_again(nhs_jobs: Any) -> None:
    advert_id = nhs_jobs.published()

    with pytest.raises(Refusal, match="STATE_FORBIDS"):
        nhs_jobs.do(adverts.publish_advert, advert_id)


def test_advert_closes_when_its_closing_date_has_passed(nhs_jobs: Any) -> None:
    advert_id = nhs_jobs.published()

    nhs_jobs.pass_days(30)

    assert nhs_jobs.do(adverts.read_advert, advert_id)["status"] == "CLOSED"
    closed = nhs_jobs.do(adverts.list_adverts, 0, 10, "CLOSED")["adverts"]
    assert [advert["advertId"] for advert in closed] == [advert_id]
    assert nhs_jobs.do(adverts.list_adverts, 0, 10, "PUBLISHED")["adverts"] == []


def test_list_comes_in_pages_in_the_order_of_making(nhs_jobs: Any) -> None:
    made = [nhs_jobs.published(f"REQ-{number}") for number in range(3)]

    first = nhs_jobs.do(adverts.list_adverts, 0, 2, None)
    rest = nhs_jobs.do(adverts.list_adverts, made[1], 2, None, ods_code=nhs_jobs.ods)

    assert [advert["advertId"] for advert in first["adverts"]] == made[:2]
    assert first["more"]
    assert [advert["advertId"] for advert in rest["adverts"]] == made[2:]
    assert "next" not in rest


def test_references_go_on_beyond_four_digits() -> None:
    assert domain.reference("901", 2026, 9_999) == "M9901-26-9999"
    assert domain.reference("901", 2026, 10_000) == "A9901-26-0001"


@pytest.mark.parametrize("status", list(domain.Status))
@pytest.mark.parametrize("act", list(domain.Act))
def test_every_move_without_a_row_is_refused(status: domain.Status, act: domain.Act) -> None:
    if (status, act) in domain.LIFE_CYCLE:
        assert domain.after(status, act) is domain.LIFE_CYCLE[status, act]
    else:
        with pytest.raises(Refusal, match="STATE_FORBIDS"):
            domain.after(status, act)
