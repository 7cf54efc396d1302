"""One applicant's history: the submission, the updates of the checks, and what else may come of an offer.

Rules kept here:

- Whatever a recruitment system does, it does on a working day after the day of the submission and before the start
  date that the submission named.
- A withdrawal is the last thing that happens; the updates come before its day.
- Whatever is sent again is sent again before the same check, or the whole application, moves on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from simulators.applicants import applicant
from simulators.checks import UPDATES, WorkingTime, check_history
from simulators.streams import Stream, Weighted, shuffled
from simulators.world import World
from simulators.year.calendar import worked_off_on, working_day_from, working_day_until
from simulators.year.events import STEPS, Event, Kind
from simulators.year.hours import instant, second_of_day

START_DATE_CHANGES, WITHDRAWALS, RESENDS = 10.0, 5.0, 1.0
"""In a hundred: of applicants, of applicants, of submissions and updates."""
_FEW_UPDATES = 3
_OF_THE_FEW = WITHDRAWALS / sum(UPDATES[number] for number in (2, _FEW_UPDATES)) * 100
_OF_THE_OTHERS = START_DATE_CHANGES / (100 - WITHDRAWALS) * 100
_LATER_BY_WEEKS = (1, 4)
_AGAIN_AFTER_SECONDS = (5, 600)
_REASONS = Weighted.of(
    {"CANDIDATE_WITHDREW": 78, "OFFER_WITHDRAWN": 10, "POSITION_WITHDRAWN": 6, "OTHER": 6}
)
# Of every so many successive applicants, exactly as many as their share have each number of updates.
_BLOCK = 20
_UPDATES_OF_A_BLOCK = tuple(
    number for number, share in UPDATES.items() for _ in range(share * _BLOCK // 100)
)
_UK = WorkingTime(worked_off_on, working_day_until, second_of_day)
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Submission:
    """Who is sent when, for what, to start when."""

    applicant: int
    person: int
    at: int
    day: int
    """Its date in the United Kingdom, as a proleptic ordinal; so is `start`."""
    start: int
    vacancy: Mapping[str, Any]


@dataclass(slots=True)
class _Step:
    at: int
    kind: Kind
    check_type: str | None
    body: Mapping[str, Any]
    of: "_Step | None" = None
    number: int = 0


def updates_of(seed: int, index: int) -> int:
    """How many updates applicant `index` has: 4.8 on average of every 20 successive ones."""
    place = shuffled(seed, f"updates-of-block-{index // _BLOCK}", index % _BLOCK, _BLOCK)
    return _UPDATES_OF_A_BLOCK[place]


def history(seed: int, world: World, sent: Submission) -> tuple[Event, ...]:
    """Everything of one applicant, in the order of time."""
    stream = Stream(seed, "history", sent.applicant)
    updates = updates_of(seed, sent.applicant)
    today = date.fromordinal(sent.day)
    body = applicant(
        seed,
        sent.person,
        world,
        today=today,
        vacancy=sent.vacancy,
        start=date.fromordinal(sent.start),
    )
    fraction = stream.below(_SECOND)
    last_day = working_day_until(sent.start - 1)
    withdrawn = None
    if updates <= _FEW_UPDATES and stream.chance(_OF_THE_FEW):
        second_day = working_day_from(working_day_from(sent.day + 1) + 1)
        withdrawn = working_day_from(stream.between(second_day, last_day))
        last_day = withdrawn - 1
    steps = [_Step(sent.at, Kind.APPLICANT, None, body)]
    for each in check_history(
        body,
        seed,
        sent.person,
        today,
        updates=updates,
        last_day=last_day - sent.day,
        working_time=_UK,
    ):
        at = instant(sent.day + each.day, each.second * _SECOND + fraction)
        steps.append(_Step(at, Kind.CHECK, each.check_type, each.update))
    if withdrawn is not None:
        steps.append(_withdrawal(stream, steps, withdrawn, fraction))
    elif stream.chance(_OF_THE_OTHERS):
        steps.append(_start_date_change(stream, sent, body, last_day, fraction))
    steps += _sent_again(stream, steps)
    steps.sort(key=lambda step: step.at)
    for place, step in enumerate(steps):
        step.number = STEPS * sent.applicant + place
    return tuple(
        Event(
            step.number,
            step.at,
            step.kind,
            step.check_type,
            step.body,
            sent.vacancy["vacancyReference"],
            None if step.of is None else step.of.number,
        )
        for step in steps
    )


def _withdrawal(stream: Stream, steps: list[_Step], day: int, fraction: int) -> _Step:
    failed = any(step.body.get("outcome") == "NOT_CLEAR" for step in steps)
    reason = stream.weighted(_REASONS)
    body = {
        "reason": "CHECKS_NOT_SATISFIED" if failed else reason,
        "withdrawnDate": date.fromordinal(day).isoformat(),
    }
    at = instant(day, second_of_day(stream) * _SECOND + fraction)
    return _Step(at, Kind.WITHDRAWAL, None, body)


def _start_date_change(
    stream: Stream, sent: Submission, body: Mapping[str, Any], last_day: int, fraction: int
) -> _Step:
    """A start some weeks later; a contract with an end keeps its length."""
    day = working_day_until(stream.between(working_day_from(sent.day + 1), last_day))
    start = working_day_from(sent.start + 7 * stream.between(*_LATER_BY_WEEKS))
    change = {"startDate": date.fromordinal(start).isoformat()}
    if "endDate" in body:
        ends = date.fromisoformat(body["endDate"]) + timedelta(days=start - sent.start)
        change["endDate"] = ends.isoformat()
    at = instant(day, second_of_day(stream) * _SECOND + fraction)
    return _Step(at, Kind.START_DATE_CHANGE, None, change)


def _sent_again(stream: Stream, steps: list[_Step]) -> list[_Step]:
    found = []
    for place, step in enumerate(steps):
        if step.kind in (Kind.APPLICANT, Kind.CHECK) and stream.chance(RESENDS):
            later = stream.between(*_AGAIN_AFTER_SECONDS) * _SECOND
            for other in steps[place + 1 :]:
                if other.kind is Kind.WITHDRAWAL or other.check_type == step.check_type:
                    later = min(later, (other.at - step.at) // 2)
            found.append(_Step(step.at + later, Kind.RESEND, step.check_type, step.body, of=step))
    return found
