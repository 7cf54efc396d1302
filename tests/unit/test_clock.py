"""The world's time as a function of wall time."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.clock import LATEST, Clock, ClockMode
from sandbox.timestamps import duration, from_text, to_text

WORLD = datetime(2026, 4, 1, 9, 30, tzinfo=UTC)
WALL = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
LATER = WALL + timedelta(minutes=1)


def test_a_real_clock_shows_wall_time() -> None:
    assert Clock(ClockMode.REAL, WORLD, WALL).now(LATER) == LATER


def test_a_frozen_clock_stands_still() -> None:
    assert Clock(ClockMode.FROZEN, WORLD, WALL).now(LATER) == WORLD


@pytest.mark.parametrize(("factor", "seconds"), [(1.0, 60), (60.0, 3600), (0.5, 30)])
def test_a_running_clock_runs_at_its_factor(factor: float, seconds: int) -> None:
    clock = Clock(ClockMode.RUNNING, WORLD, WALL, factor)

    assert clock.now(LATER) == WORLD + timedelta(seconds=seconds)


def test_a_running_clock_does_not_follow_wall_time_backwards() -> None:
    clock = Clock(ClockMode.RUNNING, WORLD, WALL, 60.0)

    assert clock.now(WALL - timedelta(hours=1)) == WORLD


def test_the_world_does_not_run_past_its_end() -> None:
    clock = Clock(ClockMode.RUNNING, WORLD, WALL, 100_000.0)

    assert clock.now(WALL + timedelta(days=3650)) == LATEST


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ClockMode.REAL, ClockMode.FROZEN),
        (ClockMode.FROZEN, ClockMode.FROZEN),
        (ClockMode.RUNNING, ClockMode.RUNNING),
    ],
)
def test_a_moved_clock_shows_the_new_moment_and_keeps_its_factor(
    before: ClockMode, after: ClockMode
) -> None:
    moved = Clock(before, WORLD, WALL, 7.0).moved_to(WORLD + timedelta(days=1), LATER)

    assert (moved.mode, moved.factor) == (after, 7.0)
    assert moved.now(LATER) == WORLD + timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("P1DT2H", timedelta(days=1, hours=2)),
        ("PT90M", timedelta(minutes=90)),
        ("P2W", timedelta(weeks=2)),
        ("PT5S", timedelta(seconds=5)),
        ("P1DT2H3M4S", timedelta(days=1, hours=2, minutes=3, seconds=4)),
    ],
)
def test_a_duration_is_read(text: str, length: timedelta) -> None:
    assert duration(text) == length


@pytest.mark.parametrize("text", ["P1Y", "1D", "P-1D", "PT1.5H", ""])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an ISO 8601 duration"):
        duration(text)


def test_a_moment_as_text_has_milliseconds_and_is_in_utc() -> None:
    assert to_text(WORLD) == "2026-04-01T09:30:00.000Z"
    assert from_text("2026-04-01T10:30:00+01:00") == WORLD
    assert from_text(to_text(WORLD)) == WORLD


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        to_text(WORLD.replace(tzinfo=None))
    with pytest.raises(ValueError, match="zone"):
        from_text("2026-04-01T09:30:00")
