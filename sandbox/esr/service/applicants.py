"""Applicants: taken at offer stage, read, amended, withdrawn, and hired by ESR."""

from typing import Any

from sandbox.errors import Code, Place, Refusal, not_found
from sandbox.esr.domain import applicants as domain
from sandbox.esr.domain.applicant_life_cycle import (
    EVENTS,
    Act,
    Status,
    act_of_amendment,
    after,
    after_identification,
    first_status,
)
from sandbox.esr.domain.coded_values import taken
from sandbox.esr.domain.events import applicant_data
from sandbox.esr.domain.facts import Facts
from sandbox.esr.domain.matching import Action
from sandbox.esr.domain.profiles import profile
from sandbox.esr.reference import coded_lists, retired_by_code
from sandbox.esr.service.employees import employ, move_employee
from sandbox.esr.service.employers import enabled_employer
from sandbox.esr.service.events import announce
from sandbox.esr.service.matching import (
    make_known_person,
    make_new_person,
    search,
    search_again,
    settle,
)
from sandbox.esr.service.positions import check_start, position_findings
from sandbox.esr.service.transfers import reconsider
from sandbox.esr.service.vacancies import count_hire
from sandbox.esr.store import applicants as store
from sandbox.esr.store.organisations import find_organisation
from sandbox.rules import Finding
from sandbox.timestamps import to_text
from sandbox.web.call import Unit
from sandbox.web.cursor import page_of
from sandbox.workspaces.store import next_record

_FIRST_NUMBER = 10_000_000
_FIRST_ASSIGNMENT = 20_000_000


def submit_applicant(unit: Unit, ods_code: str, submission: dict[str, Any]) -> dict[str, Any]:
    """Takes an applicant at offer stage and answers the `Confirmation`.

    Raises Refusal APPLICANT_REFUSED, APPLICANT_EXISTS or SUPPLIER_REFERENCE_TAKEN, each with a confirmation that says
    FAIL and every reason.
    """
    name = unit.workspace.name
    held = store.submission_context(unit.connection, name, ods_code, submission)
    submission, coded = _in_national_codes(unit, held.organisation, submission)
    who = search(unit, held.organisation, ods_code, submission)
    facts = Facts(
        submission=submission,
        ods_code=ods_code,
        organisation=held.organisation,
        position=held.position,
        vacancy=held.vacancy,
        live_applicant=who.live_applicant,
        reference_taken_by=held.reference_taken_by,
        code_lists=retired_by_code(),
        today=unit.today,
        is_taken=held.is_held and not (held.position or {}).get("shared", False),
        match=who.outcome,
        door=unit.door,
    )
    found = [*coded, *domain.submission_findings(facts)]
    if domain.is_refused(found):
        raise _refused(submission, found)
    record = next_record(unit.connection, name, 2)
    moment = to_text(unit.now)
    applicant = {
        "internalCandidate": False,
        **submission,
        **settle(unit, who, lambda: record - 1),
        "applicantNumber": f"{_FIRST_NUMBER + record:08d}",
        "assignmentId": _FIRST_ASSIGNMENT + record,
        "odsCode": ods_code,
        "status": first_status(submission, who.outcome.action is Action.REVIEW),
        "version": 1,
        "submittedAt": moment,
        "updatedAt": moment,
    }
    store.insert_applicant(unit.connection, name, applicant)
    reconsider(unit, applicant)
    return domain.confirmation(
        submission, found, applicant["applicantNumber"], applicant["assignmentId"]
    )


def list_applicants(unit: Unit, after: int, limit: int, **filters: str | None) -> dict[str, Any]:
    """A page of `Applicant` in the order of submission."""
    rows = store.list_applicants(unit.connection, unit.workspace.name, after, limit + 1, **filters)
    return page_of("applicants", rows, limit)


def read_applicant(unit: Unit, applicant_number: str, ods_code: str | None) -> dict[str, Any]:
    """The `Applicant`. Raises Refusal NOT_FOUND when unknown or not the employer's."""
    found = store.find_applicant(unit.connection, unit.workspace.name, applicant_number)
    if found is None or ods_code not in (None, found["odsCode"]):
        raise not_found("applicant", applicant_number)
    return found


