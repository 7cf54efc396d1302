"""What the plan says is due at a moment of a replay that goes on, hour by hour of the year.

The plan is known by its hours only, so within an hour messages count as spread evenly, unless they all become due at its
beginning: those of a profile that sends by the hour, and those that waited for ESR to open.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from loadtests.plan import Census, Scope

_HOUR = 3600.0


class Due:
    """How many messages of the window are due, by wall time; it has to be told of each stretch as it begins."""

    def __init__(self, census: Census, scope: Scope) -> None:
        counted = {hour: sum(kinds.values()) for hour, kinds in sorted(census.by_hour.items())}
        self._by_hour = counted
        self._before = dict(zip(counted, accumulate(counted.values(), initial=0), strict=False))
        self._is_hourly = scope.hourly
        self._opens = scope.closed[1] / 1e6 // _HOUR * _HOUR if scope.closed else None
        self._started = 0.0
        self._legs: list[Mapping[str, Any]] = []

    def begin(self, stretch: Mapping[str, Any]) -> None:
        """A stretch begins, as the ledger notes it."""
        self._started, self._legs = stretch["started"], stretch["legs"]

    def at(self, wall: float) -> tuple[float, int]:
        """At a moment of wall time, in seconds since the epoch: messages that become due in a second, and those due so far.

        Between two stretches none become due.
        """
        offset = max(0.0, wall - self._started)
        for leg in self._legs:
            if offset < leg["seconds"]:
                factor = (leg["last"] - leg["first"]) / 1e6 / leg["seconds"]
                moment = leg["first"] / 1e6 + offset * factor
                return self._in_hour(moment) / _HOUR * factor, self._until(moment)
            offset -= leg["seconds"]
        return 0.0, self._until(self._legs[-1]["last"] / 1e6) if self._legs else 0

    def _in_hour(self, moment: float) -> int:
        return self._by_hour.get(int(moment // _HOUR * _HOUR), 0)

    def _until(self, moment: float) -> int:
        hour = int(moment // _HOUR * _HOUR)
        if hour not in self._before:
            return sum(count for each, count in self._by_hour.items() if each < moment)
        is_at_once = self._is_hourly or hour == self._opens
        share = 1.0 if is_at_once else (moment - hour) / _HOUR
        return self._before[hour] + round(self._by_hour[hour] * share)
