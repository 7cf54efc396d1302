"""What several sandboxes on one PostgreSQL server do not do to each other, and what one does where the server gives no answer."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import postgres
import psycopg
import pytest
import sqlalchemy as sa
from dispatching import Receiver, dispatching, run, send, states, until

from sandbox.clock import wall_now
from sandbox.database import Database, Transaction, forget_database
from sandbox.errors import Code, Refusal
from sandbox.journal.store import FLUSH, append
from sandbox.outbox.claims import LEASE
from sandbox.outbox.sharing import Sharing
from sandbox.outbox.store import DONE, Message
from sandbox.workspaces.store import insert_workspace

WAIT = 30


@pytest.fixture(scope="module", autouse=True)
def tables() -> None:
    """Has every table known, as in a running sandbox."""
    import sandbox.app  # noqa: F401


@pytest.fixture
def two_schemas(postgresql: postgres.Server) -> list[str]:
    """The addresses of two schemas of one database, each of which belongs to a user."""
    address = postgresql.make_database()
    name = address.rsplit("/", 1)[1]
    with postgresql.connect(name) as connection:
        for user in (f"{name}_one", f"{name}_two"):
            connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'x'")
            connection.execute(f"CREATE SCHEMA {user} AUTHORIZATION {user}")
    place = f"127.0.0.1:{postgresql.port}/{name}"
    return [f"postgresql+psycopg://{name}_{user}:x@{place}" for user in ("one", "two")]


@pytest.fixture
def apart(two_schemas: list[str]) -> Iterator[list[Database]]:
    opened = [Database(address) for address in two_schemas]
    yield opened
    for each in opened:
        each.close()


def test_a_lock_in_one_schema_is_none_in_the_other(apart: list[Database]) -> None:
    one, other = (database.link for database in apart)
    assert one is not None
    assert other is not None

    assert one.take("time/default")
    assert other.take("time/default")


def test_what_one_schema_announces_is_not_heard_in_the_other(
    apart: list[Database], two_schemas: list[str]
) -> None:
    one, other = apart
    neighbour = Database(two_schemas[0])
    heard: list[str] = []
    arrived = threading.Event()
    neighbour.listen("changed", arrived.set)
    other.listen("changed", lambda: heard.append("changed"))
    other.listen("done", arrived.set)
    one.listen("changed", lambda: None)

    def announce(name: str) -> Any:
        return lambda transaction: transaction.announcements.add(name)

    one.write(announce("changed")).result(WAIT)
    assert arrived.wait(WAIT)
    arrived.clear()
    third = Database(two_schemas[1])
    third.listen("done", lambda: None)
    third.write(announce("done")).result(WAIT)  # Comes behind what was announced before it.
    assert arrived.wait(WAIT)

    assert heard == []
    neighbour.close()
    third.close()


def test_the_tables_of_one_schema_are_forgotten_while_the_other_is_in_use(
    apart: list[Database], two_schemas: list[str]
) -> None:
    one, other = apart
    one.close()

    forget_database(two_schemas[0])

    assert other.read(_count_of_workspaces).result(WAIT) == 0


def test_an_address_may_name_the_schema(postgresql: postgres.Server) -> None:
    address = postgresql.make_database()
    with postgresql.connect(address.rsplit("/", 1)[1]) as connection:
        connection.execute("CREATE SCHEMA apart")

    database = Database(f"{address}?options=-csearch_path%3Dapart")

    shown = "SELECT schemaname FROM pg_tables WHERE tablename = 'workspaces'"
    assert database.read(_answer_to(shown)).result(WAIT) == "apart"
    assert database.read(_answer_to("SHOW timezone")).result(WAIT) == "UTC"
    database.close()


def test_a_process_whose_machine_has_gone_is_given_up_by_the_server(
    postgresql: postgres.Server,
) -> None:
    database = Database(postgresql.make_database())

    asked = "SELECT current_setting('tcp_keepalives_idle')::int + 3 * current_setting('tcp_keepalives_interval')::int"
    assert database.read(_answer_to(asked)).result(WAIT) <= 60
    database.close()


def test_a_commit_whose_outcome_nobody_knows_is_not_acknowledged_and_what_was_remembered_is_forgotten(
    postgresql: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(postgresql.make_database())
    forgotten: list[str] = []
    database.listen("changed", lambda: forgotten.append("changed"))
    monkeypatch.setattr(database._place, "was_committed", lambda _transaction: None)

    def loses_the_answer(transaction: Transaction) -> None:
        transaction.announcements.add("changed")
        driver: Any = transaction.connection.connection.dbapi_connection
        commit = driver.commit

        def lose() -> None:
            commit()
            driver.close()
            raise psycopg.OperationalError("the connection was lost")

        driver.commit = lose

    with pytest.raises(Refusal) as caught:
        database.write(loses_the_answer, "w").result(WAIT)

    assert caught.value.code is Code.SERVICE_UNAVAILABLE
    assert forgotten == ["changed"]
    database.close()


def test_who_asks_long_what_became_of_a_commit_asks_over_one_connection(
    postgresql: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = postgresql.make_database()
    database = Database(address)
    place: Any = database._place
    counts: list[int] = []
    monkeypatch.setattr("sandbox.database.postgresql._OUTCOME_SECONDS", 0.3)
    with (
        place.writing.connect() as connection,
        connection.begin(),
        postgresql.connect(address.rsplit("/", 1)[1]) as looks,
    ):
        name = connection.execute(sa.select(sa.func.pg_current_xact_id())).scalar_one()

        def count(_seconds: float = 0.0) -> None:
            shown = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            counts.extend(looks.execute(shown).fetchone())  # type: ignore[arg-type]

        count()
        monkeypatch.setattr("sandbox.database.postgresql.time.sleep", count)
        assert place.was_committed(Transaction(connection, name=str(name))) is None

    before, *asking = counts
    assert len(asking) > 3
    assert max(asking) == before + 1
    database.close()


def test_a_unit_that_was_held_up_until_its_lock_was_anothers_is_not_done(
    postgresql: postgres.Server,
) -> None:
    address = postgresql.make_database()
    held_up, other = Database(address), Database(address)
    mine, theirs = held_up.link, other.link
    assert mine is not None
    assert theirs is not None
    assert mine.take("time/w")
    runs: list[int] = []

    def is_held_up(transaction: Transaction) -> int:
        runs.append(1)
        if len(runs) == 1:
            # As where a machine was put to sleep: the server has given all of its connections up, and another took over.
            other.read(_answer_to(_end_connections.format(mine._session))).result(WAIT)
            deadline = time.monotonic() + WAIT
            while not theirs.take("time/w"):
                assert time.monotonic() < deadline
            transaction.connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        return len(runs)

    with pytest.raises(Refusal) as caught:
        held_up.write(mine.fenced("time/w", is_held_up), "w").result(WAIT)

    assert caught.value.code is Code.SERVICE_UNAVAILABLE
    assert len(runs) == 1
    assert other.write(theirs.fenced("time/w", lambda _: 2), "w").result(WAIT) == 2
    held_up.close()
    other.close()


def test_a_message_whose_claim_lapsed_before_it_was_sent_is_left_to_who_claims_it_next(
    postgresql: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, receiver = Database(postgresql.make_database(), {FLUSH: append}), Receiver()
    lapsed: list[bool] = []
    kept = Sharing.has_lapsed

    async def has_lapsed(sharing: Sharing, message: Message) -> bool:
        # As where the process was stopped for so long between the claim and the first sending.
        shift = timedelta() if lapsed else LEASE
        with monkeypatch.context() as clock:
            clock.setattr("sandbox.outbox.sharing.wall_now", lambda: wall_now() + shift)
            found = await kept(sharing, message)
        lapsed.append(found)
        assert receiver.bodies == []
        return found

    monkeypatch.setattr(Sharing, "has_lapsed", has_lapsed)

    async def story() -> None:
        async with dispatching(database):
            send(database, receiver.url, 1)
            await until(lambda: states(database) == [DONE])

    try:
        database.write(make_workspace).result(WAIT)
        run(story())
    finally:
        database.close()
        receiver.close()

    assert lapsed == [True, False]
    assert receiver.bodies == ["1"]


def make_workspace(transaction: Transaction) -> None:
    insert_workspace(transaction.connection, "w", 1, "FULL", wall_now())


_end_connections = "SELECT pg_terminate_backend({})"


def _answer_to(statement: str) -> Any:
    return lambda transaction: transaction.connection.exec_driver_sql(statement).scalar_one()


def _count_of_workspaces(transaction: Transaction) -> int:
    return int(_answer_to("SELECT count(*) FROM workspaces")(transaction))
