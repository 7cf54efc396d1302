"""What NHS Jobs reads out of ESR's events, and what must be there for that.

Anything may arrive at a receiver: an event that lacks what is read of it is kept as IGNORED and answered like any
other, so that a sender never repeats what will never be understood.
"""

import re
from collections.abc import Callable
from typing import Any

APPLIED, IGNORED, HELD = "APPLIED", "IGNORED", "HELD"
"""What became of an event: HELD until something arrives without which it cannot be placed."""

FINAL_VACANCY_STATUSES = frozenset({"08", "09", "10"})
"""National position vacancy statuses that end a vacancy: terminated, filled, closed."""

Form = Callable[[Any], bool]


def _like(pattern: str) -> Form:
    form = re.compile(pattern, re.ASCII)
    return lambda value: isinstance(value, str) and form.fullmatch(value) is not None


_is_date = _like(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_is_sequence = _like(r"[0-9]{12}")
_is_vacancy_reference = _like(r"[0-9]{3}-[A-Za-z0-9][A-Za-z0-9-]{0,29}")
_is_ods_code = _like(r"[A-Z0-9]{3,5}")
_is_applicant_number = _like(r"[0-9]{8}")
_is_author = _like(r"SUPPLIER|ESR|REGULATOR")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 100


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**15


def _is_hours(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_VACANCY: dict[str, Form] = {
    "vacancyReference": _is_vacancy_reference,
    "odsCode": _is_ods_code,
    "positionId": _is_number,
    "title": _is_text,
    "status": _is_text,
    "origin": _is_text,
    "openings": _is_number,
}
_POSITION: dict[str, Form] = {
    "positionId": _is_number,
    "odsCode": _is_ods_code,
    "changeDeleteIndicator": _is_text,
    "staffGroup": _is_text,
    "jobRole": _is_text,
    "areaOfWork": _is_text,
    "payScale": _is_text,
    "contractedHours": _is_hours,
}
_APPLICANT: dict[str, Form] = {
    "applicantNumber": _is_applicant_number,
    "supplierReference": _is_text,
    "status": _is_text,
    "startDate": _is_date,
    "version": _is_number,
}
_CHECK: dict[str, Form] = {
    "applicantNumber": _is_applicant_number,
    "checkType": _is_text,
    "state": _is_text,
    "requestedDate": _is_date,
    "startedBy": _is_author,
    "updatedBy": _is_author,
    "version": _is_number,
}

READ: dict[str, dict[str, Form]] = {
    "vacancy.published": _VACANCY,
    "vacancy.status-changed": _VACANCY,
    "position.changed": _POSITION,
    "position.deleted": _POSITION,
    "applicant.amended": _APPLICANT,
    "applicant.accepted": _APPLICANT,
    "applicant.identified": _APPLICANT,
    "applicant.hired": _APPLICANT,
    "applicant.moved": _APPLICANT,
    "applicant.withdrawn": _APPLICANT,
    "employment-check.started": _CHECK,
    "employment-check.updated": _CHECK,
}
"""Event type → the properties of its data that NHS Jobs reads, with the form that each must have."""


def is_readable(event: dict[str, Any]) -> bool:
    """Whether NHS Jobs knows the event's type and finds in it what it reads."""
    forms = READ.get(event["type"])
    data = event.get("data")
    if forms is None or not isinstance(data, dict):
        return False
    if not _is_sequence(event.get("sequence")):
        return False
    return all(name in data and form(data[name]) for name, form in forms.items())


def applicant_key(applicant_number: str) -> str:
    """What an event waits for when ESR's number of an applicant is not known yet."""
    return f"applicant/{applicant_number}"


def application_key(reference: str) -> str:
    """What an event waits for when ESR has not answered for an application yet."""
    return f"application/{reference}"


def vacancy_key(vacancy_reference: str) -> str:
    """What an event waits for when there is no advert for a vacancy yet."""
    return f"vacancy/{vacancy_reference}"
