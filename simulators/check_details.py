"""What an update of an employment check says: types, states, outcomes and the details of each type,
which agree with the applicant: the role's DBS level, the registration held, the ground on which the
person may work.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from typing import Any, NamedTuple, Self

import numpy as np

from simulators import identifiers
from simulators.days import iso_day, iso_days
from simulators.draws import Bools, Column, Draws, Ints, Tables, column
from simulators.pools import names
from simulators.reference.job_roles import job_roles
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
    days: Ints
    roles: Ints
    """Their numbers (see `role_number`)."""
    starts: Ints
    nationality: Sequence[str]
    registrations: Sequence[Mapping[str, Any] | None]


Details = Iterator[dict[str, Any]]


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
) -> Iterator[dict[str, Any]]:
    """The contract's `EmploymentCheckUpdate` of each update: of whose case (its place), of which check (its place in
    `CHECK_TYPES`), the state that it has reached, the ordinals of the day on which the check was asked for and of the
    day of the update. Takes seven draws; each is put together only when it is asked for.
    """
    outcomes = draws.weighted(_OUTCOMES, checks == CHECK_TYPES.index(WORK_HEALTH))
    told = _Told(rows, asked, days, outcomes, draws.below(6), draws.below(100))
    women, men, families = _recruiters()
    recruiters = np.where(draws.chance(77), draws.pick(women), draws.pick(men))
    updates = zip(
        checks.tolist(),
        states.tolist(),
        iso_days(asked),
        iso_days(days),
        outcomes.tolist(),
        recruiters.tolist(),
        draws.pick(families).tolist(),
        strict=True,
    )
    is_complete = states == COMPLETE
    complete, under_way = (
        [
            details.get(check_type, _nothing)(
                cases, told.at(np.flatnonzero((checks == number) & chosen))
            )
            for number, check_type in enumerate(CHECK_TYPES)
        ]
        for details, chosen in ((_COMPLETE, is_complete), (_UNDER_WAY, ~is_complete))
    )
    return _updates(updates, complete, under_way)


def _updates(
    rows: Iterable[tuple[Any, ...]], complete: Sequence[Details], under_way: Sequence[Details]
) -> Iterator[dict[str, Any]]:
    for check, state, asked, done, outcome, first_name, last_name in rows:
        if state == COMPLETE:
            yield {
                "state": state,
                "outcome": outcome,
                "requestedDate": asked,
                "completedDate": done,
                "checkedBy": f"{first_name} {last_name}",
                **next(complete[check]),
            }
        else:
            yield {"state": state, "requestedDate": asked, **next(under_way[check])}


@cache
def _recruiters() -> tuple[Column, Column, Column]:
    pool = names("en_GB")
    return column(pool.female), column(pool.male), column(pool.family)


def _nothing(_: Cases, _told: _Told) -> Details:
    return repeat({})


def _identity(_: Cases, told: _Told) -> Details:
    # Two photo documents and one of the address, or one and two (NHS Employment Check Standards).
    photos, digital = 1 + told.choices % 2, told.percents < _DIGITAL
    for photo, is_digital in zip(photos.tolist(), digital.tolist(), strict=True):
        detail = {"photoDocuments": photo, "addressDocuments": 3 - photo, "digital": is_digital}
        if is_digital:
            detail["evidenceProfile"] = "H1A"
        yield {"identity": detail}


def _right_to_work(cases: Cases, told: _Told) -> Details:
    rows = told.rows
    if not rows.size:
        return
    rights = rights_to_work(
        cases.seed,
        cases.indexes[rows],
        [cases.nationality[row] for row in rows.tolist()],
        _registered()[cases.roles[rows]],
        cases.starts[rows],
    )
    for detail, ends in rights:
        if ends is None:
            yield {"rightToWork": detail}
        else:
            yield {
                "expiryDate": iso_day(ends),
                "followUpDate": iso_day(ends - 28),
                "rightToWork": detail,
            }


@cache
def _registered() -> Bools:
    return np.array([role.register is not None for role in job_roles()])


def _registration(cases: Cases, told: _Told) -> Details:
    for row in told.rows.tolist():
        yield {"registration": dict(cases.registrations[row] or {})}


def _complete_registration(cases: Cases, told: _Told) -> Details:
    for detail, clear in zip(_registration(cases, told), told.clear, strict=True):
        if clear:
            detail["registration"]["status"] = "03"
        yield detail


def _employment_history(_: Cases, told: _Told) -> Details:
    references = 1 + told.choices % 3
    for number, clear in zip(references.tolist(), told.clear, strict=True):
        yield {
            "employmentHistory": {
                "yearsCovered": 3 if clear else 2,
                "references": number,
                "gapsExplained": clear,
            }
        }


def _dbs(cases: Cases, told: _Told) -> Details:
    for role in cases.roles[told.rows].tolist():
        yield {"dbs": _dbs_of_role(role).copy()}


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
    rows = zip(
        _dbs(cases, told),
        cases.indexes[told.rows].tolist(),
        iso_days(np.maximum(told.asked, told.days - 2)),
        (told.percents < _UPDATE_SERVICE).tolist(),
        strict=True,
    )
    for found, index, issued, joins in rows:
        detail = found["dbs"]
        detail["certificateNumber"] = identifiers.dbs_certificate_number(cases.seed, index)
        detail["issueDate"] = issued
        # The Update Service has no place for basic certificates.
        if detail["level"] != "BASIC":
            detail["updateService"] = joins
        yield found


def _work_health(_: Cases, told: _Told) -> Details:
    for outcome, choice in zip(told.outcomes.tolist(), told.choices.tolist(), strict=True):
        detail = {"result": _HEALTH_RESULTS[outcome]}
        if outcome == "CONSIDER":
            detail["adjustments"] = _ADJUSTMENTS[choice % 3]
        yield {"workHealth": detail}


def _alert_notice(_: Cases, told: _Told) -> Details:
    for clear, day in zip(told.clear, iso_days(told.days), strict=True):
        yield {"alertNotice": {"noticeFound": not clear, "reviewedDate": day}}


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
