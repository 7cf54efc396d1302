"""Applicants at ESR, through the front door."""

from uuid import uuid4

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
