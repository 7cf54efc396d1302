"""What a page of the console costs does not grow with the rows: SQLite's instructions are counted, no time is taken.

Bounds of pages that look among so many rows are made small here, so that few rows are enough to see that they hold.
"""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from scoping import OF_ALL_ON_PURPOSE, watched

from sandbox.app import _lifespan, contracts_of, make_app, make_runtime
from sandbox.cli.worlds import fill_default, make_world
from sandbox.console.door import ConsoleDoor
from sandbox.console.store import home, journey_exchanges, journeys, traffic, world
from sandbox.runtime import Runtime
from sandbox.settings import Settings
from simulators.applicants import applicant
from simulators.checks import check_history
from simulators.world import World
from tests.bench.pages import FIRST, copies, fill

_SEED, _TOKEN = 7, "the test's"
_FEW, _MANY = 300, 900
_BOUND = 50
_HOME = "/console/w/default"
_LAST = f"{10_000_000 + FIRST + _FEW - 1}"
PAGES = (
    "",
    "/journey",
    f"/journey?before={_LAST}",
    "/journey?q=a",
    "/journey?q=NOBODY-1",
    f"/journey/{_LAST}",
    "/traffic",
    f"/traffic?applicant={_LAST}",
    "/traffic?operation=hire_applicant",
    "/traffic?status=4xx",
    "/world/applicants?status=ACCEPTED",
    "/world/checks",
)
_SLACK = 1.25


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    for module, name in (
        (home, "MOST"),
        (home, "_LOOKED_AT"),
        (traffic, "LOOKED_AT"),
        (world, "LOOKED_AT"),
        (journeys, "REFUSED_AMONG"),
        (journey_exchanges, "REFUSED_AMONG"),
        (journey_exchanges, "BEFORE"),
        (journey_exchanges, "AFTER"),
    ):
        monkeypatch.setattr(module, name, _BOUND)
    settings = Settings(
        database=str(tmp_path / "costs.db"), systems=frozenset({"esr"}), seed=_SEED, token=_TOKEN
    )
    runtime = make_runtime(settings, make_world)
    fill_default(runtime, "small")
    yield runtime
    runtime.database.close()


class Counting:
    """How many instructions SQLite has carried out for reads, in hundreds."""

    def __init__(self, runtime: Runtime) -> None:
        self.hundreds = 0
        sa.event.listen(runtime.database._place.reading, "checkout", self._watch)

    def _watch(self, connection: Any, *_: Any) -> None:
        connection.set_progress_handler(self._count, 100)

    def _count(self) -> int:
        self.hundreds += 1
        return 0


async def _life(client: httpx.AsyncClient) -> str:
    """The number of an applicant who was sent, checked and hired."""
    made = World.make(_SEED, 1, 60)
    submission = applicant(_SEED, 0, made)
    headers = {
        "Authorization": f"Bearer {_TOKEN}",
        "NHSD-End-User-Organisation-ODS": str(made.organisations[0]["odsCode"]),
    }

    async def write(method: str, path: str, body: Any) -> Any:
        named = {**headers, "X-Request-ID": str(uuid4())}
        answer = await client.request(method, path, json=body, headers=named)
        assert answer.is_success, answer.text
        return answer.json()

    number = str((await write("POST", "/esr/v1/applicants", submission))["applicantNumber"])
    for step in check_history(submission, _SEED, 0):
        path = f"/esr/v1/applicants/{number}/employment-checks/{step.check_type}"
        await write("PUT", path, step.update)
    return number


async def _costs(
    client: httpx.AsyncClient, counting: Counting, pages: tuple[str, ...]
) -> dict[str, int]:
    found = {}
    for page in pages:
        before = counting.hundreds
        answer = await client.get(f"{_HOME}{page}")
        assert answer.status_code == 200, (page, answer.text)
        found[page] = counting.hundreds - before
    return found


async def _story(runtime: Runtime) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """By page what it costs among few, among many, and, of one applicant, among many without the index of those."""
    app = make_app(runtime, contracts_of(runtime.settings.systems))
    transport = httpx.ASGITransport(app=app)
    path = runtime.settings.database_path
    assert path is not None
    async with (
        _lifespan(runtime, ConsoleDoor(app, runtime, []))(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=60) as client,
    ):
        number = await _life(client)
        held = {
            table: copied
            for table, copied in copies(number, 8_199_999).items()
            if not table.startswith("nhsjobs_") and table != "outbox"
        }
        counting = Counting(runtime)
        fill(path, "default", held, FIRST, _FEW, alone=False)
        few = await _costs(client, counting, PAGES)
        fill(path, "default", held, FIRST + _FEW, _MANY, alone=False)
        many = await _costs(client, counting, PAGES)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DROP INDEX exchanges_by_applicant")
        without = await _costs(client, counting, (f"/journey/{_LAST}",))
    return few, many, without


def test_no_page_costs_more_among_more_rows(sandbox: Runtime) -> None:
    with watched() as watch:
        few, many, without = asyncio.run(_story(sandbox))

    def growing(costs: dict[str, int]) -> set[str]:
        return {page for page, cost in costs.items() if cost > few[page] * _SLACK + _BOUND}

    assert growing(many) == set(), {page: (few[page], many[page]) for page in growing(many)}
    # The count can fail: a page whose index is gone costs what there is.
    assert growing(without) == without.keys()
    # And none of the statements reads what another workspace has.
    assert watch.strays <= OF_ALL_ON_PURPOSE
