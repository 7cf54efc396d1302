"""Who may start and update which check, through the front door, under each profile that an employer can carry."""

from typing import Any

import httpx
import pytest
from harness import Workspace

TYPES = (
    "identity",
    "right-to-work",
    "registration-and-qualifications",
    "employment-history-and-references",
    "dbs",
    "work-health-assessment",
    "alert-notice",
)
OPEN = {"state": "IN_PROGRESS", "requestedDate": "2026-04-02"}
DONE = {
    "state": "COMPLETE",
    "outcome": "CLEAR",
    "requestedDate": "2026-04-02",
    "completedDate": "2026-04-03",
}
# By type under 2015: (the recruitment system starts, ESR starts); None where it may.
STARTS_2015 = {
    "identity": ("CHECK_NOT_SUPPORTED", "CHECK_NOT_SUPPORTED"),
    "right-to-work": (None, "CHECK_NOT_STARTED"),
    "dbs": (None, "CHECK_NOT_STARTED"),
    "work-health-assessment": ("CHECK_WRONG_DIRECTION", None),
}


def by_supplier(
    workspace: Workspace, number: str, check_type: str, update: dict[str, Any]
) -> httpx.Response:
    return workspace.write("PUT", f"/applicants/{number}/employment-checks/{check_type}", update)


def by_esr(
    workspace: Workspace, number: str, check_type: str, update: dict[str, Any]
) -> httpx.Response:
    path = f"/esr/applicants/{number}/employment-checks/{check_type}"
    return workspace.control.post(path, json=update)


def code_of(answer: httpx.Response) -> str | None:
    return None if answer.is_success else str(answer.json()["code"])


@pytest.mark.parametrize("check_type", TYPES)
def test_under_api_1_either_side_starts_and_the_other_goes_on(
    workspace: Workspace, check_type: str
) -> None:
    one, other = workspace.submit(), workspace.submit()

    assert by_supplier(workspace, one, check_type, OPEN).status_code == 201
    assert by_esr(workspace, one, check_type, DONE).json()["updatedBy"] == "ESR"
    assert by_esr(workspace, other, check_type, OPEN).json()["startedBy"] == "ESR"
    assert by_supplier(workspace, other, check_type, DONE).json()["startedBy"] == "ESR"


@pytest.mark.parametrize("check_type", TYPES)
def test_under_2015_a_check_is_started_by_whom_the_profile_names(
    workspace: Workspace, check_type: str
) -> None:
    workspace.carry(employmentChecks="2015")
    supplier, esr = STARTS_2015.get(check_type, (None, None))

    answers = (
        by_supplier(workspace, workspace.submit(), check_type, OPEN),
        by_esr(workspace, workspace.submit(), check_type, OPEN),
    )

    assert tuple(code_of(answer) for answer in answers) == (supplier, esr)
    assert {answer.status_code for answer in answers if not answer.is_success} <= {422}


@pytest.mark.parametrize("check_type", ["right-to-work", "dbs"])
def test_under_2015_esr_answers_what_the_recruitment_system_has_started(
    workspace: Workspace, check_type: str
) -> None:
    workspace.carry(employmentChecks="2015")
    number = workspace.submit()
    by_supplier(workspace, number, check_type, OPEN)

    answered = by_esr(workspace, number, check_type, DONE)

    assert (answered.json()["startedBy"], answered.json()["updatedBy"]) == ("SUPPLIER", "ESR")


def test_a_refused_start_leaves_nothing_behind(workspace: Workspace) -> None:
    workspace.carry(employmentChecks="2015")
    number = workspace.submit()

    assert by_supplier(workspace, number, "identity", OPEN).status_code == 422

    checks = workspace.esr.get(f"/applicants/{number}/employment-checks").json()
    assert checks["employmentChecks"] == []


def test_under_2015_a_registration_that_esr_has_recorded_is_not_checked_again(
    workspace: Workspace,
) -> None:
    registration = {"body": "03", "number": "7654321"}
    person = workspace.submission()["person"] | {"niNumber": "PZ900001A"}
    employed = workspace.submit(
        person=person,
        registrations=[registration],
        internalCandidate=False,
        offerAcceptedDate=workspace.submission()["offerDate"],
    )
    workspace.hire(employed).raise_for_status()
    vacancy = workspace.read(employed)["vacancyReference"]
    elsewhere = next(
        submission
        for submission in (workspace.submission() for _ in range(100))
        if submission["vacancyReference"] != vacancy
    )
    again = workspace.submit(**{**elsewhere, "person": person, "internalCandidate": False})
    update = {**OPEN, "state": "REQUESTED", "registration": registration}
    workspace.carry(employmentChecks="2015")

    refused = by_supplier(workspace, again, "registration-and-qualifications", update)
    another = {**update, "registration": {"body": "03", "number": "1234567"}}
    taken = by_supplier(workspace, again, "registration-and-qualifications", another)

    assert (refused.status_code, code_of(refused)) == (422, "REGISTRATION_ALREADY_RECORDED")
    assert taken.status_code == 201


@pytest.mark.parametrize(("profile", "carries"), [("api-1", True), ("2015", False)])
def test_an_event_carries_the_details_where_the_profile_says_so(
    workspace: Workspace, profile: str, carries: bool
) -> None:
    workspace.carry(employmentChecks=profile)
    number = workspace.submit()
    detail = {"level": "ENHANCED", "workforce": "ADULT"}

    by_supplier(workspace, number, "dbs", {**OPEN, "dbs": detail})

    events = workspace.esr.get("/events", params={"limit": 100}).json()["events"]
    [told] = [event["data"] for event in events if event["type"] == "employment-check.started"]
    assert ("dbs" in told) is carries
    held = workspace.esr.get(f"/applicants/{number}/employment-checks/dbs").json()
    assert held["dbs"] == detail
