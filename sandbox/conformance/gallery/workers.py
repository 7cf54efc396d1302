"""Plays the gallery in processes of its own, one for each core, each with a subject of its own.

A process that says nothing for too long is ended, and what it was at counts as not noticed: no case can hang the gallery.
"""

import logging
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from sandbox.conformance.case import Case, load_cases
from sandbox.conformance.gallery.collection import deviations
from sandbox.conformance.gallery.deviation import Deviation
from sandbox.conformance.gallery.named.supplier import ROLE as SUPPLIER
from sandbox.conformance.gallery.named.supplier import Parts
from sandbox.conformance.gallery.subject import running
from sandbox.conformance.gallery.supplier_trial import (
    SOUND,
    Supplied,
    chosen_cases,
    supplied,
    tried_supplier,
)
from sandbox.conformance.gallery.trial import Table, Trial, candidates, tried
from sandbox.conformance.judge import CaseResult
from sandbox.conformance.operations import Operations
from sandbox.conformance.receiver import EventReceiver
from sandbox.conformance.results import Result
from sandbox.conformance.scene import SandboxStage
from sandbox.contracts import CONTRACT_NAMES, load_contract
from sandbox.runtime import SeedWorld
from sandbox.settings import Settings

SUBJECT_CASES = 250
"""How many cases one subject serves before a fresh one takes its place: its world is in memory."""
CONTROL, DEVIATION = "control", "deviation"


@dataclass(frozen=True, slots=True)
class Orders:
    """What every process is told at its start."""

    seed_world: SeedWorld
    seed: int
    stall_seconds: float = 150.0
    """How long a process may say nothing."""


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to do: play a case on the sound subject, or try a deviation with the cases that are sound."""

    kind: str
    name: str
    first: tuple[str, ...] = ()
    """The cases to begin with."""
    left_out: frozenset[str] = frozenset()
    """Cases that did not pass on the sound subject."""


@dataclass(slots=True)
class Done:
    """What came of a job. None where the process was ended or broke."""

    job: Job
    trial: Trial | None = None
    result: CaseResult | None = None


class Bench:
    """One process's subject, renewed from time to time."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._operations = Operations([load_contract(name) for name in CONTRACT_NAMES])
        self._receiver = EventReceiver()
        self._open = ExitStack()
        self._stage: SandboxStage | None = None
        self._subjects = 0
        self._played = 0
        self._suppliers = ExitStack()
        self._esr: Settings | None = None
        self._sound: Supplied | None = None

    def table(self) -> Table:
        """Where the next cases are played."""
        if self._stage is None or self._played >= SUBJECT_CASES:
            self.close()
            ready = self._open.enter_context(running(self._orders.seed_world))
            self._subjects += 1
            # The receiver outlives the subjects: no two of them have a workspace, and so a mailbox, of one name.
            self._stage = SandboxStage(
                ready.public_url,
                self._receiver,
                prefix=f"g{self._subjects}",
                operator=ready.operator_token,
            )
            self._played = 0
        return Table(self._stage, self._operations, self._orders.seed)

    def supplier(self, parts: Parts = SOUND) -> AbstractContextManager[Supplied]:
        """A supplier made of `parts`, and an ESR for it."""
        if self._esr is None:
            alone = running(self._orders.seed_world, frozenset({"esr"}))
            self._esr = self._suppliers.enter_context(alone)
        return supplied(self._esr, self._orders.seed, self._receiver, self._operations, parts)

    def sound_supplier(self) -> Supplied:
        """The supplier that does nothing wrong, the same for all controls."""
        if self._sound is None:
            self._sound = self._suppliers.enter_context(self.supplier())
        return self._sound

    def played(self, cases: int) -> None:
        """Counts what the subject has served."""
        self._played += cases

    def end(self) -> None:
        """Ends the suppliers and their ESR: none may go on while a table of ESR, which runs in this process too, is changed."""
        self._suppliers.close()
        self._esr, self._sound = None, None

    def close(self) -> None:
        """Ends the subject."""
        if self._stage is not None:
            self._stage.client.close()
        self._open.close()
        self._stage = None


