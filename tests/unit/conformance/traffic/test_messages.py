"""Request ids: one for each message, the same for each try, and nothing twice that was answered for good."""

from typing import Any

import pytest
from traffic_recordings import APPLICANT, Recording, refusal

BODY = {"supplierReference": "A-1", "startDate": "2030-03-01"}
OTHER = {"supplierReference": "A-2", "startDate": "2030-03-01"}
CHECK = {"state": "IN_PROGRESS"}


def two_tries(
    first: int, second: int, *, again: dict[str, Any] | None = None, **more: Any
) -> Recording:
    """One applicant, sent twice with two seconds in between."""
    recording = Recording()
    recording.call("submit_applicant", first, message=1, body=BODY, **more)
    sent = {"message": 1, "body": BODY, **(again or {})}
    recording.call("submit_applicant", second, at=2, **sent)
    return recording


def test_a_write_has_a_uuid() -> None:
    good, none, other, reading = (Recording() for _ in range(4))
    good.call("submit_applicant", 201, body=BODY)
    none.call("submit_applicant", 201, body=BODY, headers={"x-request-id": ""})
    other.call("submit_applicant", 400, body=BODY, message="applicant-1")
    reading.call("read_applicant")

    assert good.result("ESR-REQ-001") == "pass"
    assert none.result("ESR-REQ-001") == "fail"
    assert other.result("ESR-REQ-001") == "fail"
    assert reading.result("ESR-REQ-001") == "inconclusive"


def test_a_write_to_nhs_jobs_has_one_too_and_is_judged_apart() -> None:
    recording = Recording()
    recording.call("push_advert", 400, body={"title": "T"}, message="1")

    results = recording.judged()

    assert results["NHSJ-REQ-003"].result == "fail"
    assert results["ESR-REQ-001"].result == "inconclusive"


@pytest.mark.parametrize("answered", [0, 408, 429, 500, 502, 503])
def test_a_try_again_under_the_same_id_is_a_pass_and_under_another_a_failure(answered: int) -> None:
    same = two_tries(answered, 201)
    another = two_tries(answered, 201, again={"message": 2})

    assert same.result("ESR-REQ-002") == "pass"
    failed = another.judged()["ESR-REQ-002"]
    assert (failed.result, failed.exchanges) == ("fail", (1, 2))
    assert f"answered {answered}" in failed.found


def test_the_same_applicant_in_another_body_is_the_same_message() -> None:
    recording = two_tries(503, 201, again={"message": 2, "body": {**BODY, "hoursPerWeek": 30}})

    assert recording.result("ESR-REQ-002") == "fail"


def test_without_a_try_again_nothing_is_said() -> None:
    recording = two_tries(201, 201, again={"message": 2, "body": OTHER})

    assert recording.result("ESR-REQ-002") == "inconclusive"


def test_a_lost_body_is_taken_for_the_same_under_its_own_id() -> None:
    length = {"content-length": "50"}
    recording = Recording()
    recording.call("submit_applicant", 503, message=1, headers=length)
    recording.call("submit_applicant", 201, at=2, message=1, body=BODY, headers=length)
    recording.call("submit_applicant", 201, at=3, message=2, body=OTHER, headers=length)

    results = recording.judged()

    assert results["ESR-REQ-002"].result == "pass"
    assert results["ESR-REQ-003"].result == "pass"


def test_a_lost_body_that_goes_on_under_another_id_is_found_by_its_length() -> None:
    recording = Recording()
    recording.call("submit_applicant", 503, message=1, headers={"content-length": "50"})
    recording.call(
        "submit_applicant", 201, at=2, message=2, body=BODY, headers={"content-length": "50"}
    )

    assert recording.result("ESR-REQ-002") == "fail"


def test_of_two_that_might_be_the_lost_one_neither_is_accused() -> None:
    recording = Recording()
    length = {"content-length": "50"}
    recording.call("submit_applicant", 503, message=1, headers=length)
    recording.call("submit_applicant", 201, at=2, message=2, body=BODY, headers=length)
    recording.call("submit_applicant", 201, at=3, message=3, body=OTHER, headers=length)

    assert recording.result("ESR-REQ-002") == "inconclusive"


@pytest.mark.parametrize(
    "change",
    [
        {"body": OTHER},
        {"headers": {"nhsd-end-user-organisation-ods": "X9Z9Z"}},
        {"path": "/esr/v1/vacancies"},
    ],
    ids=["body", "employer", "path"],
)
def test_an_id_stays_with_its_message(change: dict[str, Any]) -> None:
    good = two_tries(201, 201, again={"message": 2, "body": OTHER})
    bad = two_tries(201, 422, again=change)

    assert good.result("ESR-REQ-003") == "pass"
    assert bad.result("ESR-REQ-003") == "fail"


