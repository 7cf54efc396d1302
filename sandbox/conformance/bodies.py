"""Sound bodies to begin with: a case says only what it changes of one. Pure but for the simulators' draws."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from simulators import identifiers
from simulators.people import person
from simulators.reference.job_roles import job_role

_ROOM = 100_000
_PEOPLE_OF_A_CASE = 8
_SUPPORT = "09001"


class UnknownBase(Exception):
    """A case names a body to begin with that there is none of."""


def person_of(seed: int, case: str, ordinal: int, today: date) -> dict[str, Any]:
    """Person `ordinal` of a case, as the contract's `Person`: unreal by construction, British, with an NI number."""
    digest = hashlib.sha256(case.encode()).digest()
    index = int.from_bytes(digest[:4], "big") % _ROOM * _PEOPLE_OF_A_CASE + ordinal
    someone = person(seed, index, job_role(_SUPPORT), today)
    someone.pop("previousLastName", None)
    return someone | {
        "nationality": "GB",
        "niNumber": identifiers.national_insurance_number(seed, index),
    }


def _day(today: date, days: int) -> str:
    return (today + timedelta(days=days)).isoformat()


def _applicant(bound: Mapping[str, Any], today: date, reference: str) -> dict[str, Any]:
    vacancy, position = bound["vacancy"], bound["position"]
    return {
        "supplierReference": reference,
        "vacancyReference": vacancy["vacancyReference"],
        "positionId": vacancy["positionId"],
        "person": bound["person"],
        "staffGroup": position["staffGroup"],
        "jobRole": position["jobRole"],
        "contractType": "05",
        "assignmentType": "01",
        "offerDate": _day(today, -40),
        "offerAcceptedDate": _day(today, -38),
        "startDate": _day(today, 40),
    }


def _offer(bound: Mapping[str, Any], today: date, reference: str) -> dict[str, Any]:
    """The arguments of the driver's START_OFFER: an applicant with the employer named, the offer not yet answered."""
    sent = _applicant(bound, today, reference) | {"odsCode": bound["employer"]["odsCode"]}
    del sent["offerAcceptedDate"]
    return sent


def _withdrawal(_bound: Mapping[str, Any], today: date, _reference: str) -> dict[str, Any]:
    return {"reason": "CANDIDATE_WITHDREW", "withdrawnDate": today.isoformat()}


def _vacancy(bound: Mapping[str, Any], today: date, reference: str) -> dict[str, Any]:
    return {
        "supplierReference": reference,
        "positionId": bound["position"]["positionId"],
        "title": "Staff Nurse",
        "openings": 1,
        "closingDate": _day(today, 30),
    }


def _advert(bound: Mapping[str, Any], today: date, reference: str) -> dict[str, Any]:
    return {
        "supplierReference": reference,
        "title": "Staff Nurse",
        "description": "You will plan, give and review the care of patients on a ward of twenty-eight beds.",
        "staffGroup": bound["position"]["staffGroup"],
        "jobRole": bound["position"]["jobRole"],
        "payBand": "BAND_5",
        "contractType": "Permanent",
        "workingPattern": ["full-time"],
        "salary": {"text": "£31049.00 to £37796.00", "minimum": 31049, "maximum": 37796},
        "locations": [{"town": "Northmere", "postcode": "XN1 2AB"}],
        "openings": 2,
        "closeDate": _day(today, 60),
        "positionId": bound["position"]["positionId"],
    }


_CANDIDATE = ("title", "firstName", "lastName", "gender", "nationality", "emailAddress", "address")


def _candidate(bound: Mapping[str, Any], _today: date, _reference: str) -> dict[str, Any]:
    someone = bound["person"]
    return {"candidate": {name: someone[name] for name in _CANDIDATE if name in someone}}


def _nhs_jobs_offer(_bound: Mapping[str, Any], today: date, _reference: str) -> dict[str, Any]:
    return {
        "offerDate": _day(today, -10),
        "startDate": _day(today, 40),
        "contractType": "05",
        "assignmentType": "01",
    }


def _acceptance(bound: Mapping[str, Any], _today: date, _reference: str) -> dict[str, Any]:
    someone = bound["person"]
    return {
        "answer": "ACCEPT",
        "dateOfBirth": someone["dateOfBirth"],
        "niNumber": someone["niNumber"],
    }


_DETAILS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "identity": (
        "identity",
        {"evidenceProfile": "H1A", "photoDocuments": 2, "addressDocuments": 1, "digital": False},
    ),
    "right-to-work": ("rightToWork", {"route": "BRITISH_OR_IRISH", "documentType": "PASSPORT"}),
    "registration-and-qualifications": (
        "registration",
        {"body": "09", "number": "99Z0123E", "type": "33"},
    ),
    "employment-history-and-references": (
        "employmentHistory",
        {"yearsCovered": 3, "references": 2, "gapsExplained": True},
    ),
    "dbs": ("dbs", {"level": "ENHANCED", "workforce": "ADULT"}),
    "work-health-assessment": ("workHealth", {}),
    "alert-notice": ("alertNotice", {}),
}


def check_body(check_type: str, today: date) -> dict[str, Any]:
    """A check that has been asked for, with the details of its type."""
    name, details = _DETAILS[check_type]
    body: dict[str, Any] = {"state": "REQUESTED", "requestedDate": _day(today, -5)}
    return body | ({name: dict(details)} if details else {})


_BASES: Mapping[str, Callable[[Mapping[str, Any], date, str], dict[str, Any]]] = {
    "acceptance": _acceptance,
    "advert": _advert,
    "applicant": _applicant,
    "candidate": _candidate,
    "nhs-jobs-offer": _nhs_jobs_offer,
    "offer": _offer,
    "vacancy": _vacancy,
    "withdrawal": _withdrawal,
}


def body_of(base: str, bound: Mapping[str, Any], today: date, reference: str) -> dict[str, Any]:
    """The body named `base` (`check:<type>` for a check), for what the case is bound to. Raises UnknownBase."""
    kind, _, check_type = base.partition(":")
    if kind == "check" and check_type in _DETAILS:
        return check_body(check_type, today)
    if base not in _BASES:
        known = [*_BASES, *(f"check:{name}" for name in _DETAILS)]
        raise UnknownBase(f"there is no body {base!r}; there are {', '.join(known)}")
    return _BASES[base](bound, today, reference)
