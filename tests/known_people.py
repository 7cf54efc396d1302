"""People whom ESR knows, made through the front door: sent, hired, withdrawn, put under review, decided about."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
from harness import Workspace

PERSON = {
    "firstName": "Amara",
    "lastName": "Fielding",
    "dateOfBirth": "1994-05-17",
    "gender": "2",
    "niNumber": "PZ900001A",
    "nationality": "GB",
    "emailAddress": "amara.fielding@example.org",
    "address": {
        "line1": "1 Example Street",
        "town": "Northmere",
        "postcode": "XN1 2AB",
        "country": "GB",
    },
}
NAMELESS_NUMBER = {name: value for name, value in PERSON.items() if name != "niNumber"}
WITHDRAWAL = {"reason": "CANDIDATE_WITHDREW", "withdrawnDate": "2026-04-02"}
TODAY = datetime.now(UTC).date()


def vacancy(world: Workspace, ordinal: int, *, elsewhere: bool = False) -> dict[str, Any]:
    """A vacancy of the first employer, or of the second."""
    found = [
        item for item in world.world.vacancies if (item["odsCode"] != world.employer) is elsewhere
    ]
    return dict(found[ordinal])


def send(
    world: Workspace, for_vacancy: dict[str, Any], person: dict[str, Any], **changes: Any
) -> httpx.Response:
    """Sends the person for a vacancy."""
    position = world.world.position_by_id[for_vacancy["positionId"]]
    submission = {
        "supplierReference": f"APP-{uuid4().hex[:12]}",
        "vacancyReference": for_vacancy["vacancyReference"],
        "positionId": for_vacancy["positionId"],
        "person": person,
        "staffGroup": position["staffGroup"],
        "jobRole": position["jobRole"],
        "contractType": "05",
        "assignmentType": "01",
        "offerDate": (TODAY - timedelta(days=40)).isoformat(),
        "offerAcceptedDate": (TODAY - timedelta(days=38)).isoformat(),
        "startDate": (TODAY + timedelta(days=40)).isoformat(),
        **changes,
    }
    sent = {name: value for name, value in submission.items() if value is not None}
    return world.write("POST", "/applicants", sent, employer=for_vacancy["odsCode"])


def number_of(answer: httpx.Response) -> str:
    """The number of an applicant who was taken."""
    assert answer.status_code == 201, answer.text
    return str(answer.json()["applicantNumber"])


def messages(answer: httpx.Response) -> list[tuple[str, str]]:
    """(severity, code) of every message of a confirmation."""
    body = answer.json()
    said = body.get("confirmation", body)["messages"]
    return [
        (item["messageType"], item["messageCode"])
        for item in said
        if item["messageCode"].startswith(("MATCH", "PERSON", "INTERNAL", "APPLICANT"))
    ]


def decide(world: Workspace, number: str, decision: str, **body: Any) -> httpx.Response:
    path = f"/esr/applicants/{number}/match-decision"
    return world.control.post(path, json={"decision": decision, **body})


def events(world: Workspace) -> list[tuple[str, str]]:
    """(type, status) of every event about an applicant, in order."""
    told = world.esr.get("/events", params={"limit": 100}).json()["events"]
    return [
        (item["type"], item["data"]["status"])
        for item in told
        if item["type"].startswith("applicant.")
    ]


def employee(world: Workspace, *, elsewhere: bool = False, **changes: Any) -> str:
    """The person is hired by the first employer, or by the second."""
    number = number_of(send(world, vacancy(world, 0, elsewhere=elsewhere), PERSON, **changes))
    world.hire(number).raise_for_status()
    return number


def employee_elsewhere(world: Workspace) -> str:
    return employee(world, elsewhere=True)


def ex_employee(world: Workspace) -> str:
    """The person was hired by the second employer, for a contract that ended yesterday."""
    start, end = TODAY - timedelta(days=20), TODAY - timedelta(days=1)
    return employee(world, elsewhere=True, startDate=start.isoformat(), endDate=end.isoformat())


def applicant(world: Workspace) -> str:
    return number_of(send(world, vacancy(world, 0), PERSON))


def ex_applicant(world: Workspace) -> str:
    number = applicant(world)
    world.write("POST", f"/applicants/{number}/withdrawal", WITHDRAWAL).raise_for_status()
    return number


KINDS: dict[str, Callable[[Workspace], str]] = {
    "EMPLOYEE": employee,
    "EMPLOYEE_ELSEWHERE": employee_elsewhere,
    "EX_EMPLOYEE": ex_employee,
    "APPLICANT": applicant,
    "EX_APPLICANT": ex_applicant,
}
GRADES: dict[str, dict[str, Any]] = {
    "EXACT": {**PERSON, "firstName": "Amy", "lastName": "FIELDING"},
    "FORMER_NAME": {**PERSON, "lastName": "Reed", "previousLastName": "Fielding"},
    "NI_ONLY": {**PERSON, "dateOfBirth": "1994-05-18"},
    "NAME_AND_BIRTH": NAMELESS_NUMBER,
}


def reviewed(world: Workspace, **changes: Any) -> tuple[str, int]:
    """The number of an applicant under review, and who it may be: somebody who works elsewhere."""
    known = world.read(employee_elsewhere(world))
    return number_of(send(world, vacancy(world, 1), NAMELESS_NUMBER, **changes)), known["personId"]
