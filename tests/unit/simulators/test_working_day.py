import pytest

from simulators.working_day import WorkingDay
from simulators.year.hours import HOUR_SHARES

FLAT = (250_000 + 1_200_000) / (365 * 24)


def test_volumes_come_from_the_published_year() -> None:
    day = WorkingDay(peak_factor=1)

    assert (day.applicants, day.check_updates) == (988, 4743)


def test_the_busiest_hour_is_five_to_ten_times_the_flat_rate() -> None:
    assert 5 <= WorkingDay().busiest_hour / FLAT <= 10


@pytest.mark.parametrize("count", [1, 7, 10_317])
def test_times_rise_within_the_day(count: int) -> None:
    times = [WorkingDay().intended_time(number, count, seed=5) for number in range(count)]

    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] < 86_400


def test_times_follow_the_shares_of_the_hours() -> None:
    times = [WorkingDay().intended_time(number, 20_000, seed=5) for number in range(20_000)]

    for hour, share in enumerate(HOUR_SHARES):
        count = sum(hour * 3_600 <= moment < (hour + 1) * 3_600 for moment in times)
        assert count == pytest.approx(share * 20, abs=2)
