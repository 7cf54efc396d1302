"""Applicants at ESR, through the front door: submit_applicant, read_applicant, list_applicants, amend_applicant,
withdraw_applicant.
"""

from typing import Any
from uuid import uuid4

import pytest
from harness import Workspace


def test_an_applicant_at_offer_stage_is_taken_and_confirmed(workspace: Workspace) -> None:
    submission = workspace.submission()

    answer = workspace.write("POST", "/applicants", submission)

    assert answer.status_code == 201
    confirmation = answer.json()
    assert confirmation["loadStatusCode"] == "SUCCESS"
    assert confirmation["supplierReference"] == submission["supplierReference"]
    held = workspace.read(confirmation["applicantNumber"])
    assert held["assignmentId"] == confirmation["assignmentId"]
    assert {name: held[name] for name in submission} == submission


def test_the_same_request_id_gives_the_same_outcome_and_no_second_applicant(
    workspace: Workspace,
) -> None:
    submission, headers = workspace.submission(), {"X-Request-ID": str(uuid4())}

    first = workspace.write("POST", "/applicants", submission, headers=headers)
    second = workspace.write("POST", "/applicants", submission, headers=headers)

    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert len(workspace.esr.get("/applicants").json()["applicants"]) == 1


def test_a_request_id_is_not_taken_for_another_message(workspace: Workspace) -> None:
    headers = {"X-Request-ID": str(uuid4())}
    workspace.write("POST", "/applicants", workspace.submission(), headers=headers)

    answer = workspace.write("POST", "/applicants", workspace.submission(), headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "REQUEST_ID_REUSED")


def test_a_person_is_an_applicant_for_a_vacancy_once(workspace: Workspace) -> None:
    submission = workspace.submission()
    workspace.write("POST", "/applicants", submission)

    again = workspace.write("POST", "/applicants", {**submission, "supplierReference": "AGAIN-1"})

    assert (again.status_code, again.json()["code"]) == (409, "APPLICANT_EXISTS")
    assert again.json()["confirmation"]["loadStatusCode"] == "FAIL"


def test_a_withdrawn_applicant_may_be_replaced(workspace: Workspace) -> None:
    submission = workspace.submission()
    number = workspace.write("POST", "/applicants", submission).json()["applicantNumber"]
    withdrawal = {"reason": "CANDIDATE_WITHDREW", "withdrawnDate": "2026-04-02"}
    workspace.write("POST", f"/applicants/{number}/withdrawal", withdrawal)

    again = workspace.write("POST", "/applicants", submission)

    assert again.status_code == 201
    assert again.json()["applicantNumber"] != number


def taken(workspace: Workspace, submission: dict[str, Any]) -> str:
    """The number of the applicant who was sent."""
    answer = workspace.write("POST", "/applicants", submission)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["applicantNumber"])


def offered(workspace: Workspace) -> str:
    """The number of an applicant at OFFER."""
    submission = workspace.submission()
    for known_later in ("offerAcceptedDate", "dataSharingConsent"):
        submission.pop(known_later, None)
    return taken(workspace, submission)


def accepted(workspace: Workspace) -> str:
    """The number of an applicant at ACCEPTED."""
    number = offered(workspace)
    workspace.amend(number, {"offerAcceptedDate": workspace.read(number)["offerDate"]})
    return number


def hired(workspace: Workspace) -> str:
    """The number of an applicant at HIRED."""
    number = accepted(workspace)
    workspace.hire(number).raise_for_status()
    return number


def terminated(workspace: Workspace) -> str:
    """The number of an applicant at TERMINATED."""
    number = offered(workspace)
    workspace.write("POST", f"/applicants/{number}/withdrawal", WITHDRAWAL).raise_for_status()
    return number


