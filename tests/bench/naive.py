"""Applicants and their histories as one writes them with a library for fictitious data: each field is drawn when it is needed.

The fields are those of ours, as often there as in ours, and the numbers of updates are the same on average. What is
left out is what costs ours more: that the details of a person agree, that a check goes through its states in the time
that it takes, that nothing falls on a holiday.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

_UPDATES = (2, 3, 3, 3, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 6, 6, 6, 7, 7, 8)
_PLAIN = "any that says no more"
# In a hundred updates: what is updated, whether it is complete.
_CHECKS = (
    *(("identity", True),) * 12,
    *(("right-to-work", True),) * 19,
    *(("registration-and-qualifications", True),) * 3,
    *(("registration-and-qualifications", False),) * 5,
    *(("employment-history-and-references", True),) * 13,
    *(("dbs", True),) * 13,
    *(("dbs", False),) * 5,
    *(("work-health-assessment", True),) * 10,
    *(("alert-notice", True),) * 3,
    *((_PLAIN, False),) * 17,
)
_STATES = ("REQUESTED", "IN_PROGRESS", "AWAITING_ANSWER")
_DBS_LEVELS = ("BASIC", "STANDARD", "ENHANCED", "ENHANCED_BARRED")
_OUTCOMES = ("CLEAR", "CONSIDER", "NOT_CLEAR")
_CODES = ("01", "02", "03", "04", "05", "06", "07", "08", "09")
_LETTERS = ("A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "L", "M", "N")


@dataclass(frozen=True, slots=True)
class Fields:
    """The library's own functions, one for each kind of field."""

    title: Callable[[], str]
    first_name: Callable[[], str]
    last_name: Callable[[], str]
    full_name: Callable[[], str]
    date_of_birth: Callable[[], date]
    country_code: Callable[[], str]
    street_address: Callable[[], str]
    city: Callable[[], str]
    county: Callable[[], str]
    postcode: Callable[[], str]
    email: Callable[[], str]
    mobile: Callable[[], str]
    company: Callable[[], str]
    pattern: Callable[[str], str]
    """Digits in place of #."""
    element: Callable[[Sequence[Any]], Any]
    whole: Callable[[int, int], int]
    """A whole number from the first to the second."""
    day_between: Callable[[date, date], date]
    chance: Callable[[int], bool]
    """True in so many of a hundred."""


def applicant_with_history(draw: Fields, today: date) -> list[dict[str, Any]]:
    """An ApplicantSubmission, then its EmploymentCheckUpdates."""
    submission = _submission(draw, today)
    start = date.fromisoformat(submission["startDate"])
    updates = [_update(draw, today, start) for _ in range(draw.element(_UPDATES))]
    return [submission, *updates]


def _submission(draw: Fields, today: date) -> dict[str, Any]:
    offered = draw.day_between(today - timedelta(days=11), today)
    start = draw.day_between(today + timedelta(days=14), today + timedelta(days=77))
    found: dict[str, Any] = {
        "supplierReference": draw.pattern("APP-######-#######"),
        "vacancyReference": draw.pattern("###-V-####"),
        "positionId": draw.whole(9_000_000, 9_999_999),
        "person": _person(draw),
        "staffGroup": draw.element(_CODES),
        "jobRole": draw.pattern("0####"),
        "contractType": draw.element(_CODES),
        "assignmentType": draw.element(("01", "02")),
        "hoursPerWeek": draw.element((15.0, 22.5, 30.0, 37.5)),
        "recruitmentSource": draw.element(_CODES),
        "offerDate": offered.isoformat(),
        "startDate": start.isoformat(),
    }
    if draw.chance(50):
        found["registrations"] = [_registration(draw, today)]
    if draw.chance(80):
        found["offerAcceptedDate"] = draw.day_between(offered, today).isoformat()
        found["dataSharingConsent"] = draw.chance(85)
    if draw.chance(18):
        found["endDate"] = (start + timedelta(days=364)).isoformat()
    if draw.chance(22):
        found["previousEmployer"] = {
            "name": draw.company(),
            "odsCode": draw.pattern("X0A#B"),
            "endDate": draw.day_between(today, start).isoformat(),
        }
    return found


