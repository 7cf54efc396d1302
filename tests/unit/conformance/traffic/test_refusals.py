"""The general rule: whoever is refused with a requirement's code has broken it."""

from typing import Any

import pytest
from traffic_recordings import ODS, OPERATIONS, Recording, refusal

from sandbox.conformance.traffic.judging import RULES
from sandbox.conformance.traffic.refusals import by_code
from sandbox.contracts.requirements import Requirement, load_requirements

SPECIAL = {name for rule in RULES for name in rule.judges}
JUDGED = [item for item in by_code(load_requirements()) if item.id not in SPECIAL]
BODIES = frozenset({"POST", "PUT", "PATCH"})


def called(item: Requirement, status: int, answer: Any = None) -> Recording:
    """One call of the first operation of the requirement that a recruitment system can call."""
    operation = next(name for name in item.operations if name in OPERATIONS)
    recording = Recording()
    body = {"x": 1} if OPERATIONS[operation].method in BODIES else None
    recording.call(operation, status, body=body, answer=answer)
    return recording


def profiles(item: Requirement) -> dict[str, Any]:
    name, colon, version = (item.condition or "").partition(": ")
    return {"profiles": {ODS: {name: version}}} if colon else {}


@pytest.mark.parametrize("item", JUDGED, ids=lambda item: item.id)
def test_a_success_passes_and_each_code_fails(item: Requirement) -> None:
    assert called(item, 200).result(item.id, **profiles(item)) == "pass"
    bad = "fail" if item.level == "MUST" else "warn"
    for code in item.codes:
        assert called(item, 422, refusal(code)).result(item.id, **profiles(item)) == bad
    assert called(item, 422, refusal("SOMETHING_ELSE")).result(item.id) == "inconclusive"


def test_many_are_judged() -> None:
    assert len(JUDGED) > 60


def confirmation(kind: str, code: str) -> dict[str, Any]:
    message = {"messageType": kind, "messageCode": code, "messageText": "No."}
    return {"loadStatusCode": "FAIL", "messages": [message]}


def test_a_message_of_the_confirmation_counts() -> None:
    recording = Recording()
    answer = refusal("APPLICANT_REFUSED", confirmation=confirmation("ERROR", "POSTCODE_INVALID"))
    recording.call("submit_applicant", 422, body={}, answer=answer)

    assert recording.result("ESR-APP-015") == "fail"
    assert recording.result("ESR-APP-017") == "inconclusive"


def test_a_warning_is_no_breach_of_a_must_and_a_warning_about_a_should() -> None:
    recording = Recording()
    for second, code in enumerate(("POSTCODE_INVALID", "NI_NUMBER_ABSENT")):
        answer = confirmation("WARNING", code)
        recording.call("submit_applicant", 201, at=second, body={"n": second}, answer=answer)

    assert recording.result("ESR-APP-015") == "pass"
    assert recording.result("ESR-APP-014") == "warn"


def test_the_same_code_at_another_operation_is_another_requirements() -> None:
    recording = Recording()
    recording.call("create_vacancy", 422, body={}, answer=refusal("POSITION_UNKNOWN"))

    assert recording.result("ESR-VAC-003") == "fail"
    assert recording.result("ESR-POS-006") == "inconclusive"


def test_a_read_does_not_exercise_what_is_about_writes_but_may_break_it() -> None:
    recording = Recording()
    recording.call("read_applicant")
    before = [recording.result(f"ESR-REQ-0{number}") for number in (11, 14, 19, 22, 23)]
    recording.call("read_applicant", 401, at=1, answer=refusal("TOKEN_INVALID"))

    assert before == ["inconclusive"] * 5
    assert recording.result("ESR-REQ-019") == "fail"


def test_a_profile_that_the_employer_does_not_carry_is_not_broken() -> None:
    recording = Recording()
    recording.call("submit_applicant", 422, body={}, answer=refusal("SENT_TOO_EARLY"))
    carried = {ODS: {"sendWindow": "dit-12w-1"}}

    assert recording.result("ESR-POS-018", profiles=carried) == "fail"
    assert recording.result("ESR-POS-016", profiles=carried) == "inconclusive"


def test_an_applicant_whom_the_suite_provoked_is_left_out() -> None:
    recording = Recording()
    recording.call("record_employment_check", 409, body={}, answer=refusal("STATE_FORBIDS"))

    assert recording.result("ESR-CHK-002") == "fail"
    assert recording.result("ESR-CHK-002", provoked=frozenset({"10000017"})) == "inconclusive"
