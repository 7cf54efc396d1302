"""A database on a PostgreSQL server keeps what a file keeps: acknowledged is durable, and what is wrong is said in a sentence."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, wait
from typing import Any

import postgres
import psycopg
import pytest
import sqlalchemy as sa

from sandbox.database import (
    SCHEMA_VERSION,
    Database,
    DatabaseUnusable,
    Transaction,
    Work,
    forget_database,
    metadata,
    without_password,
)
from sandbox.errors import Code, Refusal

WAIT = 30


@pytest.fixture(scope="module", autouse=True)
def tables() -> None:
    """Has every table known, as in a running sandbox."""
    import sandbox.app  # noqa: F401


@pytest.fixture
def address(postgresql: postgres.Server) -> str:
    return postgresql.make_database()


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    opened = Database(address)
    opened.write(_make_table).result(WAIT)
    yield opened
    opened.close()


def _make_table(transaction: Transaction) -> None:
    transaction.connection.exec_driver_sql("CREATE TABLE marks (mark INTEGER PRIMARY KEY)")


def _mark(mark: int) -> Work:
    def work(transaction: Transaction) -> int:
        transaction.connection.execute(sa.text("INSERT INTO marks VALUES (:mark)"), {"mark": mark})
        return mark

    return work


def _marks(transaction: Transaction) -> list[int]:
    found = transaction.connection.exec_driver_sql("SELECT mark FROM marks ORDER BY mark")
    return list(found.scalars())


def _lose_connection(transaction: Transaction) -> None:
    transaction.connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")


def test_what_was_acknowledged_is_there_when_it_is_opened_again(address: str) -> None:
    first = Database(address)
    first.write(_make_table).result(WAIT)
    futures = [first.write(_mark(mark), "w") for mark in range(100)]
    assert [future.result(WAIT) for future in futures] == list(range(100))
    first.close()

    second = Database(address)

    assert second.read(_marks).result(WAIT) == list(range(100))
    second.close()


def test_one_unit_that_fails_takes_none_of_its_group_with_it(database: Database) -> None:
    gate = threading.Event()
    first = database.write(lambda _: gate.wait(WAIT), "w")
    futures = [database.write(_mark(mark), "w") for mark in (1, 1, 2)]
    gate.set()
    wait([first, *futures], WAIT)

    assert (futures[0].result(), futures[2].result()) == (1, 2)
    with pytest.raises(sa.exc.IntegrityError):
        futures[1].result()
    assert database.read(_marks).result(WAIT) == [1, 2]


def test_a_group_whose_connection_was_lost_is_done_again_as_a_whole(database: Database) -> None:
    runs: list[int] = []

    def loses_it_once(transaction: Transaction) -> int:
        runs.append(1)
        _mark(2)(transaction)
        if len(runs) == 1:
            _lose_connection(transaction)
        return 2

    gate = threading.Event()
    futures: list[Future[Any]] = [database.write(lambda _: gate.wait(WAIT), "w")]
    futures += [database.write(work, "w") for work in (_mark(1), loses_it_once, _mark(3))]
    gate.set()

    assert [future.result(WAIT) for future in futures[1:]] == [1, 2, 3]
    assert len(runs) == 2
    assert database.read(_marks).result(WAIT) == [1, 2, 3]


def test_a_group_that_is_lost_time_and_again_is_refused_and_nothing_of_it_is_there(
    database: Database,
) -> None:
    runs: list[int] = []

    def loses_it(transaction: Transaction) -> None:
        runs.append(1)
        _mark(1)(transaction)
        _lose_connection(transaction)

    with pytest.raises(Refusal) as caught:
        database.write(loses_it, "w").result(WAIT)

    assert caught.value.code is Code.SERVICE_UNAVAILABLE
    assert caught.value.headers["Retry-After"]
    assert len(runs) == 3
    assert database.read(_marks).result(WAIT) == []
    assert database.write(_mark(2), "w").result(WAIT) == 2  # And the writer goes on.


@pytest.mark.parametrize("is_committed", [True, False])
def test_where_the_answer_to_a_commit_is_lost_the_server_is_asked_what_became_of_it(
    database: Database, is_committed: bool
) -> None:
    runs: list[int] = []

    def loses_the_answer(transaction: Transaction) -> int:
        runs.append(1)
        _mark(1)(transaction)
        driver: Any = transaction.connection.connection.dbapi_connection
        commit = driver.commit

        def lose() -> None:
            if is_committed:
                commit()
            driver.close()
            raise psycopg.OperationalError("the connection was lost")

        if len(runs) == 1:
            driver.commit = lose
        return 1

    assert database.write(loses_the_answer, "w").result(WAIT) == 1

    assert len(runs) == (1 if is_committed else 2)
    assert database.read(_marks).result(WAIT) == [1]


def test_a_read_whose_connection_was_lost_is_done_again(database: Database) -> None:
    runs: list[int] = []

    def loses_it_once(transaction: Transaction) -> list[int]:
        runs.append(1)
        if len(runs) == 1:
            _lose_connection(transaction)
        return _marks(transaction)

    database.write(_mark(1)).result(WAIT)

    assert database.read(loses_it_once).result(WAIT) == [1]


def test_a_reader_sees_one_state_and_cannot_write(database: Database) -> None:
    def looks_twice(transaction: Transaction) -> list[list[int]]:
        before = _marks(transaction)
        database.write(_mark(1)).result(WAIT)
        return [before, _marks(transaction)]

    assert database.read(looks_twice).result(WAIT) == [[], []]
    with pytest.raises(sa.exc.DBAPIError, match="read-only"):
        database.read(_mark(2)).result(WAIT)


def test_what_is_announced_is_heard_by_the_other_process_and_by_each_once_more_after_a_break(
    database: Database, address: str
) -> None:
    other = Database(address)
    heard, here = threading.Semaphore(0), threading.Semaphore(0)
    other.listen("changed", heard.release)
    database.listen("changed", here.release)

    def announces(transaction: Transaction) -> None:
        transaction.announcements.add("changed")

    database.write(announces).result(WAIT)
    assert heard.acquire(timeout=WAIT)
    assert here.acquire(timeout=WAIT)

    _cut_all(database)
    assert heard.acquire(timeout=WAIT)
    assert heard.acquire(timeout=WAIT)
    database.write(announces).result(WAIT)
    assert heard.acquire(timeout=WAIT)
    other.close()


def _cut_all(database: Database) -> None:
    """Has the server end every connection but one."""
    database.read(
        lambda transaction: transaction.connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).all()
    ).result(WAIT)


def test_a_lock_is_one_processes_and_ends_with_its_connection(
    database: Database, address: str
) -> None:
    other = Database(address)
    assert database.link is not None
    assert other.link is not None

    assert database.link.take("time/w")
    assert not other.link.take("time/w")
    assert other.link.take("time/another")
    database.link.give_back("time/w")
    assert other.link.take("time/w")
    other.close()
    deadline = time.monotonic() + WAIT
    while not database.link.take("time/w"):  # The server has yet to notice.
        assert time.monotonic() < deadline


def test_processes_that_start_together_make_the_tables_once(address: str) -> None:
    opened: list[Database] = []
    threads = [threading.Thread(target=lambda: opened.append(Database(address))) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(WAIT)

    assert len(opened) == 4
    for each in opened:
        each.close()


def test_texts_are_ordered_byte_by_byte_whatever_the_servers_language(database: Database) -> None:
    def languages(transaction: Transaction) -> set[str | None]:
        columns = transaction.connection.exec_driver_sql(
            "SELECT collation_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND data_type IN ('character varying', 'text')"
        )
        return set(columns.scalars())

    assert database.read(languages).result(WAIT) == {"C"}


def test_a_text_that_the_server_cannot_keep_is_refused_and_not_altered(database: Database) -> None:
    def keep(transaction: Transaction) -> None:
        transaction.connection.execute(sa.text("SELECT CAST(:it AS TEXT)"), {"it": "a\x00b"})

    for future in (database.write(keep, "w"), database.read(keep)):
        with pytest.raises(Refusal) as caught:
            future.result(WAIT)
        assert caught.value.code is Code.CONTRACT_VIOLATION


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("%40", "%41"), "does not accept the password of tester"),
        (("tester", "nobody"), "nobody"),
        (("/sandbox_", "/missing_"), "there is no database missing_"),
        (("127.0.0.1", "no-such-host.invalid"), "no PostgreSQL server answers there"),
    ],
)
def test_what_is_wrong_with_an_address_is_said_in_a_sentence(
    address: str, change: tuple[str, str], sentence: str
) -> None:
    with pytest.raises(DatabaseUnusable, match=sentence) as caught:
        Database(address.replace(*change))

    assert postgres.PASSWORD not in str(caught.value)
    assert "p%3A" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_server_that_is_not_there_is_named_without_the_password(address: str) -> None:
    with pytest.raises(DatabaseUnusable, match="no PostgreSQL server answers") as caught:
        Database(address.replace(address.split("@")[1].split("/", maxsplit=1)[0], "127.0.0.1:1"))

    assert "tester:***@127.0.0.1:1" in str(caught.value)


@pytest.mark.parametrize("wrong", ["postgresql://[::x", "postgresql+psycopg://h:port/x"])
def test_what_is_no_address_is_told_the_form_of_one(wrong: str) -> None:
    with pytest.raises(DatabaseUnusable, match="It has the form postgresql"):
        Database(wrong)


def test_who_may_make_no_tables_is_told_what_to_grant(
    postgresql: postgres.Server, address: str
) -> None:
    name = address.rpartition("/")[2]
    with postgresql.connect(name) as connection:
        connection.execute(f"CREATE ROLE reader_{name} LOGIN PASSWORD 'x'")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    port = postgresql.port

    with pytest.raises(DatabaseUnusable, match=f'GRANT CREATE ON SCHEMA public TO "reader_{name}"'):
        Database(f"postgresql+psycopg://reader_{name}:x@127.0.0.1:{port}/{name}")


def test_another_programs_database_is_left_as_it_is(
    postgresql: postgres.Server, address: str
) -> None:
    name = address.rpartition("/")[2]
    with postgresql.connect(name) as connection:
        connection.execute("CREATE TABLE notes (note TEXT)")

    for use in (Database, forget_database):
        with pytest.raises(DatabaseUnusable, match="another program's tables"):
            use(address)

    with postgresql.connect(name) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchall()
    assert tables == [("notes",)]


def test_a_newer_schema_is_refused_and_may_be_forgotten(address: str) -> None:
    opened = Database(address)

    def age(transaction: Transaction) -> None:
        transaction.connection.exec_driver_sql(
            f"UPDATE schema_version SET version = {SCHEMA_VERSION + 1}"
        )

    opened.write(age).result(WAIT)
    with pytest.raises(DatabaseUnusable, match="in use by another sandbox"):
        forget_database(address)
    opened.close()

    with pytest.raises(DatabaseUnusable, match="written by a newer version"):
        Database(address)
    forget_database(address)
    again = Database(address)

    def names(transaction: Transaction) -> set[str]:
        return set(sa.inspect(transaction.connection).get_table_names())

    assert again.read(names).result(WAIT) >= set(metadata.tables)
    again.close()


def test_an_address_is_shown_without_its_password(address: str) -> None:
    assert without_password(address) == address.replace("p%3Aw%2Fd%401%25", "***")
    assert without_password("/srv/sandbox.db") == "/srv/sandbox.db"
