"""Employment checks: started and updated by a supplier, and moved along by ESR and the regulator."""

from datetime import timedelta
from typing import Any

from sandbox.errors import Code, Place, Refusal, not_found
from sandbox.esr.domain.applicants import Status
from sandbox.esr.domain.employment_checks import DETAILS, UPDATE_RULES, CheckFacts, check_move
from sandbox.esr.service.applicants import read_applicant
from sandbox.esr.service.employers import enabled_employer
from sandbox.esr.service.events import announce
from sandbox.esr.store import employment_checks as store
from sandbox.rules import findings
from sandbox.timestamps import to_text
from sandbox.web.call import Unit

SUPPLIER, ESR, REGULATOR = "SUPPLIER", "ESR", "REGULATOR"
_WORK_HEALTH = "work-health-assessment"
_REGISTRATION = "registration-and-qualifications"

_WORK_HEALTH_OUTCOMES = {
    "FIT": "CLEAR",
    "FIT_WITH_ADJUSTMENTS": "CONSIDER",
    "TEMPORARILY_UNFIT": "CONSIDER",
    "UNFIT": "NOT_CLEAR",
}
# The regulator's answer → (outcome of the check, national registration status).
_REGISTRATION_ANSWERS = {
    "FOUND": ("CLEAR", "03"),
    "ALREADY_RECORDED": ("CLEAR", "03"),
    "LAPSED": ("NOT_CLEAR", "02"),
    "NOT_FOUND": ("NOT_CLEAR", None),
    "NAME_DIFFERS": ("CONSIDER", "03"),
}

# Days from the answer to the expiry date that the regulator names, where the test names none.
_EXPIRES_AFTER = {"FOUND": 365, "ALREADY_RECORDED": 365, "LAPSED": -1}


def record_employment_check(
    unit: Unit, applicant_number: str, check_type: str, ods_code: str, update: dict[str, Any]
) -> tuple[dict[str, Any], bool]:
    """Starts or updates a check for a supplier; answers the `EmploymentCheck` and whether it was started.

    Raises Refusal NOT_FOUND, EMPLOYER_UNKNOWN, INTERFACE_NOT_ENABLED, STATE_FORBIDS, or CHECK_REFUSED with every
    reason.
    """
    enabled_employer(unit, ods_code, "employmentChecks")
    applicant = read_applicant(unit, applicant_number, ods_code)
    return _record(unit, applicant, check_type, update, SUPPLIER)


def read_employment_check(
    unit: Unit, applicant_number: str, check_type: str, ods_code: str | None
) -> dict[str, Any]:
    """The `EmploymentCheck`. Raises Refusal NOT_FOUND."""
    read_applicant(unit, applicant_number, ods_code)
    found = store.find_check(unit.connection, unit.workspace.name, applicant_number, check_type)
    if found is None:
        raise not_found(f"check of type {check_type} of applicant", applicant_number)
    return found


def list_employment_checks(
    unit: Unit, applicant_number: str, ods_code: str | None
) -> dict[str, Any]:
    """The `EmploymentCheckList` of an applicant, in the order of the contract's types. Raises Refusal NOT_FOUND."""
    read_applicant(unit, applicant_number, ods_code)
    checks = store.list_checks(unit.connection, unit.workspace.name, applicant_number)
    order = list(DETAILS)
    checks.sort(key=lambda check: order.index(check["checkType"]))
    return {"applicantNumber": applicant_number, "employmentChecks": checks}


def clear_occupational_health(
    unit: Unit, applicant_number: str, clearance: dict[str, Any]
) -> dict[str, Any]:
    """Occupational health answers in ESR; the check is started if it was not.

    Raises Refusal NOT_FOUND, STATE_FORBIDS, CHECK_DATES_OUT_OF_ORDER, or SETTING_INVALID for adjustments to another
    result.
    """
    applicant = read_applicant(unit, applicant_number, None)
    held = store.find_check(unit.connection, unit.workspace.name, applicant_number, _WORK_HEALTH)
    today = unit.today.isoformat()
    result = clearance.get("result", "FIT")
    details = {"result": result}
    if "adjustments" in clearance:
        if result != "FIT_WITH_ADJUSTMENTS":
            raise Refusal(
                Code.SETTING_INVALID, "Adjustments belong to the result FIT_WITH_ADJUSTMENTS alone."
            )
        details["adjustments"] = clearance["adjustments"]
    update = {
        "state": "COMPLETE",
        "outcome": _WORK_HEALTH_OUTCOMES[result],
        "requestedDate": held["requestedDate"] if held else today,
        "completedDate": clearance.get("completedDate")
        or max(today, held["requestedDate"] if held else today),
        "workHealth": details,
    }
    check, _ = _record(unit, applicant, _WORK_HEALTH, update, ESR)
    return check


