"""The employment checks of an applicant over time, as the updates that a supplier sends: 4.8 on
average.

An applicant's updates are shared out first, then laid on a calendar. So the mean is kept for any
mix of roles; 4.8 is 1,200,000 updates over 250,000 applicants, the yearly volume that the
replacement of the file interface was planned for. Which checks cross the interface for whom is not
published: the shares here are assumed. Every history is legal by `NEXT_STATES`. A registration is
asked for when the role needs one, and the regulator's answer may come in between: so the supplier
adds at most COMPLETE.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import zip_longest
from types import MappingProxyType
from typing import Any

import numpy as np

from simulators.check_details import (
    ALERT_NOTICE,
    AWAITING_ANSWER,
    CANCELLED,
    CHECK_TYPES,
    COMPLETE,
    DBS,
    EMPLOYMENT_HISTORY,
    IDENTITY,
    IN_PROGRESS,
    REGISTRATION,
    REQUESTED,
    RIGHT_TO_WORK,
    WORK_HEALTH,
    Cases,
    check_updates,
)
from simulators.check_plans import RUNS, Plan, plans
from simulators.days import weekdays
from simulators.draws import Draws, Ints, Quantiles, Tables, column
from simulators.reference.job_roles import JobRole, job_roles, role_number
from simulators.streams import Weighted
from simulators.world import TODAY

# Which state may follow which; None is a check that has not begun. As in the contract.
NEXT_STATES: Mapping[str | None, frozenset[str]] = MappingProxyType(
    {
        None: frozenset({REQUESTED, IN_PROGRESS, AWAITING_ANSWER, COMPLETE}),
        REQUESTED: frozenset({IN_PROGRESS, AWAITING_ANSWER, COMPLETE, CANCELLED}),
        IN_PROGRESS: frozenset({IN_PROGRESS, AWAITING_ANSWER, COMPLETE, CANCELLED}),
        AWAITING_ANSWER: frozenset({AWAITING_ANSWER, IN_PROGRESS, COMPLETE, CANCELLED}),
        COMPLETE: frozenset({COMPLETE}),
        CANCELLED: frozenset({REQUESTED}),
    }
)

UPDATES = MappingProxyType({2: 5, 3: 15, 4: 25, 5: 25, 6: 15, 7: 10, 8: 5})
"""How many updates applicants have, in a hundred: mean 4.8."""
_UPDATES = Tables(Weighted.of(UPDATES))
# Hours from request to answer at every fortieth of the distribution. DBS enhanced: half without the
# police, exponential, mean 1.4 days; half with, 1.4 days and lognormal (2.37, 1.2), cut at 130
# days: a fit to the published 12.3 days (April 2025) and 77 % within 14 days (2023).
_ENHANCED_HOURS = (
    *(
        0,
        2,
        4,
        5,
        7,
        10,
        12,
        14,
        17,
        20,
        23,
        27,
        31,
        35,
        40,
        46,
        52,
        58,
        65,
        73,
        82,
        93,
        105,
        119,
        134,
        152,
        173,
        196,
        223,
    ),
    *(254, 290, 331, 380, 442, 517, 612, 740, 925, 1_230, 1_886, 3_120),
)
# Mean 1.4 days standard and 0.8 basic (DBS, 2024-25); the shape is assumed, and so are all
# distributions below.
_STANDARD_HOURS = (1, 4, 10, 20, 30, 50, 150)
_BASIC_HOURS = (1, 2, 6, 12, 18, 28, 80)
_HOURS = {
    IDENTITY: (1, 12, 48, 96, 168),
    RIGHT_TO_WORK: (1, 12, 48, 96, 240),
    REGISTRATION: (2, 12, 24, 48, 168),
    EMPLOYMENT_HISTORY: (24, 120, 240, 400, 900),
    WORK_HEALTH: (2, 24, 72, 168, 600),
    ALERT_NOTICE: (1, 12, 24, 48, 96),
}
_ENHANCED, _STANDARD, _BASIC = range(3)
_QUANTILES = Quantiles(_ENHANCED_HOURS, _STANDARD_HOURS, _BASIC_HOURS, *_HOURS.values())

# By the place of a check in `CHECK_TYPES`; that of the DBS check depends on the role.
_CHECK_TYPES = column(CHECK_TYPES)
_DBS = CHECK_TYPES.index(DBS)
_HOURS_OF_CHECKS = np.array([3 + [*_HOURS, DBS].index(check_type) for check_type in CHECK_TYPES])
# The runs of the checks in the order of `CHECK_TYPES`, and of each by their lengths from 1 on.
_RUNS = Tables(*(runs for check_type in CHECK_TYPES for runs in RUNS[check_type].values()))
_FIRST_RUNS = np.cumsum([-1, *(len(RUNS[check_type]) for check_type in CHECK_TYPES)])[:-1]
_STATES = np.array([*zip_longest(*_RUNS.values)], dtype=object).T
"""A row for each run: its states."""
_MORE_THAN_ANY_DAY = 1 << 22
_OPENS, _CLOSES, _MIDNIGHT = 8 * 3_600, 18 * 3_600, 24 * 3_600


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """When somebody is there to send an update. Days are columns of proleptic ordinals (`date.toordinal`)."""

    done_on: Callable[[Ints], Ints]
    """The day on which that is done which falls due on a day: the same where it is a working day, else one after."""
    until: Callable[[Ints], Ints]
    """The last working day that is not after a day."""
    second: Callable[[Ints], Ints]
    """The second of a working day, before its last minute, that falls to a word of 32 bits."""


OFFICE_WEEK = WorkingTime(
    done_on=lambda days: days + np.where(weekdays(days) < 5, 0, 7 - weekdays(days)),
    until=lambda days: days - np.maximum(0, weekdays(days) - 4),
    second=lambda words: _OPENS + (words * (_CLOSES - 60 - _OPENS + 1) >> 32),
)
"""Weekdays from 8 to 18 o'clock."""


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One update: `day` days after the applicant was sent, `second` of that day, and what is then put
    to `check_type`.
    """

    day: int
    second: int
    check_type: str
    update: dict[str, Any]

    def at(self, today: date) -> datetime:
        """The moment, when the applicant was sent on `today` and clocks show UTC."""
        return datetime(today.year, today.month, today.day, tzinfo=UTC) + timedelta(
            days=self.day, seconds=self.second
        )


@dataclass(frozen=True, slots=True)
class CheckSteps:
    """The updates of a block of applicants, a column each: those of one applicant follow each other in the order of
    their moments.
    """

    rows: Ints
    """Whose: the place in the block."""
    days: Ints
    """Ordinals."""
    seconds: Ints
    check_types: list[str]
    updates: Iterator[dict[str, Any]]
    """Put together only when they are asked for."""


def check_history(
    applicant: Mapping[str, Any],
    seed: int,
    index: int,
    today: date = TODAY,
    *,
    updates: int | None = None,
    last_day: int | None = None,
    working_time: WorkingTime = OFFICE_WEEK,
) -> list[CheckStep]:
    """The updates of applicant `index` of `seed`, sent on `today`, in the order of their moments: in
    `working_time`, from the day after until `last_day`, counted from `today`.

    Left out, `updates` is drawn and `last_day` is the day before the start date. There must be a working day among
    those days, and `updates` is 2 to 8.
    """
    sent = today.toordinal()
    cases = Cases(
        seed,
        np.array([index]),
        np.array([sent]),
        np.array([role_number(applicant["jobRole"])]),
        np.array([date.fromisoformat(applicant["startDate"]).toordinal()]),
        [applicant["person"]["nationality"]],
        [next(iter(applicant.get("registrations", ())), None)],
    )
    steps = check_histories(
        cases,
        updates=None if updates is None else np.array([updates]),
        last_days=None if last_day is None else np.array([sent + last_day]),
        working_time=working_time,
    )
    days = (steps.days - sent).tolist()
    rows = zip(days, steps.seconds.tolist(), steps.check_types, steps.updates, strict=True)
    return [CheckStep(*row) for row in rows]


def check_histories(
    cases: Cases,
    *,
    updates: Ints | None = None,
    last_days: Ints | None = None,
    working_time: WorkingTime = OFFICE_WEEK,
) -> CheckSteps:
    """The `check_history` of each case; all days are ordinals."""
    draws = Draws(cases.seed, "checks", cases.indexes, 2)
    drawn = draws.weighted(_UPDATES).astype(np.int64)
    updates = drawn if updates is None else updates
    last_days = cases.starts - 1 if last_days is None else last_days
    lengths = _lengths(draws, cases.roles, updates)
    return _laid_out(cases, lengths, last_days, working_time)


@dataclass(frozen=True, slots=True)
class _Plans:
    """Plans by the role's number and the number of updates."""

    tables: Tables[Plan]
    lengths: Ints
    """A row for each plan: of each check."""
    first_kinds: Ints
    """Of each role: its table for no updates at all."""


