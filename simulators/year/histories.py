"""The histories of applicants: the submission, the updates of the checks, and what else may come of an offer.

Rules kept here:

- Whatever a recruitment system does, it does on a working day after the day of the submission and before the start
  date that the submission named.
- A withdrawal is the last thing that happens; the updates come before its day.
- Whatever is sent again is sent again before the same check, or the whole application, moves on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from simulators.applicants import applicants
from simulators.check_details import Cases
from simulators.checks import UPDATES, check_histories
from simulators.days import iso_day
from simulators.draws import Draws, Ints, Tables
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


class _Turn(NamedTuple):
    """What may come of an offer beside its checks: it is withdrawn, or the start is put off. Days are ordinals."""

    withdraws: bool
    changes: bool
    at: int
    day: int
    reason: str
    old_start: int
    new_start: int


def histories(
    seed: int, world: World, diary: Diary, sent: Submissions
) -> Iterator[tuple[Event, ...]]:
    """Everything of each applicant of a block, in the order of time; put together only when it is asked for."""
    draws = Draws(seed, "history", sent.applicants, 26)
    made = applicants(
        seed,
        sent.persons,
        world,
        days=sent.days,
        vacancies=sent.vacancies,
        starts=sent.starts,
    )
    updates = updates_of(seed, sent.applicants)
    fractions = draws.below(_SECOND)
    turns, last_days = _turns(draws, diary, sent, updates, fractions)
    cases = Cases(
        seed,
        sent.persons,
        sent.days,
        made.roles,
        sent.starts,
        made.nationality,
        made.registrations,
    )
    steps = check_histories(
        cases, updates=updates, last_days=last_days, working_time=diary.working_time
    )
    checked_at = diary.instants(steps.days, steps.seconds * _SECOND + fractions[steps.rows])
    checks = zip(checked_at.tolist(), steps.check_types, steps.updates, strict=True)
    rows = zip(
        sent.applicants.tolist(),
        sent.at.tolist(),
        made.submissions,
        updates.tolist(),
        turns,
        _re_sends(draws),
        strict=True,
    )
    for applicant, at, body, count, turn, re_sends in rows:
        first, vacancy = STEPS * applicant, body["vacancyReference"]
        events = [Event(first, at, Kind.APPLICANT, None, body, vacancy)]
        events += [
            Event(number, moment, Kind.CHECK, check_type, update, vacancy)
            for number, (moment, check_type, update) in enumerate(islice(checks, count), first + 1)
        ]
        if turn.withdraws or turn.changes:
            events = _in_order([*events, _turned(turn, events)])
        if re_sends:
            events = _in_order([*events, *_sent_again(events, re_sends)])
        yield tuple(events)


def _turns(
    draws: Draws, diary: Diary, sent: Submissions, updates: Ints, fractions: Ints
) -> tuple[Iterator[_Turn], Ints]:
    """How each offer turns, and the day until which its checks are updated."""
    next_days = diary.working_day_from(sent.days + 1)
    last_days = diary.working_day_until(sent.starts - 1)
    withdraws = draws.chance(_OF_THE_FEW) & (updates <= _FEW_UPDATES)
    withdrawn = diary.working_day_from(
        draws.between(diary.working_day_from(next_days + 1), last_days)
    )
    last_days = np.where(withdraws, withdrawn - 1, last_days)
    changed = diary.working_day_until(draws.between(next_days, last_days))
    days = np.where(withdraws, withdrawn, changed)
    rows = zip(
        withdraws.tolist(),
        (draws.chance(_OF_THE_OTHERS) & ~withdraws).tolist(),
        diary.instants(days, seconds_of_day(draws.words()) * _SECOND + fractions).tolist(),
        days.tolist(),
        draws.weighted(_REASONS).tolist(),
        sent.starts.tolist(),
        diary.working_day_from(sent.starts + 7 * draws.between(*_LATER_BY_WEEKS)).tolist(),
        strict=True,
    )
    return map(_Turn._make, rows), last_days


def _turned(turn: _Turn, events: Sequence[Event]) -> Event:
    submission = events[0]
    if turn.withdraws:
        kind, body = Kind.WITHDRAWAL, _withdrawal(events, turn.reason, turn.day)
    else:
        kind = Kind.START_DATE_CHANGE
        body = _start_date_change(submission.body, turn.old_start, turn.new_start)
    number = events[-1].number + 1
    return Event(number, turn.at, kind, None, body, submission.vacancy)


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


def _re_sends(draws: Draws) -> list[tuple[tuple[bool, int], ...]]:
    """Of each applicant and each of their sendings: whether it is repeated, after how many seconds. Nothing for the many
    with none that is.
    """
    sendings = 1 + max(UPDATES)
    again = np.stack([draws.chance(RESENDS) for _ in range(sendings)], axis=1)
    after = np.stack([draws.between(*_AGAIN_AFTER_SECONDS) for _ in range(sendings)], axis=1)
    found: list[tuple[tuple[bool, int], ...]] = [()] * len(again)
    for row in np.flatnonzero(again.any(axis=1)).tolist():
        found[row] = tuple(zip(again[row].tolist(), after[row].tolist(), strict=True))
    return found


def _sent_again(events: Sequence[Event], re_sends: Sequence[tuple[bool, int]]) -> Iterator[Event]:
    """Copies of the submission and of updates (see `_re_sends`), later by so many seconds, or halfway to the next message
    of the same check or of the applicant.
    """
    sendings = (event for event in events if event.kind in (Kind.APPLICANT, Kind.CHECK))
    number = events[-1].number
    for event, (is_sent, seconds) in zip(sendings, re_sends, strict=False):
        if not is_sent:
            continue
        later = seconds * _SECOND
        for other in events[event.number % STEPS + 1 :]:
            if other.kind is Kind.WITHDRAWAL or other.check_type == event.check_type:
                later = min(later, (other.at - event.at) // 2)
        number += 1
        yield event._replace(number=number, at=event.at + later, kind=Kind.RESEND, of=event.number)


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
