"""What the plan says is due while a replay goes on."""

from dataclasses import replace

import pytest

from loadtests.due import Due
from loadtests.plan import Census, Scope, WorldParameters

HOUR = 3600
EIGHT = 1_785_830_400
"""4 August 2026, 08:00 UTC."""
CENSUS = Census({EIGHT: {"applicant": 60, "check": 300}, EIGHT + HOUR: {"check": 720}}, 40)
SCOPE = Scope(1, WorldParameters(1, 1, 60), 100, 0, (EIGHT * 1_000_000, (EIGHT + 2 * HOUR) * 1_000_000))  # fmt: skip
STRETCH = {
    "started": 1000.0,
    "legs": [{"first": EIGHT * 1_000_000, "last": (EIGHT + 2 * HOUR) * 1_000_000, "seconds": 20.0}],
}


def due(scope: Scope = SCOPE) -> Due:
    made = Due(CENSUS, scope)
    made.begin(STRETCH)
    return made


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        (1000.0, (36.0, 0)),
        (1005.0, (36.0, 180)),
        (1015.0, (72.0, 720)),
        (1020.0, (0.0, 1080)),
        (990.0, (36.0, 0)),
    ],
)
def test_rate_and_messages_due_follow_the_hours_of_the_plan(
    wall: float, expected: tuple[float, int]
) -> None:
    rate, so_far = due().at(wall)

    assert (pytest.approx(rate), so_far) == expected


def test_what_goes_by_the_hour_is_due_at_once() -> None:
    assert due(replace(SCOPE, hourly=True)).at(1011.0)[1] == 1080


def test_what_waited_for_the_opening_is_due_when_esr_opens() -> None:
    closed = (EIGHT * 1_000_000, (EIGHT + HOUR) * 1_000_000)

    assert due(replace(SCOPE, closed=closed)).at(1011.0)[1] == 1080


def test_nothing_is_due_before_the_first_stretch() -> None:
    assert Due(CENSUS, SCOPE).at(1000.0) == (0.0, 0)
