"""What every measurement of the bench is given, and how one says that it has no figure."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from simulators.world import World
from tests.bench.peers import Peers

SEED = 7


def strangers() -> World:
    """The world that the targets are filled with, without the employees in post: every applicant is new to ESR."""
    return World.make(SEED, 1, 60).without_staff()


class NoFigure(Exception):
    """The measurement cannot be made; the message says why."""


@dataclass(frozen=True, slots=True)
class Bench:
    """How much to measure, and against whom."""

    rounds: int
    requests: int
    """Of each target, in each round."""
    connections: int
    folder: Path
    """For databases and logs; taken away at the end."""
    peers: Peers
    tell: Callable[[str], None]
    """Told what goes on, a line at a time."""
    load: float
    """The load average of the machine before the run: what else it was doing."""
    smoke: bool = False
    """Only to see that it works: the figures mean nothing."""

    def tell_round(self, turn: int, found: str) -> None:
        """Tells what a round found; one before round 1 only warms up."""
        self.tell(f"{f'round {turn}' if turn > 0 else 'warm-up'}: {found}")