@cache
def _plans() -> _Plans:
    lacking_of = [_lacking(role) for role in job_roles()]
    ways = list(dict.fromkeys(lacking_of))
    tables = Tables(*(plans(lacking, number) for lacking in ways for number in UPDATES))
    return _Plans(
        tables,
        np.array(tables.values.tolist()),
        np.array([ways.index(each) * len(UPDATES) - min(UPDATES) for each in lacking_of]),
    )


def _lacking(role: JobRole) -> frozenset[str]:
    """The checks that are not asked for in a role."""
    found = {DBS} if role.dbs_level is None else set()
    if role.register is None:
        found |= {REGISTRATION, ALERT_NOTICE}
    return frozenset(found)


def _lengths(draws: Draws, roles: Ints, updates: Ints) -> Ints:
    """How many updates each check of each applicant has: a row for each applicant."""
    of = _plans()
    return of.lengths[of.tables.places(draws.words(), of.first_kinds[roles] + updates)]


@cache
def _hours_of_dbs() -> Ints:
    """By the role's number: which of `_QUANTILES`."""
    return np.array(
        [
            _ENHANCED
            if (role.dbs_level or "").startswith("ENHANCED")
            else _BASIC
            if role.dbs_level == "BASIC"
            else _STANDARD
            for role in job_roles()
        ]
    )


