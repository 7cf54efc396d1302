"""Employment checks at ESR, through the front door: seven types, their states, and the parties that move them."""

from typing import Any

import httpx
import pytest
from harness import Workspace

REQUESTED, COMPLETED = "2026-04-02", "2026-04-09"
DETAILS: dict[str, dict[str, Any]] = {
    "identity": {"identity": {"photoDocuments": 2, "addressDocuments": 1, "digital": False}},
    "right-to-work": {
        "followUpDate": "2028-01-31",
        "rightToWork": {
            "route": "SKILLED_WORKER",
            "shareCode": "W12345678",
            "permissionExpiryDate": "2028-02-29",
        },
    },
    "registration-and-qualifications": {"registration": {"body": "09", "number": "99Z0001Z"}},
    "employment-history-and-references": {
        "employmentHistory": {"yearsCovered": 3, "references": 2, "gapsExplained": True}
    },
    "dbs": {
        "dbs": {
            "level": "ENHANCED_BARRED",
            "workforce": "ADULT",
            "adultBarredList": True,
            "certificateNumber": "001234567890",
            "issueDate": "2026-04-02",
        }
    },
    "work-health-assessment": {"workHealth": {"result": "FIT"}},
    "alert-notice": {"alertNotice": {"noticeFound": False, "reviewedDate": COMPLETED}},
}
REGISTRATION = "registration-and-qualifications"


def record(workspace: Workspace, number: str, check_type: str, **update: Any) -> httpx.Response:
    body = {"requestedDate": REQUESTED, **update}
    return workspace.write("PUT", f"/applicants/{number}/employment-checks/{check_type}", body)


def read(workspace: Workspace, number: str, check_type: str) -> dict[str, Any]:
    path = f"/applicants/{number}/employment-checks/{check_type}"
    return dict(workspace.esr.get(path).raise_for_status().json())


def done(
    workspace: Workspace, number: str, check_type: str, outcome: str = "CLEAR"
) -> httpx.Response:
    return record(
        workspace, number, check_type, state="COMPLETE", outcome=outcome, completedDate=COMPLETED
    )


@pytest.mark.parametrize("check_type", DETAILS)
def test_a_check_is_started_and_runs_to_its_outcome(workspace: Workspace, check_type: str) -> None:
    number = workspace.submit()
    path = f"/applicants/{number}/employment-checks/{check_type}"
    assert workspace.esr.get(path).status_code == 404

    started = record(workspace, number, check_type, state="REQUESTED")
    states = [
        record(workspace, number, check_type, state=state, **DETAILS[check_type])
        for state in ("IN_PROGRESS", "IN_PROGRESS", "AWAITING_ANSWER", "IN_PROGRESS")
    ]
    complete = record(
        workspace,
        number,
        check_type,
        state="COMPLETE",
        outcome="CLEAR",
        completedDate=COMPLETED,
        **DETAILS[check_type],
    )

    assert (started.status_code, started.headers["location"]) == (201, f"/esr/v1{path}")
    assert [answer.status_code for answer in (*states, complete)] == [200] * 5
    check = complete.json()
    assert (check["version"], check["startedBy"], check["updatedBy"]) == (6, "SUPPLIER", "SUPPLIER")
    assert DETAILS[check_type].items() <= check.items()
    assert read(workspace, number, check_type) == check
    types = [event["type"] for event in workspace.esr.get("/events").json()["events"]]
    assert types == ["employment-check.started", *["employment-check.updated"] * 5]


def test_a_move_that_the_states_do_not_have_is_refused_and_changes_nothing(
    workspace: Workspace,
) -> None:
    number = workspace.submit()
    cancelled_first = record(workspace, number, "dbs", state="CANCELLED")
    record(workspace, number, "dbs", state="IN_PROGRESS")
    record(workspace, number, "dbs", state="CANCELLED").raise_for_status()
    before = read(workspace, number, "dbs")

    reopened = record(workspace, number, "dbs", state="IN_PROGRESS")

    assert (cancelled_first.status_code, cancelled_first.json()["code"]) == (409, "STATE_FORBIDS")
    assert (reopened.status_code, reopened.json()["code"]) == (409, "STATE_FORBIDS")
    assert read(workspace, number, "dbs") == before
    assert record(workspace, number, "dbs", state="REQUESTED").status_code == 200


def test_a_complete_check_may_be_corrected_and_not_reopened(workspace: Workspace) -> None:
    number = workspace.submit()
    done(workspace, number, "identity", "CONSIDER")

    corrected = done(workspace, number, "identity", "CLEAR")
    reopened = record(workspace, number, "identity", state="IN_PROGRESS")

    assert (corrected.status_code, corrected.json()["outcome"]) == (200, "CLEAR")
    assert (reopened.status_code, reopened.json()["code"]) == (409, "STATE_FORBIDS")


def test_an_update_that_breaks_one_rule_has_its_code_and_of_several_every_place(
    workspace: Workspace,
) -> None:
    number = workspace.submit()

    one = record(workspace, number, "dbs", state="COMPLETE")
    several = record(
        workspace,
        number,
        "dbs",
        state="IN_PROGRESS",
        outcome="CLEAR",
        completedDate="2026-04-01",
        **DETAILS["identity"],
    )

    assert (one.status_code, one.json()["code"]) == (422, "CHECK_OUTCOME_MISSING")
    assert (several.status_code, several.json()["code"]) == (422, "CHECK_REFUSED")
    pointers = [error["pointer"] for error in several.json()["errors"]]
    assert pointers == ["/outcome", "", "/completedDate"]
    assert (
        workspace.esr.get(f"/applicants/{number}/employment-checks").json()["employmentChecks"]
        == []
    )


