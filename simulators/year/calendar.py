"""Working days in England and Wales, computed: weekdays that are no bank holidays.

The eight bank holidays a year follow from the Banking and Financial Dealings Act 1971 and from common law; one
that falls on a weekend is taken on the next free weekday (https://www.gov.uk/bank-holidays). What is proclaimed
for a single year is not known here.

>>> sorted(bank_holidays(2027))[1].isoformat()
'2027-03-26'
"""

from datetime import date, timedelta
from functools import cache

from dateutil.easter import easter

_DAY = timedelta(days=1)


@cache
def bank_holidays(year: int) -> frozenset[date]:
    """The days of `year` on which offices are closed in England and Wales beside weekends."""
    sunday = easter(year)
    found = {
        sunday - 2 * _DAY,
        sunday + _DAY,
        _monday_on_or_after(date(year, 5, 1)),
        _monday_on_or_after(date(year, 5, 25)),
        _monday_on_or_after(date(year, 8, 25)),
    }
    for fixed in (date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)):
        day = fixed
        while day.weekday() >= 5 or day in found:
            day += _DAY
        found.add(day)
    # Where Christmas Day is a Sunday, Boxing Day keeps its Monday and Christmas Day is taken on the Tuesday: the
    # two days are the same whichever of them is moved.
    return frozenset(found)


def _monday_on_or_after(day: date) -> date:
    return day + -day.weekday() % 7 * _DAY


@cache
def is_working_day(ordinal: int) -> bool:
    """Whether people work on the day with this proleptic ordinal (`date.toordinal`)."""
    day = date.fromordinal(ordinal)
    return day.weekday() < 5 and day not in bank_holidays(day.year)


def working_day_from(ordinal: int) -> int:
    """The first working day that is not before `ordinal`."""
    while not is_working_day(ordinal):
        ordinal += 1
    return ordinal


@cache
def worked_off_on(ordinal: int) -> int:
    """The day on which that is done which falls due on a day. What a weekend holds up does not all come on Monday: its
    first day's work is done on the first working day after it, the second's on the second, and so on.
    """
    if is_working_day(ordinal):
        return ordinal
    day = working_day_from(ordinal)
    for _ in range(ordinal - working_day_until(ordinal) - 1):
        day = working_day_from(day + 1)
    return day


def working_day_until(ordinal: int) -> int:
    """The last working day that is not after `ordinal`."""
    while not is_working_day(ordinal):
        ordinal -= 1
    return ordinal


def first_wednesday(year: int, month: int) -> date:
    """The first Wednesday of a month."""
    first = date(year, month, 1)
    return first + (2 - first.weekday()) % 7 * _DAY
