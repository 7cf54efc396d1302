"""A refusal names the clause: the records of the register that tell of its codes for the operation."""

from typing import Any

import httpx
import pytest
from harness import Workspace

from sandbox.contracts.requirements import Requirement, load_requirements

REGISTER = {requirement.id: requirement for requirement in load_requirements()}


def named(answer: httpx.Response, operation_id: str) -> list[Requirement]:
    """The records that a refusal names; each tells of the operation."""
    found = [REGISTER[identifier] for identifier in answer.json()["clauses"]]
    assert all(not item.operations or operation_id in item.operations for item in found)
    return found


def codes(found: list[Requirement]) -> set[str]:
    return {code for item in found for code in item.codes}


def test_every_rule_that_refuses_an_applicant_is_named_with_its_clause(
    workspace: Workspace,
) -> None:
    submission = workspace.submission()
    submission["person"]["address"] = {**submission["person"]["address"], "postcode": "12345"}
    submission["endDate"] = "2020-01-01"

    refused = workspace.write("POST", "/applicants", submission)

    assert {error["code"] for error in refused.json()["errors"]} == {
        "POSTCODE_INVALID",
        "END_BEFORE_START",
    }
    assert codes(named(refused, "submit_applicant")) >= {"POSTCODE_INVALID", "END_BEFORE_START"}


def test_a_state_that_refuses_is_named_with_its_clause(workspace: Workspace) -> None:
    number = workspace.submit()
    withdrawal = {"reason": "OTHER", "withdrawnDate": "2026-05-01"}
    workspace.write("POST", f"/applicants/{number}/withdrawal", withdrawal).raise_for_status()

    refused = workspace.amend(number, {"dataSharingConsent": True})

    assert refused.json()["code"] == "REINSTATEMENT_REFUSED"
    assert "REINSTATEMENT_REFUSED" in codes(named(refused, "amend_applicant"))


@pytest.mark.parametrize(
    ("update", "code"),
    [
        ({"state": "COMPLETE", "requestedDate": "2026-04-02"}, "CHECK_OUTCOME_MISSING"),
        ({"state": "DONE", "requestedDate": "2026-04-02"}, "CONTRACT_VIOLATION"),
    ],
)
def test_a_check_that_is_refused_is_named_with_its_clause(
    workspace: Workspace, update: dict[str, Any], code: str
) -> None:
    number = workspace.submit()

    refused = workspace.write("PUT", f"/applicants/{number}/employment-checks/dbs", update)

    assert refused.json()["code"] == code
    assert code in codes(named(refused, "record_employment_check"))


def test_a_power_of_the_sandbox_has_no_clause(workspace: Workspace) -> None:
    workspace.control.put("/clock", json={"mode": "FROZEN"})

    refused = workspace.control.post("/clock/advance", json={"to": "2020-01-01T00:00:00Z"})

    assert refused.json()["code"] == "CLOCK_BACKWARDS"
    assert "clauses" not in refused.json()


def test_what_is_asked_of_a_file_is_no_clause_of_an_answer(workspace: Workspace) -> None:
    refused = workspace.esr.get("/applicants/99999999")

    assert refused.status_code == 404
    assert not [name for name in refused.json().get("clauses", []) if name.startswith("ESR-FIL-")]
