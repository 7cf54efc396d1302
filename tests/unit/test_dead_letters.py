"""What was given up is kept, and goes again in its lane when somebody asks for it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa
from dispatching import WAIT, Receiver, dispatching, held, run, send, set_world, until

from sandbox.clock import wall_now
from sandbox.database import Database
from sandbox.journal.store import FLUSH, append
from sandbox.outbox.dispatcher import DELIVERY_WAITS
from sandbox.outbox.store import DEAD, WORLD, list_dead, revive
from sandbox.outbox.tables import outbox
from sandbox.timestamps import from_text
from sandbox.workspaces.store import insert_workspace


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "sandbox.db", {FLUSH: append})
    opened.write(
        lambda transaction: insert_workspace(transaction.connection, "w", 1, "FULL", wall_now())
    ).result(WAIT)
    yield opened
    opened.close()


def given_up(database: Database, lane_prefix: str = "sub/") -> list[Any]:
    return list(
        database.read(
            lambda transaction: list_dead(transaction.connection, "w", lane_prefix, 0, 100)
        ).result(WAIT)
    )


def test_a_dead_letter_that_is_sent_again_waits_for_the_message_of_its_lane_that_is_under_way(
    database: Database, receiver: Receiver
) -> None:
    came, go = Event(), Event()

    def answer(body: str, _: int) -> tuple[int, dict[str, str]]:
        if body == '"second"':
            came.set()
            go.wait(WAIT)
        return 200, {}

    receiver.answers = answer
    send(database, receiver.url, "first", lane="sub/a", clock=WORLD)
    database.write(
        lambda transaction: transaction.connection.execute(
            sa.update(outbox).values(state=DEAD, is_first=False)
        )
    ).result(WAIT)
    send(database, receiver.url, "second", lane="sub/a", clock=WORLD)

    async def story() -> None:
        async with dispatching(database) as dispatcher:
            await until(came.is_set)
            revived = await asyncio.to_thread(
                database.write(
                    lambda transaction: revive(transaction, "w", "sub/", wall_now())
                ).result
            )
            assert revived == 1
            send(database, receiver.url, "other", lane="sub/b", clock=WORLD)
            await until(lambda: '"other"' in receiver.bodies)
            assert '"first"' not in receiver.bodies
            go.set()
            assert await dispatcher.quiet("w", WAIT) == []

    run(story())
    assert receiver.bodies == ['"second"', '"other"', '"first"']


def test_a_dead_letter_is_kept_with_its_last_answer_until_it_is_sent_again(
    database: Database, receiver: Receiver
) -> None:
    moment = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    set_world(database, moment)
    receiver.answers = lambda _, __: (404, {})
    send(database, receiver.url, "x", lane="sub/a", clock=WORLD, due_at=moment, reference="event")

    async def story() -> None:
        async with dispatching(database) as dispatcher:
            at = moment
            for wait in (timedelta(0), *DELIVERY_WAITS):
                at += wait
                await asyncio.to_thread(set_world, database, at)
                await dispatcher.quiet("w", WAIT)
            [letter] = await asyncio.to_thread(given_up, database)
            assert (letter.reference, letter.attempts) == ("event", len(DELIVERY_WAITS) + 1)
            assert letter.last_answer.startswith("404")
            assert from_text(letter.given_up_at) == at
            assert await asyncio.to_thread(given_up, database, "su/") == []
            again = database.write(lambda unit: revive(unit, "w", "sub/", at, ["event"]))
            assert await asyncio.to_thread(again.result, WAIT) == 1
            assert await asyncio.to_thread(given_up, database) == []
            [row] = await asyncio.to_thread(held, database)
            assert row.attempts <= 1

    run(story())
