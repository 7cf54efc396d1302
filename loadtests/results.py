"""What a replay is asked to do and what it hands back: plain data, ready for a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from loadtests.discrepancies import Reconciliation
from loadtests.measurements import Distribution, Measurements
from loadtests.pacer import Leg
from loadtests.plan import WorldParameters
from loadtests.profiles import Profile
from loadtests.verdict import Counts, Finding, Outcome
from simulators.credentials import Access


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """One replay, as asked for."""

    base_url: str
    """Of ESR, for instance http://127.0.0.1:8080/esr/v1."""
    token: Access = field(repr=False)
    """For ESR: the token, or the key that gets tokens."""
    profile: Profile
    world: WorldParameters
    """What ESR holds: a sandbox is filled with it, another ESR has to hold it."""
    seed: int
    """Of the replay: its people, their times and its request ids."""
    ledger: Path
    """A file that is not there yet, or the ledger of an earlier run of this very replay, which then goes on."""
    sandbox_url: str | None = None
    """Where ESR is a sandbox: its address, such as http://127.0.0.1:8080. The replay then gets a workspace of its own,
    whose clock it moves. Without one, every date is shifted to the day of sending."""
    operator: Access | None = field(default=None, repr=False)
    """The operator's token of that sandbox, where a workspace is made with it."""
    factor: float | None = None
    """Simulated seconds per wall second; None takes the profile's."""
    scale: float = 1.0
    """Share of the profile's volume."""
    applicants: int | None = None
    """How many applicants the year has; given, the profile's volume and `scale` are left aside."""
    closed_hours: float | None = None
    """For how long ESR is closed, in place of the profile's own; only for a profile with a closure."""
    first_applicant: int = 0
    """The number of the first person, for a replay that must not meet people of another in the same world."""
    sent_on: str | None = None
    """Without a control API: the date (ISO 8601) that every message is shifted to; None takes today."""
    processes: int = 1
    """How many processes send."""
    master: Master | None = None
    """Given, the senders are workers that come from elsewhere, `processes` of them."""
    csv: Path | None = None
    """What the names of Locust's own CSV files begin with; None writes none."""
    time_limit_seconds: float | None = None
    """Wall time after which the sender is stopped; None allows what the pace needs and as much again."""


@dataclass(frozen=True, slots=True)
class Master:
    """Where workers of other machines are awaited. They get the token for ESR: a trusted network is needed."""

    host: str = "127.0.0.1"
    port: int = 5557


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is, a few times a second."""

    phase: str
    """What is being done: `setting up`, `counting`, `preparing`, `catching up`, `replaying`, `settling` (all is
    sent; ESR does what follows from it) or `reconciling`."""
    done: int
    remaining: int
    rate: float
    """Messages (in `reconciling`: applicants) per second of wall time, over the last seconds."""
    compression: float
    """Simulated seconds per wall second so far; 0 where it has no meaning."""
    simulated: int
    """The moment of the year that has been reached, in seconds since the epoch; 0 where none has."""
    planned: float = 0.0
    """Messages that become due in a second of wall time now, by the plan; 0 where that has no meaning."""
    waiting: int = 0
    """Messages due by the plan whose fate is not known yet; by the plan's hours, so a few more or less."""


Listener = Callable[[Progress], None]
"""What hears of the progress."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """What was done before the window, counted apart."""

    vacancies: int
    caught_up: int
    """Messages of the time before the window about the applicants that it meets."""


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What came of a replay."""

    outcome: Outcome
    findings: tuple[Finding, ...]
    counts: Counts
    set_up: SetUp
    measurements: Measurements
    propagation: Distribution | None
    """From an acknowledged change to the arrival of its event at a receiver; None where no receiver listened."""
    reconciliation: Reconciliation | None
    assumptions: tuple[str, ...]
    profile: str
    title: str
    factor: float | None
    """The one factor of a constant pace; None where it differed from hour to hour."""
    legs: tuple[Leg, ...]
    """How the year's time was made to pass, where the pace was capped."""
    calibration: dict[str, float] | None
    """Where the pace was capped: what the target was seen to take, in messages a second, and the cap that followed."""
    seed: int
    scope: dict[str, Any]
    run: str
    """The name that every supplier reference of this replay starts with."""
    senders: int
    lost_senders: int
    ledger: Path
    messages_digest: str
    """The same for two replays in which the same messages were acknowledged."""
    started: float
    """Wall seconds since the epoch."""
    seconds: float
    """All of it, in wall time: setting up, sending, reading back."""
    interrupted: str | None
    """Why the replay did not run to its end, a sentence; None when it did."""

    @property
    def state_digest(self) -> str | None:
        """The same for two replays that left the same applicants and checks in ESR."""
        return self.reconciliation.state_digest if self.reconciliation else None

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON takes it."""
        return {
            **asdict(self),
            "ledger": str(self.ledger),
            "messagesPerSecond": self.measurements.messages_per_second,
            "compression": self.measurements.compression,
            "stateDigest": self.state_digest,
        }
