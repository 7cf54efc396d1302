"""At which hours and on which weekdays messages are sent, by the clock on a wall in the United Kingdom.

No public figures exist for the hours at which recruitment systems write to ESR, nor for weekdays (the fixed points
are hourly runs). So both shapes are stated assumptions: office hours with a dip at noon, batches and the late at
night.
"""

from bisect import bisect_right
from datetime import date, datetime
from functools import cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from simulators.streams import Stream

# fmt: off
HOUR_SHARES = (
    2, 2, 2, 2, 2, 2, 6, 25, 70, 110, 120, 115,
    85, 90, 110, 100, 80, 40, 14, 8, 6, 4, 3, 2,
)
# fmt: on
"""Messages in each hour of a working day, in thousandths."""
WEEKDAY_SHARES = (21, 22, 21, 20, 16)
"""Submissions from Monday to Friday, in a hundred of a week without a bank holiday."""

_BOUNDS = tuple(accumulate(HOUR_SHARES, initial=0))
_LONDON = ZoneInfo("Europe/London")
_SECOND = 1_000_000
_HOUR = 3_600 * _SECOND
_CLOCKS_CHANGE = 2 * _HOUR


def moment_of_day(place: int) -> int:
    """Microseconds from midnight at which `place` / 2**32 of a day's messages have been sent."""
    thousandths = place * 1_000
    hour = bisect_right(_BOUNDS, thousandths >> 32) - 1
    within = thousandths - (_BOUNDS[hour] << 32)
    return hour * _HOUR + (within * _HOUR // HOUR_SHARES[hour] >> 32)


def second_of_day(stream: Stream) -> int:
    """A second of a working day, drawn by the hours' shares; never in the last minute of the day."""
    return min(moment_of_day(stream.word()) // _SECOND, 86_339)


@cache
def _midnights(ordinal: int) -> tuple[int, int]:
    """Midnight of a day by the offset that holds then, and by the one that holds from two o'clock on."""
    day = date.fromordinal(ordinal)
    told = []
    for hour in (0, 12):
        local = datetime(day.year, day.month, day.day, hour, tzinfo=_LONDON)
        told.append(int(local.timestamp()) * _SECOND - hour * _HOUR)
    return told[0], told[1]


def instant(ordinal: int, microseconds: int) -> int:
    """The moment, in microseconds since the epoch, at which clocks in the United Kingdom show so much after midnight
    of the day with this ordinal.
    """
    return _midnights(ordinal)[microseconds >= _CLOCKS_CHANGE] + microseconds


def local_day(at: int) -> date:
    """The date in the United Kingdom at a moment in microseconds since the epoch."""
    return datetime.fromtimestamp(at // _SECOND, tz=_LONDON).date()
