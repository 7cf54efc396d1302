"""One sandbox per test process, reached over HTTP; one workspace per test, so that tests run in any order at once."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import postgres
import pytest
import sqlalchemy as sa
from harness import Workspace
from packs_of_here import Office

from sandbox.server import Started, started
from simulators.world import World

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def sandbox_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database file of the running sandbox."""
    return tmp_path_factory.mktemp("sandbox") / "sandbox.db"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Server]:
    """A PostgreSQL server of this test process; its tests are skipped where the system has none."""
    if postgres.programs() is None:
        pytest.skip(postgres.NOT_TESTED)
    with postgres.running() as server:
        yield server


@pytest.fixture(scope="session")
def sandbox_place(request: pytest.FixtureRequest, sandbox_database: Path) -> str:
    """Where the running sandbox keeps its state: a file, or on PostgreSQL where ESR_SANDBOX_TEST_DATABASE says so."""
    if os.environ.get("ESR_SANDBOX_TEST_DATABASE") != "postgresql":
        return str(sandbox_database)
    server: postgres.Server = request.getfixturevalue("postgresql")
    return server.make_database()


@pytest.fixture(scope="session")
def sandbox_engine(sandbox_place: str) -> Iterator[sa.Engine]:
    """A look into the running sandbox's database past the sandbox itself."""
    is_address = "://" in sandbox_place
    engine = sa.create_engine(
        sandbox_place if is_address else f"sqlite:///{sandbox_place}",
        connect_args={} if is_address else {"timeout": 30},
    )
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """The ESR team's office, whose register the running sandbox shows."""
    return Office.make(tmp_path_factory.mktemp("office"))


@pytest.fixture(scope="session")
def sandbox(sandbox_place: str, sandbox_database: Path, office: Office) -> Iterator[Started]:
    """A running sandbox that holds each of its answers against the contract; its own log is what a test run may look at."""
    folder, database = sandbox_database.parent, sandbox_place
    with started(
        *("--validate-responses", "--world", "empty"),
        *office.options,
        folder=folder,
        database=database,
        processes=2 if "://" in database else 1,
    ) as running:
        yield running


@pytest.fixture(scope="session")
def make_workspace(sandbox: Started) -> Callable[..., Workspace]:
    """Makes a workspace of the running sandbox with a world of its own: one employer and ten positions unless told otherwise."""

    def make(seed: int = 1, organisations: int = 1, positions: int = 10) -> Workspace:
        name = f"test-{next(_numbers)}"
        with httpx.Client(base_url=sandbox.url, timeout=30, trust_env=False) as client:
            answer = client.post("/control/v1/workspaces", json={"name": name})
            assert answer.status_code == 201, answer.text
            wanted = {
                "seed": seed,
                "organisations": organisations,
                "positionsPerOrganisation": positions,
            }
            seeded = client.post(f"/w/{name}/control/v1/seed", json=wanted)
            assert seeded.status_code == 200, seeded.text
        world = World.make(seed, organisations, positions)
        return Workspace(name, sandbox.url, answer.json()["token"], world)

    return make


@pytest.fixture
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    """A workspace for this test alone."""
    return make_workspace()