def amend_applicant(
    unit: Unit,
    applicant_number: str,
    ods_code: str,
    version: str | None,
    patch: dict[str, Any],
) -> dict[str, Any]:
    """Changes an applicant by a JSON merge patch.

    `version` is If-Match as sent. Recording that the offer was accepted moves the applicant on. What tells people apart is
    searched for again: the applicant may become somebody else, go under review, or come out of it. Raises Refusal NOT_FOUND,
    VERSION_MISSING, VERSION_STALE, APPLICANT_REFUSED, APPLICANT_EXISTS, or what the life cycle says.
    """
    organisation = enabled_employer(unit, ods_code, "applicants")
    applicant = read_applicant(unit, applicant_number, ods_code)
    _check_version(applicant, version)
    patch, found = _in_national_codes(unit, organisation, patch)
    act = act_of_amendment(applicant, patch)
    changed = {
        **domain.merged(applicant, patch),
        "status": after(applicant["status"], act),
    }
    who = search_again(unit, organisation, applicant, changed)
    facts = Facts(
        submission=changed,
        ods_code=ods_code,
        organisation=organisation,
        position=None,
        vacancy=None,
        live_applicant=who.live_applicant if who else None,
        reference_taken_by=None,
        code_lists=retired_by_code(),
        today=unit.today,
        match=who.outcome if who else None,
    )
    found += domain.amendment_findings(facts)
    if "startDate" in patch:
        found += position_findings(unit, applicant["positionId"], patch["startDate"])
    if domain.is_refused(found):
        raise _refused(changed, found)
    if who is not None:
        changed |= settle(unit, who, lambda: next_record(unit.connection, unit.workspace.name))
        if who.outcome.action is Action.REVIEW:
            changed["status"] = after(changed["status"], Act.QUESTION)
        elif changed["status"] == Status.ACTIVE_APPLICATION:
            act, changed["status"] = Act.IDENTIFY, after_identification(changed)
    return _store(unit, applicant, changed, act)


def withdraw_applicant(
    unit: Unit, applicant_number: str, ods_code: str, withdrawal: dict[str, Any]
) -> dict[str, Any]:
    """Ends an applicant before hire. Raises Refusal NOT_FOUND, WITHDRAWAL_AFTER_HIRE or STATE_FORBIDS."""
    enabled_employer(unit, ods_code, "applicants")
    return _withdraw(unit, read_applicant(unit, applicant_number, ods_code), withdrawal)


def decide_match(
    unit: Unit, applicant_number: str, decision: str, person_id: int | None
) -> dict[str, Any]:
    """An ESR user says who an applicant under review is: LINK to `person_id`, NEW_PERSON, or REJECT.

    Raises Refusal NOT_FOUND, STATE_FORBIDS where there is no review or the decision would give two people one NI number,
    APPLICANT_EXISTS, or SETTING_INVALID for a person who is no candidate or goes with another decision.
    """
    applicant = read_applicant(unit, applicant_number, None)
    status = after_identification(applicant)
    if decision != "LINK" and person_id is not None:
        raise Refusal(Code.SETTING_INVALID, "A person belongs to the decision LINK alone.")
    if decision == "REJECT":
        rejection = {
            "reason": "SENT_IN_ERROR",
            "withdrawnDate": unit.today.isoformat(),
            "note": "Rejected in ESR when it was asked who the applicant is.",
        }
        return _withdraw(unit, applicant, rejection)
    ods_code = applicant["odsCode"]
    organisation = find_organisation(unit.connection, unit.workspace.name, ods_code)
    who = search(unit, organisation, ods_code, applicant, applicant["personId"])
    settled = (
        make_known_person(unit, applicant, who, person_id)
        if decision == "LINK"
        else make_new_person(unit, applicant, who)
    )
    return _store(unit, applicant, {**applicant, **settled, "status": status}, Act.IDENTIFY)


