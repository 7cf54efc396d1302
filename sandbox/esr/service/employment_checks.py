"""Employment checks: started and updated by a supplier, and moved along by ESR and the regulator."""

from contextlib import suppress
from typing import Any

from sandbox.errors import Code, Place, Refusal, not_found
from sandbox.esr.domain.applicant_life_cycle import Status
from sandbox.esr.domain.check_profiles import (
    Deed,
    Party,
    check_direction,
    echoed,
    preconditions,
)
from sandbox.esr.domain.employment_checks import DETAILS, UPDATE_RULES, CheckFacts, check_move
from sandbox.esr.domain.profiles import profile
from sandbox.esr.domain.registers import ANSWERED_IN, answered
from sandbox.esr.reference import retired_by_code
from sandbox.esr.service.applicants import read_applicant
from sandbox.esr.service.employees import is_recorded
from sandbox.esr.service.employers import enabled_employer
from sandbox.esr.service.events import announce
from sandbox.esr.service.organisations import read_organisation
from sandbox.esr.service.registers import ask_regulator, check_expiry, look_up, question
from sandbox.esr.store import employment_checks as store
from sandbox.jobs.store import Job
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


def record_employment_check(
    unit: Unit, applicant_number: str, check_type: str, ods_code: str, update: dict[str, Any]
) -> tuple[dict[str, Any], bool]:
    """Starts or updates a check for a supplier; answers the `EmploymentCheck` and whether it was started.

    Raises Refusal NOT_FOUND, EMPLOYER_UNKNOWN, INTERFACE_NOT_ENABLED, STATE_FORBIDS, or CHECK_REFUSED with every
    reason.
    """
    organisation = enabled_employer(unit, ods_code, "employmentChecks")
    applicant = read_applicant(unit, applicant_number, ods_code)
    return _record(unit, applicant, check_type, update, SUPPLIER, organisation)


def record_check_in_esr(
    unit: Unit, applicant_number: str, check_type: str, update: dict[str, Any]
) -> dict[str, Any]:
    """An ESR user starts or updates a check; answers the `EmploymentCheck`.

    Raises Refusal as `record_employment_check` does; the direction is ESR's.
    """
    applicant = read_applicant(unit, applicant_number, None)
    check, _ = _record(unit, applicant, check_type, update, ESR)
    return check


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
    check_expiry(answer)
    return _answer(unit, applicant, held, answer)


def answer_registration_check_when_due(unit: Unit, job: Job) -> None:
    """A regulator answers what it was asked. Where the check no longer waits for that, or the applicant has ended, nothing is.

    Done as the job `REGULATOR_ANSWER` of `sandbox.esr.service.registers`.
    """
    number = job.payload["applicantNumber"]
    held = store.find_check(unit.connection, unit.workspace.name, number, _REGISTRATION)
    registration = held.get("registration") if held else None
    if held is None or held["state"] not in ANSWERED_IN or registration is None:
        return
    if question(number, registration) != job.reference:
        return
    with suppress(Refusal):
        applicant = read_applicant(unit, number, None)
        _answer(unit, applicant, held, look_up(unit, applicant, registration))


def _answer(
    unit: Unit, applicant: dict[str, Any], held: dict[str, Any], answer: dict[str, Any]
) -> dict[str, Any]:
    """Completes the registration check with what the regulator answers."""
    outcome, registration = answered(held["registration"], answer, unit.today)
    update = {
        "state": "COMPLETE",
        "outcome": outcome,
        "requestedDate": held["requestedDate"],
        "completedDate": max(unit.today.isoformat(), held["requestedDate"]),
        "registration": registration,
    }
    check, _ = _record(unit, applicant, _REGISTRATION, update, REGULATOR)
    return check


def _record(
    unit: Unit,
    applicant: dict[str, Any],
    check_type: str,
    update: dict[str, Any],
    by: str,
    organisation: dict[str, Any] | None = None,
) -> tuple[dict[str, Any], bool]:
    number = applicant["applicantNumber"]
    if applicant["status"] in (Status.HIRED, Status.TERMINATED):
        raise Refusal(
            Code.STATE_FORBIDS,
            f"The applicant {number} is {applicant['status']} and takes no more checks.",
        )
    held = store.find_check(unit.connection, unit.workspace.name, number, check_type)
    employer = organisation or read_organisation(unit, applicant["odsCode"])
    rules = profile(employer, "employmentChecks")
    party = Party.SUPPLIER if by == SUPPLIER else Party.ESR
    check_direction(rules, check_type, party, Deed.UPDATE if held else Deed.START)
    if held is None and party is Party.SUPPLIER:
        _check_preconditions(unit, applicant, rules, check_type, update)
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
    announce(unit, kind, subject, applicant["odsCode"], echoed(rules, check))
    if check_type == _REGISTRATION:
        ask_regulator(unit, applicant, check)
    return check, held is None


def _check_preconditions(
    unit: Unit, applicant: dict[str, Any], rules: str, check_type: str, update: dict[str, Any]
) -> None:
    if Code.REGISTRATION_ALREADY_RECORDED not in preconditions(rules, check_type):
        return
    registration = update.get("registration")
    if registration is not None and is_recorded(unit, applicant["personId"], registration):
        raise Refusal(
            Code.REGISTRATION_ALREADY_RECORDED,
            f"Under the employer's rule profile {rules}, a registration that ESR has recorded for this person is not "
            "checked again.",
        )


def _check_rules(check_type: str, update: dict[str, Any]) -> None:
    found = findings(UPDATE_RULES, CheckFacts(check_type, update, retired_by_code()))
    if not found:
        return
    if len(found) == 1:
        raise Refusal(
            found[0].code,
            found[0].text,
            places=(Place("body", found[0].pointer, found[0].text, found[0].code),),
        )
    detail = "; ".join(f"{finding.code}: {finding.text}" for finding in found)
    raise Refusal(
        Code.CHECK_REFUSED,
        f"ESR did not take the check. {detail}",
        places=tuple(
            Place("body", finding.pointer, finding.text, finding.code) for finding in found
        ),
    )
