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
from simulators.days import iso_day
from simulators.draws import Column, Draws, Ints, Tables, column
from simulators.pools import names
from simulators.reference.job_roles import JobRole, job_roles, role_number
from simulators.right_to_work import RightToWork, rights_to_work
from simulators.streams import Weighted

IDENTITY, RIGHT_TO_WORK, REGISTRATION = (
    "identity",
    "right-to-work",
    "registration-and-qualifications",
)
EMPLOYMENT_HISTORY, DBS = "employment-history-and-references", "dbs"
WORK_HEALTH, ALERT_NOTICE = "work-health-assessment", "alert-notice"
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


class _Update(NamedTuple):
    """What is to be told in an update. Days are ordinals."""

    row: int
    """Of its case."""
    check_type: str
    state: str
    asked: int
    day: int
    outcome: str
    first_name: str
    last_name: str
    choice: int
    """0 to 5: of two or of three things, each as likely."""
    percent: int
    """0 to 99."""


def check_updates(
    cases: Cases,
    draws: Draws,
    rows: Ints,
    check_types: Column,
    states: Column,
    asked: Ints,
    days: Ints,
) -> list[dict[str, Any]]:
    """The contract's `EmploymentCheckUpdate` of each update: of whose case, of which check, the state that it has
    reached, the day on which the check was asked for and the day of the update. Takes seven draws.
    """
    women, men, families = _recruiters()
    updates = zip(
        rows.tolist(),
        check_types.tolist(),
        states.tolist(),
        asked.tolist(),
        days.tolist(),
        draws.weighted(_OUTCOMES, check_types == WORK_HEALTH).tolist(),
        np.where(draws.chance(77), draws.pick(women), draws.pick(men)).tolist(),
        draws.pick(families).tolist(),
        draws.below(6).tolist(),
        draws.below(100).tolist(),
        strict=True,
    )
    details = _Details.of(cases)
    return [
        _complete(update, details) if update.state == COMPLETE else _under_way(update, details)
        for update in map(_Update._make, updates)
    ]


@cache
def _recruiters() -> tuple[Column, Column, Column]:
    pool = names("en_GB")
    return column(pool.female), column(pool.male), column(pool.family)


@dataclass(frozen=True, slots=True)
class _Details:
    """What the details of a block's updates follow from, by the row of the case."""

    seed: int
    indexes: list[int]
    roles: list[JobRole]
    applicants: Sequence[Mapping[str, Any]]
    rights_to_work: list[RightToWork]

    @classmethod
    def of(cls, cases: Cases) -> Self:
        roles = [job_roles()[role] for role in cases.roles.tolist()]
        nationality = [each["person"]["nationality"] for each in cases.applicants]
        registered = np.array([role.register is not None for role in roles])
        rights = rights_to_work(cases.seed, cases.indexes, nationality, registered, cases.starts)
        return cls(cases.seed, cases.indexes.tolist(), roles, cases.applicants, rights)


def _under_way(update: _Update, details: _Details) -> dict[str, Any]:
    found: dict[str, Any] = {"state": update.state, "requestedDate": iso_day(update.asked)}
    if update.check_type == DBS:
        found["dbs"] = _dbs(details.roles[update.row])
    elif update.check_type == REGISTRATION:
        found["registration"] = _registration(update, details)
    return found


def _complete(update: _Update, details: _Details) -> dict[str, Any]:
    return {
        "state": COMPLETE,
        "outcome": update.outcome,
        "requestedDate": iso_day(update.asked),
        "completedDate": iso_day(update.day),
        "checkedBy": f"{update.first_name} {update.last_name}",
        **_OF_A_COMPLETE[update.check_type](update, details),
    }


def _dbs(role: JobRole) -> dict[str, Any]:
    workforce = role.dbs_workforce or "OTHER"
    found: dict[str, Any] = {"level": role.dbs_level, "workforce": workforce}
    if role.dbs_level == "ENHANCED_BARRED":
        found["childBarredList"] = "CHILD" in workforce
        found["adultBarredList"] = "ADULT" in workforce
    return found


def _registration(update: _Update, details: _Details) -> dict[str, Any]:
    return dict(details.applicants[update.row]["registrations"][0])


def _complete_identity(update: _Update, _: _Details) -> dict[str, Any]:
    # Two photo documents and one of the address, or one and two (NHS Employment Check Standards).
    photo, digital = 1 + update.choice % 2, update.percent < _DIGITAL
    found = {"photoDocuments": photo, "addressDocuments": 3 - photo, "digital": digital}
    return {"identity": {"evidenceProfile": "H1A", **found} if digital else found}


def _complete_right_to_work(update: _Update, details: _Details) -> dict[str, Any]:
    detail, ends = details.rights_to_work[update.row]
    if ends is None:
        return {"rightToWork": detail}
    return {
        "expiryDate": iso_day(ends),
        "followUpDate": iso_day(ends - 28),
        "rightToWork": detail,
    }


def _complete_registration(update: _Update, details: _Details) -> dict[str, Any]:
    found = _registration(update, details)
    if update.outcome == "CLEAR":
        found["status"] = "03"
    return {"registration": found}


def _complete_employment_history(update: _Update, _: _Details) -> dict[str, Any]:
    clear = update.outcome == "CLEAR"
    references = 1 + update.choice % 3
    years = 3 if clear else 2
    return {
        "employmentHistory": {
            "yearsCovered": years,
            "references": references,
            "gapsExplained": clear,
        }
    }


def _complete_dbs(update: _Update, details: _Details) -> dict[str, Any]:
    role, index = details.roles[update.row], details.indexes[update.row]
    found = _dbs(role)
    found["certificateNumber"] = identifiers.dbs_certificate_number(details.seed, index)
    found["issueDate"] = iso_day(max(update.asked, update.day - 2))
    # The Update Service has no place for basic certificates.
    if role.dbs_level != "BASIC":
        found["updateService"] = update.percent < _UPDATE_SERVICE
    return {"dbs": found}


def _complete_work_health(update: _Update, _: _Details) -> dict[str, Any]:
    found = {"result": _HEALTH_RESULTS[update.outcome]}
    if update.outcome == "CONSIDER":
        found["adjustments"] = _ADJUSTMENTS[update.choice % 3]
    return {"workHealth": found}


def _complete_alert_notice(update: _Update, _: _Details) -> dict[str, Any]:
    found = update.outcome != "CLEAR"
    return {"alertNotice": {"noticeFound": found, "reviewedDate": iso_day(update.day)}}


_OF_A_COMPLETE: Mapping[str, Callable[[_Update, _Details], dict[str, Any]]] = {
    IDENTITY: _complete_identity,
    RIGHT_TO_WORK: _complete_right_to_work,
    REGISTRATION: _complete_registration,
    EMPLOYMENT_HISTORY: _complete_employment_history,
    DBS: _complete_dbs,
    WORK_HEALTH: _complete_work_health,
    ALERT_NOTICE: _complete_alert_notice,
}
