"""Regulators and their registers: who answers ESR by itself and how soon, and what an answer makes of a check.

ESR asks a regulator about a registration by its body and number. What the regulators of `REGULATORS` answer comes back by itself
within their time (public, see each row); the moment within that time is ours, and the same for the same seed and applicant.
Every other body is asked by hand.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

_HOUR = timedelta(hours=1)
_ROUND_TRIP = "https://nhsbsa-live.powerappsportals.com/knowledgebase/article/KA-28156/en-us"


@dataclass(frozen=True, slots=True)
class Regulator:
    """A body that answers ESR by itself, and the time that it takes at most."""

    name: str
    within: timedelta
    source: str


REGULATORS = {
    "02": Regulator("General Dental Council", 24 * _HOUR, _ROUND_TRIP),
    "03": Regulator("General Medical Council", 24 * _HOUR, _ROUND_TRIP),
    "08": Regulator("Health and Care Professions Council", timedelta(days=7), _ROUND_TRIP),
    "09": Regulator("Nursing and Midwifery Council", 24 * _HOUR, _ROUND_TRIP),
    "16": Regulator("General Pharmaceutical Council", 24 * _HOUR, _ROUND_TRIP),
}
"""NWD registration body code → who answers. A body without a row is asked by hand (same source)."""

ASKED_IN = ("REQUESTED", "AWAITING_ANSWER")
"""States of the check in which ESR asks."""

ANSWERED_IN = ("REQUESTED", "IN_PROGRESS", "AWAITING_ANSWER")
"""States of the check in which the answer of a regulator that was asked still finds it."""

_THE_REGULATORS = ("status", "expiryDate")

FOUND, ALREADY_RECORDED, LAPSED = "FOUND", "ALREADY_RECORDED", "LAPSED"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an answer makes of the check and of the registration in it."""

    outcome: str
    status: str | None
    """NWD registration status; None where nobody is registered."""
    expires_after: timedelta | None
    """From the answer to the expiry date where the regulator names none; None where there is no such date."""


ANSWERS = {
    FOUND: Meaning("CLEAR", "03", timedelta(days=365)),
    ALREADY_RECORDED: Meaning("CLEAR", "03", timedelta(days=365)),
    LAPSED: Meaning("NOT_CLEAR", "02", timedelta(days=-1)),
    "NOT_FOUND": Meaning("NOT_CLEAR", None, None),
    "NAME_DIFFERS": Meaning("CONSIDER", "03", None),
}
"""What a regulator may answer. That a status comes back is public (KA-28156); the answers and what follows are ours."""


def may_expire(answer: str) -> bool:
    """Whether an answer has an expiry date."""
    return ANSWERS[answer].expires_after is not None


def answered(
    registration: dict[str, Any], answer: dict[str, Any], today: date
) -> tuple[str, dict[str, Any]]:
    """The outcome of the check, and the registration as the regulator tells of it.

    `answer` holds `answer` and perhaps `expiryDate`. A status or an expiry date that was there before goes: nobody but the
    regulator vouches for them.
    """
    meaning = ANSWERS[answer["answer"]]
    told = {name: value for name, value in registration.items() if name not in _THE_REGULATORS}
    if meaning.status is not None:
        told["status"] = meaning.status
    if meaning.expires_after is not None:
        told["expiryDate"] = answer.get("expiryDate", (today + meaning.expires_after).isoformat())
    return meaning.outcome, told


def is_asked(check: dict[str, Any]) -> bool:
    """Whether ESR asks a regulator after this `EmploymentCheck` was recorded."""
    registration = check.get("registration")
    return (
        check["state"] in ASKED_IN
        and registration is not None
        and registration["body"] in REGULATORS
    )


def time_to_answer(seed: int, applicant_number: str, body: str) -> timedelta:
    """How long the regulator takes: whole seconds, between an hour and its most, always the same for the same three."""
    digest = hashlib.sha256(f"regulator {seed} {applicant_number}".encode()).digest()
    spread = int((REGULATORS[body].within - _HOUR).total_seconds())
    return _HOUR + timedelta(seconds=int.from_bytes(digest[:8]) % (spread + 1))
