"""A whole rehearsal: a sandbox of its own, parity, then a cutover in each direction."""

import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from sandbox.clock import wall_now
from sandbox.rehearsal.conversation import ConversationPlan
from sandbox.rehearsal.cutover import CutoverResult, run_cutover
from sandbox.rehearsal.overlaps import Direction
from sandbox.rehearsal.parity import ParityResult, Progress, run_parity
from sandbox.rehearsal.tenant import WorldSize
from sandbox.server import Started, started
from simulators.world import World

LEAST_IN_FLIGHT, MOST_IN_FLIGHT = 110, 1000
"""Every kind of overlap has to occur, and twice; more than a thousand applicants show nothing new."""

_MOST_EMPLOYERS = 5
_CUTOVER = WorldSize(1, 60)
_CUTOVER_BEGINS_AT = 8
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RehearsalPlan:
    """What is rehearsed."""

    count: int
    """Applicants of the parity."""
    seed: int
    today: date
    """The first day of the world. It lies ahead, for a world's clock never goes back."""

    @property
    def size(self) -> WorldSize:
        """The world of the parity: two employers and more, for who works for one may apply to another."""
        return WorldSize(min(_MOST_EMPLOYERS, 2 + self.count // 100), 60)

    @property
    def in_flight(self) -> int:
        """Applicants in flight in each cutover."""
        return min(max(self.count, LEAST_IN_FLIGHT), MOST_IN_FLIGHT)


@dataclass(frozen=True, slots=True)
class RehearsalResult:
    """What came of it."""

    plan: RehearsalPlan
    parity: ParityResult
    cutovers: tuple[CutoverResult, ...]
    parity_seconds: float
    cutover_seconds: tuple[float, ...]


def first_day() -> date:
    """The second Monday from now, by wall time: far enough ahead that no clock has to go back."""
    today = wall_now().date()
    return today + timedelta(days=14 - today.weekday())


def run_rehearsal(plan: RehearsalPlan, progress: Progress) -> RehearsalResult:
    """Runs everything on a sandbox that is stopped at the end.

    Raises CannotStart, SandboxFails or NoAnswer.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hub = folder / "hub"
        with _own_sandbox(folder, hub) as running:
            parity, parity_seconds = _timed(partial(_parity, running, hub, plan, progress))
            world = World.make(plan.seed, _CUTOVER.employers, _CUTOVER.positions)
            begins = datetime(
                plan.today.year, plan.today.month, plan.today.day, _CUTOVER_BEGINS_AT, tzinfo=UTC
            )
            cutovers = [
                _timed(
                    partial(
                        run_cutover,
                        running,
                        hub,
                        direction,
                        plan.in_flight,
                        world,
                        begins,
                        progress,
                    )
                )
                for direction in Direction
            ]
    return RehearsalResult(
        plan,
        parity,
        tuple(result for result, _ in cutovers),
        parity_seconds,
        tuple(seconds for _, seconds in cutovers),
    )


def _own_sandbox(folder: Path, hub: Path) -> AbstractContextManager[Started]:
    return started(
        "--only", "esr", "--world", "empty", "--hub", str(hub),
        folder=folder, database=str(folder / "sandbox.db"),
    )  # fmt: skip


def _parity(running: Started, hub: Path, plan: RehearsalPlan, progress: Progress) -> ParityResult:
    world = World.make(plan.seed, plan.size.employers, plan.size.positions)
    conversation = ConversationPlan(plan.count, plan.seed, world, plan.today)
    return run_parity(running, hub, conversation, plan.size, progress)


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began = time.monotonic()
    return work(), time.monotonic() - began
