"""The advert: its reference, its life, the rules for pushing one, and what a recruiter fills in."""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sandbox.errors import Code, Refusal
from sandbox.rules import Rule


class Status(StrEnum):
    """Where an advert stands."""

    DRAFT = "DRAFT"
    RECEIVED_FROM_ESR = "RECEIVED_FROM_ESR"
    PUBLISHED = "PUBLISHED"
    CLOSED = "CLOSED"


class Act(StrEnum):
    """What may happen to an advert."""

    PUBLISH = "published"
    CLOSE = "closed"


SUPPLIER, ESR = "SUPPLIER", "ESR"

LIFE_CYCLE: dict[tuple[Status, Act], Status] = {
    (Status.DRAFT, Act.PUBLISH): Status.PUBLISHED,
    (Status.RECEIVED_FROM_ESR, Act.PUBLISH): Status.PUBLISHED,
    (Status.DRAFT, Act.CLOSE): Status.CLOSED,
    (Status.RECEIVED_FROM_ESR, Act.CLOSE): Status.CLOSED,
    (Status.PUBLISHED, Act.CLOSE): Status.CLOSED,
}
"""Every move there is; what has no row is refused."""


def after(status: str, act: Act) -> Status:
    """The status after an act. Raises Refusal STATE_FORBIDS."""
    try:
        return LIFE_CYCLE[Status(status), act]
    except KeyError:
        raise Refusal(Code.STATE_FORBIDS, f"An advert in state {status} cannot be {act}.") from None


def seen_on(advert: dict[str, Any], today: date) -> dict[str, Any]:
    """The advert as it is seen on a day: one that was published is CLOSED once its closing date has passed."""
    if advert["status"] == Status.PUBLISHED and advert["closeDate"] < today.isoformat():
        return {**advert, "status": Status.CLOSED}
    return advert


# The form is that of public adverts. C is left to the vacancies with which a world is seeded, so that the reference
# of an advert never meets one of theirs in ESR.
_LETTERS = "MABDEFGHJKLNPQRSTUVWXYZ"
_PER_LETTER = 9_999


def reference(vpd: str, year: int, number: int) -> str:
    """The reference of advert `number` (from 1) of an employer in a year, such as `M9901-26-0001`."""
    letter, rest = divmod(number - 1, _PER_LETTER)
    return f"{_LETTERS[letter % len(_LETTERS)]}9{vpd}-{year % 100:02d}-{rest + 1:04d}"


def address(advert_reference: str) -> str:
    """Where candidates read an advert; the host does not exist (RFC 2606)."""
    return f"https://beta.jobs.example.org/candidate/jobadvert/{advert_reference}"


@dataclass(frozen=True, slots=True)
class PushFacts:
    """What bears on an advert that is pushed."""

    submission: dict[str, Any]
    position: dict[str, Any] | None
    ods_code: str
    today: date

    @property
    def names_position(self) -> bool:
        """Whether the advert is for one position of ESR."""
        return "positionId" in self.submission


def _salary_in_order(facts: PushFacts) -> bool:
    salary = facts.submission["salary"]
    low, high = salary.get("minimum"), salary.get("maximum")
    return low is None or high is None or bool(low <= high)


def _position_known(facts: PushFacts) -> bool:
    position = facts.position
    return not facts.names_position or (
        position is not None and bool(position["odsCode"] == facts.ods_code)
    )


_OURS = "ours: the sandbox's contract"

PUSH_RULES: tuple[Rule[PushFacts], ...] = (
    Rule(
        Code.CLOSE_DATE_PAST,
        "/closeDate",
        lambda facts: facts.submission["closeDate"] >= facts.today.isoformat(),
        "The closing date has passed.",
        _OURS,
    ),
    Rule(
        Code.SALARY_RANGE_REVERSED,
        "/salary",
        _salary_in_order,
        "The least salary is above the highest.",
        _OURS,
    ),
    Rule(
        Code.JOB_ROLE_NOT_IN_STAFF_GROUP,
        "/jobRole",
        lambda facts: (
            facts.submission.get("jobRole", facts.submission["staffGroup"])[:2]
            == facts.submission["staffGroup"]
        ),
        "The job role does not belong to the staff group.",
        "NHS Data Model and Dictionary: the first two digits of a job role are its staff group",
    ),
    Rule(
        Code.POSITION_UNKNOWN,
        "/positionId",
        _position_known,
        "The employer has no such position.",
        _OURS,
    ),
    Rule(
        Code.POSITION_DELETED,
        "/positionId",
        lambda facts: facts.position is None or facts.position["changeDeleteIndicator"] != "D",
        "The position was deleted in ESR.",
        _OURS,
    ),
)
"""Everything that NHS Jobs asks of an advert that is pushed to it."""

