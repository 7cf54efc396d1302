"""What a request costs does not grow with the rows: every statement of the hot operations follows an index."""

import asyncio
import re
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
import sqlalchemy as sa

from sandbox.app import _lifespan, contracts_of, make_app, make_runtime
from sandbox.cli.worlds import fill_default, make_world
from sandbox.console.door import ConsoleDoor
from sandbox.prepared import Prepared
from sandbox.runtime import Runtime
from sandbox.settings import Settings
from simulators.applicants import applicant
from simulators.checks import check_history
from simulators.world import World

_SEED = 7
_TOKEN = "the test's"
_EXPLAINED = re.compile(r"\s*(WITH|SELECT|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
# A walk over a table, a sort, or an index of which nothing but the workspace is known, or where in its order to begin.
_GROWS = re.compile(r"\bSCAN (?!CONSTANT ROW)|TEMP B-TREE|\(workspace=\?(?: AND \w+[<>]\?)*\)")
# There are few workspaces, and each has a handful of subscriptions and a hundred faults at most; of what is due the first alone
# is read.
_FEW = re.compile(
    r"SCAN workspaces\b|SEARCH (?:esr_event_subscriptions|faults|jobs|outbox) .*\(workspace=\?\)"
)
# Read once, when the first delivery is signed.
_ONCE = "FROM esr_signing_keys"

_HOT = {
    "workspaces",
    "request_outcomes",
    "exchanges",
    "esr_applicants",
    "esr_people",
    "esr_employees",
    "esr_employment_checks",
    "esr_events",
    "jobs",
    "outbox",
}

Send = Callable[..., Awaitable[httpx.Response]]


class Statements:
    """The statements that a database runs, as it is given them: prepared ones, and those of SQLAlchemy."""

    def __init__(self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: set[str] = set()
        find = Prepared._for

        def kept(statement: Prepared, connection: sa.Connection) -> Any:
            compiled = find(statement, connection)
            self.seen.add(compiled.text)
            return compiled

        monkeypatch.setattr(Prepared, "_for", kept)
        for engine in (runtime.database._place.writing, runtime.database._place.reading):
            sa.event.listen(engine, "before_cursor_execute", self._listen)

    def _listen(self, _connection: Any, _cursor: Any, text: str, *_: Any) -> None:
        self.seen.add(text)


def _growing(path: Path, statements: set[str]) -> list[tuple[str, str]]:
    """(statement, step of its plan) of every step that walks a table or sorts what it found."""
    found = []
    with sqlite3.connect(path) as connection:
        for text in sorted(statements):
            if _EXPLAINED.match(text) and _ONCE not in text:
                plan = connection.execute(f"EXPLAIN QUERY PLAN {text}", [None] * text.count("?"))
                steps = [str(step[3]) for step in plan]
                found += [
                    (text, step) for step in steps if _GROWS.search(step) and not _FEW.match(step)
                ]
    return found


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Runtime]:
    settings = Settings(
        database=str(tmp_path / "plans.db"), systems=frozenset({"esr"}), seed=_SEED, token=_TOKEN
    )
    runtime = make_runtime(settings, make_world)
    fill_default(runtime, "small")
    yield runtime
    runtime.database.close()


async def _year_of_an_applicant(send: Send, submission: dict[str, Any], index: int) -> None:
    """Everything that a year sends of one applicant."""
    answer = await send("POST", "/esr/v1/applicants", submission)
    assert answer.status_code == 201, answer.text
    number = answer.json()["applicantNumber"]
    place = f"/esr/v1/applicants/{number}"
    for step in check_history(submission, _SEED, index):
        answer = await send("PUT", f"{place}/employment-checks/{step.check_type}", step.update)
        assert answer.status_code in (200, 201), answer.text
    answer = await send("GET", place)
    name = {**submission["person"], "firstName": f"Another{index % 2 * 'x'}"}
    patch = {"person": name}
    answer = await send("PATCH", place, patch, {"If-Match": answer.headers["ETag"]})
    assert answer.status_code == 200, answer.text
    assert (await send("GET", f"{place}/employment-checks")).status_code == 200
    withdrawal = {"reason": "CANDIDATE_WITHDREW", "withdrawnDate": "2026-04-01"}
    answer = await send("POST", f"{place}/withdrawal", withdrawal)
    assert answer.status_code == 200, answer.text


async def _story(runtime: Runtime) -> None:
    world = World.make(_SEED, 1, 60)
    employer = str(world.organisations[0]["odsCode"])
    app = make_app(runtime, contracts_of(runtime.settings.systems))
    transport = httpx.ASGITransport(app=app)
    async with (
        _lifespan(runtime, ConsoleDoor(app, runtime, []))(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):

        async def send(
            method: str, path: str, body: Any = None, more: dict[str, str] | None = None
        ) -> httpx.Response:
            kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
            headers = {
                "Content-Type": kind,
                "Authorization": f"Bearer {_TOKEN}",
                "X-Request-ID": str(uuid4()),
                "NHSD-End-User-Organisation-ODS": employer,
                **(more or {}),
            }
            content = None if body is None else orjson.dumps(body)
            return await client.request(method, path, content=content, headers=headers)

        # Nobody listens at port 9: what is delivered there is put off.
        await send("POST", "/esr/v1/event-subscriptions", {"url": "http://127.0.0.1:9/"})
        for index in range(6):
            await _year_of_an_applicant(send, applicant(_SEED, index, world), index)
        for query in (
            "",
            "status=TERMINATED&",
            "vacancyReference=100-none&",
            "supplierReference=none&",
        ):
            page = await send("GET", f"/esr/v1/applicants?{query}limit=2")
            assert page.status_code == 200, page.text
            if not query:
                deeper = page.json()["next"]
                assert (await send("GET", f"/esr/v1/applicants?cursor={deeper}")).status_code == 200
        assert (await send("GET", "/esr/v1/events?limit=2")).status_code == 200
        # Regulators answer, and deliveries are tried again.
        assert (await send("PUT", "/control/v1/clock", {"mode": "FROZEN"})).status_code == 200
        move = await send("POST", "/control/v1/clock/advance", {"by": "P1D"})
        assert move.status_code == 200, move.text


def test_no_statement_of_a_hot_operation_walks_a_table_or_sorts(
    sandbox: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements = Statements(sandbox, monkeypatch)

    asyncio.run(_story(sandbox))

    path = sandbox.settings.database_path
    assert path is not None
    tables = set(re.findall(r"\b(?:FROM|INTO|UPDATE) (\w+)", " ".join(statements.seen)))
    assert tables >= _HOT
    assert _growing(path, statements.seen) == []
