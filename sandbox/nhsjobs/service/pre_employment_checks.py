"""Pre-employment checks: recorded by a recruiter, forwarded to ESR in order, and changed by what ESR says."""

from typing import Any

from sandbox.nhsjobs.domain import pre_employment_checks as domain
from sandbox.nhsjobs.service.applications import (
    goes_to_esr,
    held_application,
    read_application,
)
from sandbox.nhsjobs.service.esr import send_check
from sandbox.nhsjobs.store import pre_employment_checks as store
from sandbox.nhsjobs.store.applications import HeldApplication
from sandbox.nhsjobs.store.pre_employment_checks import HeldCheck, WaitingUpdate
from sandbox.rules import refuse_broken
from sandbox.timestamps import to_text
from sandbox.web.call import Unit

_SUPPLIER = "SUPPLIER"
_ORDER = {check_type: place for place, check_type in enumerate(domain.DETAILS)}


def record_pre_employment_check(
    unit: Unit, application_id: int, check_type: str, ods_code: str, update: dict[str, Any]
) -> tuple[dict[str, Any], bool]:
    """A recruiter starts or updates a check; answers the `PreEmploymentCheck` and whether it was started.

    Raises Refusal NOT_FOUND, STATE_FORBIDS, or what a row of UPDATE_RULES says.
    """
    name = unit.workspace.name
    application = held_application(unit, application_id, ods_code)
    held = store.find_check(unit.connection, name, application_id, check_type)
    present = held.document["state"] if held else None
    domain.check_move(application.document, present, update["state"])
    refuse_broken(domain.UPDATE_RULES, domain.CheckFacts(check_type, update))
    forwards = goes_to_esr(unit, application.document)
    check = {
        "applicationId": application_id,
        "checkType": check_type,
        **update,
        "startedBy": held.document["startedBy"] if held else _SUPPLIER,
        "updatedBy": _SUPPLIER,
        "version": held.document["version"] + 1 if held else 1,
        "updatedAt": to_text(unit.now),
        "sentToEsr": domain.PENDING if forwards else domain.NOT_NEEDED,
    }
    if held is None:
        store.insert_check(unit.connection, name, HeldCheck(check, 0))
    else:
        store.update_check(unit.connection, name, HeldCheck(check, held.esr_version))
    if forwards:
        _forward(unit, application, WaitingUpdate(check_type, check["version"], update))
    return check, held is None


def list_pre_employment_checks(
    unit: Unit, application_id: int, ods_code: str | None = None
) -> dict[str, Any]:
    """The `PreEmploymentCheckList` of an application. Raises Refusal NOT_FOUND."""
    read_application(unit, application_id, ods_code)
    checks = store.list_checks(unit.connection, unit.workspace.name, application_id)
    return {
        "applicationId": application_id,
        "preEmploymentChecks": sorted(checks, key=lambda check: _ORDER[check["checkType"]]),
    }


def forward_waiting(unit: Unit, application: HeldApplication) -> None:
    """Sends the updates that waited for the applicant's number, in the order in which they were recorded."""
    identifier = application.document["applicationId"]
    for update in store.take_waiting(unit.connection, unit.workspace.name, identifier):
        _forward(unit, application, update)


def settle_sent(
    unit: Unit, application_id: int, check_type: str, version: int, answered: dict[str, Any]
) -> None:
    """Notes what ESR holds after taking version `version` of a check; `answered` is its `EmploymentCheck`."""
    name = unit.workspace.name
    held = store.find_check(unit.connection, name, application_id, check_type)
    if held is None:
        return
    seen = max(held.esr_version, answered["version"])
    if held.document["version"] != version:
        # A later update of ours is on its way, and will replace what ESR holds now.
        store.update_check(unit.connection, name, HeldCheck(held.document, seen, held.told))
        return
    if held.told is not None and held.told["version"] > answered["version"]:
        # ESR changed the check after it took ours, and its event was faster than its answer.
        _put(unit, application_id, held, held.told)
        return
    changed = {**held.document, "sentToEsr": domain.SENT}
    store.update_check(unit.connection, name, HeldCheck(changed, seen))


def settle_refused(
    unit: Unit, application_id: int, check_type: str, version: int, problem: dict[str, Any]
) -> None:
    """Notes that ESR refused version `version` of a check, unless a later one is on its way."""
    held = store.find_check(unit.connection, unit.workspace.name, application_id, check_type)
    if held is None or held.document["version"] != version:
        return
    changed = {**held.document, "sentToEsr": domain.REFUSED, "problem": problem}
    store.update_check(unit.connection, unit.workspace.name, HeldCheck(changed, held.esr_version))


def take_over(unit: Unit, application_id: int, told: dict[str, Any]) -> None:
    """Takes over a check as ESR tells of it: `told` is an `EmploymentCheck`.

    An older version than the last one seen changes nothing, in whatever order events arrive. While an update of ours is
    on its way it is only noted: the answer shows which of the two came last.
    """
    name = unit.workspace.name
    held = store.find_check(unit.connection, name, application_id, told["checkType"])
    if held is None:
        _put(unit, application_id, None, told)
    elif told["version"] <= held.esr_version:
        return
    elif held.document["sentToEsr"] == domain.PENDING:
        noted = HeldCheck(held.document, told["version"], told)
        store.update_check(unit.connection, name, noted)
    elif domain.content(held.document) == domain.content(told):
        store.update_check(unit.connection, name, HeldCheck(held.document, told["version"]))
    else:
        _put(unit, application_id, held, told)


def _put(unit: Unit, application_id: int, held: HeldCheck | None, told: dict[str, Any]) -> None:
    check = {
        "applicationId": application_id,
        "checkType": told["checkType"],
        **domain.content(told),
        "startedBy": told["startedBy"],
        "updatedBy": told["updatedBy"],
        "version": held.document["version"] + 1 if held else 1,
        "updatedAt": to_text(unit.now),
        "sentToEsr": domain.NOT_NEEDED,
    }
    taken = HeldCheck(check, told["version"])
    if held is None:
        store.insert_check(unit.connection, unit.workspace.name, taken)
    else:
        store.update_check(unit.connection, unit.workspace.name, taken)


def _forward(unit: Unit, application: HeldApplication, update: WaitingUpdate) -> None:
    document, number = application.document, application.applicant_number
    identifier = document["applicationId"]
    if number is None:
        store.keep_waiting(unit.connection, unit.workspace.name, identifier, update)
        return
    send_check(
        unit,
        document["odsCode"],
        identifier,
        number,
        update.check_type,
        update.version,
        update.content,
    )