WITHDRAWAL = {"reason": "CANDIDATE_WITHDREW", "withdrawnDate": "2026-04-02"}
STATUSES = {"OFFER": offered, "ACCEPTED": accepted, "HIRED": hired, "TERMINATED": terminated}
ACTS = {
    "amend": lambda workspace, number: workspace.amend(number, {"person": {"firstName": "Zoë"}}),
    "withdraw": lambda workspace, number: workspace.write(
        "POST", f"/applicants/{number}/withdrawal", WITHDRAWAL
    ),
    "hire": lambda workspace, number: workspace.hire(number),
}
MOVES = {
    ("OFFER", "amend"): "OFFER",
    ("OFFER", "withdraw"): "TERMINATED",
    ("ACCEPTED", "amend"): "ACCEPTED",
    ("ACCEPTED", "withdraw"): "TERMINATED",
    ("ACCEPTED", "hire"): "HIRED",
}
REFUSALS = {
    ("OFFER", "hire"): "STATE_FORBIDS",
    ("HIRED", "amend"): "STATE_FORBIDS",
    ("HIRED", "withdraw"): "WITHDRAWAL_AFTER_HIRE",
    ("HIRED", "hire"): "STATE_FORBIDS",
    ("TERMINATED", "amend"): "REINSTATEMENT_REFUSED",
    ("TERMINATED", "withdraw"): "STATE_FORBIDS",
    ("TERMINATED", "hire"): "STATE_FORBIDS",
}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("act", ACTS)
def test_an_applicant_moves_as_the_life_cycle_says(
    workspace: Workspace, status: str, act: str
) -> None:
    number = STATUSES[status](workspace)
    before = workspace.read(number)
    assert before["status"] == status

    answer = ACTS[act](workspace, number)

    after = workspace.read(number)
    if (status, act) in MOVES:
        assert answer.status_code == 200, answer.text
        assert (after["status"], after["version"]) == (MOVES[status, act], before["version"] + 1)
        assert answer.json() == after
    else:
        assert (answer.status_code, answer.json()["code"]) == (409, REFUSALS[status, act])
        assert after == before


def test_recording_that_the_offer_was_accepted_moves_the_applicant_on(workspace: Workspace) -> None:
    number = offered(workspace)

    answer = workspace.amend(number, {"offerAcceptedDate": workspace.read(number)["offerDate"]})

    assert (answer.status_code, answer.json()["status"]) == (200, "ACCEPTED")
    [event] = workspace.esr.get("/events").json()["events"]
    assert event["type"] == "applicant.accepted"


def test_an_amendment_needs_the_version_that_it_builds_on(workspace: Workspace) -> None:
    number = workspace.submit()
    read = workspace.esr.get(f"/applicants/{number}")
    patch = {"person": {"firstName": "Zoë"}}
    path, media = f"/applicants/{number}", {"Content-Type": "application/merge-patch+json"}
    assert read.headers["etag"] == f'"{read.json()["version"]}"'

    missing = workspace.write("PATCH", path, patch, headers=media)
    amended = workspace.amend(number, patch, read.headers["etag"])
    stale = workspace.amend(number, patch, read.headers["etag"])

    assert (missing.status_code, missing.json()["code"]) == (428, "VERSION_MISSING")
    assert amended.status_code == 200
    assert amended.headers["etag"] == f'"{amended.json()["version"]}"' != read.headers["etag"]
    assert (stale.status_code, stale.json()["code"]) == (412, "VERSION_STALE")
    assert workspace.read(number) == amended.json()


def test_an_amendment_changes_what_it_names_and_null_removes(workspace: Workspace) -> None:
    submission = workspace.submission()
    submission["person"]["mobileNumber"] = "07700 900123"
    number = taken(workspace, submission)
    before = workspace.read(number)

    after = workspace.amend(
        number, {"person": {"mobileNumber": None, "address": {"town": "Southmere"}}}
    ).json()

    expected = {**before["person"], "address": {**before["person"]["address"], "town": "Southmere"}}
    del expected["mobileNumber"]
    assert after["person"] == expected
    changed = {name for name in before if before[name] != after.get(name)}
    assert changed <= {"person", "version", "updatedAt"}


def test_an_amendment_keeps_the_rules_of_a_submission(workspace: Workspace) -> None:
    number = workspace.submit()
    before = workspace.read(number)

    answer = workspace.amend(number, {"startDate": "2020-01-01"})

    assert (answer.status_code, answer.json()["code"]) == (422, "APPLICANT_REFUSED")
    assert answer.json()["confirmation"]["loadStatusCode"] == "FAIL"
    assert "/startDate" in [error["pointer"] for error in answer.json()["errors"]]
    assert workspace.read(number) == before