def hire_applicant(unit: Unit, applicant_number: str, hired_date: str | None) -> dict[str, Any]:
    """ESR makes the applicant an employee, on the start date unless told otherwise; an internal candidate is moved.

    Raises Refusal NOT_FOUND, STATE_FORBIDS, MATCH_NOT_SETTLED, ACCEPTANCE_AFTER_START, END_BEFORE_START, or what the position
    has against a start on that day.
    """
    applicant = read_applicant(unit, applicant_number, None)
    act = Act.MOVE if applicant["internalCandidate"] else Act.HIRE
    status = after(applicant["status"], act)
    changed = {
        **applicant,
        "status": status,
        "hiredDate": hired_date or applicant["startDate"],
    }
    if changed["hiredDate"] < applicant["offerAcceptedDate"]:
        raise Refusal(
            Code.ACCEPTANCE_AFTER_START,
            f"The offer was accepted on {applicant['offerAcceptedDate']}; nobody is hired before that.",
        )
    if changed["hiredDate"] > applicant.get("endDate", changed["hiredDate"]):
        raise Refusal(
            Code.END_BEFORE_START,
            f"The contract ends on {applicant['endDate']}; nobody is hired after that.",
        )
    check_start(unit, applicant["positionId"], changed["hiredDate"])
    if act is Act.MOVE:
        move_employee(unit, changed)
    else:
        employ(unit, changed)
    hired = _store(unit, applicant, changed, act)
    count_hire(unit, applicant["vacancyReference"])
    return hired


def _withdraw(unit: Unit, applicant: dict[str, Any], withdrawal: dict[str, Any]) -> dict[str, Any]:
    status = after(applicant["status"], Act.WITHDRAW)
    changed = {**applicant, "status": status, "withdrawal": withdrawal}
    return _store(unit, applicant, changed, Act.WITHDRAW)


def _store(
    unit: Unit, before: dict[str, Any], applicant: dict[str, Any], act: Act
) -> dict[str, Any]:
    stored = {
        **applicant,
        "version": applicant["version"] + 1,
        "updatedAt": to_text(unit.now),
    }
    store.update_applicant(unit.connection, unit.workspace.name, stored)
    subject = f"applicants/{stored['applicantNumber']}"
    announce(unit, EVENTS[act], subject, stored["odsCode"], applicant_data(stored))
    reconsider(unit, stored, before)
    return stored


def _in_national_codes(
    unit: Unit, organisation: dict[str, Any] | None, document: dict[str, Any]
) -> tuple[dict[str, Any], list[Finding]]:
    """What was sent, with the codes that ESR stores, and what is to be said of those that came."""
    return taken(coded_lists(), document, profile(organisation, "codedValues"), unit.door)


def _check_version(applicant: dict[str, Any], version: str | None) -> None:
    if version is None:
        raise Refusal(
            Code.VERSION_MISSING,
            "Send If-Match with the ETag that you last read, so that nobody's change is overwritten unseen.",
        )
    current = f'"{applicant["version"]}"'
    if version != current:
        raise Refusal(
            Code.VERSION_STALE,
            f"The current version is {current}, not {version}. Read the applicant again before you change it.",
        )


def _refused(submission: dict[str, Any], found: list[Finding]) -> Refusal:
    conflicts = [
        finding.code
        for finding in found
        if finding.code in (Code.APPLICANT_EXISTS, Code.SUPPLIER_REFERENCE_TAKEN)
    ]
    errors = [finding for finding in found if finding.kind == "ERROR"]
    only_conflicts = len(errors) == len(conflicts)
    detail = "; ".join(f"{finding.code}: {finding.text}" for finding in errors)
    return Refusal(
        conflicts[0] if only_conflicts else Code.APPLICANT_REFUSED,
        f"ESR did not load the applicant. {detail}",
        places=tuple(
            Place("body", finding.pointer, finding.text, finding.code) for finding in errors
        ),
        confirmation=domain.confirmation(submission, found),
    )
