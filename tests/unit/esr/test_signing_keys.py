"""One key signs; those that it replaced are served for a day; none leaves the database."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

import sandbox.app  # noqa: F401  (every table must be known before a database is made)
from sandbox.control.store.worlds import world_rows
from sandbox.database import Database
from sandbox.errors import Code, Refusal
from sandbox.esr.service.signing_keys import (
    SIGNING_KEYS,
    Signer,
    ensure_signing_key,
    read_event_signing_keys,
    rotate_signing_key,
)
from sandbox.outbox.store import WORLD, Message
from sandbox.signatures import read_key_set, verify_request
from sandbox.web.call import Unit, open_unit
from sandbox.workspaces.store import insert_workspace

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
WAIT = 20.0
URL = "http://127.0.0.1:9000/events"


@pytest.fixture
def database() -> Iterator[Database]:
    opened = Database(None)
    for name in ("v", "w"):
        opened.write(
            lambda transaction, name=name: insert_workspace(
                transaction.connection, name, 1, "FULL", NOW
            )
        ).result(WAIT)
    yield opened
    opened.close()


def do(database: Database, work: Any, wall: datetime = NOW, name: str = "w") -> Any:
    def run(transaction: Any) -> Any:
        unit: Unit = open_unit(transaction, name, wall)
        return work(unit)

    return database.write(run).result(WAIT)


def served(database: Database, wall: datetime = NOW, name: str = "w") -> list[str]:
    return [key["kid"] for key in do(database, read_event_signing_keys, wall, name)["keys"]]


def test_a_key_is_made_when_it_is_first_needed(database: Database) -> None:
    assert served(database) == []

    key = do(database, ensure_signing_key)

    assert do(database, ensure_signing_key) == key
    assert served(database) == [key.key_id]
    assert key.key_id.startswith("esr-1-")
    assert served(database, name="v") == []


def test_no_two_workspaces_have_a_key_of_the_same_id(database: Database) -> None:
    mine, theirs = (do(database, ensure_signing_key, name=name) for name in ("v", "w"))

    assert mine.key_id != theirs.key_id


def test_a_key_that_was_replaced_is_served_for_a_day(database: Database) -> None:
    first = do(database, ensure_signing_key).key_id

    rotation = do(database, rotate_signing_key)

    second = rotation["keyId"]
    assert second.startswith("esr-2-")
    assert rotation["retiredKeyId"] == first
    assert rotation["servedUntil"] == "2026-04-02T09:00:00.000Z"
    assert served(database) == [second, first]
    assert served(database, NOW + DAY) == [second, first]
    assert served(database, NOW + DAY + timedelta(milliseconds=1)) == [second]


def test_a_key_that_is_served_no_more_is_deleted_with_the_next_rotation(
    database: Database,
) -> None:
    do(database, rotate_signing_key)
    do(database, rotate_signing_key, NOW + 2 * DAY)

    held = do(database, lambda unit: unit.connection.exec_driver_sql(
        "SELECT key_id FROM esr_signing_keys ORDER BY key_id").scalars().all())  # fmt: skip

    assert [key_id[:6] for key_id in held] == ["esr-2-", "esr-3-"]


def test_too_many_keys_are_not_made(database: Database) -> None:
    for _ in range(99):
        do(database, rotate_signing_key)
    before = served(database)

    with pytest.raises(Refusal) as refused:
        do(database, rotate_signing_key)

    assert refused.value.code == Code.STATE_FORBIDS
    assert served(database) == before
    assert len(before) == 100
    assert len(served(database, NOW + 2 * DAY)) == 1


def test_a_private_key_is_in_no_snapshot_and_in_no_text(database: Database) -> None:
    key = do(database, ensure_signing_key)

    kept = do(database, lambda unit: world_rows(unit.connection, "w"))

    assert "esr_signing_keys" not in kept["tables"]
    assert b"PRIVATE" not in orjson.dumps(kept)
    assert "PRIVATE" not in repr(key)


def message() -> Message:
    return Message(
        workspace="w", message_id=1, sender="esr", kind="esr-event", reference="r", lane="l/a", method="POST", url=URL,
        headers={"Content-Type": "application/cloudevents+json"}, body=b"{}", attempts=0, due_clock=WORLD, due_at="",
    )  # fmt: skip


def test_the_signer_signs_with_the_key_in_use_and_learns_of_a_new_one(database: Database) -> None:
    async def story() -> list[str]:
        signer = Signer(database)
        database.listen(SIGNING_KEYS, signer.forget)
        used = []
        for _ in range(2):
            headers = await signer.sign(message(), URL)
            keys = read_key_set(await asyncio.to_thread(do, database, read_event_signing_keys))
            verify_request("POST", URL, message().headers | headers, b"{}", keys)
            used.append(headers["Signature-Input"].split('keyid="')[1].split('"')[0])
            await asyncio.to_thread(do, database, rotate_signing_key, datetime.now(UTC))
            # The listener is told after the commit, and before the next one.
            await asyncio.to_thread(do, database, read_event_signing_keys)
        return used

    used = asyncio.run(story())

    assert [key_id[:6] for key_id in used] == ["esr-1-", "esr-2-"]