def work(pipe: "Connection[Any, Any]", orders: Orders, role: str | None) -> None:
    """The whole life of one process: takes jobs until it is told None."""
    # What a deviation makes go wrong inside the subject is wanted; nobody reads of it.
    logging.disable(logging.CRITICAL)
    cases = load_cases(role)
    known = {item.id: item for item in deviations(role)}
    bench = Bench(orders)
    with suppress(EOFError, KeyboardInterrupt):
        while (job := pipe.recv()) is not None:
            pipe.send(_done(job, cases, known, bench, lambda: pipe.send(None)))
    bench.close()
    bench.end()


def _done(
    job: Job,
    cases: Sequence[Case],
    known: dict[str, Deviation],
    bench: Bench,
    beat: Callable[[], None],
) -> Done:
    if job.kind == CONTROL:
        [case] = [item for item in cases if item.id == job.name]
        if case.role == SUPPLIER:
            return Done(job, result=_slim(bench.sound_supplier().result(case)))
        table = bench.table()
        bench.played(1)
        return Done(job, result=_slim(table.result(case)))
    deviation = known[job.name]
    sound = [case for case in cases if case.id not in job.left_out]
    if deviation.role == SUPPLIER:
        mine = chosen_cases(deviation, sound, job.first)
        trial = tried_supplier(deviation, mine, bench.supplier, beat)
        return Done(job, trial=trial)
    bench.end()
    table = bench.table()
    trial = tried(deviation, candidates(deviation, sound, job.first), table, beat)
    bench.played(trial.played + len(set(trial.tripped.values())))
    return Done(job, trial=trial)


def _slim(result: CaseResult) -> CaseResult:
    """The result without its exchanges, which nobody asks for here."""
    return CaseResult(result.case, result.result, result.sentence)


@dataclass(slots=True)
class _Process:
    process: Any
    pipe: "Connection[Any, Any]"
    job: Job | None = None
    heard: float = 0.0
    """When it last said anything."""


@dataclass(slots=True)
class Workers:
    """The processes. Use as a context manager; `run` may be called more than once."""

    orders: Orders
    role: str | None
    count: int = 2
    _running: list[_Process] = field(default_factory=list)

    def __enter__(self) -> "Workers":
        self._running = [self._start() for _ in range(self.count)]
        return self

    def __exit__(self, *_problem: object) -> None:
        for each in self._running:
            with suppress(OSError, ValueError):
                each.pipe.send(None)
        for each in self._running:
            each.process.join(5)
            if each.process.is_alive():
                each.process.terminate()
                each.process.join(5)

    def run(self, jobs: Sequence[Job]) -> Iterator[Done]:
        """Does the jobs, in whatever order they end."""
        waiting = list(reversed(jobs))
        for each in self._running:
            self._give(each, waiting)
        while busy := [each for each in self._running if each.job is not None]:
            ready = wait([each.pipe for each in busy], timeout=1.0)
            for each in busy:
                if each.pipe in ready:
                    done = self._received(each)
                    if done is not None:
                        yield done
                elif time.monotonic() - each.heard > self.orders.stall_seconds:
                    yield self._given_up(each)
            for each in self._running:
                if each.job is None:
                    self._give(each, waiting)

    def _received(self, each: _Process) -> Done | None:
        """What a process has done; None where it says only that it goes on."""
        each.heard = time.monotonic()
        try:
            done: Done | None = each.pipe.recv()
        except (EOFError, OSError):
            return self._given_up(each)
        if done is not None:
            each.job = None
        return done

    def _given_up(self, each: _Process) -> Done:
        """Ends a process that hangs or has gone, and starts another in its place."""
        assert each.job is not None
        job = each.job
        each.process.terminate()
        each.process.join(5)
        fresh = self._start()
        each.process, each.pipe, each.job = fresh.process, fresh.pipe, None
        if job.kind == CONTROL:
            return Done(
                job, result=CaseResult(job.name, Result.ERROR, "it hung, or broke the process")
            )
        return Done(job, trial=Trial(job.name, timed_out=True))

    def _give(self, each: _Process, waiting: list[Job]) -> None:
        if waiting:
            each.job, each.heard = waiting.pop(), time.monotonic()
            each.pipe.send(each.job)

    def _start(self) -> _Process:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs, self.orders, self.role), daemon=True)
        process.start()
        theirs.close()
        return _Process(process, ours)
