"""The floor of `make bench` runs the SQL of the real stack: the same statements, as often, on the same tables."""

import asyncio
import re
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import sqlalchemy as sa

from sandbox.app import contracts_of, make_app, make_runtime
from sandbox.cli.worlds import fill_default, make_world
from sandbox.settings import Settings
from simulators.applicants import applicant
from simulators.world import World
from tests.bench.floor import statements

_SEED = 7
_TOKEN = "the bench's"


def _shape(statement: str) -> tuple[str, ...]:
    """What a statement does: its verbs and tables in their order, and what it gives back; not how it is spelt."""
    text = re.sub(r'["`]', "", " ".join(statement.split()))
    found = re.findall(
        r"\b(INSERT INTO|UPDATE|DELETE FROM|FROM|JOIN|RETURNING)\s+(\w+)|\b(SELECT|EXISTS|min)\b",
        text,
        re.IGNORECASE,
    )
    return tuple(" ".join(part for part in parts if part).lower() for parts in found)


def _captured(tmp_path: Path) -> list[str]:
    """The statements of one submission through the whole stack, in this process."""
    settings = Settings(
        database=str(tmp_path / "bench.db"), systems=frozenset({"esr"}), seed=_SEED, token=_TOKEN
    )
    runtime = make_runtime(settings, make_world)
    fill_default(runtime, "small")
    app = make_app(runtime, contracts_of(settings.systems))
    world = World.make(_SEED, 1, 60).without_staff()
    seen: list[str] = []

    def listen(driver: Any, *_: Any) -> None:
        driver.set_trace_callback(lambda text: seen.append(re.sub(r"'(?:[^']|'')*'", "?", text)))

    async def submit(index: int) -> int:
        submission = applicant(_SEED, index, world)
        headers = {
            "Authorization": f"Bearer {_TOKEN}",
            "X-Request-ID": str(uuid4()),
            "NHSD-End-User-Organisation-ODS": str(world.organisations[0]["odsCode"]),
        }
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            return (
                await client.post("/esr/v1/applicants", json=submission, headers=headers)
            ).status_code

    try:
        assert (
            asyncio.run(submit(0)) == 201
        )  # Has the token remembered, as in a bench that is warm.
        sa.event.listen(runtime.database._place.writing, "checkout", listen)
        assert asyncio.run(submit(1)) == 201
    finally:
        runtime.database.close()
    return seen


def test_the_floor_runs_the_statements_of_the_stack(tmp_path: Path) -> None:
    captured = _captured(tmp_path)

    framing = Counter(
        statement
        for statement in captured
        if re.match(r"BEGIN|SAVEPOINT|RELEASE|COMMIT", statement)
    )
    ours = [statement for statement in captured if statement not in framing]
    assert Counter(map(_shape, ours)) == Counter(map(_shape, statements().values()))
    assert [_shape(statement)[0] for statement in ours] == [
        _shape(statement)[0] for statement in statements().values()
    ]
    # And the same framing, as `Floor._write` has it.
    assert framing == {
        "BEGIN IMMEDIATE": 1,
        "SAVEPOINT unit": 1,
        "RELEASE SAVEPOINT unit": 1,
        "COMMIT": 1,
    }


def test_two_statements_of_one_shape_differ_in_spelling_alone() -> None:
    assert _shape('SELECT a\n  FROM "t" WHERE b = ?') == _shape("select a, b from t where c = ?")
    assert _shape("INSERT INTO t VALUES (?)") != _shape("INSERT INTO u VALUES (?)")
    assert _shape("UPDATE t SET a = ?") != _shape("UPDATE t SET a = ? RETURNING a")