def answer_registration_check(
    unit: Unit, applicant_number: str, answer: dict[str, Any]
) -> dict[str, Any]:
    """The regulator answers a check that waits for it.

    Raises Refusal NOT_FOUND, STATE_FORBIDS when no such check waits or it names no registration, SETTING_INVALID for an
    expiry date with an answer that has none.
    """
    applicant = read_applicant(unit, applicant_number, None)
    held = store.find_check(unit.connection, unit.workspace.name, applicant_number, _REGISTRATION)
    registration = held.get("registration") if held else None
    if held is None or held["state"] != "AWAITING_ANSWER" or registration is None:
        raise Refusal(
            Code.STATE_FORBIDS,
            "The check does not wait for the regulator: it must be AWAITING_ANSWER and name a registration.",
        )
    if "expiryDate" in answer and answer["answer"] not in _EXPIRES_AFTER:
        raise Refusal(
            Code.SETTING_INVALID, f"The answer {answer['answer']} has no expiry date; leave it out."
        )
    outcome, status = _REGISTRATION_ANSWERS[answer["answer"]]
    answered = dict(registration)
    answered.pop("status", None)
    if status is not None:
        answered["status"] = status
    if answer["answer"] in _EXPIRES_AFTER:
        lasts = timedelta(days=_EXPIRES_AFTER[answer["answer"]])
        answered["expiryDate"] = answer.get("expiryDate", (unit.today + lasts).isoformat())
    update = {
        "state": "COMPLETE",
        "outcome": outcome,
        "requestedDate": held["requestedDate"],
        "completedDate": max(unit.today.isoformat(), held["requestedDate"]),
        "registration": answered,
    }
    check, _ = _record(unit, applicant, _REGISTRATION, update, REGULATOR)
    return check


def _record(
    unit: Unit,
    applicant: dict[str, Any],
    check_type: str,
    update: dict[str, Any],
    by: str,
) -> tuple[dict[str, Any], bool]:
    number = applicant["applicantNumber"]
    if applicant["status"] in (Status.HIRED, Status.TERMINATED):
        raise Refusal(
            Code.STATE_FORBIDS,
            f"The applicant {number} is {applicant['status']} and takes no more checks.",
        )
    held = store.find_check(unit.connection, unit.workspace.name, number, check_type)
    check_move(check_type, held["state"] if held else None, update["state"])
    _check_rules(check_type, update)
    check = {
        **update,
        "applicantNumber": number,
        "checkType": check_type,
        "startedBy": held["startedBy"] if held else (SUPPLIER if by == SUPPLIER else ESR),
        "updatedBy": by,
        "version": held["version"] + 1 if held else 1,
        "updatedAt": to_text(unit.now),
    }
    if held is None:
        store.insert_check(unit.connection, unit.workspace.name, check)
    else:
        store.update_check(unit.connection, unit.workspace.name, check)
    kind = "employment-check.updated" if held else "employment-check.started"
    subject = f"applicants/{number}/employment-checks/{check_type}"
    announce(unit, kind, subject, applicant["odsCode"], check)
    return check, held is None


def _check_rules(check_type: str, update: dict[str, Any]) -> None:
    found = findings(UPDATE_RULES, CheckFacts(check_type, update))
    if not found:
        return
    if len(found) == 1:
        raise Refusal(
            found[0].code, found[0].text, places=(Place("body", found[0].pointer, found[0].text),)
        )
    detail = "; ".join(f"{finding.code}: {finding.text}" for finding in found)
    raise Refusal(
        Code.CHECK_REFUSED,
        f"ESR did not take the check. {detail}",
        places=tuple(Place("body", finding.pointer, finding.text) for finding in found),
    )
