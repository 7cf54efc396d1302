from collections import Counter
from datetime import date

import pytest

from simulators.realism.published import published_figures
from simulators.reference.job_roles import job_role
from simulators.year.calendar import is_working_day
from simulators.year.seasons import (
    INDEX,
    LONGEST_LEAD,
    SHORTEST_LEAD,
    Season,
    season_of,
    start_days,
    submission_days,
)

FIRST = date(2026, 4, 1)
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@pytest.mark.parametrize(
    ("season", "figure"),
    [
        (Season.NURSES, "joiners-by-month-nurses"),
        (Season.SUPPORT, "joiners-by-month-support"),
    ],
)
def test_the_index_is_the_published_one(season: Season, figure: str) -> None:
    [published] = [each.values for each in published_figures() if each.id == figure]

    for month, value in zip(MONTHS, INDEX[season], strict=True):
        assert value / sum(INDEX[season]) * 100 == pytest.approx(published[month], abs=0.1)


@pytest.mark.parametrize("season", Season)
@pytest.mark.parametrize("year", [2026, 2027, 2028])
def test_the_starts_of_a_year_are_whole_and_on_working_days(season: Season, year: int) -> None:
    days = start_days(season, year)

    assert sum(days.values()) == pytest.approx(1)
    assert all(is_working_day(day) and date.fromordinal(day).year == year for day in days)


def test_a_bank_holiday_moves_the_start_and_not_the_month() -> None:
    days = [date.fromordinal(day) for day in start_days(Season.NURSES, 2026)]

    # The week of Monday 31 August begins with a bank holiday.
    assert date(2026, 9, 1) in days
    assert Counter(day.month for day in days)[8] == 4


def test_doctors_in_training_change_over_in_august() -> None:
    days = start_days(Season.TRAINEES, 2026)

    assert days[date(2026, 8, 5).toordinal()] == pytest.approx(0.70)
    assert days[date(2026, 2, 4).toordinal()] == pytest.approx(0.10)
    assert days[date(2026, 4, 1).toordinal()] == pytest.approx(0.08)


def test_roles_have_the_season_of_their_group() -> None:
    seasons = {code: season_of(job_role(code)) for code in ("01033", "01005", "03007", "03013")}

    assert seasons == {
        "01033": Season.TRAINEES,
        "01005": Season.OTHERS,
        "03007": Season.NURSES,
        "03013": Season.OTHERS,
    }
    assert season_of(job_role("07004")) is Season.SUPPORT


def test_who_is_sent_on_a_day_starts_within_the_lead() -> None:
    days = submission_days(5, FIRST, {Season.NURSES: 0.5, Season.TRAINEES: 0.5})

    for day, starters in zip(days.ordinals.tolist(), days.starters, strict=True):
        assert is_working_day(day)
        for _, start in starters.values:
            assert SHORTEST_LEAD <= start - day <= LONGEST_LEAD
    assert len(days.ordinals) == 251


def test_days_differ_by_seed_and_by_little() -> None:
    one, other = (submission_days(seed, FIRST, {Season.OTHERS: 1.0}) for seed in (5, 6))

    assert (one.bounds != other.bounds).any()
    assert (one.ordinals == other.ordinals).all()
    assert one.bounds[-1] == pytest.approx(other.bounds[-1], rel=1e-6)
