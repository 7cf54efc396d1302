"""One step of a journey, and the order of steps."""

from dataclasses import dataclass
from enum import StrEnum


class Lane(StrEnum):
    """Where a step happens."""

    SUPPLIER = "SUPPLIER"
    BETWEEN = "BETWEEN"
    ESR = "ESR"


class Result(StrEnum):
    """What came of a step, in the word that a person reads."""

    DONE = "Done"
    WARNED = "Done, with warnings"
    REFUSED = "Refused"
    FAILED = "Failed"
    WAITING = "Waiting"
    GIVEN_UP = "Given up"
    DROPPED = "Dropped"
    DIFFERENT = "Different"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a step stands: after the exchange `after` of the journal, and among those there by `rank`."""

    after: int
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened, or that is still to happen, told in a sentence."""

    place: Place
    lane: Lane
    says: str
    world: str
    """The moment in the world's time; a day where no more is known, empty where not even that is."""
    wall: str = ""
    """The moment in wall time, where the journal has it."""
    notes: tuple[str, ...] = ()
    result: Result | None = None
    exchange: int | None = None
    """The number of the exchange in the journal."""
    is_ahead: bool = False
    """Whether it is still to happen."""
