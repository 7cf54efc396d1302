"""Employees: made of applicants who are hired, and moved where they work for the employer already."""

from typing import Any

from sandbox.errors import Code, Refusal
from sandbox.esr.store.employees import employments_of, insert_employees, update_employee
from sandbox.web.call import Unit
from sandbox.workspaces.store import next_record

_FIRST_NUMBER = 30_000_000


def employ(unit: Unit, applicant: dict[str, Any]) -> None:
    """Adds the employment of an applicant who is hired. Other employments of the person go on."""
    record = next_record(unit.connection, unit.workspace.name)
    employment = {
        "employeeNumber": f"{_FIRST_NUMBER + record:08d}",
        "personId": applicant["personId"],
        "odsCode": applicant["odsCode"],
        **_post(applicant),
        "person": applicant["person"],
        **_taken(applicant, "registrations"),
    }
    insert_employees(unit.connection, unit.workspace.name, [employment])


def move_employee(unit: Unit, applicant: dict[str, Any]) -> None:
    """Gives the employment of an internal candidate the new position and start; where there are several, the latest.

    Raises Refusal STATE_FORBIDS when the person works for the employer no longer.
    """
    name, today = unit.workspace.name, unit.today.isoformat()
    present = [
        item
        for item in employments_of(unit.connection, name, applicant["personId"])
        if item["odsCode"] == applicant["odsCode"] and item.get("endDate", today) >= today
    ]
    if not present:
        raise Refusal(
            Code.STATE_FORBIDS,
            "The internal candidate works for this employer no longer; withdraw the applicant and send a new one.",
        )
    latest = max(present, key=lambda item: (item["startDate"], item["employeeNumber"]))
    kept = {item: value for item, value in latest.items() if item != "endDate"}
    update_employee(unit.connection, name, {**kept, **_post(applicant)})


def is_recorded(unit: Unit, person_id: int, registration: dict[str, Any]) -> bool:
    """Whether an employment of the person holds this registration, by body and number."""
    wanted = (registration["body"], registration["number"])
    return any(
        (held["body"], held["number"]) == wanted
        for employment in employments_of(unit.connection, unit.workspace.name, person_id)
        for held in employment.get("registrations", [])
    )


def _post(applicant: dict[str, Any]) -> dict[str, Any]:
    return {
        "positionId": applicant["positionId"],
        "startDate": applicant["hiredDate"],
        **_taken(applicant, "endDate"),
    }


def _taken(applicant: dict[str, Any], name: str) -> dict[str, Any]:
    return {name: applicant[name]} if name in applicant else {}
