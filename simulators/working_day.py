"""The shape of a busy working day: how many messages, and at what times they are meant to be sent.

No public figures exist for the hours at which recruitment systems write to ESR (the fixed points
are hourly runs). So the shape is a stated assumption, inside what is known: 250,000 applicants and
1,200,000 check updates a year, a busy hour at 5 to 10 times the flat hourly rate, a peak month at
1.7 to 1.9 times the usual. `WorkingDay.assumptions` says it in words; print it beside every result.

>>> day = WorkingDay()
>>> [round(moment) for moment in day.intended_times(3, seed=5)] == [
...     round(day.intended_time(n, 3, seed=5)) for n in range(3)
... ]
True
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from simulators.streams import Stream

# Messages in each hour of the day (UK time), in thousandths: office hours with a dip at noon,
# batches and the late at night.
HOUR_SHARES = (
    2,
    2,
    2,
    2,
    2,
    2,
    6,
    25,
    70,
    110,
    120,
    115,
    85,
    90,
    110,
    100,
    80,
    40,
    14,
    8,
    6,
    4,
    3,
    2,
)
_BOUNDS = tuple(accumulate(HOUR_SHARES, initial=0))
_HOURS_A_YEAR = 24 * 365
_MICROSECONDS_AN_HOUR = 3_600_000_000


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """The volumes of a day. `peak_factor` is the day's volume over the mean working day's: 1.8 is a
    day of September.
    """

    applicants_a_year: int = 250_000
    check_updates_a_year: int = 1_200_000
    working_days: int = 253
    peak_factor: float = 1.8

    @property
    def applicants(self) -> int:
        """Applicants on this day."""
        return round(self.applicants_a_year / self.working_days * self.peak_factor)

    @property
    def check_updates(self) -> int:
        """Check updates on this day."""
        return round(self.check_updates_a_year / self.working_days * self.peak_factor)

    @property
    def messages(self) -> int:
        """All messages of this day."""
        return self.applicants + self.check_updates

    @property
    def busiest_hour(self) -> int:
        """Messages in the busiest hour."""
        return round(self.messages * max(HOUR_SHARES) / sum(HOUR_SHARES))

    @property
    def busiest_hour_over_flat(self) -> float:
        """The busiest hour over the rate of a year spread flat over all its hours."""
        return self.busiest_hour / (
            (self.applicants_a_year + self.check_updates_a_year) / _HOURS_A_YEAR
        )

    def assumptions(self) -> tuple[str, ...]:
        """What a result for this day rests on, one sentence each, to be printed with it."""
        busiest = HOUR_SHARES.index(max(HOUR_SHARES))
        volumes = (
            f"{self.applicants_a_year:,} applicants and {self.check_updates_a_year:,} check updates"
            " a year (250,000 and 1,200,000 are the published volumes)."
        )
        shape = (
            f"Hourly shares in thousandths from midnight: {' '.join(map(str, HOUR_SHARES))}"
            " (assumed; none is published)."
        )
        peak = (
            f"This day has {self.peak_factor:g} times the mean: {self.applicants:,} applicants,"
            f" {self.check_updates:,} check updates (joiner rates peak in September at 1.7 to 1.9"
            " times the typical month)."
        )
        hours = (
            f"The busiest hour, from {busiest:02d}:00, has {self.busiest_hour:,} messages,"
            f" {self.busiest_hour_over_flat:.1f} times the year spread flat (5 to 10 times is"
            " expected of a working day)."
        )
        return (
            volumes,
            f"{self.working_days} working days a year; nothing is sent on other days (assumed).",
            peak,
            shape,
            hours,
        )

    def intended_time(self, number: int, count: int, seed: int) -> float:
        """When message `number` of `count` is to be sent, in seconds from midnight UK time, to the
        microsecond.

        Each message has its own slice of the day's volume and a chance place in it, so times rise
        with the number.
        """
        word = Stream(seed, "intended-time", number).word()
        # 2**32 times the place in thousandths of the day's volume.
        place = ((number << 32) + word) * sum(HOUR_SHARES) // count
        hour = bisect_right(_BOUNDS, place >> 32) - 1
        within = place - (_BOUNDS[hour] << 32)
        microseconds = hour * _MICROSECONDS_AN_HOUR + (
            within * _MICROSECONDS_AN_HOUR // HOUR_SHARES[hour] >> 32
        )
        return microseconds / 1_000_000

    def intended_times(self, count: int, seed: int) -> Iterator[float]:
        """The times of `count` messages in their order."""
        return (self.intended_time(number, count, seed) for number in range(count))
