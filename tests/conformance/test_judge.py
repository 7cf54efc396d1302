"""The judge: a pure function of case, record and contracts. Nothing seen is nothing proven."""

import json
from typing import Any

import pytest

from sandbox.conformance.case import Case
from sandbox.conformance.judge import judge
from sandbox.conformance.operations import Operations
from sandbox.conformance.record import BROKE, UNBOUND, Record, Step
from sandbox.conformance.results import Result
from sandbox.contracts import CONTRACT_NAMES, load_contract

OPERATIONS = Operations([load_contract(name) for name in CONTRACT_NAMES])
ORGANISATION = next(
    iter(
        load_contract("esr")
        .document["paths"]["/organisations/{odsCode}"]["get"]["responses"]["200"]["content"][
            "application/json"
        ]["examples"]
        .values()
    )
)["value"]
HEADERS = {"content-type": "application/json", "x-request-id": "a", "x-correlation-id": "b"}


def case(*then: dict[str, Any], role: str = "esr") -> Case:
    document = {
        "name": "one",
        "title": "One",
        "requirements": ["ESR-REQ-012"],
        "when": [
            {"call": "read_organisation", "as": "read"},
            {"call": "list_vacancies", "as": "more"},
        ],
        "then": list(then),
    }
    return Case(f"{role}.x.one", role, "behaviour", "One", ("ESR-REQ-012",), document)


def step(
    name: str,
    status: int = 200,
    body: Any = ORGANISATION,
    operation: str = "read_organisation",
    **more: Any,
) -> Step:
    exchange = {
        "system": "esr",
        "operationId": operation,
        "method": "GET",
        "path": "/esr/v1/organisations/X0A1B",
        "status": status,
        "responseHeaders": HEADERS,
        "responseBody": json.dumps(body),
        **more,
    }
    return Step(name, "call", [exchange])


def record(*steps: Step, **more: Any) -> Record:
    return Record("esr.x.one", 1, "2026-11-26", "w/1", steps=list(steps), **more)


def test_what_is_as_expected_passes() -> None:
    told = case({"answer": "read", "status": 200, "body": {"/odsCode": ORGANISATION["odsCode"]}})

    result = judge(told, record(step("read")), OPERATIONS)

    assert result.result is Result.PASS
    assert result.by_requirement == {"ESR-REQ-012": Result.PASS, "ESR-CON-001": Result.PASS}


def test_what_is_otherwise_fails_with_expected_against_actual_in_one_sentence() -> None:
    told = case({"answer": "read", "status": 404})

    result = judge(told, record(step("read")), OPERATIONS)

    assert result.result is Result.FAIL
    assert result.sentence == "read: expected status 404, was answered 200"
    assert result.by_requirement["ESR-REQ-012"] is Result.FAIL


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": None}, "/name"),
        ({"name": ["a", "list"]}, "/name"),
        ({"odsCode": 7}, "/odsCode"),
        ({"addedByMistake": True}, "addedByMistake"),
    ],
)
def test_an_answer_that_breaks_the_contract_fails_whatever_the_case_expects(
    change: dict[str, Any], told: str
) -> None:
    broken = {**ORGANISATION, **change}

    result = judge(
        case({"answer": "read", "status": 200}), record(step("read", body=broken)), OPERATIONS
    )

    assert result.by_requirement["ESR-CON-001"] is Result.FAIL
    assert result.by_requirement["ESR-REQ-012"] is Result.PASS
    assert told in result.sentence


def test_the_promise_of_nhs_jobs_is_a_requirement_of_its_own() -> None:
    broken = step("read", body={"adverts": "none"}, operation="list_adverts", system="nhs-jobs")

    result = judge(
        case({"answer": "read", "status": 200}, role="nhs-jobs"), record(broken), OPERATIONS
    )

    assert result.by_requirement["NHSJ-CON-001"] is Result.FAIL


def test_a_masked_value_is_judged_by_its_kind_alone() -> None:
    masked = {**ORGANISATION, "name": "[masked 0123456789ab]"}

    result = judge(
        case({"answer": "read", "status": 200}), record(step("read", body=masked)), OPERATIONS
    )

    assert result.result is Result.PASS


@pytest.mark.parametrize(
    "expectation",
    [
        {"answer": "read", "status": 200},
        {"tally": "read", "statuses": {"200": 1}},
        {"held": "read"},
        {"view": "read", "body": {"/status": "HIRED"}},
        {"answer": "read", "body": {"/odsCode": "${more.answer/odsCode}"}},
    ],
)
def test_what_was_not_reached_is_inconclusive_and_never_a_pass(expectation: dict[str, Any]) -> None:
    assert judge(case(expectation), record(), OPERATIONS).result is Result.INCONCLUSIVE


def test_an_answer_that_did_not_come_is_inconclusive() -> None:
    silent = record(step("read", status=0))

    assert (
        judge(case({"answer": "read", "status": 200}), silent, OPERATIONS).result
        is Result.INCONCLUSIVE
    )


def test_what_could_not_be_arranged_is_no_failure_of_what_the_case_is_about() -> None:
    refused = step("more", status=422, body={"code": "APPLICANT_REFUSED"}, operation="unknown")
    told = case({"journal": {"/operationId": "submit_applicant"}})

    result = judge(told, record(step("read"), refused), OPERATIONS)

    assert result.result is Result.INCONCLUSIVE
    assert "APPLICANT_REFUSED" in result.sentence


@pytest.mark.parametrize(("kind", "expected"), [(BROKE, "error"), (UNBOUND, "inconclusive")])
def test_a_suite_that_broke_is_an_error_and_what_is_not_bound_is_inconclusive(
    kind: str, expected: str
) -> None:
    told = record(step("read"), notes=[{"kind": kind, "text": "it did not go"}])

    result = judge(case({"answer": "read", "status": 200}), told, OPERATIONS)

    assert (str(result.result), result.sentence) == (expected, "it did not go")


def test_a_record_that_went_through_a_file_gives_the_same_verdict() -> None:
    told, seen = case({"answer": "read", "status": 404}), record(step("read"))

    again = Record.from_dump(json.loads(json.dumps(seen.dump())))

    assert judge(told, again, OPERATIONS).words() == judge(told, seen, OPERATIONS).words()


def test_a_supplier_that_refused_what_it_was_to_do_is_told_so() -> None:
    ordered = Step("offer", "drive", outcome="REFUSED")

    result = judge(case({"held": "read"}, role="recruitment-system"), record(ordered), OPERATIONS)

    assert (result.result, result.sentence) == (
        Result.INCONCLUSIVE,
        "The subject did nothing at all. Offer: the order was answered REFUSED.",
    )


@pytest.mark.parametrize(
    "expectation", [{"held": "read"}, {"journal": {"/status": 201}, "count": 0}]
)
def test_a_supplier_that_does_nothing_at_all_is_inconclusive(expectation: dict[str, Any]) -> None:
    waited = Step("read", "await", held=False)
    ordered = Step("more", "drive", outcome="DONE", view={})

    result = judge(
        case(expectation, role="recruitment-system"), record(ordered, waited), OPERATIONS
    )

    assert (result.result, result.sentence) == (
        Result.INCONCLUSIVE,
        "The subject did nothing at all.",
    )
