"""An ESR with a hub, without a server."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hub_office import BEGIN, SEED, Office

import sandbox.app  # noqa: F401  (every table must be known before a database is made)
from sandbox.cli.worlds import make_world
from sandbox.clock import Clock, ClockMode, wall_now
from sandbox.control.service.worlds import seed_world
from sandbox.database import Database, Transaction
from sandbox.journal.store import FLUSH, append
from sandbox.web.call import open_unit
from sandbox.workspaces.store import insert_workspace, set_clock
from simulators.world import World


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "sandbox.db", {FLUSH: append})
    yield opened
    opened.close()


@pytest.fixture
def make_office(database: Database, tmp_path: Path) -> Callable[..., Office]:
    """Makes a workspace with a seeded world whose clock stands at BEGIN."""

    def make(name: str = "files", organisations: int = 1, positions: int = 12) -> Office:
        world = World.make(SEED, organisations, positions)

        def prepare(transaction: Transaction) -> None:
            insert_workspace(transaction.connection, name, SEED, "FULL", wall_now())
            clock = Clock(ClockMode.FROZEN, BEGIN, wall_now())
            set_clock(transaction.connection, name, clock)
            unit = open_unit(transaction, name, wall_now())
            seed_world(unit, SEED, make_world(SEED, organisations, positions))

        database.write(prepare).result(60)
        return Office(database, tmp_path / "hub", name, world)

    return make


@pytest.fixture
def office(make_office: Callable[..., Office]) -> Office:
    return make_office()
