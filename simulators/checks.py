"""The employment checks of an applicant over time, as the updates that a supplier sends: 4.8 on
average.

An applicant's updates are shared out first, then laid on a calendar. So the mean is kept for any
mix of roles; 4.8 is 1,200,000 updates over 250,000 applicants, the yearly volume that the
replacement of the file interface was planned for. Which checks cross the interface for whom is not
published: the shares here are assumed. Every history is legal by `NEXT_STATES`. A registration is
asked for when the role needs one, and the regulator's answer may come in between: so the supplier
adds at most COMPLETE.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from simulators.check_details import (
    ALERT_NOTICE,
    AWAITING_ANSWER,
    CANCELLED,
    COMPLETE,
    DBS,
    EMPLOYMENT_HISTORY,
    IDENTITY,
    IN_PROGRESS,
    REGISTRATION,
    REQUESTED,
    RIGHT_TO_WORK,
    WORK_HEALTH,
    Case,
    check_update,
)
from simulators.reference.job_roles import JobRole, job_role
from simulators.streams import Stream, Weighted
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
_UPDATES = Weighted.of(UPDATES)
# In the order in which they are kept when an applicant has fewer updates than checks: how often
# each crosses, in a hundred.
_SHARES = {
    RIGHT_TO_WORK: 90,
    DBS: 90,
    REGISTRATION: 85,
    EMPLOYMENT_HISTORY: 70,
    IDENTITY: 65,
    WORK_HEALTH: 55,
    ALERT_NOTICE: 40,
}
# The ways in which a check may run, by its number of updates.
_USUAL = {
    1: (COMPLETE,),
    2: (REQUESTED, COMPLETE),
    3: (REQUESTED, AWAITING_ANSWER, COMPLETE),
    4: (REQUESTED, AWAITING_ANSWER, IN_PROGRESS, COMPLETE),
}
_RUNS: Mapping[str, Mapping[int, Weighted[tuple[str, ...]]]] = {
    IDENTITY: {1: Weighted.of({_USUAL[1]: 1}), 2: Weighted.of({(IN_PROGRESS, COMPLETE): 1})},
    RIGHT_TO_WORK: {
        1: Weighted.of({_USUAL[1]: 1}),
        2: Weighted.of({(IN_PROGRESS, COMPLETE): 95, (COMPLETE, COMPLETE): 5}),
    },
    REGISTRATION: {
        1: Weighted.of({(REQUESTED,): 75, (COMPLETE,): 25}),
        2: Weighted.of({_USUAL[2]: 1}),
    },
    EMPLOYMENT_HISTORY: {length: Weighted.of({run: 1}) for length, run in _USUAL.items()},
    DBS: {
        1: Weighted.of({_USUAL[1]: 1}),
        2: Weighted.of({_USUAL[2]: 1}),
        3: Weighted.of({(REQUESTED, IN_PROGRESS, COMPLETE): 80, _USUAL[3]: 20}),
        4: Weighted.of({_USUAL[4]: 85, (REQUESTED, CANCELLED, REQUESTED, COMPLETE): 15}),
    },
    WORK_HEALTH: {length: Weighted.of({_USUAL[length]: 1}) for length in (1, 2, 3)},
    ALERT_NOTICE: {1: Weighted.of({_USUAL[1]: 1})},
}

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
_OPENS, _CLOSES, _MIDNIGHT = 8 * 3_600, 18 * 3_600, 24 * 3_600


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """When somebody is there to send an update. Days are proleptic ordinals (`date.toordinal`)."""

    done_on: Callable[[int], int]
    """The day on which that is done which falls due on a day: the same where it is a working day, else one after."""
    until: Callable[[int], int]
    """The last working day that is not after a day."""
    second: Callable[[Stream], int]
    """Draws a second of a working day, before its last minute."""


OFFICE_WEEK = WorkingTime(
    done_on=lambda day: day if 0 < day % 7 < 6 else day + (1 - day) % 7,
    until=lambda day: day if 0 < day % 7 < 6 else day - (day - 5) % 7,
    second=lambda stream: stream.between(_OPENS, _CLOSES - 60),
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
    stream = Stream(seed, "checks", index)
    role = job_role(applicant["jobRole"])
    case = Case(applicant, seed, index, role, today)
    if updates is None:
        updates = stream.weighted(_UPDATES)
    layout = _Layout(stream, case, case.last_day if last_day is None else last_day, working_time)
    steps: list[CheckStep] = []
    for check_type, length in _shared_out(stream, role, updates).items():
        run = stream.weighted(_RUNS[check_type][length])
        steps += _laid_out(layout, check_type, run)
    # The sort keeps the order of steps at one moment, so a check never overtakes itself.
    return sorted(steps, key=lambda step: (step.day, step.second))


def _shared_out(stream: Stream, role: JobRole, updates: int) -> dict[str, int]:
    """How many of the updates each check has."""
    lacking = set()
    if role.dbs_level is None:
        lacking.add(DBS)
    if role.register is None:
        lacking |= {REGISTRATION, ALERT_NOTICE}
    possible = [check_type for check_type in _SHARES if check_type not in lacking]
    chosen = [check_type for check_type in possible if stream.chance(_SHARES[check_type])]
    while len(chosen) > updates:
        chosen.pop(stream.between(1, len(chosen) - 1))
    for check_type in possible:
        if sum(len(_RUNS[each]) for each in chosen) < updates and check_type not in chosen:
            chosen.append(check_type)
    lengths = dict.fromkeys(chosen, 1)
    for _ in range(updates - len(lengths)):
        longer = [
            check_type for check_type, length in lengths.items() if length < len(_RUNS[check_type])
        ]
        lengths[stream.pick(longer)] += 1
    return lengths


def _hours_to_answer(stream: Stream, check_type: str, role: JobRole) -> int:
    if check_type == DBS:
        other = _BASIC_HOURS if role.dbs_level == "BASIC" else _STANDARD_HOURS
        enhanced = (role.dbs_level or "").startswith("ENHANCED")
        return stream.quantile(_ENHANCED_HOURS if enhanced else other)
    return stream.quantile(_HOURS[check_type])


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the updates of one applicant may lie."""

    stream: Stream
    case: Case
    last_day: int
    working_time: WorkingTime

    def working_day(self, day: int) -> int:
        """The day on which that is done which falls due on `day`; the last working day where that would be too late."""
        today = self.case.today.toordinal()
        found = self.working_time.done_on(today + day) - today
        return (
            found
            if found <= self.last_day
            else self.working_time.until(today + self.last_day) - today
        )


def _laid_out(layout: _Layout, check_type: str, run: tuple[str, ...]) -> list[CheckStep]:
    stream, case, last_day = layout.stream, layout.case, layout.last_day
    asked = layout.working_day(min(last_day, stream.between(1, 5)))
    duration = round(_hours_to_answer(stream, check_type, case.role) / 24)
    steps: list[CheckStep] = []
    day, second, asked_on = asked, _OPENS, asked
    for place, state in enumerate(run):
        # The first of several updates asks, the last answers, the others stand in between.
        share = place if len(run) > 1 else 1
        answered = min(last_day, asked + duration * share // max(1, len(run) - 1))
        planned = layout.working_day(answered)
        if planned > day or not steps:
            day, second = max(day, planned), layout.working_time.second(stream)
        else:
            second += 1 + ((_CLOSES if second < _CLOSES else _MIDNIGHT) - second) // 4
        if state == REQUESTED and steps:
            asked_on = day
        update = check_update(stream, case, check_type, state, asked_on, day)
        steps.append(CheckStep(day, second, check_type, update))
    return steps
