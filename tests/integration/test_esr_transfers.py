"""Inter-authority transfers through the front door: released, decided by an approver, refused, never run."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from harness import Workspace

NUMBER = "PZ123456A"


@pytest.fixture
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    """Two employers on ESR, both on Auto-IAT."""
    made = make_workspace(organisations=2)
    for organisation in made.world.organisations:
        made.change_organisation(str(organisation["odsCode"]), autoIat=True).raise_for_status()
    return made


def employers(workspace: Workspace) -> tuple[str, str]:
    new, previous = (str(item["odsCode"]) for item in workspace.world.organisations)
    return new, previous


def application(workspace: Workspace, ods_code: str, **changes: Any) -> dict[str, Any]:
    """The next applicant for a vacancy of the employer, who has accepted and agrees that data are shared."""
    offered = {str(item["vacancyReference"]): item for item in workspace.world.vacancies}
    while True:
        found = workspace.submission()
        if offered[found["vacancyReference"]]["odsCode"] == ods_code:
            break
    found.pop("previousEmployer", None)
    found.pop("endDate", None)
    agreed = {"offerAcceptedDate": found["offerDate"], "dataSharingConsent": True}
    wanted = {**found, **agreed, **changes}
    return {name: value for name, value in wanted.items() if value is not None}


def send(workspace: Workspace, ods_code: str, **changes: Any) -> str:
    """Sends an applicant who is taken; answers the applicant number."""
    body = application(workspace, ods_code, **changes)
    answer = workspace.write("POST", "/applicants", body, employer=ods_code)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["applicantNumber"])


def employee(workspace: Workspace, ods_code: str, **person: Any) -> dict[str, Any]:
    """Somebody whom the employer has hired, as a supplier knows them."""
    body = application(workspace, ods_code)
    body["person"] = {**body["person"], "niNumber": NUMBER, **person}
    number = send(workspace, ods_code, **body)
    workspace.hire(number).raise_for_status()
    return dict(body["person"])


def transfer(workspace: Workspace, number: str) -> dict[str, Any]:
    path = f"/applicants/{number}/inter-authority-transfer"
    return dict(workspace.esr.get(path).raise_for_status().json())


def start(workspace: Workspace, number: str) -> httpx.Response:
    return workspace.control.post(f"/esr/applicants/{number}/inter-authority-transfer/start")


def decide(workspace: Workspace, number: str, decision: str, **more: str) -> httpx.Response:
    path = f"/esr/applicants/{number}/inter-authority-transfer/decision"
    return workspace.control.post(path, json={"decision": decision, **more})


def told(workspace: Workspace, number: str) -> list[dict[str, Any]]:
    """What the feed says of the applicant's transfer, oldest first."""
    subject = f"applicants/{number}/inter-authority-transfer"
    events, _ = workspace.walk("/events", limit=100)
    return [dict(event["data"]) for event in events if event["subject"] == subject]


def statuses(workspace: Workspace, number: str) -> list[str]:
    return [data["status"] for data in told(workspace, number)]


def test_consent_opting_in_and_an_exact_match_release_the_data_with_no_approver(
    workspace: Workspace,
) -> None:
    new, previous = employers(workspace)
    person = employee(workspace, previous)

    number = send(workspace, new, person=person)

    released = transfer(workspace, number)
    assert (released["status"], released["mode"]) == ("RELEASED", "AUTOMATIC")
    assert released["previousEmployer"] == previous
    assert released["requestedAt"] == released["releasedAt"]
    assert released["released"][:2] == ["PERSONAL_DETAILS", "EMPLOYMENT_HISTORY"]
    data = released["portableData"]
    assert data["personalDetails"]["lastName"] == person["lastName"]
    assert [item["odsCode"] for item in data["employmentHistory"]] == [previous]
    assert data["employmentHistory"][0]["positionTitle"]
    assert data["training"]


def test_the_event_of_a_release_does_not_carry_the_data(workspace: Workspace) -> None:
    new, previous = employers(workspace)
    number = send(workspace, new, person=employee(workspace, previous))

    (event,) = told(workspace, number)

    read = transfer(workspace, number)
    assert event == {name: value for name, value in read.items() if name != "portableData"}


