"""When in the year people start, and when they are sent to ESR before it.

Who starts when is published for two groups by month; each of a month's starters begins on the first working day of
a week. Doctors in training change over on the first Wednesday of August, and fewer of them of February and April.
From a start day one goes back to the working day on which the applicant is sent. So a day's volume, and who it
consists of, follow from the starts that lie two to eleven weeks ahead of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from simulators.draws import Ints
from simulators.reference.job_roles import JobRole
from simulators.streams import Stream, Weighted
from simulators.year.calendar import first_wednesday, is_working_day, working_day_from
from simulators.year.hours import WEEKDAY_SHARES

SHORTEST_LEAD, LONGEST_LEAD = 14, 77
"""Days from sending an applicant to the start: within the send window of doctors in training (13 weeks to 2 days)."""
DAYS = 365
_NOISE = 15


class Season(StrEnum):
    """Whose year has a shape of its own."""

    NURSES = "nurses and health visitors"
    SUPPORT = "clinical support"
    TRAINEES = "doctors in training"
    OTHERS = "all others"


# Index by month from January, 1.00 = mean month: joiners of 25 English trusts, April 2024 to March 2025 (NHS
# England, NHS Workforce Statistics, turnover from organisation benchmarking).
# fmt: off
INDEX: Mapping[Season, tuple[float, ...]] = {
    Season.NURSES: (1.10, 0.70, 0.93, 1.00, 0.69, 0.67, 0.78, 0.69, 1.70, 1.80, 1.22, 0.72),
    Season.SUPPORT: (1.20, 0.81, 0.95, 1.29, 0.98, 0.99, 1.02, 0.86, 1.19, 1.00, 1.00, 0.71),
}
# fmt: on
_MEAN = tuple(sum(pair) / 2 for pair in zip(*INDEX.values(), strict=True))
ROTATION: Mapping[int, float] = {8: 0.70, 2: 0.10, 4: 0.08}
"""Of doctors in training: the share that starts on the first Wednesday of a month (assumed; the main changeover is in
August).
"""
_TRAINEES = frozenset({"01033", "01034", "01035"})
_MIDWIVES = frozenset({"03010", "03013"})


def season_of(role: JobRole) -> Season:
    """Whose year a role follows. Midwives are not among the nurses of the published figures."""
    if role.code in _TRAINEES:
        return Season.TRAINEES
    if role.staff_group == "03" and role.code not in _MIDWIVES:
        return Season.NURSES
    return Season.SUPPORT if role.staff_group == "07" else Season.OTHERS


def start_days(season: Season, year: int) -> dict[int, float]:
    """The days of `year` on which people of a season start, by ordinal, with their shares of the year's starters."""
    rotation = ROTATION if season is Season.TRAINEES else {}
    index = INDEX.get(season, _MEAN)
    rest = (1 - sum(rotation.values())) / sum(index)
    found = {first_wednesday(year, month).toordinal(): share for month, share in rotation.items()}
    for month, value in enumerate(index, start=1):
        days = _first_working_days_of_weeks(year, month)
        for day in days:
            found[day] = found.get(day, 0.0) + value * rest / len(days)
    return found


def _first_working_days_of_weeks(year: int, month: int) -> list[int]:
    first = date(year, month, 1).toordinal()
    mondays = range(first - (first - 1) % 7, first + 31, 7)
    days = (working_day_from(monday) for monday in mondays)
    return [day for day in days if date.fromordinal(day).month == month]


@dataclass(frozen=True, slots=True)
class SubmissionDays:
    """The days on which applicants are sent, and who."""

    ordinals: Ints
    bounds: Ints
    """The volume of all days before each; the last one is the whole year's."""
    starters: tuple[Weighted[tuple[int, int]], ...]
    """By day: the place of the season among those asked for, and the ordinal of the start date."""


def submission_days(seed: int, first_day: date, shares: Mapping[Season, float]) -> SubmissionDays:
    """The working days of the 365 from `first_day`; `shares` are those of the seasons among all joiners."""
    first = first_day.toordinal()
    weights: dict[int, dict[tuple[int, int], float]] = {}
    for place, (season, share) in enumerate(shares.items()):
        for start, of_year in _starts(season, first):
            busy = {
                day: _volume(seed, day)
                for day in range(start - LONGEST_LEAD, start - SHORTEST_LEAD + 1)
                if is_working_day(day)
            }
            whole = sum(busy.values())
            for day, volume in busy.items():
                if first <= day < first + DAYS:
                    weights.setdefault(day, {})[place, start] = share * of_year * volume / whole
    days = sorted(weights)
    unit = (1 << 40) / sum(sum(each.values()) for each in weights.values())
    volumes = [max(1, int(sum(weights[day].values()) * unit)) for day in days]
    return SubmissionDays(
        np.array(days),
        np.cumsum([0, *volumes]),
        tuple(Weighted.of(weights[day]) for day in days),
    )


def _starts(season: Season, first: int) -> Iterator[tuple[int, float]]:
    last = first + DAYS - 1 + LONGEST_LEAD
    for year in range(date.fromordinal(first).year, date.fromordinal(last).year + 1):
        for start, share in start_days(season, year).items():
            if first + SHORTEST_LEAD <= start <= last:
                yield start, share


def _volume(seed: int, day: int) -> float:
    """How much is done on a working day: by the weekday, and up to 15 % more or less by chance."""
    chance = Stream(seed, "busy-day", day).between(-1_000, 1_000) * _NOISE / 100_000
    return WEEKDAY_SHARES[date.fromordinal(day).weekday()] * (1 + chance)
