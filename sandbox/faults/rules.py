"""What a fault strikes, when it does, and with what luck. Pure."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.clock import Clock, ClockMode
from sandbox.timestamps import duration, from_text

DELIVERIES = "receiver"
"""The `system` of a rule that strikes what ESR delivers; every other strikes the requests that the system serves."""
LONGEST_DELAY = 120.0
"""Seconds of wall time for which a request or its answer is held up at most."""

_OF_95_IN_100 = 1.6448536269514722
"""Standard deviations below which 95 of 100 draws from a normal distribution lie."""


@dataclass(frozen=True, slots=True)
class Struck:
    """What may be struck: a request with its operation, or a delivery with the type of its event."""

    system: str
    name: str
    headers: Mapping[str, str]
    """By their names in lower case."""
    subscription: str | None = None
    """The id of the subscription of a delivery."""
    spared: frozenset[str] = frozenset()
    """The kinds of fault that do not strike it."""


@dataclass(frozen=True, slots=True)
class Chance:
    """What is left to chance when a fault strikes; it follows from the workspace's seed, the fault and the number of the meeting.

    So the same seed gives the same run, whichever process serves it, and after a restart too.
    """

    seed: int
    fault_id: int
    meeting: int

    def draw(self, purpose: str) -> float:
        """A number from 0 to less than 1."""
        text = f"{self.seed}/fault/{self.fault_id}/{self.meeting}/{purpose}"
        digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One fault as it was asked for (a `Fault` of the control contract), and how often it has been met and done."""

    fault_id: int
    document: Mapping[str, Any]
    created_at: str
    met: int = 0
    done: int = 0

    @property
    def kind(self) -> str:
        """What the rule does."""
        return str(self.document["kind"])

    @property
    def is_spent(self) -> bool:
        """Whether it has struck as often as was asked."""
        times = self.document.get("times")
        return times is not None and self.done >= times

    def covers(self, struck: Struck) -> bool:
        """Whether the rule is about this at all, at whatever time."""
        wanted = self.document
        if wanted["system"] != struck.system or self.kind in struck.spared:
            return False
        if wanted.get("operationId", wanted.get("eventType")) not in (None, struck.name):
            return False
        subscription = wanted.get("subscriptionId")
        if subscription is not None and subscription.lower() != struck.subscription:
            return False
        header = wanted.get("header")
        return header is None or struck.headers.get(header["name"].lower()) == header["value"]

    def is_on(self, now: datetime) -> bool:
        """Whether the rule holds at this moment of the world."""
        since, until = self._window(now)
        return (since is None or since <= now) and (until is None or now < until)

    def ends(self, now: datetime) -> datetime | None:
        """When the window that holds at this moment of the world ends; None where it has no end."""
        return self._window(now)[1]

    def _window(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """From when until when the rule holds; of windows that come again, the last that has begun."""
        wanted = self.document
        since, until = (
            from_text(wanted[name]) if name in wanted else None for name in ("from", "until")
        )
        again = wanted.get("repeatEvery")
        if again is None or since is None or until is None or now < since:
            return since, until
        gone = (now - since) // duration(again) * duration(again)
        return since + gone, until + gone

    def strikes(self, chance: Chance) -> bool:
        """Whether the rule strikes at this meeting; `done` is how often it has struck before."""
        if self.is_spent:
            return False
        place = chance.meeting - self.document.get("after", 0)
        if place < 1 or place % self.document.get("everyNth", 1):
            return False
        probability: float = self.document.get("probability", 1.0)
        return chance.draw("strikes") < probability


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault that strikes now: what it does, and all that this depends on."""

    rule: FaultRule
    chance: Chance
    clock: Clock
    """The clock of the world that is struck."""
    now: datetime
    """World time."""

    @property
    def kind(self) -> str:
        """What it does."""
        return self.rule.kind

    @property
    def document(self) -> Mapping[str, Any]:
        """The fault as it was asked for."""
        return self.rule.document

    @property
    def delay(self) -> float:
        """For how many seconds of wall time a request is held up: `delaySeconds`, or as drawn round it, LONGEST_DELAY at most.

        With `p95Seconds` the delay is drawn from the lognormal distribution that has `delaySeconds` for its median.
        """
        median: float = self.document["delaySeconds"]
        high: float | None = self.document.get("p95Seconds")
        if high is None:
            return min(median, LONGEST_DELAY)
        spread = math.log(high / median) / _OF_95_IN_100
        # Two even draws make a normal one (Box and Muller, 1958).
        radius = math.sqrt(-2 * math.log(1 - self.chance.draw("delay")))
        normal = radius * math.cos(math.tau * self.chance.draw("angle"))
        return min(median * math.exp(spread * normal), LONGEST_DELAY)

    @property
    def seconds_left(self) -> int:
        """How long a client has to wait on its own watch for the window to end, rounded up.

        That is the world's time, divided by its pace; a clock that stands still has none, and counts as one that does not.
        """
        ends = self.rule.ends(self.now)
        left = timedelta() if ends is None else ends - self.now
        pace = self.clock.factor if self.clock.mode is ClockMode.RUNNING else 1.0
        return math.ceil(left.total_seconds() / pace)
