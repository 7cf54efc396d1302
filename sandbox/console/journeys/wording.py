"""How a journey says things."""

from collections.abc import Iterable
from typing import Any

from sandbox.console.words import day, moment

CHECKS = {
    "identity": "identity",
    "right-to-work": "right to work",
    "registration-and-qualifications": "registration and qualifications",
    "employment-history-and-references": "employment history and references",
    "dbs": "DBS",
    "work-health-assessment": "work health assessment",
    "alert-notice": "alert notice",
}
"""Type of check → its name."""

STATUSES = {
    "ACTIVE_APPLICATION": "under review: ESR has to say who it is",
    "OFFER": "offer made",
    "ACCEPTED": "offer accepted",
    "HIRED": "hired",
    "TERMINATED": "ended",
}
"""Status of ESR's applicant → words."""

APPLICATION_STATUSES = {
    "APPLIED": "applied",
    "OFFERED": "offer made",
    "OFFER_ACCEPTED": "offer accepted, not yet taken by ESR",
    "OFFER_DECLINED": "offer declined",
    "SENT_TO_ESR": "taken by ESR",
    "ESR_REJECTED": "refused by ESR",
    "HIRED": "hired",
    "WITHDRAWN": "withdrawn",
}
"""Status of NHS Jobs' application → words."""

PARTIES = {"SUPPLIER": "the recruitment system", "ESR": "an ESR user", "REGULATOR": "the regulator"}

_FIELDS = {
    "person": "personal details",
    "registrations": "registrations",
    "staffGroup": "staff group",
    "jobRole": "job role",
    "contractType": "contract type",
    "assignmentType": "assignment type",
    "hoursPerWeek": "hours a week",
    "offerAcceptedDate": "date of acceptance",
    "startDate": "start date",
    "endDate": "end date",
    "dataSharingConsent": "answer about sharing data",
    "internalCandidate": "internal candidate",
    "previousEmployer": "previous employer",
}


def spoken(value: str) -> str:
    """`AWAITING_ANSWER` as `awaiting answer`."""
    return value.replace("_", " ").replace("-", " ").lower()


def status_of(applicant: dict[str, Any]) -> str:
    """Where ESR's applicant stands."""
    status = str(applicant.get("status", ""))
    return STATUSES.get(status, spoken(status))


def application_status_of(application: dict[str, Any]) -> str:
    """Where NHS Jobs' application stands."""
    status = str(application.get("status", ""))
    return APPLICATION_STATUSES.get(status, spoken(status))


def check(check_type: str) -> str:
    """The name of a check."""
    return f"{CHECKS.get(check_type, spoken(check_type))} check"


def check_says(held: dict[str, Any]) -> str:
    """Where a check stands: `complete, clear`."""
    parts = [spoken(str(held.get("state", "")))]
    if "outcome" in held:
        parts.append(spoken(str(held["outcome"])))
    return ", ".join(filter(None, parts))


def fields(patch: dict[str, Any]) -> str:
    """The names of what a change is about."""
    return joined(_FIELDS.get(name, spoken(name)) for name in patch) or "nothing"


def joined(items: Iterable[str]) -> str:
    """`a, b and c`."""
    *first, last = [*items] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def yes_no(value: object) -> str:
    """The answer to the question about sharing data."""
    return "not answered" if value is None else "yes" if value else "no"


def sentence(text: str) -> str:
    """A text with a full stop."""
    stripped = text.strip()
    return stripped if stripped.endswith((".", "!", "?")) else f"{stripped}."


def answered(status: int) -> str:
    """What came back."""
    return f"answered {status}" if status else "gave no answer"


__all__ = [
    "APPLICATION_STATUSES",
    "CHECKS",
    "PARTIES",
    "STATUSES",
    "answered",
    "application_status_of",
    "check",
    "check_says",
    "day",
    "fields",
    "joined",
    "moment",
    "sentence",
    "spoken",
    "status_of",
    "yes_no",
]
