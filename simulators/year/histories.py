"""The histories of applicants: the submission, the updates of the checks, and what else may come of an offer.

Rules kept here:

- Whatever a recruitment system does, it does on a working day after the day of the submission and before the start
  date that the submission named.
- A withdrawal is the last thing that happens; the updates come before its day.
- Whatever is sent again is sent again before the same check, or the whole application, moves on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from operator import attrgetter
from typing import Any

import numpy as np

from simulators.applicants import applicants
from simulators.checks import UPDATES, check_histories
from simulators.days import iso_day
from simulators.draws import Bools, Draws, Ints, Tables
from simulators.streams import Weighted
from simulators.world import World
from simulators.year.diary import Diary
from simulators.year.events import STEPS, Event, Kind
from simulators.year.hours import seconds_of_day

START_DATE_CHANGES, WITHDRAWALS, RESENDS = 10.0, 5.0, 1.0
"""In a hundred: of applicants, of applicants, of submissions and updates."""
_FEW_UPDATES = 3
_OF_THE_FEW = WITHDRAWALS / sum(UPDATES[number] for number in (2, _FEW_UPDATES)) * 100
_OF_THE_OTHERS = START_DATE_CHANGES / (100 - WITHDRAWALS) * 100
_LATER_BY_WEEKS = (1, 4)
_AGAIN_AFTER_SECONDS = (5, 600)
_REASONS = Tables(
    Weighted.of(
        {"CANDIDATE_WITHDREW": 78, "OFFER_WITHDRAWN": 10, "POSITION_WITHDRAWN": 6, "OTHER": 6}
    )
)
# Of every so many successive applicants, exactly as many as their share have each number of updates.
_BLOCK = 20
_UPDATES_OF_A_BLOCK = np.array(
    [number for number, share in UPDATES.items() for _ in range(share * _BLOCK // 100)]
)
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Submissions:
    """Who of a block is sent when, for what, to start when: a column each."""

    applicants: Ints
    persons: Ints
    at: Ints
    days: Ints
    """Its date in the United Kingdom, as a proleptic ordinal; so is `starts`."""
    starts: Ints
    vacancies: Sequence[Mapping[str, Any]]


def updates_of(seed: int, applicants: Ints) -> Ints:
    """How many updates applicants have: 4.8 on average of every 20 successive ones."""
    blocks, places = np.divmod(applicants, _BLOCK)
    draws = Draws(seed, "updates-of-block", blocks, _BLOCK)
    # The order of the draws of a block shuffles it; no two of them are the same.
    drawn = np.stack([draws.words() * _BLOCK + place for place in range(_BLOCK)])
    rank = np.sum(drawn < drawn[places, np.arange(len(places))], axis=0)
    found: Ints = _UPDATES_OF_A_BLOCK[rank]
    return found


@dataclass(frozen=True, slots=True)
class _Turns:
    """What may come of an offer beside its checks, a column each: it is withdrawn, or the start is put off."""

    withdraws: Bools
    changes: Bools
    days: Ints
    """On which either would happen."""
    last_days: Ints
    """Until which checks are updated."""


def histories(seed: int, world: World, diary: Diary, sent: Submissions) -> list[tuple[Event, ...]]:
    """Everything of each applicant of a block, in the order of time."""
    draws = Draws(seed, "history", sent.applicants, 26)
    bodies = applicants(
        seed,
        sent.persons,
        world,
        days=sent.days,
        vacancies=sent.vacancies,
        starts=sent.starts,
    )
    updates = updates_of(seed, sent.applicants)
    turns = _turns(draws, diary, sent, updates)
    steps = check_histories(
        bodies,
        seed,
        sent.persons,
        sent.days,
        updates=updates,
        last_days=turns.last_days,
        working_time=diary.working_time,
    )
    fractions = draws.below(_SECOND)
    checked_at = diary.instants(steps.days, steps.seconds * _SECOND + fractions[steps.rows])
    checks = zip(checked_at.tolist(), steps.check_types, steps.updates, strict=True)
    found = []
    for applicant, at, body, count in zip(
        sent.applicants.tolist(), sent.at.tolist(), bodies, updates.tolist(), strict=True
    ):
        first, vacancy = STEPS * applicant, body["vacancyReference"]
        events = [Event(first, at, Kind.APPLICANT, None, body, vacancy)]
        events += [
            Event(number, moment, Kind.CHECK, check_type, update, vacancy)
            for number, (moment, check_type, update) in enumerate(islice(checks, count), first + 1)
        ]
        found.append(events)
    _add_turns(draws, diary, sent, turns, fractions, found)
    _add_re_sends(draws, found)
    return [tuple(events) for events in found]


def _turns(draws: Draws, diary: Diary, sent: Submissions, updates: Ints) -> _Turns:
    next_days = diary.working_day_from(sent.days + 1)
    last_days = diary.working_day_until(sent.starts - 1)
    withdraws = draws.chance(_OF_THE_FEW) & (updates <= _FEW_UPDATES)
    withdrawn = diary.working_day_from(
        draws.between(diary.working_day_from(next_days + 1), last_days)
    )
    last_days = np.where(withdraws, withdrawn - 1, last_days)
    changed = diary.working_day_until(draws.between(next_days, last_days))
    return _Turns(
        withdraws,
        changes=draws.chance(_OF_THE_OTHERS) & ~withdraws,
        days=np.where(withdraws, withdrawn, changed),
        last_days=last_days,
    )


def _add_turns(
    draws: Draws,
    diary: Diary,
    sent: Submissions,
    turns: _Turns,
    fractions: Ints,
    found: list[list[Event]],
) -> None:
    seconds = seconds_of_day(draws.words())
    reasons = draws.weighted(_REASONS)
    later = diary.working_day_from(sent.starts + 7 * draws.between(*_LATER_BY_WEEKS))
    rows = np.flatnonzero(turns.withdraws | turns.changes)
    at = diary.instants(turns.days[rows], seconds[rows] * _SECOND + fractions[rows])
    for row, withdraws, moment, day, reason, old, new in zip(
        rows.tolist(),
        turns.withdraws[rows].tolist(),
        at.tolist(),
        turns.days[rows].tolist(),
        reasons[rows].tolist(),
        sent.starts[rows].tolist(),
        later[rows].tolist(),
        strict=True,
    ):
        events = found[row]
        kind = Kind.WITHDRAWAL if withdraws else Kind.START_DATE_CHANGE
        body = (
            _withdrawal(events, reason, day)
            if withdraws
            else _start_date_change(events[0].body, old, new)
        )
        number = events[-1].number + 1
        events.append(Event(number, moment, kind, None, body, events[0].vacancy))
        found[row] = _in_order(events)


def _withdrawal(events: Sequence[Event], reason: str, day: int) -> Mapping[str, str]:
    failed = any(event.body.get("outcome") == "NOT_CLEAR" for event in events)
    return {
        "reason": "CHECKS_NOT_SATISFIED" if failed else reason,
        "withdrawnDate": iso_day(day),
    }


def _start_date_change(body: Mapping[str, Any], old: int, new: int) -> Mapping[str, str]:
    """A start some weeks later; a contract with an end keeps its length."""
    change = {"startDate": iso_day(new)}
    if "endDate" in body:
        change["endDate"] = iso_day(date.fromisoformat(body["endDate"]).toordinal() + new - old)
    return change


def _add_re_sends(draws: Draws, found: list[list[Event]]) -> None:
    most = 1 + max(UPDATES)
    again = np.stack([draws.chance(RESENDS) for _ in range(most)], axis=1)
    after = np.stack([draws.between(*_AGAIN_AFTER_SECONDS) for _ in range(most)], axis=1)
    for row in np.flatnonzero(again.any(axis=1)).tolist():
        events = found[row]
        sendings = [event for event in events if event.kind in (Kind.APPLICANT, Kind.CHECK)]
        copies = [
            _sent_again(event, seconds, events)
            for event, is_sent, seconds in zip(
                sendings, again[row].tolist(), after[row].tolist(), strict=False
            )
            if is_sent
        ]
        found[row] = _in_order(events + copies)


def _sent_again(event: Event, seconds: int, events: Sequence[Event]) -> Event:
    """A copy some seconds later, or halfway to the next message of the same check or of the applicant."""
    later = seconds * _SECOND
    for other in events[event.number % STEPS + 1 :]:
        if other.kind is Kind.WITHDRAWAL or other.check_type == event.check_type:
            later = min(later, (other.at - event.at) // 2)
    number = events[-1].number + 1 + event.number % STEPS
    return event._replace(number=number, at=event.at + later, kind=Kind.RESEND, of=event.number)


def _in_order(events: Sequence[Event]) -> list[Event]:
    """The events of an applicant in the order of time, numbered anew."""
    ordered = sorted(events, key=attrgetter("at"))
    first = STEPS * events[0].applicant
    numbers: dict[int | None, int] = {
        event.number: number for number, event in enumerate(ordered, first)
    }
    return [
        event
        if event.of is None and event.number == number
        else event._replace(number=number, of=numbers.get(event.of))
        for number, event in enumerate(ordered, first)
    ]
