"""When each message is due: an open model, so that a slow target is never spared a message.

A message is due at a moment that the plan alone decides. Only within one applicant does a message wait for the answer
it needs, and that wait counts: latency runs from the moment the message was due, not from the moment it could be sent
(the error known as coordinated omission). Pure: the caller supplies the clock.

The year is cut into stretches. A replay at one constant factor has one; a replay that skips idle time has many, each
made of legs with a factor of their own: no leg sends more messages a second than the target was seen to take.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

HOUR_SECONDS = 3600
_MICROSECONDS = 1_000_000
_DAY = 24 * HOUR_SECONDS * _MICROSECONDS


@dataclass(frozen=True, slots=True)
class Leg:
    """A piece of the year that passes evenly. Moments are microseconds since the Unix epoch, on the year's calendar."""

    first: int
    last: int
    messages: int
    seconds: float
    """How long it takes, in wall time."""

    @property
    def factor(self) -> float:
        """Simulated seconds per second of wall time."""
        return (self.last - self.first) / _MICROSECONDS / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is sent between two moves of the clock: legs, one after another."""

    number: int
    legs: tuple[Leg, ...]

    @property
    def first(self) -> int:
        return self.legs[0].first

    @property
    def last(self) -> int:
        """The moment at which it ends, itself left out."""
        return self.legs[-1].last

    @property
    def messages(self) -> int:
        return sum(leg.messages for leg in self.legs)

    @property
    def seconds(self) -> float:
        return sum(leg.seconds for leg in self.legs)


def constant(first: int, last: int, messages: int, factor: float) -> Stretch:
    """The one stretch of a replay whose time passes at one factor throughout."""
    return Stretch(0, (Leg(first, last, messages, (last - first) / _MICROSECONDS / factor),))


def capped(
    by_hour: Mapping[int, int],
    factor: float,
    cap: float,
    at_least: float = 1.0,
    start: int = 0,
    number: int = 0,
) -> Iterator[Stretch]:
    """The stretches of a replay that skips idle hours and stretches those with more than `cap` messages a second.

    `by_hour` has the messages of each hour (seconds since the epoch), `factor` is the pace of an hour that need not be
    stretched, `start` a moment before which all was sent. Hours of one day are put together until a stretch takes
    `at_least` seconds.
    """
    legs: list[Leg] = []
    for hour, messages in sorted(by_hour.items()):
        first = max(start, hour * _MICROSECONDS)
        last = (hour + HOUR_SECONDS) * _MICROSECONDS
        if messages == 0 or last <= start:
            continue
        seconds = max(messages / cap, (last - first) / _MICROSECONDS / factor)
        # The clock stands at a stretch's end while it is sent: no message may be a day behind it.
        if legs and first // _DAY != legs[0].first // _DAY:
            yield Stretch(number, tuple(legs))
            legs, number = [], number + 1
        legs.append(Leg(first, last, messages, seconds))
        if sum(leg.seconds for leg in legs) >= at_least:
            yield Stretch(number, tuple(legs))
            legs, number = [], number + 1
    if legs:
        yield Stretch(number, tuple(legs))


@dataclass(frozen=True, slots=True)
class Pacer:
    """Turns intended times into wall time for one stretch.

    >>> hour = Leg(first=0, last=3_600_000_000, messages=10, seconds=5.0)
    >>> Pacer(started=1000.0, legs=(hour,)).due(1_440_000_000)
    1002.0
    """

    started: float
    """Wall time (seconds since the epoch) at which the stretch begins."""
    legs: tuple[Leg, ...]

    def due(self, intended: int) -> float:
        """The wall time at which a message of this intended time is due: between two legs, when the next begins."""
        begun = self.started
        for leg in self.legs:
            if intended < leg.last:
                share = max(0, intended - leg.first) / (leg.last - leg.first)
                return begun + share * leg.seconds
            begun += leg.seconds
        return begun


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
