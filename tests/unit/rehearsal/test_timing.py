"""The figures of a rehearsal: spreads in seconds, waiting apart from processing."""

import pytest

from sandbox.rehearsal.parity import rate_for
from sandbox.rehearsal.timing import CLAIMED_IN, NO_WAITING, DoorTimes, Timing, spread


def test_a_spread_is_exact_to_three_digits() -> None:
    found = spread(number / 100 for number in range(1, 101))

    assert found.count == 100
    assert found.median == pytest.approx(0.5, rel=0.002)
    assert found.p95 == pytest.approx(0.95, rel=0.002)
    assert found.max == 1.0


def test_a_spread_is_in_order_even_of_a_single_value() -> None:
    for seconds in (0.0, 0.001234567, 59.99999, 3599.99):
        found = spread([seconds])
        assert found.median <= found.p95 <= found.max == seconds


def test_nothing_measured_is_all_zero() -> None:
    assert spread([]) == NO_WAITING


def test_the_json_has_what_the_benefits_are_computed_from_and_confirms_nothing() -> None:
    files = DoorTimes(spread([1800.0, 3600.0]), spread([0.5]))
    timing = Timing(files, DoorTimes(NO_WAITING, spread([0.004])), 100.0)

    told = timing.to_dict()

    assert told["files"]["waiting"]["max"] == 3600.0  # type: ignore[index]
    assert told["api"]["waiting"] == {"count": 0, "median": 0.0, "p95": 0.0, "max": 0.0}  # type: ignore[index]
    assert told["claimed"]["confirmed"] is False  # type: ignore[index]
    assert told["claimed"]["source"] == CLAIMED_IN  # type: ignore[index]
    # 1,238 messages in the busiest hour of a busy day.
    assert timing.over_the_busiest_hour == pytest.approx(100 * 3600 / 1238, rel=0.001)


@pytest.mark.parametrize(
    ("messages", "rate"), [(1, 100), (10_000, 100), (20_000, 200), (90_000, 300)]
)
def test_the_rate_has_bounds(messages: int, rate: float) -> None:
    assert rate_for(messages) == rate
