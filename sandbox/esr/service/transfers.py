"""Inter-authority transfers: reconsidered whenever the applicant changes, started, decided and read."""

from typing import Any

from sandbox.errors import Code, Refusal, not_found
from sandbox.esr.domain import transfers as domain
from sandbox.esr.domain.portable_data import parts, portable_data
from sandbox.esr.domain.transfers import Status, TransferFacts
from sandbox.esr.service.events import announce
from sandbox.esr.store import transfers as store
from sandbox.esr.store.applicants import find_applicant
from sandbox.esr.store.employees import employments_of
from sandbox.esr.store.organisations import find_organisation
from sandbox.esr.store.positions import find_position
from sandbox.timestamps import to_text
from sandbox.web.call import Unit

_FIRST_VERSION = 1


def read_inter_authority_transfer(
    unit: Unit, applicant_number: str, ods_code: str | None
) -> dict[str, Any]:
    """The `InterAuthorityTransfer`, there from the first moment on. Raises Refusal NOT_FOUND."""
    return _held(unit, _applicant(unit, applicant_number, ods_code))


def reconsider(unit: Unit, applicant: dict[str, Any], before: dict[str, Any] | None = None) -> None:
    """Has the transfer follow an applicant who was stored anew, and announces what changed.

    `before` is the applicant before the change. What follows from the applicant alone is kept nowhere.
    """
    held = None
    if applicant["version"] > _FIRST_VERSION:
        number = applicant["applicantNumber"]
        held = store.find_transfer(unit.connection, unit.workspace.name, number)
    known = held or domain.initial_transfer(before or applicant)
    changed = _reconsidered(unit, applicant, known)
    if not domain.is_same(known, changed):
        _keep(unit, applicant, changed)


def start_transfer(unit: Unit, applicant_number: str) -> dict[str, Any]:
    """A user at the new employer asks for the data; needed where that employer is not on Auto-IAT.

    Raises Refusal NOT_FOUND, or STATE_FORBIDS with what stands in the way.
    """
    applicant = _applicant(unit, applicant_number, None)
    held = _held(unit, applicant)
    changed = _reconsidered(unit, applicant, domain.reopened(held), is_started=True)
    if changed["status"] not in (Status.REQUESTED, Status.RELEASED):
        why = changed.get("reason", "The applicant must have agreed, and the offer be accepted.")
        raise Refusal(Code.STATE_FORBIDS, f"The transfer cannot be started. {why}")
    return _keep(unit, applicant, changed)


def decide_transfer(
    unit: Unit, applicant_number: str, decision: str, reason: str | None
) -> dict[str, Any]:
    """The approver at the previous employer releases the data or refuses to.

    Raises Refusal NOT_FOUND, STATE_FORBIDS when nothing was requested, SETTING_INVALID for a reason with a release.
    """
    applicant = _applicant(unit, applicant_number, None)
    held = _held(unit, applicant)
    moment = to_text(unit.now)
    if decision == "REFUSE":
        return _keep(unit, applicant, domain.refused(held, reason, moment))
    changed = domain.approved(held, moment)
    if reason is not None:
        raise Refusal(Code.SETTING_INVALID, "A reason belongs to the decision REFUSE alone.")
    return _keep(unit, applicant, changed)


def _applicant(unit: Unit, applicant_number: str, ods_code: str | None) -> dict[str, Any]:
    found = find_applicant(unit.connection, unit.workspace.name, applicant_number)
    if found is None or ods_code not in (None, found["odsCode"]):
        raise not_found("applicant", applicant_number)
    return found


def _held(unit: Unit, applicant: dict[str, Any]) -> dict[str, Any]:
    held = store.find_transfer(unit.connection, unit.workspace.name, applicant["applicantNumber"])
    return held or domain.initial_transfer(applicant)


def _reconsidered(
    unit: Unit, applicant: dict[str, Any], held: dict[str, Any], is_started: bool = False
) -> dict[str, Any]:
    facts = TransferFacts(applicant)
    if domain.needs_records(applicant):
        facts = _facts(unit, applicant, held, is_started)
    return domain.reconsidered(held, facts, to_text(unit.now))


def _facts(
    unit: Unit, applicant: dict[str, Any], held: dict[str, Any], is_started: bool
) -> TransferFacts:
    name = unit.workspace.name
    employments = _employments_elsewhere(unit, applicant)
    previous = None
    if held["status"] == Status.REQUESTED:
        previous = held["previousEmployer"]
    named = applicant.get("previousEmployer", {}).get("odsCode")
    organisation = None
    for candidate in (previous, named, *(item["odsCode"] for item in reversed(employments))):
        if candidate not in (None, applicant["odsCode"]):
            organisation = find_organisation(unit.connection, name, candidate)
            if organisation is not None:
                break
    if organisation is None:
        return TransferFacts(applicant)
    employer = find_organisation(unit.connection, name, applicant["odsCode"])
    asked = is_started or held["status"] == Status.REQUESTED
    there = [item for item in employments if item["odsCode"] == organisation["odsCode"]]
    return TransferFacts(
        applicant,
        previous_employer=organisation["odsCode"],
        is_started=asked or bool(employer and employer["autoIat"]),
        has_opted_in=organisation["autoIat"],
        record=there[-1]["person"] if there else None,
    )


def _employments_elsewhere(unit: Unit, applicant: dict[str, Any]) -> list[dict[str, Any]]:
    """The person's employments at other employers, that which ended last at the end."""
    person_id = applicant.get("personId")
    # Whoever ESR has just met for the first time has no employment: the many submissions need not look for one.
    newcomer = applicant.get("match", {}).get("result") == "NEW_PERSON"
    if person_id is None or (newcomer and applicant["version"] == _FIRST_VERSION):
        return []
    found = employments_of(unit.connection, unit.workspace.name, person_id)
    elsewhere = [item for item in found if item["odsCode"] != applicant["odsCode"]]
    return sorted(elsewhere, key=lambda item: (item.get("endDate", "9999"), item["startDate"]))


def _keep(unit: Unit, applicant: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    if changed["status"] == Status.RELEASED and "portableData" not in changed:
        data = _portable_data(unit, applicant, changed["previousEmployer"])
        released = {"releasedAt": to_text(unit.now), "released": parts(data), "portableData": data}
        changed = {**changed, **released}
    store.keep_transfer(unit.connection, unit.workspace.name, changed)
    subject = f"applicants/{applicant['applicantNumber']}/inter-authority-transfer"
    announce(
        unit,
        "inter-authority-transfer.updated",
        subject,
        applicant["odsCode"],
        domain.event_data(changed),
    )
    return changed


def _portable_data(unit: Unit, applicant: dict[str, Any], previous_employer: str) -> dict[str, Any]:
    employments = _employments_elsewhere(unit, applicant)
    history = []
    for employment in sorted(employments, key=lambda item: item["startDate"]):
        position = find_position(unit.connection, unit.workspace.name, employment["positionId"])
        title = {"positionTitle": position["positionTitle"]} if position else {}
        history.append({**employment, **title})
    there = [item for item in employments if item["odsCode"] == previous_employer]
    person = there[-1]["person"] if there else applicant["person"]
    person_id = applicant.get("personId", 0)
    return portable_data(unit.workspace.seed, person_id, person, history, unit.today)