# NHS Employers, Agenda for Change pay scales 2025/26, England: the least and the highest pay of a band, pounds a year.
_PAY: dict[str, tuple[int, int]] = {
    "BAND_2": (24465, 24465),
    "BAND_3": (24937, 26598),
    "BAND_4": (27485, 30162),
    "BAND_5": (31049, 37796),
    "BAND_6": (38682, 46580),
    "BAND_7": (47810, 54710),
    "BAND_8A": (55690, 62682),
    "BAND_8B": (64455, 74896),
    "BAND_8C": (76965, 88682),
    "BAND_8D": (91342, 105337),
    "BAND_9": (109179, 125637),
}
_MEDICAL = "MEDICAL"
# Postcode areas that Royal Mail has not allocated; the towns do not exist.
_PLACES = (
    ("Northmere", "NA1 2AB"),
    ("Easterholme", "EA4 7QT"),
    ("Jarrowby", "JA2 3DE"),
    ("Fallowford", "FA6 1RX"),
    ("Yarnley", "YA3 8LN"),
)
_OPEN_FOR = timedelta(days=28)
_FULL_TIME_HOURS = 37


def completed(
    advert: dict[str, Any], position: dict[str, Any] | None, seed: int, today: date
) -> dict[str, Any]:
    """The advert with what a recruiter has still to fill in, taken from the position and the seed.

    What is there stays. Raises Refusal POSITION_UNKNOWN when something is missing and the position is not known.
    """
    filled = {**_filling(advert, position, seed, today), **advert}
    if "staffGroup" not in filled:
        raise Refusal(
            Code.POSITION_UNKNOWN,
            f"NHS Jobs does not know position {advert.get('positionId')}, so the advert cannot be completed.",
        )
    return filled


def _filling(
    advert: dict[str, Any], position: dict[str, Any] | None, seed: int, today: date
) -> dict[str, Any]:
    draw = hashlib.blake2b(f"{seed}/place/{advert['advertId']}".encode(), digest_size=4).digest()
    town, postcode = _PLACES[int.from_bytes(draw, "big") % len(_PLACES)]
    filling: dict[str, Any] = {
        "description": f"{advert['employer']} is looking for a colleague: {advert['title']}.",
        "contractType": "Permanent",
        "locations": [{"town": town, "postcode": postcode}],
        "closeDate": (today + _OPEN_FOR).isoformat(),
        "openings": 1,
    }
    if position is not None:
        band = _band(position)
        full_time = position["contractedHours"] >= _FULL_TIME_HOURS
        filling |= {
            "staffGroup": position["staffGroup"],
            "jobRole": position["jobRole"],
            "areaOfWork": position["areaOfWork"],
            "payBand": band,
            "workingPattern": ["full-time" if full_time else "part-time"],
            "salary": _salary(band),
        }
    return filling


def _band(position: dict[str, Any]) -> str:
    """The band of a position; a scale that adverts do not know is taken for a local one."""
    scale = str(position["payScale"])
    if scale in _PAY or scale == _MEDICAL:
        return scale
    return _MEDICAL if position["staffGroup"] == "01" else "BAND_5"


def _salary(band: str) -> dict[str, Any]:
    if band not in _PAY:
        return {"text": "Depends on experience"}
    low, high = _PAY[band]
    text = f"£{low}.00" if low == high else f"£{low}.00 to £{high}.00"
    return {"text": text, "minimum": low, "maximum": high}


def vacancy_creation(advert: dict[str, Any]) -> dict[str, Any]:
    """What ESR is told so that it makes a vacancy for the advert: its `VacancyCreation`."""
    return {
        "supplierReference": advert["reference"],
        "positionId": advert["positionId"],
        "title": advert["title"],
        "openings": advert.get("openings", 1),
        "closingDate": advert["closeDate"],
    }
