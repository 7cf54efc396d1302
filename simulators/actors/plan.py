"""What the journeys are to be, how far they are, and what came of them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from simulators.actors.agreement import Disagreement
from simulators.credentials import Access


def _fresh_run() -> str:
    return f"{time.time_ns():x}"


@dataclass(frozen=True, slots=True)
class JourneyPlan:
    """What is to happen."""

    url: str
    """Where the sandbox is; with the path prefix `/w/<workspace>` for a workspace other than the token's."""
    token: Access = field(repr=False)
    hires: int
    """How many are to be hired. Whoever a check stands in the way of is withdrawn, and somebody else comes instead."""
    seed: int = 1
    at_once: int = 8
    """How many applicants are under way at the same time."""
    patience: float = 60.0
    """Seconds of wall time to wait for one thing to get from one system to the other."""
    run: str = field(default_factory=_fresh_run)
    """Tells the adverts and request ids of this run from those of every other."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the journeys are."""

    hired: int
    withdrawn: int
    failed: int
    hires: int
    doing: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A journey that did not come to its end."""

    index: int
    application_id: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class JourneyResult:
    """What happened, and what both systems say of it."""

    hires: int
    hired: int
    withdrawn: int
    adverts: int
    check_updates: Mapping[str, int]
    """By check type: how many updates the recruiters recorded."""
    answers_from_esr: Mapping[str, int]
    """By who answered (occupational health, the regulator): how often."""
    failures: tuple[Failure, ...]
    disagreements: tuple[Disagreement, ...]
    unsettled: int
    """Messages that were still on their way when patience ended."""
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether everybody got to the end and both systems agree on everybody."""
        return (
            self.hired == self.hires
            and not self.failures
            and not self.disagreements
            and self.unsettled == 0
        )
