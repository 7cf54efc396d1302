"""When each message is due: an open model, so that a slow target is never spared a message.

A message is due at a moment that the plan alone decides. Only within one applicant does a message wait for the answer
it needs, and that wait counts: latency runs from the moment the message was due, not from the moment it could be sent
(the error known as coordinated omission). Pure: the caller supplies the clock.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pacer:
    """Turns intended times of the simulated day (seconds after midnight) into wall time.

    >>> Pacer(started=1000.0, first=28800.0, factor=720.0).due(28800.0 + 1440.0)
    1002.0
    """

    started: float
    """Wall time (seconds since the epoch) at which the first message is due."""
    first: float
    """Intended time of the first message, in simulated seconds."""
    factor: float
    """Simulated seconds per second of wall time."""

    def due(self, intended: float) -> float:
        """The wall time at which a message of this intended time is due."""
        return self.started + (intended - self.first) / self.factor

    def simulated(self, wall: float) -> float:
        """The simulated second that a wall time stands for; the inverse of `due`."""
        return self.first + (wall - self.started) * self.factor


def lateness(due: float, ready: float, sent: float) -> float:
    """Seconds for which the driver itself held a message back.

    A message can go once it is due and its applicant's answer before it has come (`ready`). What passes after that
    is the driver's own fault: too few connections or too little processor. Never negative.
    """
    return max(0.0, sent - max(due, ready))


RETRIED = frozenset({0, 429, 500, 502, 503, 504})
"""The statuses after which a message goes again; 0 stands for no answer at all."""


@dataclass(frozen=True, slots=True)
class RetryRule:
    """When a message goes again, with the same X-Request-ID, and when the sender gives up. All in wall seconds.

    The contract asks for it after 429, 500 and 503 (after `Retry-After`, where given) and a lost connection leaves no
    other way to learn the outcome. Anything else is an answer, and final.
    """

    give_up_after: float
    first_wait: float = 0.1
    longest_wait: float = 2.0

    def wait(
        self, status: int, attempts: int, elapsed: float, retry_after: float | None
    ) -> float | None:
        """Seconds until the next attempt, or None when this outcome stands.

        `status` is 0 where no answer came; `attempts` counts those made; `elapsed` runs from the first attempt.
        """
        if status not in RETRIED:
            return None
        pause = min(self.longest_wait, self.first_wait * 2.0 ** min(attempts - 1, 16))
        if retry_after is not None:
            pause = max(pause, retry_after)
        return pause if elapsed + pause <= self.give_up_after else None
