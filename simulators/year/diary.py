"""A span of days as tables: when people work, and when a day begins, for whole columns of days at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np

from simulators.checks import WorkingTime
from simulators.draws import Ints
from simulators.year.calendar import worked_off_on, working_day_from, working_day_until
from simulators.year.hours import CLOCKS_CHANGE, midnights, seconds_of_day


@dataclass(frozen=True, slots=True)
class Diary:
    """The days from `first` on, in England and Wales. Days are proleptic ordinals; those asked for lie in the span."""

    first: int
    _from: Ints
    _until: Ints
    _worked_off: Ints
    _midnights: Ints

    @classmethod
    def of(cls, days: range) -> Self:
        """The diary of these days."""

        def table(function: Callable[[int], object]) -> Ints:
            return np.array([function(day) for day in days])

        return cls(
            days[0],
            table(working_day_from),
            table(working_day_until),
            table(worked_off_on),
            table(midnights),
        )

    def working_day_from(self, days: Ints) -> Ints:
        """The first working day that is not before a day."""
        return self._from[days - self.first]

    def working_day_until(self, days: Ints) -> Ints:
        """The last working day that is not after a day."""
        return self._until[days - self.first]

    def worked_off_on(self, days: Ints) -> Ints:
        """The day on which that is done which falls due on a day."""
        return self._worked_off[days - self.first]

    def instants(self, days: Ints, microseconds: Ints) -> Ints:
        """The moments, in microseconds since the epoch, at which clocks in the United Kingdom show so much after the
        midnights of the days.
        """
        changed = (microseconds >= CLOCKS_CHANGE).astype(np.int64)
        return self._midnights[days - self.first, changed] + microseconds

    @property
    def working_time(self) -> WorkingTime:
        """When a recruitment system sends updates."""
        return WorkingTime(self.worked_off_on, self.working_day_until, seconds_of_day)
