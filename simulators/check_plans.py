"""Which checks an applicant has, how many updates each of them, and through which states they run.

The checks cross as often as `SHARES` say. Where that makes more checks than there are updates, some but the first
are left out, each as likely; where they have no room for the updates, the next ones are taken in. Then each update
that is left makes one of the checks longer, each as likely. How likely a plan is follows exactly: a block draws
its plans from that.
"""

from collections.abc import Mapping
from functools import cache

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
)
from simulators.streams import Weighted

# How often each crosses, in a hundred.
SHARES = {
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
RUNS: Mapping[str, Mapping[int, Weighted[tuple[str, ...]]]] = {
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

Plan = tuple[int, ...]
"""How many updates each check has, in the order of `CHECK_TYPES`."""


@cache
def plans(lacking: frozenset[str], updates: int) -> Weighted[Plan]:
    """The plans of an applicant with so many updates, whose role lacks some of the checks."""
    room = [0 if check_type in lacking else len(RUNS[check_type]) for check_type in CHECK_TYPES]
    chances: dict[Plan, float] = {(): 1.0}
    for check_type in CHECK_TYPES:
        crosses = 0.0 if check_type in lacking else SHARES[check_type] / 100
        chances = {
            (*plan, length): chance * of_length
            for plan, chance in chances.items()
            for length, of_length in ((0, 1 - crosses), (1, crosses))
            if of_length
        }
    settled: dict[Plan, float] = {}
    while chances:
        moved: dict[Plan, float] = {}
        for plan, chance in chances.items():
            following = _following(plan, room, updates)
            for each in following:
                moved[each] = moved.get(each, 0.0) + chance / len(following)
            if not following:
                settled[plan] = settled.get(plan, 0.0) + chance
        chances = moved
    return Weighted.of(settled)


def _following(plan: Plan, room: list[int], updates: int) -> list[Plan]:
    """What a plan may become next, each as likely; nothing when it has all its updates."""
    chosen = [place for place, length in enumerate(plan) if length]
    if len(chosen) > updates:
        return [_changed(plan, place, -1) for place in chosen[1:]]
    if sum(room[place] for place in chosen) < updates:
        places = (place for place, most in enumerate(room) if most and not plan[place])
        return [_changed(plan, next(places), 1)]
    if sum(plan) < updates:
        return [_changed(plan, place, 1) for place in chosen if plan[place] < room[place]]
    return []


def _changed(plan: Plan, place: int, by: int) -> Plan:
    return (*plan[:place], plan[place] + by, *plan[place + 1 :])