def test_the_checks_of_an_applicant_are_listed_in_the_order_of_their_types(
    workspace: Workspace,
) -> None:
    number, other = workspace.submit(), workspace.submit()
    for check_type in reversed(DETAILS):
        record(workspace, number, check_type, state="REQUESTED").raise_for_status()

    listed = workspace.esr.get(f"/applicants/{number}/employment-checks").json()
    empty = workspace.esr.get(f"/applicants/{other}/employment-checks").json()

    assert [check["checkType"] for check in listed["employmentChecks"]] == list(DETAILS)
    assert empty == {"applicantNumber": other, "employmentChecks": []}


def test_a_withdrawn_or_hired_applicant_takes_no_more_checks(workspace: Workspace) -> None:
    withdrawal = {"reason": "CANDIDATE_WITHDREW", "withdrawnDate": "2026-04-02"}
    withdrawn = workspace.submit()
    workspace.write("POST", f"/applicants/{withdrawn}/withdrawal", withdrawal).raise_for_status()
    hired = workspace.submit()
    if workspace.read(hired)["status"] == "OFFER":
        workspace.amend(hired, {"offerAcceptedDate": workspace.read(hired)["offerDate"]})
    workspace.hire(hired).raise_for_status()

    for number in (withdrawn, hired):
        answer = record(workspace, number, "dbs", state="REQUESTED")
        cleared = workspace.control.post(
            f"/esr/applicants/{number}/occupational-health-clearance", json={}
        )

        assert (answer.status_code, answer.json()["code"]) == (409, "STATE_FORBIDS")
        assert (cleared.status_code, cleared.json()["code"]) == (409, "STATE_FORBIDS")


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        ("FIT", "CLEAR"),
        ("FIT_WITH_ADJUSTMENTS", "CONSIDER"),
        ("TEMPORARILY_UNFIT", "CONSIDER"),
        ("UNFIT", "NOT_CLEAR"),
    ],
)
def test_occupational_health_concludes(workspace: Workspace, result: str, outcome: str) -> None:
    number = workspace.submit()

    answer = workspace.control.post(
        f"/esr/applicants/{number}/occupational-health-clearance", json={"result": result}
    )

    assert answer.status_code == 200, answer.text
    check = answer.json()
    assert (check["state"], check["outcome"], check["workHealth"]) == (
        "COMPLETE",
        outcome,
        {"result": result},
    )
    assert (check["startedBy"], check["updatedBy"]) == ("ESR", "ESR")
    assert read(workspace, number, "work-health-assessment") == check


def test_adjustments_belong_to_one_result_and_dates_are_in_order(workspace: Workspace) -> None:
    path = f"/esr/applicants/{workspace.submit()}/occupational-health-clearance"

    misplaced = workspace.control.post(path, json={"result": "FIT", "adjustments": "A chair"})
    early = workspace.control.post(path, json={"completedDate": "2020-01-01"})
    adjusted = workspace.control.post(
        path, json={"result": "FIT_WITH_ADJUSTMENTS", "adjustments": "A chair"}
    )

    assert (misplaced.status_code, misplaced.json()["code"]) == (422, "SETTING_INVALID")
    assert (early.status_code, early.json()["code"]) == (422, "CHECK_DATES_OUT_OF_ORDER")
    assert adjusted.json()["workHealth"]["adjustments"] == "A chair"


@pytest.mark.parametrize(
    ("answer", "outcome", "status"),
    [
        ("FOUND", "CLEAR", "03"),
        ("ALREADY_RECORDED", "CLEAR", "03"),
        ("LAPSED", "NOT_CLEAR", "02"),
        ("NOT_FOUND", "NOT_CLEAR", None),
        ("NAME_DIFFERS", "CONSIDER", "03"),
    ],
)
def test_the_regulator_answers_a_check_that_waits_for_it(
    workspace: Workspace, answer: str, outcome: str, status: str | None
) -> None:
    number = workspace.submit()
    path = f"/esr/applicants/{number}/registration-answer"
    none_yet = workspace.control.post(path, json={"answer": answer})
    record(workspace, number, REGISTRATION, state="REQUESTED", **DETAILS[REGISTRATION])
    not_waiting = workspace.control.post(path, json={"answer": answer})
    record(workspace, number, REGISTRATION, state="AWAITING_ANSWER", **DETAILS[REGISTRATION])

    answered = workspace.control.post(path, json={"answer": answer})

    assert (none_yet.status_code, none_yet.json()["code"]) == (409, "STATE_FORBIDS")
    assert (not_waiting.status_code, not_waiting.json()["code"]) == (409, "STATE_FORBIDS")
    assert answered.status_code == 200, answered.text
    check = answered.json()
    assert (check["outcome"], check["updatedBy"]) == (outcome, "REGULATOR")
    assert check["registration"].get("status") == status
    assert ("expiryDate" in check["registration"]) is (
        answer in ("FOUND", "ALREADY_RECORDED", "LAPSED")
    )


def test_an_answer_without_a_registration_has_no_expiry_date(workspace: Workspace) -> None:
    number = workspace.submit()
    record(workspace, number, REGISTRATION, state="AWAITING_ANSWER", **DETAILS[REGISTRATION])

    answer = workspace.control.post(
        f"/esr/applicants/{number}/registration-answer",
        json={"answer": "NOT_FOUND", "expiryDate": "2027-03-31"},
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "SETTING_INVALID")
    assert read(workspace, number, REGISTRATION)["state"] == "AWAITING_ANSWER"
