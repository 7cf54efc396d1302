"""A server that is killed in the middle of a replay and started again holds every write that it acknowledged, once."""

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest

from loadtests.plan import WorldParameters
from loadtests.results import ReplayPlan, ReplayResult
from loadtests.runner import run_replay
from sandbox.database import Database, Transaction
from sandbox.journal.store import FLUSH, append, broken_link
from sandbox.server import Started, launch, stop
from tests.load.replaying import profile

WORLD = WorldParameters(seed=1, organisations=1, positions_per_organisation=60)
WAIT = 60
"""Seconds after which what should have happened is taken not to."""


class Victim:
    """A sandbox that is killed without a word and started again on the same file and port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.database = folder / "sandbox.db"
        self._process, self.running = self._launch()
        self.kills = 0

    def _launch(self, *arguments: str) -> tuple[subprocess.Popen[bytes], Started]:
        # The world of the plan: its staff are somebody to ESR.
        arguments = ("--world", "small", *arguments)
        return launch(*arguments, folder=self._folder, database=str(self.database))

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        stop(self._process)
        self.kills += 1
        self._process, again = self._launch("--port", self.running.url.rsplit(":", 1)[1])
        assert again == self.running  # The same address, and the same token.

    def stop(self) -> None:
        stop(self._process)


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    started = Victim(tmp_path)
    yield started
    started.stop()


@contextmanager
def killing(victim: Victim, ledger: Path, moments: list[int]) -> Iterator[None]:
    """Kills the victim each time that the ledger has grown to one of `moments` lines, while the block runs."""
    over = Event()
    trouble: list[BaseException] = []

    def watch() -> None:
        try:
            for moment in moments:
                while _lines(ledger) < moment:
                    if over.wait(0.002):
                        return
                victim.kill()
        except BaseException as problem:  # noqa: BLE001  (told below, in the test's own thread)
            trouble.append(problem)

    watching = Thread(target=watch)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join(WAIT)
    assert trouble == []


def _lines(ledger: Path) -> int:
    return ledger.read_bytes().count(b"\n") if ledger.exists() else 0


def replay(
    victim: Victim, folder: Path, applicants: int, factor: float, moments: list[int]
) -> ReplayResult:
    summer = profile()
    # Who sends is patient enough for one restart after another: that is not what is on trial here.
    patient = replace(summer.sending, retry_for_seconds=float(WAIT))
    plan = ReplayPlan(
        base_url=f"{victim.running.url}/esr/v1",
        token=victim.running.token,
        profile=replace(summer, sending=patient),
        world=WORLD,
        seed=7,
        ledger=folder / "ledger.ndjson",
        factor=factor,
        applicants=applicants,
    )
    with killing(victim, plan.ledger, moments):
        return run_replay(plan)


def judge(victim: Victim, result: ReplayResult) -> None:
    """Every acknowledged write is there once as it was sent; the journal is whole; nothing is left unsent."""
    found = result.reconciliation
    assert found is not None, result.interrupted
    assert (found.lost, found.duplicated, found.altered, found.contradicted) == ([], [], [], [])
    assert found.confirmed == found.acknowledged
    assert result.counts.acknowledged == result.counts.planned, result.counts
    control = f"{victim.running.url}/control/v1"
    settled = httpx.post(
        f"{control}/settle", json={"timeoutSeconds": 30}, timeout=WAIT, trust_env=False
    )
    assert settled.json()["settled"], settled.text
    victim.stop()

    def links(transaction: Transaction) -> int | None:
        return broken_link(transaction.connection, "default")

    def waiting(transaction: Transaction) -> int:
        return int(
            transaction.connection.exec_driver_sql(
                "SELECT count(*) FROM outbox WHERE state = 'WAITING'"
            ).scalar_one()
        )

    def damage(transaction: Transaction) -> str:
        return str(transaction.connection.exec_driver_sql("PRAGMA integrity_check").scalar_one())

    database = Database(victim.database, {FLUSH: append})
    try:
        assert database.read(links).result(WAIT) is None
        assert database.read(waiting).result(WAIT) == 0
        assert database.read(damage).result(WAIT) == "ok"
    finally:
        database.close()


def test_a_kill_in_the_middle_of_a_replay_loses_nothing(victim: Victim, tmp_path: Path) -> None:
    result = replay(victim, tmp_path, applicants=120, factor=4_000_000, moments=[160])

    assert victim.kills == 1
    assert result.counts.retries > 0  # It did hurt.
    judge(victim, result)


@pytest.mark.prove
def test_kills_at_random_moments_of_a_replay_lose_nothing(victim: Victim, tmp_path: Path) -> None:
    seed = int(os.environ.get("PROVE_SEED") or time.time_ns() % 1_000_000)
    draw = random.Random(seed)
    applicants, kills = 800, 6
    lines = (
        applicants * 3 // 2
    )  # The summer has nearly two messages for each of a year's; the kills are to fall within.
    moments = sorted(draw.sample(range(80, lines), kills))
    print(f"PROVE_SEED={seed}: killed when the ledger held {json.dumps(moments)} lines")

    result = replay(victim, tmp_path, applicants, factor=1_000_000, moments=moments)

    assert victim.kills == kills
    judge(victim, result)
