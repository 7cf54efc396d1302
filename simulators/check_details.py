"""What an update of an employment check says: types, states, outcomes and the details of each type,
which agree with the applicant: the role's DBS level, the registration held, the ground on which the
person may work.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from simulators import identifiers, pools
from simulators.reference.job_roles import JobRole
from simulators.right_to_work import right_to_work
from simulators.streams import Stream, Weighted

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
_OUTCOMES = Weighted.of({"CLEAR": 97.5, "CONSIDER": 2.0, "NOT_CLEAR": 0.5})
_HEALTH_OUTCOMES = Weighted.of({"CLEAR": 98, "CONSIDER": 1.3, "NOT_CLEAR": 0.7})
_HEALTH_RESULTS = {"CLEAR": "FIT", "CONSIDER": "FIT_WITH_ADJUSTMENTS", "NOT_CLEAR": "UNFIT"}
_ADJUSTMENTS = ("No night shifts for six months", "Sit-stand desk", "No lifting over 10 kg")


@dataclass(frozen=True, slots=True)
class Case:
    """Whose check it is: applicant `index` of `seed`, sent on `today`."""

    applicant: Mapping[str, Any]
    seed: int
    index: int
    role: JobRole
    today: date

    @property
    def last_day(self) -> int:
        """The day before the start date, counted from `today`."""
        return (date.fromisoformat(self.applicant["startDate"]) - self.today).days - 1


def check_update(
    stream: Stream, case: Case, check_type: str, state: str, asked: int, day: int
) -> dict[str, Any]:
    """The contract's `EmploymentCheckUpdate` for `state`, reached `day` days after the applicant was
    sent and asked for after `asked` days.
    """
    requested, now = case.today + timedelta(days=asked), case.today + timedelta(days=day)
    found: dict[str, Any] = {"state": state}
    if state != COMPLETE:
        found["requestedDate"] = requested.isoformat()
        if check_type == DBS:
            found["dbs"] = _dbs(case.role)
        elif check_type == REGISTRATION:
            found["registration"] = _registration(case.applicant)
        return found
    outcome = stream.weighted(_HEALTH_OUTCOMES if check_type == WORK_HEALTH else _OUTCOMES)
    found["outcome"] = outcome
    found["requestedDate"] = requested.isoformat()
    found["completedDate"] = now.isoformat()
    found["checkedBy"] = _recruiter(stream)
    return found | _detail(stream, case, check_type, outcome, requested, now)


def _recruiter(stream: Stream) -> str:
    names = pools.names("en_GB")
    first_names = names.female if stream.chance(77) else names.male
    return f"{stream.pick(first_names)} {stream.pick(names.family)}"


def _dbs(role: JobRole) -> dict[str, Any]:
    workforce = role.dbs_workforce or "OTHER"
    found: dict[str, Any] = {"level": role.dbs_level, "workforce": workforce}
    if role.dbs_level == "ENHANCED_BARRED":
        found["childBarredList"] = "CHILD" in workforce
        found["adultBarredList"] = "ADULT" in workforce
    return found


def _registration(applicant: Mapping[str, Any]) -> dict[str, Any]:
    return dict(applicant["registrations"][0])


def _identity(stream: Stream) -> dict[str, Any]:
    # Two photo documents and one of the address, or one and two (NHS Employment Check Standards).
    photo = stream.between(1, 2)
    found = {"photoDocuments": photo, "addressDocuments": 3 - photo, "digital": stream.chance(35)}
    return {"evidenceProfile": "H1A"} | found if found["digital"] else found


def _completed_dbs(stream: Stream, case: Case, requested: date, now: date) -> dict[str, Any]:
    issued = now - timedelta(days=min(2, (now - requested).days))
    found = _dbs(case.role) | {
        "certificateNumber": identifiers.dbs_certificate_number(case.seed, case.index),
        "issueDate": issued.isoformat(),
    }
    # About one in ten joins the Update Service (2019); it has no place for basic certificates.
    return found if case.role.dbs_level == "BASIC" else found | {"updateService": stream.chance(10)}


def _work_health(stream: Stream, outcome: str) -> dict[str, Any]:
    found = {"result": _HEALTH_RESULTS[outcome]}
    if outcome == "CONSIDER":
        found["adjustments"] = stream.pick(_ADJUSTMENTS)
    return found


def _right_to_work(case: Case) -> dict[str, Any]:
    start = date.fromisoformat(case.applicant["startDate"])
    nationality = case.applicant["person"]["nationality"]
    detail = right_to_work(case.seed, case.index, nationality, case.role, start)
    if "permissionExpiryDate" not in detail:
        return {"rightToWork": detail}
    ends = date.fromisoformat(detail["permissionExpiryDate"])
    follow_up = ends - timedelta(days=28)
    return {
        "expiryDate": ends.isoformat(),
        "followUpDate": follow_up.isoformat(),
        "rightToWork": detail,
    }


def _detail(
    stream: Stream, case: Case, check_type: str, outcome: str, requested: date, now: date
) -> dict[str, Any]:
    """The detail object of a complete check, with the dates that go with it."""
    clear = outcome == "CLEAR"
    found: dict[str, Any]
    if check_type == IDENTITY:
        found = {"identity": _identity(stream)}
    elif check_type == RIGHT_TO_WORK:
        found = _right_to_work(case)
    elif check_type == REGISTRATION:
        active = {"status": "03"} if clear else {}
        found = {"registration": _registration(case.applicant) | active}
    elif check_type == EMPLOYMENT_HISTORY:
        history = {"yearsCovered": 3 if clear else 2, "references": stream.between(1, 3)}
        found = {"employmentHistory": history | {"gapsExplained": clear}}
    elif check_type == DBS:
        found = {"dbs": _completed_dbs(stream, case, requested, now)}
    elif check_type == WORK_HEALTH:
        found = {"workHealth": _work_health(stream, outcome)}
    else:
        found = {"alertNotice": {"noticeFound": not clear, "reviewedDate": now.isoformat()}}
    return found