def _person(draw: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {
        "title": draw.title(),
        "firstName": draw.first_name(),
        "lastName": draw.last_name(),
        "dateOfBirth": draw.date_of_birth().isoformat(),
        "gender": draw.element(("1", "2")),
        "nationality": draw.country_code(),
        "ethnicOrigin": draw.element(_LETTERS),
        "maritalStatus": draw.element(("S", "M", "D", "W", "P", "N")),
        "disability": draw.element(("01", "02", "99")),
        "religiousBelief": draw.element(_LETTERS),
        "sexualOrientation": draw.element(("1", "2", "3", "4", "U", "Z")),
        "emailAddress": draw.email(),
        "mobileNumber": draw.mobile(),
        "address": {
            "line1": draw.street_address(),
            "town": draw.city(),
            "postcode": draw.postcode(),
            "country": "GB",
        },
    }
    if draw.chance(18):
        found["address"]["line2"] = draw.street_address()
    if draw.chance(60):
        found["address"]["county"] = draw.county()
    if draw.chance(40):
        found["middleNames"] = draw.first_name()
    if draw.chance(12):
        found["previousLastName"] = draw.last_name()
    if draw.chance(30):
        found["homeNumber"] = draw.pattern("01632 960###")
    if draw.chance(75):
        found["niNumber"] = draw.pattern("MW######A")
    return found


def _registration(draw: Fields, today: date) -> dict[str, Any]:
    return {
        "body": draw.element(_CODES),
        "number": draw.pattern("99Z####E"),
        "type": draw.element(_CODES),
        "expiryDate": draw.day_between(today, today + timedelta(days=365)).isoformat(),
    }


def _update(draw: Fields, today: date, start: date) -> dict[str, Any]:
    check, complete = draw.element(_CHECKS)
    requested = draw.day_between(today, start)
    found: dict[str, Any] = {
        "state": "COMPLETE" if complete else draw.element(_STATES),
        "requestedDate": requested.isoformat(),
    }
    if complete:
        found["completedDate"] = draw.day_between(requested, start).isoformat()
        found["outcome"] = draw.element(_OUTCOMES)
        found["checkedBy"] = draw.full_name()
    return found | _DETAILS[check](draw, requested, complete)


def _identity(draw: Fields, _day: date, _complete: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "photoDocuments": draw.whole(1, 2),
        "addressDocuments": draw.whole(1, 2),
        "digital": draw.chance(35),
    }
    if found["digital"]:
        found = {"evidenceProfile": "H1A"} | found
    return {"identity": found}


def _right_to_work(draw: Fields, day: date, _complete: bool) -> dict[str, Any]:
    detail = {"route": draw.element(_CODES), "documentType": draw.element(_CODES)}
    if draw.chance(18):
        detail["shareCode"] = draw.pattern("W########")
    if draw.chance(5):
        detail["certificateOfSponsorship"] = draw.pattern("C2G#####")
    if not draw.chance(10):
        return {"rightToWork": detail}
    expires = draw.day_between(day, day + timedelta(days=1095))
    detail["permissionExpiryDate"] = expires.isoformat()
    follow_up = (expires - timedelta(days=28)).isoformat()
    return {"expiryDate": expires.isoformat(), "followUpDate": follow_up, "rightToWork": detail}


def _registration_check(draw: Fields, day: date, complete: bool) -> dict[str, Any]:
    return {"registration": _registration(draw, day) | ({"status": "03"} if complete else {})}


def _employment_history(draw: Fields, _day: date, _complete: bool) -> dict[str, Any]:
    found = {"yearsCovered": draw.whole(2, 3), "references": draw.whole(1, 3)}
    return {"employmentHistory": found | {"gapsExplained": draw.chance(97)}}


def _dbs(draw: Fields, day: date, complete: bool) -> dict[str, Any]:
    found = {"level": draw.element(_DBS_LEVELS), "workforce": draw.element(("ADULT", "CHILD"))}
    if draw.chance(85):
        found |= {"childBarredList": draw.chance(50), "adultBarredList": draw.chance(50)}
    if complete:
        found["certificateNumber"] = draw.pattern("999#########")
        found["issueDate"] = day.isoformat()
        found["updateService"] = draw.chance(10)
    return {"dbs": found}


def _work_health(draw: Fields, _day: date, _complete: bool) -> dict[str, Any]:
    return {"workHealth": {"result": draw.element(("FIT", "FIT_WITH_ADJUSTMENTS", "UNFIT"))}}


def _alert_notice(draw: Fields, day: date, _complete: bool) -> dict[str, Any]:
    return {"alertNotice": {"noticeFound": draw.chance(2), "reviewedDate": day.isoformat()}}


def _nothing(_draw: Fields, _day: date, _complete: bool) -> dict[str, Any]:
    return {}


_DETAILS: dict[str, Callable[[Fields, date, bool], dict[str, Any]]] = {
    "identity": _identity,
    "right-to-work": _right_to_work,
    "registration-and-qualifications": _registration_check,
    "employment-history-and-references": _employment_history,
    "dbs": _dbs,
    "work-health-assessment": _work_health,
    "alert-notice": _alert_notice,
    _PLAIN: _nothing,
}
