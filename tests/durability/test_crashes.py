"""A sandbox that is killed over and over under a mixed load loses nothing, does nothing twice, and leaves nothing half done."""

import os
import time
from pathlib import Path

import postgres
import pytest

from tests.durability.crashing import Crashing, Victim
from tests.durability.victim import FileVictim, ServerVictim


def crash(victim: Victim, kills: int, seed: int, hub: Path | None) -> None:
    print(f"PROVE_SEED={seed}")
    try:
        counts = Crashing(victim, seed, hub).run(kills)
    finally:
        victim.stop()
    print(counts)
    assert counts.kills.total() >= kills
    assert (counts.lost, counts.doubled) == (0, 0)
    assert counts.acknowledged.total() > 10 * kills
    assert counts.delivered > kills


def test_a_few_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    victim = FileVictim(tmp_path)

    crash(victim, 3, 1, victim.hub)


@pytest.mark.prove
def test_two_hundred_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    victim = FileVictim(tmp_path)

    crash(victim, _share_of(200), _seed(), victim.hub)


@pytest.mark.prove
def test_fifty_kills_of_three_processes_and_their_server_lose_and_double_nothing(
    tmp_path: Path,
) -> None:
    if postgres.programs() is None:
        pytest.skip(postgres.NOT_TESTED)
    with postgres.running(is_durable=True) as server:
        victim = ServerVictim(tmp_path, server)

        crash(victim, _share_of(50), _seed(), victim.hub)


def _seed() -> int:
    return int(os.environ.get("PROVE_SEED") or time.time_ns() % 1_000_000)


def _share_of(kills: int) -> int:
    """A slice of the proofs has fewer; each has another seed."""
    return round(kills * float(os.environ.get("PROVE_KILLS") or 1))