def test_no_consent_means_that_the_transfer_is_never_run(workspace: Workspace) -> None:
    new, previous = employers(workspace)
    person = employee(workspace, previous)

    number = send(workspace, new, person=person, dataSharingConsent=False)

    assert transfer(workspace, number)["status"] == "NOT_RUN"
    assert start(workspace, number).status_code == 409
    assert decide(workspace, number, "RELEASE").status_code == 409
    assert transfer(workspace, number)["status"] == "NOT_RUN"
    assert "RELEASED" not in statuses(workspace, number)


@pytest.mark.parametrize(
    ("differs", "reason"),
    [
        ({"autoIat": False}, "The previous employer has not opted in to automated transfers."),
        ({"lastName": "Zellweger"}, "Not the same there: last name."),
    ],
    ids=str,
)
def test_otherwise_an_approver_decides_and_releases(
    workspace: Workspace, differs: dict[str, Any], reason: str
) -> None:
    new, previous = employers(workspace)
    person = employee(workspace, previous)
    if "autoIat" in differs:
        workspace.change_organisation(previous, **differs).raise_for_status()
    else:
        person |= {**differs, "previousLastName": person["lastName"]}
    number = send(workspace, new, person=person)
    waiting = transfer(workspace, number)
    assert (waiting["status"], waiting["mode"], waiting["reason"]) == (
        "REQUESTED",
        "APPROVER",
        reason,
    )
    assert "portableData" not in waiting

    released = decide(workspace, number, "RELEASE")

    assert released.status_code == 200, released.text
    assert released.json() == transfer(workspace, number)
    assert (released.json()["status"], released.json()["mode"]) == ("RELEASED", "APPROVER")
    assert released.json()["requestedAt"] == waiting["requestedAt"]
    assert released.json()["portableData"]["employmentHistory"][0]["odsCode"] == previous
    assert statuses(workspace, number) == ["REQUESTED", "RELEASED"]


def test_an_approver_refuses_and_may_be_asked_once_more(workspace: Workspace) -> None:
    new, previous = employers(workspace)
    person = employee(workspace, previous)
    workspace.change_organisation(previous, autoIat=False).raise_for_status()
    number = send(workspace, new, person=person)

    refused = decide(workspace, number, "REFUSE", reason="Not the same person.")
    assert (refused.json()["status"], refused.json()["reason"]) == (
        "REFUSED",
        "Not the same person.",
    )
    assert decide(workspace, number, "RELEASE").status_code == 409
    again = start(workspace, number)

    assert again.json()["status"] == "REQUESTED", again.text
    assert decide(workspace, number, "RELEASE").json()["status"] == "RELEASED"
    assert statuses(workspace, number) == ["REQUESTED", "REFUSED", "REQUESTED", "RELEASED"]


def test_without_auto_iat_somebody_at_the_new_employer_starts_the_transfer(
    workspace: Workspace,
) -> None:
    new, previous = employers(workspace)
    person = employee(workspace, previous)
    workspace.change_organisation(new, autoIat=False).raise_for_status()
    number = send(workspace, new, person=person)
    assert transfer(workspace, number)["status"] == "NOT_REQUESTED"

    started = start(workspace, number)

    assert started.status_code == 200, started.text
    assert (started.json()["status"], started.json()["mode"]) == ("RELEASED", "AUTOMATIC")
    again = start(workspace, number)
    assert again.status_code == 409
    assert again.json()["code"] == "STATE_FORBIDS"


def test_consent_that_comes_later_starts_the_transfer(workspace: Workspace) -> None:
    new, previous = employers(workspace)
    person = employee(workspace, previous)
    number = send(workspace, new, person=person, dataSharingConsent=None)
    before = transfer(workspace, number)
    assert before["status"] == "NOT_REQUESTED"
    assert "consent" not in before
    assert start(workspace, number).status_code == 409

    amended = workspace.amend(number, {"dataSharingConsent": True})

    assert amended.status_code == 200, amended.text
    assert transfer(workspace, number)["status"] == "RELEASED"
    assert statuses(workspace, number) == ["RELEASED"]


