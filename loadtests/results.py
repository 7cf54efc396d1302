"""What a replay is asked to do and what it hands back: plain data, ready for a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from loadtests.discrepancies import Reconciliation
from loadtests.measurements import Measurements
from loadtests.plan import WorldParameters
from loadtests.profiles import Profile
from loadtests.verdict import Counts, Finding, Outcome


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """One replay, as asked for. The sandbox at `base_url` has to be seeded with the same world."""

    base_url: str
    """Of ESR, for instance http://127.0.0.1:8080/esr/v1."""
    token: str = field(repr=False)
    profile: Profile
    world: WorldParameters
    seed: int
    """Of the replay: its people, their times and its request ids."""
    ledger: Path
    """A file that is not there yet, or the ledger of an earlier run of this very replay, which then goes on."""
    factor: float | None = None
    """Simulated seconds per wall second; None takes the profile's."""
    scale: float = 1.0
    """Share of the profile's volume."""
    applicants: int | None = None
    """How many applicants; given, the profile's volume and `scale` are left aside."""
    first_applicant: int = 0
    """The number of the first person, for a replay that must not meet people of another in the same world."""
    time_limit_seconds: float | None = None
    """Wall time after which the sender is stopped; None allows the day's length at the factor and as much again."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is, a few times a second."""

    phase: str
    """What is being done: `setting up`, `preparing`, `replaying` or `reconciling`."""
    done: int
    remaining: int
    rate: float
    """Messages (in `reconciling`: applicants) per second of wall time, over the last seconds."""
    compression: float
    """Simulated seconds per wall second so far; 0 where it has no meaning."""
    simulated: float
    """The simulated second after midnight that has been reached."""


Listener = Callable[[Progress], None]
"""What hears of the progress."""


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What came of a replay."""

    outcome: Outcome
    findings: tuple[Finding, ...]
    counts: Counts
    set_up: int
    """Vacancies created for the replay; counted apart."""
    measurements: Measurements
    reconciliation: Reconciliation | None
    assumptions: tuple[str, ...]
    profile: str
    factor: float
    seed: int
    run: str
    """The name that every supplier reference of this replay starts with."""
    ledger: Path
    interrupted: str | None
    """Why the replay did not run to its end, a sentence; None when it did."""

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON takes it."""
        return {
            **asdict(self),
            "ledger": str(self.ledger),
            "messagesPerSecond": self.measurements.messages_per_second,
            "compression": self.measurements.compression,
        }
