from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from simulators.year.calendar import (
    bank_holidays,
    first_wednesday,
    is_working_day,
    worked_off_on,
    working_day_from,
    working_day_until,
)
from simulators.year.diary import Diary
from simulators.year.hours import (
    HOUR_SHARES,
    WEEKDAY_SHARES,
    local_day,
    moments_of_day,
    seconds_of_day,
)

HOUR = 3_600_000_000
LONDON = ZoneInfo("Europe/London")


def instant(ordinal: int, hour: int) -> int:
    """The moment at which clocks show the hour on a day."""
    days, microseconds = np.array([ordinal]), np.array([hour * HOUR])
    return int(Diary.of(range(ordinal, ordinal + 1)).instants(days, microseconds)[0])


# As published at gov.uk/bank-holidays.
@pytest.mark.parametrize(
    ("year", "days"),
    [
        (2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28"),
        (2027, "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28"),
        (2028, "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26"),
    ],
)
def test_bank_holidays_are_the_published_ones(year: int, days: str) -> None:
    assert sorted(bank_holidays(year)) == [
        date.fromisoformat(f"{year}-{day}") for day in days.split()
    ]


def test_a_christmas_day_on_a_sunday_is_taken_on_the_tuesday() -> None:
    assert {date(2033, 12, 26), date(2033, 12, 27)} <= bank_holidays(2033)


def test_a_year_of_eight_bank_holidays_has_253_working_days() -> None:
    first = date(2025, 4, 1).toordinal()

    assert sum(map(is_working_day, range(first, first + 365))) == 253


def test_easter_closes_from_thursday_to_tuesday() -> None:
    saturday = date(2026, 4, 4).toordinal()

    assert date.fromordinal(working_day_until(saturday)) == date(2026, 4, 2)
    assert date.fromordinal(working_day_from(saturday)) == date(2026, 4, 7)


def test_the_work_of_a_closed_day_is_spread_over_the_days_after() -> None:
    good_friday = date(2026, 4, 3).toordinal()

    done = [date.fromordinal(worked_off_on(good_friday + day)).day for day in range(-1, 6)]

    assert done == [2, 7, 8, 9, 10, 7, 8]


def test_the_first_wednesday_of_august() -> None:
    assert first_wednesday(2026, 8) == date(2026, 8, 5)
    assert first_wednesday(2029, 8) == date(2029, 8, 1)


def test_shares_are_whole() -> None:
    assert len(HOUR_SHARES) == 24
    assert sum(HOUR_SHARES) == 1_000
    assert sum(WEEKDAY_SHARES) == 100


def test_moments_of_a_day_rise_and_follow_the_shares_of_the_hours() -> None:
    count = 20_000
    moments = moments_of_day((np.arange(count) << 32) // count).tolist()

    assert moments == sorted(moments)
    assert moments[0] >= 0
    for hour, share in enumerate(HOUR_SHARES):
        here = sum(hour * HOUR <= moment < (hour + 1) * HOUR for moment in moments)
        assert here == pytest.approx(share * 20, abs=1)
    assert moments_of_day(np.array([(1 << 32) - 1]))[0] < 24 * HOUR


def test_a_second_drawn_is_before_the_last_minute() -> None:
    words = np.linspace(0, (1 << 32) - 1, 20_000).astype(np.int64)

    assert seconds_of_day(words).max() < 86_340


# The clocks go forward on 29 March 2026 and back on 25 October.
@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-07-01", "2026-12-01"])
def test_an_instant_shows_the_wanted_time_on_the_wanted_day(day: str) -> None:
    ordinal = date.fromisoformat(day).toordinal()

    for hour in (0, 1, 2, 3, 12, 23):
        at = instant(ordinal, hour)
        shown = datetime.fromtimestamp(at // 1_000_000, tz=LONDON)
        skipped = (day, hour) == ("2026-03-29", 1)
        assert local_day(at) == date.fromordinal(ordinal)
        assert shown.hour == hour + skipped


def test_summer_time_is_an_hour_ahead() -> None:
    summer, winter = (
        instant(date(2026, month, 1).toordinal(), 10) // HOUR % 24 for month in (7, 12)
    )

    assert (summer, winter) == (9, 10)


def test_working_days_meet_where_there_is_nothing_between() -> None:
    tuesday = date(2026, 6, 2)

    assert working_day_from(tuesday.toordinal()) == working_day_until(tuesday.toordinal())
    assert date.fromordinal(working_day_until((tuesday - timedelta(2)).toordinal())).day == 29
