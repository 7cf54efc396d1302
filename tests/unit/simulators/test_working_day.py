import pytest

from simulators.working_day import HOUR_SHARES, WorkingDay


def test_volumes_come_from_the_published_year() -> None:
    day = WorkingDay(peak_factor=1)

    assert (day.applicants, day.check_updates) == (988, 4743)


def test_the_busiest_hour_is_five_to_ten_times_the_flat_rate() -> None:
    assert 5 <= WorkingDay().busiest_hour_over_flat <= 10


def test_shares_are_thousandths() -> None:
    assert len(HOUR_SHARES) == 24
    assert sum(HOUR_SHARES) == 1_000


@pytest.mark.parametrize("count", [1, 7, 10_317])
def test_times_rise_within_the_day(count: int) -> None:
    times = list(WorkingDay().intended_times(count, seed=5))

    assert len(times) == count
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] < 86_400


def test_times_follow_the_shares_of_the_hours() -> None:
    times = list(WorkingDay().intended_times(20_000, seed=5))

    for hour, share in enumerate(HOUR_SHARES):
        count = sum(hour * 3_600 <= moment < (hour + 1) * 3_600 for moment in times)
        assert count == pytest.approx(share * 20, abs=2)


def test_any_time_can_be_made_alone() -> None:
    day = WorkingDay()

    assert list(day.intended_times(500, seed=5))[123] == day.intended_time(123, 500, seed=5)


def test_assumptions_are_said_in_words() -> None:
    said = " ".join(WorkingDay().assumptions())

    for word in ("250,000", "1,200,000", "253", "1.8", "assumed", "10:00"):
        assert word in said
