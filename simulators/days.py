"""Days as their proleptic ordinals (`date.toordinal`): how a block of people reckons with them."""

from datetime import date, timedelta
from functools import cache

import numpy as np

from simulators.draws import Ints


@cache
def iso_day(ordinal: int) -> str:
    """The day as YYYY-MM-DD. The cache is bounded by the days of a lifetime."""
    return date.fromordinal(ordinal).isoformat()


def iso_days(ordinals: Ints) -> list[str]:
    """The days of a column as YYYY-MM-DD."""
    return [*map(iso_day, ordinals.tolist())]


def weekdays(ordinals: Ints) -> Ints:
    """Of each day as `date.weekday`: 0 is Monday."""
    return (ordinals - 1) % 7


def months_of(ordinals: Ints) -> Ints:
    """The month of each day, counted from January of the year 0."""
    days = (ordinals - date(1970, 1, 1).toordinal()).astype("datetime64[D]")
    return days.astype("datetime64[M]").astype(np.int64) + 1970 * 12


@cache
def month_end(month: int) -> str:
    """The last day of a month of `months_of`, as YYYY-MM-DD."""
    year, following = divmod(month + 1, 12)
    return (date(year, following + 1, 1) - timedelta(days=1)).isoformat()