def test_a_withdrawal_is_kept_with_its_reason(workspace: Workspace) -> None:
    number = terminated(workspace)

    assert workspace.read(number)["withdrawal"] == WITHDRAWAL
    [event] = workspace.esr.get("/events").json()["events"]
    assert (event["type"], event["data"]["status"]) == ("applicant.withdrawn", "TERMINATED")


def test_nobody_is_hired_before_the_offer_was_accepted(workspace: Workspace) -> None:
    number = accepted(workspace)

    answer = workspace.control.post(
        f"/esr/applicants/{number}/hire", json={"hiredDate": "2020-01-01"}
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "ACCEPTANCE_AFTER_START")
    assert workspace.read(number)["status"] == "ACCEPTED"


def test_every_reason_of_a_refusal_is_told_at_once(workspace: Workspace) -> None:
    submission = workspace.submission(positionId=1, endDate="2020-01-01")

    answer = workspace.write("POST", "/applicants", submission)

    assert (answer.status_code, answer.json()["code"]) == (422, "APPLICANT_REFUSED")
    confirmation = answer.json()["confirmation"]
    codes = {m["messageCode"] for m in confirmation["messages"] if m["messageType"] == "ERROR"}
    assert codes == {"POSITION_UNKNOWN", "END_BEFORE_START"}
    assert confirmation["loadStatusCode"] == "FAIL"
    assert "applicantNumber" not in confirmation
    assert workspace.esr.get("/applicants").json()["applicants"] == []


def test_a_warning_comes_with_the_applicant_who_is_taken(workspace: Workspace) -> None:
    submission = workspace.submission()
    submission["person"].pop("niNumber", None)

    answer = workspace.write("POST", "/applicants", submission)

    assert answer.status_code == 201
    [message] = answer.json()["messages"]
    assert (message["messageType"], message["messageCode"]) == ("WARNING", "NI_NUMBER_ABSENT")


def test_a_supplier_reference_has_one_live_applicant(workspace: Workspace) -> None:
    first = workspace.submission()
    taken(workspace, first)

    again = workspace.write(
        "POST", "/applicants", workspace.submission(supplierReference=first["supplierReference"])
    )

    assert (again.status_code, again.json()["code"]) == (409, "SUPPLIER_REFERENCE_TAKEN")


def test_applicants_are_listed_by_every_filter_page_by_page(workspace: Workspace) -> None:
    submissions = [workspace.submission() for _ in range(5)]
    numbers = [taken(workspace, submission) for submission in submissions]
    workspace.write("POST", f"/applicants/{numbers[2]}/withdrawal", WITHDRAWAL)

    def listed(**filters: Any) -> list[str]:
        found, _ = workspace.walk("/applicants", **filters)
        return [item["applicantNumber"] for item in found]

    assert listed(limit=2) == numbers
    assert listed(status="TERMINATED") == [numbers[2]]
    assert listed(supplierReference=submissions[1]["supplierReference"]) == [numbers[1]]
    vacancy = submissions[0]["vacancyReference"]
    expected = [
        number
        for number, sent in zip(numbers, submissions, strict=True)
        if sent["vacancyReference"] == vacancy
    ]
    assert listed(vacancyReference=vacancy) == expected
    assert listed(vacancyReference=vacancy, status="HIRED") == []


def test_a_transfer_is_known_from_the_first_moment_on(workspace: Workspace) -> None:
    number = offered(workspace)
    path = f"/applicants/{number}/inter-authority-transfer"

    before = workspace.esr.get(path).json()
    workspace.amend(number, {"dataSharingConsent": False})
    after = workspace.esr.get(path).json()

    assert (before["status"], "consent" in before) == ("NOT_REQUESTED", False)
    assert (after["status"], after["consent"]) == ("NOT_RUN", False)
    assert workspace.esr.get("/applicants/99999999/inter-authority-transfer").status_code == 404
