"""The world's time: each workspace has a clock of its own, a pure function of wall time.

Business dates, due jobs, the `time` of events and the schedule by which they are delivered again follow it. Tokens,
Retry-After and a client's back-off are wall time and never ask it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class ClockMode(StrEnum):
    """REAL follows wall time; FROZEN moves when it is told to; RUNNING runs at a factor of wall time."""

    REAL = "REAL"
    FROZEN = "FROZEN"
    RUNNING = "RUNNING"


# The world ends with 2099: later dates would leave the range of the contract.
LATEST = datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """When wall time was `wall`, world time was `world`; since then it has moved as `mode` and `factor` say."""

    mode: ClockMode
    world: datetime
    wall: datetime
    factor: float = 1.0

    def now(self, wall: datetime) -> datetime:
        """World time at the moment `wall`, never past LATEST."""
        if self.mode is ClockMode.REAL:
            return wall
        if self.mode is ClockMode.FROZEN:
            return self.world
        elapsed = max(0.0, (wall - self.wall).total_seconds() * self.factor)
        left = (LATEST - self.world).total_seconds()
        return self.world + timedelta(seconds=elapsed) if elapsed < left else LATEST

    def moved_to(self, world: datetime, wall: datetime) -> "Clock":
        """This clock, showing `world` at the moment `wall`. A clock in REAL mode freezes there."""
        mode = ClockMode.FROZEN if self.mode is ClockMode.REAL else self.mode
        return Clock(mode, world, wall, self.factor)


def wall_now() -> datetime:
    """Wall time, in UTC."""
    return datetime.now(UTC)
