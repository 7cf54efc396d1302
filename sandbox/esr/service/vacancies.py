"""Vacancies: created by a supplier or published by ESR, read, and moved along."""

from typing import Any

from sandbox.errors import Code, Refusal, not_found
from sandbox.esr.domain.positions import Act, refusals, status_of
from sandbox.esr.domain.vacancies import (
    check_status_change,
    requisition_reference,
    status_after_hire,
    vacancy_reference,
)
from sandbox.esr.service.employers import enabled_employer
from sandbox.esr.service.events import announce
from sandbox.esr.service.organisations import read_organisation
from sandbox.esr.store import vacancies as store
from sandbox.esr.store.positions import find_position
from sandbox.timestamps import to_text
from sandbox.web.call import Unit
from sandbox.web.cursor import page_of
from sandbox.workspaces.store import next_record

_OPEN = "01"


def create_vacancy(unit: Unit, ods_code: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Creates vacancy and requisition from the supplier's own reference.

    Raises Refusal EMPLOYER_UNKNOWN, INTERFACE_NOT_ENABLED, POSITION_UNKNOWN, POSITION_DELETED, STATE_FORBIDS when
    nobody may be hired into the position, or ALREADY_EXISTS when the reference is in use.
    """
    organisation = enabled_employer(unit, ods_code, "vacancies")
    position = _usable_position(unit, ods_code, wanted["positionId"])
    vacancy = _vacancy(unit, organisation, position, wanted, wanted["supplierReference"])
    vacancy["supplierReference"] = wanted["supplierReference"]
    reference = vacancy["vacancyReference"]
    if store.find_vacancy(unit.connection, unit.workspace.name, reference) is not None:
        raise Refusal(
            Code.ALREADY_EXISTS,
            f"There is a vacancy {reference} already; use another supplierReference.",
        )
    store.insert_vacancies(unit.connection, unit.workspace.name, [vacancy])
    return vacancy


def publish_esr_vacancy(unit: Unit, wanted: dict[str, Any]) -> dict[str, Any]:
    """ESR creates a vacancy of its own, for the employer of the position, and announces it.

    Raises Refusal POSITION_UNKNOWN, POSITION_DELETED, STATE_FORBIDS when nobody may be hired into the position, or
    CLOSE_DATE_PAST.
    """
    position = find_position(unit.connection, unit.workspace.name, wanted["positionId"])
    if position is None:
        raise Refusal(Code.POSITION_UNKNOWN, f"There is no position {wanted['positionId']}.")
    _check_open_to_hiring(unit, position)
    organisation = read_organisation(unit, position["odsCode"])
    if wanted.get("closingDate", "9999") < unit.today.isoformat():
        raise Refusal(Code.CLOSE_DATE_PAST, "The closing date has passed in the world's time.")
    number = next_record(unit.connection, unit.workspace.name)
    vacancy = _vacancy(unit, organisation, position, wanted, f"ESR-{number}")
    vacancy["origin"] = "ESR"
    store.insert_vacancies(unit.connection, unit.workspace.name, [vacancy])
    _announce(unit, "vacancy.published", vacancy)
    return vacancy


def list_vacancies(
    unit: Unit, after: int, limit: int, ods_code: str | None, status: str | None
) -> dict[str, Any]:
    """A page of `Vacancy` in the order of creation."""
    rows = store.list_vacancies(
        unit.connection, unit.workspace.name, after, limit + 1, ods_code, status
    )
    return page_of("vacancies", rows, limit)


def read_vacancy(unit: Unit, reference: str, ods_code: str | None) -> dict[str, Any]:
    """The `Vacancy`. Raises Refusal NOT_FOUND when unknown or not the employer's."""
    found = store.find_vacancy(unit.connection, unit.workspace.name, reference)
    if found is None or ods_code not in (None, found["odsCode"]):
        raise not_found("vacancy", reference)
    return found


def change_vacancy_status(unit: Unit, reference: str, ods_code: str, status: str) -> dict[str, Any]:
    """Moves a vacancy to a national status and announces it.

    Raises Refusal NOT_FOUND, EMPLOYER_UNKNOWN, INTERFACE_NOT_ENABLED, or STATE_FORBIDS when it does not follow the present one.
    """
    enabled_employer(unit, ods_code, "vacancies")
    vacancy = read_vacancy(unit, reference, ods_code)
    check_status_change(vacancy["status"], status)
    return _moved(unit, vacancy, status)


def count_hire(unit: Unit, reference: str) -> None:
    """Has ESR say that a vacancy is filled, or partially, now that somebody was hired for it."""
    name = unit.workspace.name
    vacancy = store.find_vacancy(unit.connection, name, reference)
    if vacancy is not None:
        hired = store.count_hired(unit.connection, name, reference)
        _moved(unit, vacancy, status_after_hire(vacancy["status"], vacancy["openings"], hired))


def _moved(unit: Unit, vacancy: dict[str, Any], status: str) -> dict[str, Any]:
    if vacancy["status"] == status:
        return vacancy
    changed = {**vacancy, "status": status, "updatedAt": to_text(unit.now)}
    store.update_vacancy(unit.connection, unit.workspace.name, changed)
    _announce(unit, "vacancy.status-changed", changed)
    return changed


def _announce(unit: Unit, kind: str, vacancy: dict[str, Any]) -> None:
    announce(unit, kind, f"vacancies/{vacancy['vacancyReference']}", vacancy["odsCode"], vacancy)


def _usable_position(unit: Unit, ods_code: str, position_id: int) -> dict[str, Any]:
    position = find_position(unit.connection, unit.workspace.name, position_id)
    if position is None or position["odsCode"] != ods_code:
        raise Refusal(
            Code.POSITION_UNKNOWN, f"There is no position {position_id} of the employer {ods_code}."
        )
    _check_open_to_hiring(unit, position)
    return position


def _check_open_to_hiring(unit: Unit, position: dict[str, Any]) -> None:
    refused = refusals(position, Act.VACANCY, unit.today)
    if Code.POSITION_DELETED in refused:
        raise Refusal(Code.POSITION_DELETED, f"The position {position['positionId']} was deleted.")
    if refused:
        dates = (
            f", from {position['effectiveFrom']} to {position.get('effectiveTo', 'no known end')}"
        )
        raise Refusal(
            refused[0],
            f"The position {position['positionId']} is {status_of(position)}{dates}; nobody may be hired into it.",
        )


def _vacancy(
    unit: Unit,
    organisation: dict[str, Any],
    position: dict[str, Any],
    wanted: dict[str, Any],
    reference: str,
) -> dict[str, Any]:
    moment = to_text(unit.now)
    vacancy = {
        "vacancyReference": vacancy_reference(organisation["vpd"], reference),
        "requisitionReference": requisition_reference(organisation["vpd"], reference),
        "origin": "SUPPLIER",
        "odsCode": organisation["odsCode"],
        "positionId": position["positionId"],
        "title": wanted.get("title", position["positionTitle"]),
        "status": _OPEN,
        "openings": wanted.get("openings", 1),
        "createdAt": moment,
        "updatedAt": moment,
    }
    if "closingDate" in wanted:
        vacancy["closingDate"] = wanted["closingDate"]
    return vacancy