def _laid_out(
    cases: Cases, lengths: Ints, last_days: Ints, working_time: WorkingTime
) -> CheckSteps:
    """Lays the updates of a block on the calendar."""

    def working_days(days: Ints, last: Ints) -> Ints:
        """On which that is done which falls due on a day; the last working day where that would be too late."""
        found = working_time.done_on(days)
        return np.where(found <= last, found, working_time.until(last))

    # A row for each check.
    rows, checks = np.nonzero(lengths)
    length, last = lengths[rows, checks], last_days[rows]
    draws = Draws(cases.seed, "check", cases.indexes[rows] * len(CHECK_TYPES) + checks, 3)
    run = _RUNS.places(draws.words(), _FIRST_RUNS[checks] + length)
    asked = working_days(np.minimum(last, cases.days[rows] + draws.between(1, 5)), last)
    hours = np.where(checks == _DBS, _hours_of_dbs()[cases.roles[rows]], _HOURS_OF_CHECKS[checks])
    duration = (draws.quantile(_QUANTILES, hours) + 12) // 24

    # A row for each update: `place` in the run of check `of`, which begins at `first`.
    of = np.repeat(np.arange(len(length)), length)
    first = (np.cumsum(length) - length)[of]
    place = np.arange(len(of)) - first
    states = _STATES[run[of], place]
    # The first of several updates asks, the last answers, the others stand in between.
    share = np.where(length[of] > 1, place, 1)
    answered = asked[of] + duration[of] * share // np.maximum(1, length[of] - 1)
    planned = working_days(np.minimum(last[of], answered), last[of])
    day = np.maximum(asked[of], _most_so_far(planned, of))
    # A check that is asked for again is asked for on that day.
    again = np.where((states == REQUESTED) & (place > 0), np.arange(len(of)), first)
    asked_at = np.maximum.accumulate(again)
    requested = np.where(asked_at > first, day[asked_at], asked[of])

    # An update's index is the applicant's with its number among all of the applicant's.
    rows = rows[of]
    counts = lengths.sum(axis=1)
    number = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
    indexes = cases.indexes[rows] * max(UPDATES) + number
    words = Draws(cases.seed, "check-second", indexes, 1).words()
    second = _seconds(working_time.second(words), day, place)

    # The sort keeps the order of updates at one moment, so a check never overtakes itself.
    order = np.lexsort((second, day, rows))
    checks, days = checks[of][order], day[order]
    draws = Draws(cases.seed, "check-update", indexes[order], 7)
    updates = check_updates(cases, draws, rows, checks, states[order], requested[order], days)
    return CheckSteps(rows, days, second[order], _CHECK_TYPES[checks].tolist(), updates)


def _most_so_far(days: Ints, of: Ints) -> Ints:
    """The latest of the days up to each, among those of the same check; checks are in ascending order."""
    apart = of * _MORE_THAN_ANY_DAY
    return np.maximum.accumulate(days + apart) - apart


def _seconds(drawn: Ints, day: Ints, place: Ints) -> Ints:
    """The second of each update: as drawn, but on the day of the one before of the same check it follows that one."""
    second = drawn.copy()
    follows = (place > 0) & (day == np.roll(day, 1))
    for number in range(1, _STATES.shape[1]):
        here = np.flatnonzero(follows & (place == number))
        before = second[here - 1]
        ends = np.where(before < _CLOSES, _CLOSES, _MIDNIGHT)
        second[here] = before + 1 + (ends - before) // 4
    return second