def test_a_no_that_comes_later_is_announced_and_takes_nothing_back(workspace: Workspace) -> None:
    new, previous = employers(workspace)
    released = send(workspace, new, person=employee(workspace, previous))
    unanswered = send(workspace, new, dataSharingConsent=None)

    for number in (released, unanswered):
        assert workspace.amend(number, {"dataSharingConsent": False}).status_code == 200

    kept = transfer(workspace, released)
    assert (kept["status"], kept["consent"]) == ("RELEASED", False)
    assert kept["portableData"]
    assert transfer(workspace, unanswered)["status"] == "NOT_RUN"
    assert statuses(workspace, unanswered) == ["NOT_RUN"]


def test_an_acceptance_that_comes_later_starts_the_transfer(workspace: Workspace) -> None:
    new, previous = employers(workspace)
    person = employee(workspace, previous)
    body = application(workspace, new, person=person, offerAcceptedDate=None)
    number = send(workspace, new, **{**body, "offerAcceptedDate": None})
    assert transfer(workspace, number)["status"] == "NOT_REQUESTED"

    workspace.amend(number, {"offerAcceptedDate": body["offerDate"]})

    assert transfer(workspace, number)["status"] == "RELEASED"


def test_without_a_national_insurance_number_no_transfer_runs_until_it_comes(
    workspace: Workspace,
) -> None:
    new, previous = employers(workspace)
    body = application(workspace, new, previousEmployer={"name": "Before", "odsCode": previous})
    body["person"].pop("niNumber", None)
    number = send(workspace, new, **body)
    without = transfer(workspace, number)
    assert without["status"] == "NOT_RUN"
    assert "National Insurance" in without["reason"]

    amended = workspace.amend(number, {"person": {"niNumber": NUMBER}})

    assert amended.status_code == 200, amended.text
    asked = transfer(workspace, number)
    assert (asked["status"], asked["mode"]) == ("REQUESTED", "APPROVER")
    assert "no employment" in asked["reason"]


def test_a_previous_employer_that_esr_does_not_know_rules_the_transfer_out(
    workspace: Workspace,
) -> None:
    new, _ = employers(workspace)

    number = send(workspace, new, previousEmployer={"name": "Elsewhere", "odsCode": "Z9Z9Z"})

    assert transfer(workspace, number)["reason"] == "No previous employer on ESR is known."
    assert start(workspace, number).status_code == 409


def test_a_withdrawal_before_the_release_ends_the_transfer(workspace: Workspace) -> None:
    new, previous = employers(workspace)
    person = employee(workspace, previous)
    workspace.change_organisation(previous, autoIat=False).raise_for_status()
    number = send(workspace, new, person=person)

    withdrawal = {"reason": "CANDIDATE_WITHDREW", "withdrawnDate": "2026-05-01"}
    path = f"/applicants/{number}/withdrawal"
    assert workspace.write("POST", path, withdrawal, employer=new).status_code == 200

    ended = transfer(workspace, number)
    assert ended["status"] == "NOT_RUN"
    assert ended["reason"] == "The application ended before the data were released."
    assert decide(workspace, number, "RELEASE").status_code == 409
    assert statuses(workspace, number) == ["REQUESTED", "NOT_RUN"]


def test_a_hire_changes_nothing_about_the_transfer(workspace: Workspace) -> None:
    new, previous = employers(workspace)
    number = send(workspace, new, person=employee(workspace, previous))
    before = transfer(workspace, number)

    hired = workspace.hire(number)

    assert hired.status_code == 200, hired.text
    assert transfer(workspace, number) == before


def test_a_reason_belongs_to_a_refusal(workspace: Workspace) -> None:
    new, previous = employers(workspace)
    person = employee(workspace, previous)
    workspace.change_organisation(previous, autoIat=False).raise_for_status()
    number = send(workspace, new, person=person)

    answer = decide(workspace, number, "RELEASE", reason="Gladly.")

    assert (answer.status_code, answer.json()["code"]) == (422, "SETTING_INVALID")
    assert transfer(workspace, number)["status"] == "REQUESTED"


@pytest.mark.parametrize("act", ["start", "decision"])
def test_nobody_can_decide_about_an_applicant_whom_esr_does_not_know(
    workspace: Workspace, act: str
) -> None:
    path = f"/esr/applicants/99999999/inter-authority-transfer/{act}"

    answer = workspace.control.post(
        path, json={"decision": "REFUSE"} if act == "decision" else None
    )

    assert answer.status_code == 404
