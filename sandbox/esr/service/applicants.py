"""Applicants: taken at offer stage, read, amended, withdrawn, and hired by ESR."""

from typing import Any

from sandbox.errors import Code, Place, Refusal, not_found
from sandbox.esr.domain import applicants as domain
from sandbox.esr.domain.events import applicant_data
from sandbox.esr.domain.facts import Facts
from sandbox.esr.reference import retired_by_code
from sandbox.esr.service.employers import enabled_employer
from sandbox.esr.service.events import announce
from sandbox.esr.store import applicants as store
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
    facts = Facts(
        submission=submission,
        ods_code=ods_code,
        organisation=held.organisation,
        position=held.position,
        vacancy=held.vacancy,
        live_applicant=held.live_applicant,
        reference_taken_by=held.reference_taken_by,
        code_lists=retired_by_code(),
    )
    found = domain.submission_findings(facts)
    if domain.is_refused(found):
        raise _refused(submission, found)
    person_id, record = held.person_id, 0
    if person_id is None:
        record = next_record(unit.connection, name, 2)
        person_id = record - 1
        store.insert_person(unit.connection, name, person_id, submission["person"])
    else:
        record = next_record(unit.connection, name)
    moment = to_text(unit.now)
    accepted = "offerAcceptedDate" in submission
    applicant = {
        "internalCandidate": False,
        **submission,
        "applicantNumber": f"{_FIRST_NUMBER + record:08d}",
        "assignmentId": _FIRST_ASSIGNMENT + record,
        "odsCode": ods_code,
        "status": domain.Status.ACCEPTED if accepted else domain.Status.OFFER,
        "version": 1,
        "submittedAt": moment,
        "updatedAt": moment,
    }
    store.insert_applicant(unit.connection, name, person_id, applicant)
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

    `version` is If-Match as sent. Recording that the offer was accepted moves the applicant on. Raises Refusal NOT_FOUND,
    VERSION_MISSING, VERSION_STALE, STATE_FORBIDS or APPLICANT_REFUSED.
    """
    enabled_employer(unit, ods_code, "applicants")
    applicant = read_applicant(unit, applicant_number, ods_code)
    _check_version(applicant, version)
    accepts = "offerAcceptedDate" in patch and applicant["status"] == domain.Status.OFFER
    act = domain.Act.ACCEPT if accepts else domain.Act.AMEND
    status = domain.after(applicant["status"], act)
    changed = domain.merged(applicant, patch)
    facts = Facts(changed, ods_code, None, None, None, None, None, retired_by_code())
    found = domain.amendment_findings(facts)
    if domain.is_refused(found):
        raise _refused(changed, found)
    return _store(unit, changed, status, act)


def withdraw_applicant(
    unit: Unit, applicant_number: str, ods_code: str, withdrawal: dict[str, Any]
) -> dict[str, Any]:
    """Ends an applicant before hire. Raises Refusal NOT_FOUND or STATE_FORBIDS."""
    enabled_employer(unit, ods_code, "applicants")
    applicant = read_applicant(unit, applicant_number, ods_code)
    status = domain.after(applicant["status"], domain.Act.WITHDRAW)
    changed = {**applicant, "withdrawal": withdrawal}
    return _store(unit, changed, status, domain.Act.WITHDRAW)


def hire_applicant(unit: Unit, applicant_number: str, hired_date: str | None) -> dict[str, Any]:
    """ESR makes the applicant an employee, on the start date unless told otherwise.

    Raises Refusal NOT_FOUND, STATE_FORBIDS or ACCEPTANCE_AFTER_START.
    """
    applicant = read_applicant(unit, applicant_number, None)
    status = domain.after(applicant["status"], domain.Act.HIRE)
    changed = {**applicant, "hiredDate": hired_date or applicant["startDate"]}
    if changed["hiredDate"] < applicant["offerAcceptedDate"]:
        raise Refusal(
            Code.ACCEPTANCE_AFTER_START,
            f"The offer was accepted on {applicant['offerAcceptedDate']}; nobody is hired before that.",
        )
    return _store(unit, changed, status, domain.Act.HIRE)


def _store(
    unit: Unit, applicant: dict[str, Any], status: domain.Status, act: domain.Act
) -> dict[str, Any]:
    stored = {
        **applicant,
        "status": status,
        "version": applicant["version"] + 1,
        "updatedAt": to_text(unit.now),
    }
    store.update_applicant(unit.connection, unit.workspace.name, stored)
    subject = f"applicants/{stored['applicantNumber']}"
    announce(unit, f"applicant.{act}", subject, stored["odsCode"], applicant_data(stored))
    return stored


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
        places=tuple(Place("body", finding.pointer, finding.text) for finding in errors),
        confirmation=domain.confirmation(submission, found),
    )