def test_one_message_alone_says_nothing_about_new_ids() -> None:
    recording = Recording()
    recording.call("submit_applicant", 201, body=BODY)

    assert recording.result("ESR-REQ-003") == "inconclusive"


def test_an_id_in_other_letters_is_the_same_id() -> None:
    recording = Recording()
    name = "60e0b220-8136-4ca5-ae46-1d97ef59d068"
    recording.call("submit_applicant", 503, body=BODY, message=name)
    recording.call("submit_applicant", 201, at=2, body=BODY, message=name.upper())

    assert recording.result("ESR-REQ-002") == "pass"


def test_that_esr_tells_of_a_reused_id_is_enough() -> None:
    recording = two_tries(201, 201, again={"message": 2, "body": OTHER})
    answer = refusal("REQUEST_ID_REUSED")
    recording.call("withdraw_applicant", 422, at=4, message=3, body={}, answer=answer)

    assert recording.result("ESR-REQ-003") == "fail"


@pytest.mark.parametrize("answered", [200, 201, 400, 403, 409, 422])
def test_what_was_answered_for_good_is_not_sent_again(answered: int) -> None:
    once = two_tries(answered, 201, again={"message": 2, "body": OTHER})
    twice = two_tries(answered, 201)

    assert once.result("ESR-REQ-036") == "pass"
    assert twice.result("ESR-REQ-036") == "fail"


def test_a_second_applicant_from_the_same_body_is_a_replay() -> None:
    assert two_tries(201, 409, again={"message": 2}).result("ESR-REQ-036") == "fail"


def test_after_another_token_was_asked_for_the_same_may_be_sent_again() -> None:
    assert two_tries(401, 201).result("ESR-REQ-036") == "pass"


def test_who_was_withdrawn_may_be_sent_anew() -> None:
    recording = Recording()
    recording.call("submit_applicant", 201, body=BODY, applicantNumber=APPLICANT)
    recording.call("withdraw_applicant", 200, at=1, body={"reason": "OTHER"})
    recording.call("submit_applicant", 201, at=2, body=BODY)

    assert recording.result("ESR-REQ-036") == "pass"


def test_what_was_refused_may_be_sent_once_more_but_not_over_and_over() -> None:
    recording = Recording()
    answer = refusal("POSITION_NOT_HIRING")
    for second in range(2):
        recording.call("submit_applicant", 422, at=second, body=BODY, answer=answer)
    once_more = recording.result("ESR-REQ-036")
    recording.call("submit_applicant", 422, at=5, body=BODY, answer=answer)

    assert once_more == "pass"
    assert recording.result("ESR-REQ-036") == "fail"


def test_the_same_check_may_be_recorded_again() -> None:
    recording = Recording()
    for second in range(2):
        recording.call("record_employment_check", 200, at=second, body=CHECK)

    assert recording.result("ESR-REQ-036") == "pass"


@pytest.mark.parametrize(
    ("first", "facts"),
    [
        ({"took": 6}, {}),
        ({"responseBody": "[not JSON, 90 bytes]"}, {}),
        ({}, {"unclear": frozenset({1})}),
    ],
    ids=["late", "garbage", "told"],
)
def test_an_answer_that_was_lost_is_no_answer_for_good(
    first: dict[str, Any], facts: dict[str, Any]
) -> None:
    recording = Recording()
    recording.call("submit_applicant", 201, message=1, body=BODY, **first)
    recording.call("submit_applicant", 201, at=8, message=1, body=BODY)

    results = recording.judged(**facts)

    assert results["ESR-REQ-036"].result == "pass"
    assert results["ESR-REQ-002"].result == "pass"


def test_the_callers_own_journal_tells_that_an_answer_was_lost() -> None:
    recording = two_tries(201, 201)
    name = recording.exchanges[0]["requestId"]
    seen = {"direction": "OUT", "system": "nhs-jobs", "client": None, "operationId": None}
    recording.call("submit_applicant", 0, message=name, body=BODY, **seen)

    assert recording.result("ESR-REQ-036") == "pass"


def test_an_id_stays_with_its_message_at_nhs_jobs_too() -> None:
    good, bad = Recording(), Recording()
    for recording, second in ((good, 2), (bad, 1)):
        recording.call("push_advert", 201, message=1, body={"title": "A"})
        recording.call("push_advert", 201, at=1, message=second, body={"title": "B"})

    assert good.result("NHSJ-REQ-002") == "pass"
    assert bad.result("NHSJ-REQ-002") == "fail"


def test_a_try_that_did_not_wait_for_the_answer_is_no_replay() -> None:
    recording = Recording()
    recording.call("submit_applicant", 201, message=1, body=BODY, took=3)
    recording.call("submit_applicant", 201, at=2, message=1, body=BODY)

    assert recording.result("ESR-REQ-036") == "pass"
