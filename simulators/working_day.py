"""A busy working day of the whole country: how many messages, and at what times they are meant to be sent.

The volumes are 250,000 applicants and 1,200,000 check updates a year (ESR News, March 2022). That the busy day has 1.8
times the mean follows joiner rates, which peak in September at 1.7 to 1.9 times the typical month. The hours are those
of `simulators.year.hours`, an assumption.
"""

from dataclasses import dataclass

import numpy as np

from simulators.streams import Stream
from simulators.year.hours import HOUR_SHARES, moments_of_day

_SECOND = 1_000_000


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
    def busiest_hour(self) -> int:
        """Messages in the busiest hour."""
        messages = self.applicants + self.check_updates
        return round(messages * max(HOUR_SHARES) / sum(HOUR_SHARES))

    def intended_time(self, number: int, count: int, seed: int) -> float:
        """When message `number` of `count` is to be sent, in seconds from midnight.

        Each message has its own slice of the day's volume and a chance place in it, so times rise
        with the number.
        """
        word = Stream(seed, "intended-time", number).word()
        place = ((number << 32) + word) // count
        return int(moments_of_day(np.array([place]))[0]) / _SECOND
