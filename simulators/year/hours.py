"""At which hours and on which weekdays messages are sent, by the clock on a wall in the United Kingdom.

No public figures exist for the hours at which recruitment systems write to ESR, nor for weekdays (the fixed points
are hourly runs). So both shapes are stated assumptions: office hours with a dip at noon, batches and the late at
night.
"""

from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from simulators.draws import Ints

# fmt: off
HOUR_SHARES = (
    2, 2, 2, 2, 2, 2, 6, 25, 70, 110, 120, 115,
    85, 90, 110, 100, 80, 40, 14, 8, 6, 4, 3, 2,
)
# fmt: on
"""Messages in each hour of a working day, in thousandths."""
WEEKDAY_SHARES = (21, 22, 21, 20, 16)
"""Submissions from Monday to Friday, in a hundred of a week without a bank holiday."""

_SHARES = np.array(HOUR_SHARES)
_BOUNDS = np.cumsum([0, *HOUR_SHARES])
_LONDON = ZoneInfo("Europe/London")
_SECOND = 1_000_000
_HOUR = 3_600 * _SECOND
CLOCKS_CHANGE = 2 * _HOUR
"""Microseconds from midnight before which clocks have been put forward or back."""


def moments_of_day(places: Ints) -> Ints:
    """Microseconds from midnight at which each of the `places`, in 2**32, of a day's messages have been sent."""
    thousandths = places * 1_000
    hours = _BOUNDS.searchsorted(thousandths >> 32, side="right") - 1
    # Halved, so that the product has room in 63 bits.
    within = (thousandths - (_BOUNDS[hours] << 32)) // (2 * _SHARES[hours])
    found: Ints = hours * _HOUR + (within * _HOUR >> 31)
    return found


def seconds_of_day(words: Ints) -> Ints:
    """The second of a working day that falls to each word of 32 bits by the hours' shares; never in the last minute
    of the day.
    """
    return np.minimum(moments_of_day(words) // _SECOND, 86_339)


@cache
def midnights(ordinal: int) -> tuple[int, int]:
    """Midnight of a day by the offset that holds then, and by the one that holds from two o'clock on."""
    day = date.fromordinal(ordinal)
    told = []
    for hour in (0, 12):
        local = datetime(day.year, day.month, day.day, hour, tzinfo=_LONDON)
        told.append(int(local.timestamp()) * _SECOND - hour * _HOUR)
    return told[0], told[1]


def local_day(at: int) -> date:
    """The date in the United Kingdom at a moment in microseconds since the epoch."""
    return datetime.fromtimestamp(at // _SECOND, tz=_LONDON).date()
