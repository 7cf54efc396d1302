"""ESR's events: each taken once, whatever comes, and applied as soon as what it tells of is known.

An event about an applicant may overtake the answer that names the applicant, or another event. It is then HELD, and
applied when that arrives. What an event says holds as of its version or sequence: older ones change nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.nhsjobs.domain import events as domain
from sandbox.nhsjobs.domain.adverts import ESR, Status
from sandbox.nhsjobs.domain.applications import AWAITS_ESR, Act
from sandbox.nhsjobs.domain.applications import LIFE_CYCLE as APPLICATION_LIFE_CYCLE
from sandbox.nhsjobs.domain.applications import Status as ApplicationStatus
from sandbox.nhsjobs.domain.pre_employment_checks import DETAILS
from sandbox.nhsjobs.service.adverts import begin, close_advert
from sandbox.nhsjobs.service.applications import keys_of, move
from sandbox.nhsjobs.service.employers import employer_of_vacancy
from sandbox.nhsjobs.service.offers import move_start_date
from sandbox.nhsjobs.service.pre_employment_checks import take_over
from sandbox.nhsjobs.store import adverts, applications
from sandbox.nhsjobs.store import events as store
from sandbox.nhsjobs.store.applications import HeldApplication
from sandbox.nhsjobs.store.employers import replace_position
from sandbox.web.call import Unit

_TAKEN_OVER = ("openings", "positionId")


def receive_event(unit: Unit, event: dict[str, Any]) -> None:
    """Takes an event: a `DeliveredEvent` of the receiver contract. One that was taken before changes nothing."""
    name = unit.workspace.name
    if store.is_known(unit.connection, name, event):
        return
    if not domain.is_readable(event):
        store.insert_event(unit.connection, name, event, domain.IGNORED)
        return
    waits_for = _apply(unit, event)
    state = domain.APPLIED if waits_for is None else domain.HELD
    store.insert_event(unit.connection, name, event, state, waits_for)


def apply_waiting(unit: Unit, held: HeldApplication) -> None:
    """Applies the events that waited for ESR's answer for an application, in the order in which they happened."""
    waiting = [event for key in keys_of(held) for event in _held(unit, key)]
    for event in sorted(waiting, key=lambda item: item["sequence"]):
        _apply_held(unit, event)


def _held(unit: Unit, key: str) -> list[dict[str, Any]]:
    return store.list_held(unit.connection, unit.workspace.name, key)


def _apply_held(unit: Unit, event: dict[str, Any]) -> None:
    if _apply(unit, event) is None:
        store.settle_event(unit.connection, unit.workspace.name, event, domain.APPLIED)


def _apply(unit: Unit, event: dict[str, Any]) -> str | None:
    """Applies a readable event; answers what it waits for, or None when it is done."""
    return _APPLY[event["type"]](unit, event)


def _vacancy_published(unit: Unit, event: dict[str, Any]) -> str | None:
    vacancy, name = event["data"], unit.workspace.name
    reference = vacancy["vacancyReference"]
    if adverts.find_by_vacancy(unit.connection, name, reference) is not None:
        return None
    if vacancy["origin"] != ESR:
        return None
    employer = employer_of_vacancy(unit, vacancy["odsCode"], reference)
    advert = begin(unit, employer, Status.RECEIVED_FROM_ESR, ESR, vacancy["title"])
    advert |= {item: vacancy[item] for item in _TAKEN_OVER}
    advert["vacancyReference"] = reference
    if isinstance(vacancy.get("closingDate"), str):
        advert["closeDate"] = vacancy["closingDate"]
    adverts.insert_advert(unit.connection, name, advert, event["sequence"])
    for waiting in _held(unit, domain.vacancy_key(reference)):
        _apply_held(unit, waiting)
    return None


def _vacancy_status_changed(unit: Unit, event: dict[str, Any]) -> str | None:
    vacancy, name = event["data"], unit.workspace.name
    reference = vacancy["vacancyReference"]
    found = adverts.find_by_vacancy(unit.connection, name, reference)
    if found is None:
        return domain.vacancy_key(reference)
    advert, sequence = found
    if event["sequence"] <= sequence:
        return None
    if vacancy["status"] in domain.FINAL_VACANCY_STATUSES:
        close_advert(unit, advert)
    adverts.note_sequence(unit.connection, name, advert["advertId"], event["sequence"])
    return None


def _position_told(unit: Unit, event: dict[str, Any]) -> str | None:
    replace_position(unit.connection, unit.workspace.name, event["data"], event["sequence"])
    return None


def _applicant_told(unit: Unit, event: dict[str, Any]) -> str | None:
    told, name = event["data"], unit.workspace.name
    held = applications.find_by_reference(unit.connection, name, told["supplierReference"])
    if held is None:
        return None  # Somebody else's applicant.
    if held.document["status"] in AWAITS_ESR:
        return domain.application_key(held.document["reference"])
    if held.applicant_number != told["applicantNumber"] or told["version"] <= held.esr_version:
        return None
    held = replace(held, esr_version=told["version"])
    applications.update_application(unit.connection, name, held)
    move_start_date(unit, held.document["applicationId"], told["startDate"])
    act = _ACTS.get(event["type"])
    status = ApplicationStatus(held.document["status"])
    if act is not None and (status, act) in APPLICATION_LIFE_CYCLE:
        move(unit, held, act)
    return None


def _check_told(unit: Unit, event: dict[str, Any]) -> str | None:
    told = event["data"]
    if told["checkType"] not in DETAILS:
        return None
    number = told["applicantNumber"]
    held = applications.find_by_applicant(unit.connection, unit.workspace.name, number)
    if held is None:
        return domain.applicant_key(number)
    take_over(unit, held.document["applicationId"], told)
    return None


_ACTS = {
    "applicant.hired": Act.HIRE,
    "applicant.moved": Act.HIRE,
    "applicant.withdrawn": Act.WITHDRAW,
}

_APPLY: dict[str, Callable[[Unit, dict[str, Any]], str | None]] = {
    "vacancy.published": _vacancy_published,
    "vacancy.status-changed": _vacancy_status_changed,
    "position.changed": _position_told,
    "position.deleted": _position_told,
    "applicant.amended": _applicant_told,
    "applicant.accepted": _applicant_told,
    "applicant.identified": _applicant_told,
    "applicant.hired": _applicant_told,
    "applicant.moved": _applicant_told,
    "applicant.withdrawn": _applicant_told,
    "employment-check.started": _check_told,
    "employment-check.updated": _check_told,
}
