"""The table of overlaps, written out again; and the schedule, in which every one of them occurs."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from sandbox.rehearsal import overlaps as table
from sandbox.rehearsal.messages import Door, Kind
from sandbox.rehearsal.overlaps import (
    CLOSES_IN,
    OVERLAP_BEGINS,
    OVERLAPS,
    TAKEN,
    Content,
    Direction,
    Overlap,
    overlaps_of,
)
from sandbox.rehearsal.run import LEAST_IN_FLIGHT
from sandbox.rehearsal.schedule import Schedule, schedule
from simulators.world import World

BEGINS = datetime(2030, 3, 4, 8, tzinfo=UTC)
WORLD = World.make(1, 1, 60)

# (content, door, hour, minute, result) of each sending; the directions are those of the part.
BOTH = [
    "submission F2:10 APPLICANT_EXISTS, submission A2:20 TAKEN",
    "submission F2:10 TAKEN, submission A3:20 APPLICANT_EXISTS",
    "check F2:10 CHECK_UNCHANGED, check A2:20 TAKEN",
    "check F2:10 TAKEN, check A3:20 TAKEN",
    "older check F2:10 FILE_ROW_STALE, check A2:20 TAKEN",
    "older check A2:20 TAKEN, check F2:40 TAKEN",
    "older amendment F2:10 FILE_ROW_STALE, amendment A2:20 TAKEN",
    "older amendment A2:20 TAKEN, amendment F2:40 TAKEN",
    "older amendment F2:10 TAKEN, amendment A3:20 VERSION_STALE, amendment A3:20 TAKEN",
    "amendment F2:10 FILE_ROW_STALE, withdrawal A2:20 TAKEN",
    "withdrawal A2:20 TAKEN, amendment F2:40 REINSTATEMENT_REFUSED",
    "withdrawal A2:20 TAKEN, check F2:40 STATE_FORBIDS",
    "withdrawal F2:10 FILE_ROW_STALE, withdrawal A2:20 TAKEN",
    "withdrawal A2:20 TAKEN, withdrawal F2:40 STATE_FORBIDS",
    "withdrawal F2:10 TAKEN, amendment A3:20 REINSTATEMENT_REFUSED",
    "withdrawal F2:10 TAKEN, check A3:20 STATE_FORBIDS",
]
TO_API = [
    "submission F3:40 FILE_INTERFACE_OFF, submission A4:20 TAKEN",
    "check F3:40 FILE_INTERFACE_OFF, check A4:20 TAKEN",
    "amendment F3:40 FILE_INTERFACE_OFF, amendment A4:20 TAKEN",
    "withdrawal F3:40 FILE_INTERFACE_OFF, withdrawal A4:20 TAKEN",
    "submission F4:10 FILE_INTERFACE_OFF, submission A5:20 TAKEN",
    "check F4:10 FILE_INTERFACE_OFF, check A5:20 TAKEN",
    "amendment F4:10 FILE_INTERFACE_OFF, amendment A5:20 TAKEN",
    "withdrawal F4:10 FILE_INTERFACE_OFF, withdrawal A5:20 TAKEN",
]
TO_FILES = [
    "submission A4:20 INTERFACE_NOT_ENABLED, submission F4:40 TAKEN",
    "check A4:20 INTERFACE_NOT_ENABLED, check F4:40 TAKEN",
    "amendment A4:20 INTERFACE_NOT_ENABLED, amendment F4:40 TAKEN",
    "withdrawal A4:20 INTERFACE_NOT_ENABLED, withdrawal F4:40 TAKEN",
    "submission A3:20 TAKEN, submission F4:10 APPLICANT_EXISTS",
    "check A3:20 TAKEN, check F4:10 CHECK_UNCHANGED",
    "amendment A3:20 TAKEN, amendment F4:10 TAKEN",
    "withdrawal A3:20 TAKEN, withdrawal F4:10 STATE_FORBIDS",
    "submission A3:20 TAKEN, submission A4:20 TAKEN",
    "check A3:20 TAKEN, check A4:20 TAKEN",
]

_WORDS = {
    Content.OLDER_CHECK: "older check",
    Content.OLDER_AMENDMENT: "older amendment",
}


def written(overlap: Overlap) -> str:
    return ", ".join(
        f"{_WORDS.get(item.content, item.content)} {'F' if item.door is Door.FILES else 'A'}"
        f"{item.hour}:{item.slot:d} {item.result}"
        for item in overlap.sendings
    )


def as_written() -> dict[Direction, list[str]]:
    return {
        direction: [written(overlap) for overlap in table.overlaps_of(direction)]
        for direction in Direction
    }


EXPECTED = {Direction.TO_API: BOTH + TO_API, Direction.TO_FILES: BOTH + TO_FILES}


def test_the_table_is_as_written_here() -> None:
    assert as_written() == EXPECTED
    assert len({overlap.name for overlap in OVERLAPS}) == len(OVERLAPS)


def test_a_row_that_is_taken_away_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    survivors = []
    for overlap in OVERLAPS:
        others = tuple(item for item in OVERLAPS if item is not overlap)
        with monkeypatch.context() as patch:
            patch.setattr(table, "OVERLAPS", others)
            if as_written() == EXPECTED:
                survivors.append(overlap.name)

    print(f"{len(OVERLAPS)} rows taken away in turn, survivors: {len(survivors)}")
    assert survivors == []


@pytest.fixture(scope="module", params=list(Direction))
def direction(request: pytest.FixtureRequest) -> Direction:
    found: Direction = request.param
    return found


@pytest.fixture(scope="module")
def plan(direction: Direction) -> Schedule:
    return schedule(direction, LEAST_IN_FLIGHT, 1, WORLD, BEGINS)


def test_every_kind_occurs_at_least_twice_among_the_fewest(
    direction: Direction, plan: Schedule
) -> None:
    pairs = {(item.overlap, item.message.reference) for item in plan.planned if item.overlap}
    seen = Counter(name for name, _ in pairs)

    assert set(seen) == {overlap.name for overlap in overlaps_of(direction)}
    assert min(seen.values()) >= 2


def test_as_many_are_in_flight_as_were_asked_for(plan: Schedule) -> None:
    hours: dict[str, list[int]] = {}
    for item in plan.planned:
        hours.setdefault(item.message.reference, []).append(item.sending.hour)

    in_flight = [
        held for held in hours.values() if min(held) <= CLOSES_IN and max(held) >= OVERLAP_BEGINS
    ]

    assert plan.in_flight == len(in_flight) == LEAST_IN_FLIGHT
    assert set(hours) == set(plan.meant)


def test_nothing_is_meant_to_be_taken_through_a_closed_door(
    direction: Direction, plan: Schedule
) -> None:
    old = Door.FILES if direction is Direction.TO_API else Door.API
    for item in plan.planned:
        sending = item.sending
        if sending.door is old:
            # A remembered request is answered as it was, whatever is closed by then.
            assert sending.hour <= CLOSES_IN or sending.result != TAKEN or sending.repeats
        else:
            assert sending.hour >= OVERLAP_BEGINS


def test_everybody_is_submitted_before_anything_else_is_told_of_them(plan: Schedule) -> None:
    known: set[str] = set()
    for item in plan.planned:
        if item.message.kind is Kind.SUBMISSION:
            known.add(item.message.reference)
        assert item.message.reference in known


def test_the_same_schedule_comes_again(direction: Direction, plan: Schedule) -> None:
    assert schedule(direction, LEAST_IN_FLIGHT, 1, WORLD, BEGINS).planned == plan.planned
