"""What an update of an employment check says: types, states, outcomes and the details of each type,
which agree with the applicant: the role's DBS level, the registration held, the ground on which the
person may work.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, NamedTuple, Self

import numpy as np

from simulators import identifiers
from simulators.days import iso_day, iso_days
from simulators.draws import Bools, Column, Draws, Ints, Tables, column
from simulators.pools import names
from simulators.reference.job_roles import job_roles, role_number
from simulators.right_to_work import rights_to_work
from simulators.streams import Weighted

IDENTITY, RIGHT_TO_WORK, REGISTRATION = (
    "identity",
    "right-to-work",
    "registration-and-qualifications",
)
EMPLOYMENT_HISTORY, DBS = "employment-history-and-references", "dbs"
WORK_HEALTH, ALERT_NOTICE = "work-health-assessment", "alert-notice"
CHECK_TYPES = (
    RIGHT_TO_WORK,
    DBS,
    REGISTRATION,
    EMPLOYMENT_HISTORY,
    IDENTITY,
    WORK_HEALTH,
    ALERT_NOTICE,
)
REQUESTED, IN_PROGRESS, AWAITING_ANSWER = "REQUESTED", "IN_PROGRESS", "AWAITING_ANSWER"
COMPLETE, CANCELLED = "COMPLETE", "CANCELLED"

# Work health: fit 98, with restriction 1.3, unfit 0.7 % (40 NHS units, old). The others are
# assumed.
_OUTCOMES = Tables(
    Weighted.of({"CLEAR": 97.5, "CONSIDER": 2.0, "NOT_CLEAR": 0.5}),
    Weighted.of({"CLEAR": 98, "CONSIDER": 1.3, "NOT_CLEAR": 0.7}),
)
_HEALTH_RESULTS = {"CLEAR": "FIT", "CONSIDER": "FIT_WITH_ADJUSTMENTS", "NOT_CLEAR": "UNFIT"}
_ADJUSTMENTS = ("No night shifts for six months", "Sit-stand desk", "No lifting over 10 kg")
# In a hundred: of identity checks (assumed), of certificates (about one in ten joins the Update Service, 2019).
_DIGITAL, _UPDATE_SERVICE = 35, 10


@dataclass(frozen=True, slots=True)
class Cases:
    """Whose checks a block is: applicants of a seed by their indexes, each sent on a day. Days are ordinals."""

    seed: int
    indexes: Ints
    applicants: Sequence[Mapping[str, Any]]
    roles: Ints
    """Their numbers (see `role_number`)."""
    days: Ints
    starts: Ints

    @classmethod
    def of(
        cls, applicants: Sequence[Mapping[str, Any]], seed: int, indexes: Ints, days: Ints
    ) -> Self:
        """The cases of applicants as they were sent (the contract's `ApplicantSubmission`)."""
        starts = [date.fromisoformat(each["startDate"]).toordinal() for each in applicants]
        roles = [role_number(each["jobRole"]) for each in applicants]
        return cls(seed, indexes, applicants, np.array(roles), days, np.array(starts))


Details = list[dict[str, Any]]


class _Told(NamedTuple):
    """What updates are to tell, a column each."""

    rows: Ints
    """Whose: the place of the case."""
    asked: Ints
    """The ordinal of the day on which the check was asked for; `days` has that of the update."""
    days: Ints
    outcomes: Column
    choices: Ints
    """0 to 5: of two or of three things, each as likely."""
    percents: Ints
    """0 to 99."""

    def at(self, places: Ints) -> Self:
        return type(self)(*(values[places] for values in self))

    @property
    def clear(self) -> list[bool]:
        return [outcome == "CLEAR" for outcome in self.outcomes.tolist()]


def check_updates(
    cases: Cases, draws: Draws, rows: Ints, checks: Ints, states: Column, asked: Ints, days: Ints
) -> list[dict[str, Any]]:
    """The contract's `EmploymentCheckUpdate` of each update: of whose case (its place), of which check (its place in
    `CHECK_TYPES`), the state that it has reached, the ordinals of the day on which the check was asked for and of the
    day of the update. Takes seven draws.
    """
    outcomes = draws.weighted(_OUTCOMES, checks == CHECK_TYPES.index(WORK_HEALTH))
    told = _Told(rows, asked, days, outcomes, draws.below(6), draws.below(100))
    women, men, families = _recruiters()
    recruiters = np.where(draws.chance(77), draws.pick(women), draws.pick(men)).tolist()
    details = _details(cases, told, checks, states == COMPLETE)
    found = []
    for state, requested, done, outcome, first_name, last_name, detail in zip(
        states.tolist(),
        iso_days(asked),
        iso_days(days),
        outcomes.tolist(),
        recruiters,
        draws.pick(families).tolist(),
        details,
        strict=True,
    ):
        if state == COMPLETE:
            update = {
                "state": state,
                "outcome": outcome,
                "requestedDate": requested,
                "completedDate": done,
                "checkedBy": f"{first_name} {last_name}",
                **detail,
            }
        else:
            update = {"state": state, "requestedDate": requested, **detail}
        found.append(update)
    return found


@cache
def _recruiters() -> tuple[Column, Column, Column]:
    pool = names("en_GB")
    return column(pool.female), column(pool.male), column(pool.family)


def _details(cases: Cases, told: _Told, checks: Ints, complete: Bools) -> Details:
    """What each update tells of its type of check."""
    found: Details = [{}] * len(checks)
    for number, check_type in enumerate(CHECK_TYPES):
        of_type = checks == number
        for chosen, detail in (
            (of_type & complete, _COMPLETE[check_type]),
            (of_type & ~complete, _UNDER_WAY.get(check_type)),
        ):
            places = np.flatnonzero(chosen)
            if detail is not None and places.size:
                details = detail(cases, told.at(places))
                for place, each in zip(places.tolist(), details, strict=True):
                    found[place] = each
    return found


def _identity(_: Cases, told: _Told) -> Details:
    # Two photo documents and one of the address, or one and two (NHS Employment Check Standards).
    photos, digital = 1 + told.choices % 2, told.percents < _DIGITAL
    found = []
    for photo, is_digital in zip(photos.tolist(), digital.tolist(), strict=True):
        detail = {"photoDocuments": photo, "addressDocuments": 3 - photo, "digital": is_digital}
        if is_digital:
            detail["evidenceProfile"] = "H1A"
        found.append({"identity": detail})
    return found


def _right_to_work(cases: Cases, told: _Told) -> Details:
    rows = told.rows
    nationality = [cases.applicants[row]["person"]["nationality"] for row in rows.tolist()]
    registered = _registered()[cases.roles[rows]]
    rights = rights_to_work(
        cases.seed, cases.indexes[rows], nationality, registered, cases.starts[rows]
    )
    return [
        {"rightToWork": detail}
        if ends is None
        else {
            "expiryDate": iso_day(ends),
            "followUpDate": iso_day(ends - 28),
            "rightToWork": detail,
        }
        for detail, ends in rights
    ]


@cache
def _registered() -> Bools:
    return np.array([role.register is not None for role in job_roles()])


def _registration(cases: Cases, told: _Told) -> Details:
    held = (cases.applicants[row]["registrations"][0] for row in told.rows.tolist())
    return [{"registration": dict(each)} for each in held]


def _complete_registration(cases: Cases, told: _Told) -> Details:
    found = _registration(cases, told)
    for each, clear in zip(found, told.clear, strict=True):
        if clear:
            each["registration"]["status"] = "03"
    return found


def _employment_history(_: Cases, told: _Told) -> Details:
    references = 1 + told.choices % 3
    return [
        {
            "employmentHistory": {
                "yearsCovered": 3 if clear else 2,
                "references": number,
                "gapsExplained": clear,
            }
        }
        for number, clear in zip(references.tolist(), told.clear, strict=True)
    ]


def _dbs(cases: Cases, told: _Told) -> Details:
    return [{"dbs": _dbs_of_role(role).copy()} for role in cases.roles[told.rows].tolist()]


@cache
def _dbs_of_role(number: int) -> dict[str, Any]:
    role = job_roles()[number]
    workforce = role.dbs_workforce or "OTHER"
    found: dict[str, Any] = {"level": role.dbs_level, "workforce": workforce}
    if role.dbs_level == "ENHANCED_BARRED":
        found["childBarredList"] = "CHILD" in workforce
        found["adultBarredList"] = "ADULT" in workforce
    return found


def _complete_dbs(cases: Cases, told: _Told) -> Details:
    found = _dbs(cases, told)
    rows = zip(
        found,
        cases.indexes[told.rows].tolist(),
        iso_days(np.maximum(told.asked, told.days - 2)),
        (told.percents < _UPDATE_SERVICE).tolist(),
        strict=True,
    )
    for each, index, issued, joins in rows:
        detail = each["dbs"]
        detail["certificateNumber"] = identifiers.dbs_certificate_number(cases.seed, index)
        detail["issueDate"] = issued
        # The Update Service has no place for basic certificates.
        if detail["level"] != "BASIC":
            detail["updateService"] = joins
    return found


def _work_health(_: Cases, told: _Told) -> Details:
    found = []
    for outcome, choice in zip(told.outcomes.tolist(), told.choices.tolist(), strict=True):
        detail = {"result": _HEALTH_RESULTS[outcome]}
        if outcome == "CONSIDER":
            detail["adjustments"] = _ADJUSTMENTS[choice % 3]
        found.append({"workHealth": detail})
    return found


def _alert_notice(_: Cases, told: _Told) -> Details:
    return [
        {"alertNotice": {"noticeFound": not clear, "reviewedDate": day}}
        for clear, day in zip(told.clear, iso_days(told.days), strict=True)
    ]


_COMPLETE: Mapping[str, Callable[[Cases, _Told], Details]] = {
    IDENTITY: _identity,
    RIGHT_TO_WORK: _right_to_work,
    REGISTRATION: _complete_registration,
    EMPLOYMENT_HISTORY: _employment_history,
    DBS: _complete_dbs,
    WORK_HEALTH: _work_health,
    ALERT_NOTICE: _alert_notice,
}
_UNDER_WAY: Mapping[str, Callable[[Cases, _Told], Details]] = {
    REGISTRATION: _registration,
    DBS: _dbs,
}
