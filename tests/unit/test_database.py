"""Acknowledged means durable, and one unit of work never pays for another."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sandbox.database import (
    SCHEMA_VERSION,
    Database,
    DatabaseUnusable,
    Transaction,
    Work,
    forget_database,
    undoable,
)
from sandbox.errors import Code, Refusal

WAIT = 20
"""Seconds after which a test gives up."""


@pytest.fixture(scope="module", autouse=True)
def tables() -> None:
    """Has every table known, as in a running sandbox."""
    import sandbox.app  # noqa: F401


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sandbox.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database(path, {"flushed": _flush})
    opened.write(_make_table).result(WAIT)
    yield opened
    opened.close()


def _make_table(transaction: Transaction) -> None:
    transaction.connection.exec_driver_sql("CREATE TABLE marks (mark INTEGER PRIMARY KEY)")


def _flush(transaction: Transaction, left: list[Any]) -> None:
    for mark in left:
        _mark(mark)(transaction)


def _mark(mark: int) -> Work:
    def work(transaction: Transaction) -> int:
        transaction.connection.execute(sa.text("INSERT INTO marks VALUES (:mark)"), {"mark": mark})
        return mark

    return work


def _marks(path: Path) -> list[int]:
    """What another process would find: read by a connection of its own."""
    with closing(sqlite3.connect(path)) as connection:
        return [mark for (mark,) in connection.execute("SELECT mark FROM marks ORDER BY mark")]


def _as_one_group(database: Database, works: list[Work]) -> list["Future[Any]"]:
    """Hands `works` in while the writer is busy, so that it takes all of them as one group."""
    busy, may_go_on = threading.Event(), threading.Event()

    def hold(_transaction: Transaction) -> None:
        busy.set()
        assert may_go_on.wait(WAIT)

    database.write(hold)
    assert busy.wait(WAIT)
    futures = [database.write(work) for work in works]
    may_go_on.set()
    return futures


def test_what_is_acknowledged_is_on_disk(database: Database, path: Path) -> None:
    database.write(_mark(1)).result(WAIT)

    assert _marks(path) == [1]


def test_the_database_is_set_to_lose_nothing_with_the_power(database: Database) -> None:
    def pragmas(transaction: Transaction) -> tuple[Any, ...]:
        return tuple(
            transaction.connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        )

    assert database.write(pragmas).result(WAIT) == ("wal", 2, 1)


def test_nothing_is_acknowledged_before_its_group_is_committed(
    database: Database, path: Path
) -> None:
    seen: list[bool] = []
    first: list[Future[Any]] = []

    def look(_transaction: Transaction) -> None:
        seen.append(first[0].done())
        seen.append(1 in _marks(path))

    def put(transaction: Transaction) -> None:
        _mark(1)(transaction)

    busy, may_go_on = threading.Event(), threading.Event()
    database.write(lambda _: (busy.set(), may_go_on.wait(WAIT)))
    assert busy.wait(WAIT)
    first.append(database.write(put))
    last = database.write(look)
    may_go_on.set()
    last.result(WAIT)

    assert seen == [False, False]
    assert first[0].result(WAIT) is None
    assert _marks(path) == [1]


def test_what_waits_is_committed_together(database: Database) -> None:
    transactions: list[int] = []
    works = [lambda transaction: transactions.append(id(transaction)) for _ in range(5)]

    for future in _as_one_group(database, works):
        future.result(WAIT)

    assert len(transactions) == 5
    assert len(set(transactions)) == 1


def test_a_unit_that_raises_leaves_nothing_and_its_neighbours_stand(
    database: Database, path: Path
) -> None:
    def fails(transaction: Transaction) -> None:
        _mark(2)(transaction)
        transaction.before_commit.setdefault("flushed", []).append(20)
        raise ValueError("no")

    def flushes(transaction: Transaction) -> None:
        transaction.before_commit.setdefault("flushed", []).append(30)

    before, failing, flushing, after = _as_one_group(database, [_mark(1), fails, flushes, _mark(4)])

    assert (before.result(WAIT), after.result(WAIT)) == (1, 4)
    flushing.result(WAIT)
    with pytest.raises(ValueError, match="no"):
        failing.result(WAIT)
    assert _marks(path) == [1, 4, 30]


def test_whoever_has_gone_harms_nobody(database: Database, path: Path) -> None:
    busy, may_go_on = threading.Event(), threading.Event()
    database.write(lambda _: (busy.set(), may_go_on.wait(WAIT)))
    assert busy.wait(WAIT)
    gone, stays = database.write(_mark(1)), database.write(_mark(2))

    assert gone.cancel()
    may_go_on.set()

    assert stays.result(WAIT) == 2
    assert database.write(_mark(3)).result(WAIT) == 3
    assert _marks(path) == [2, 3]


def test_nobody_can_go_once_their_work_has_begun(database: Database) -> None:
    busy, may_go_on = threading.Event(), threading.Event()
    future = database.write(lambda _: (busy.set(), may_go_on.wait(WAIT)))
    assert busy.wait(WAIT)

    assert not future.cancel()
    may_go_on.set()
    assert future.result(WAIT)


@pytest.mark.parametrize(
    "problem", [OSError("disk full"), sa.exc.OperationalError("", {}, Exception("disk full"))]
)
def test_a_group_that_cannot_be_committed_is_refused_whole(path: Path, problem: Exception) -> None:
    def break_down(_transaction: Transaction, _left: list[Any]) -> None:
        raise problem

    database = Database(path, {"broken": break_down})
    database.write(_make_table).result(WAIT)

    def breaks(transaction: Transaction) -> None:
        transaction.before_commit["broken"] = [1]

    futures = _as_one_group(database, [_mark(1), breaks, _mark(2)])

    for future in futures:
        with pytest.raises(Refusal) as caught:
            future.result(WAIT)
        assert caught.value.code is Code.SERVICE_UNAVAILABLE
        assert caught.value.headers["Retry-After"]
    assert _marks(path) == []
    assert database.write(_mark(3)).result(WAIT) == 3  # And the writer goes on.
    database.close()


def test_nobody_is_told_of_what_was_not_committed(database: Database, path: Path) -> None:
    def cannot_be_flushed(transaction: Transaction) -> None:
        transaction.before_commit.setdefault("flushed", []).append(1)

    written = _as_one_group(database, [_mark(1), _mark(1), cannot_be_flushed])

    for future in written:
        with pytest.raises(Refusal) as caught:
            future.result(WAIT)
        assert caught.value.code == Code.SERVICE_UNAVAILABLE
    assert _marks(path) == []


def test_a_disk_that_fails_in_the_middle_refuses_the_group_whole(
    database: Database, path: Path
) -> None:
    def disk_full(_transaction: Transaction) -> None:
        raise sa.exc.OperationalError("INSERT", {}, sqlite3.OperationalError("disk is full"))

    for future in _as_one_group(database, [_mark(1), disk_full, _mark(2)]):
        with pytest.raises(Refusal) as caught:
            future.result(WAIT)
        assert caught.value.code is Code.SERVICE_UNAVAILABLE
    assert _marks(path) == []


def test_a_unit_that_meets_a_constraint_is_run_again(database: Database, path: Path) -> None:
    runs: list[int] = []

    def clashes_once(transaction: Transaction) -> int:
        runs.append(1)
        held = transaction.connection.exec_driver_sql("SELECT count(*) FROM marks").scalar_one()
        # As a unit does that found nothing, while another one was writing the row.
        return int(_mark(7 if len(runs) == 1 else 7 + held)(transaction))

    database.write(_mark(7)).result(WAIT)

    assert database.write(clashes_once).result(WAIT) == 8
    assert len(runs) == 2
    assert _marks(path) == [7, 8]


def test_a_constraint_that_stays_broken_is_told(database: Database, path: Path) -> None:
    first, second, third = _as_one_group(database, [_mark(1), _mark(1), _mark(2)])

    assert (first.result(WAIT), third.result(WAIT)) == (1, 2)
    with pytest.raises(sa.exc.IntegrityError):
        second.result(WAIT)
    assert _marks(path) == [1, 2]


def test_a_reader_sees_what_is_committed_and_waits_for_nobody(database: Database) -> None:
    def count(transaction: Transaction) -> int:
        return int(
            transaction.connection.exec_driver_sql("SELECT count(*) FROM marks").scalar_one()
        )

    busy, may_go_on = threading.Event(), threading.Event()

    def writes_slowly(transaction: Transaction) -> None:
        _mark(1)(transaction)
        busy.set()
        assert may_go_on.wait(WAIT)

    future = database.write(writes_slowly)
    assert busy.wait(WAIT)

    assert database.read(count).result(WAIT) == 0
    may_go_on.set()
    future.result(WAIT)
    assert database.read(count).result(WAIT) == 1


def test_what_waits_is_finished_at_the_end_and_what_comes_later_is_refused(path: Path) -> None:
    database = Database(path)
    database.write(_make_table)
    futures = [database.write(_mark(mark)) for mark in range(200)]

    database.close()

    assert [future.result(0) for future in futures] == list(range(200))
    for late in (database.write(_mark(999)), database.read(_mark(999))):
        with pytest.raises(Refusal) as caught:
            late.result(0)
        assert caught.value.code is Code.SERVICE_UNAVAILABLE
    assert _marks(path) == list(range(200))
    database.close()  # Twice is once.


def test_a_world_in_memory_is_read_and_written() -> None:
    database = Database(None)
    database.write(_make_table).result(WAIT)
    database.write(_mark(1)).result(WAIT)

    found = database.read(
        lambda transaction: transaction.connection.exec_driver_sql("SELECT mark FROM marks").all()
    )

    assert found.result(WAIT) == [(1,)]
    database.close()


def test_one_sandbox_has_a_file_at_a_time(database: Database, path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="in use by another sandbox"):
        Database(path)
    with pytest.raises(DatabaseUnusable, match="in use by another sandbox"):
        forget_database(path)

    assert database.write(_mark(1)).result(WAIT) == 1


def test_a_file_is_free_again_after_its_sandbox(path: Path) -> None:
    first = Database(path)
    first.write(_make_table).result(WAIT)
    first.write(_mark(1)).result(WAIT)
    first.close()

    second = Database(path)
    second.write(_mark(2)).result(WAIT)
    second.close()

    assert _marks(path) == [1, 2]


def _unusable(kind: str, folder: Path) -> Path:
    path = folder / "given"
    if kind == "a folder":
        path.mkdir()
    elif kind == "a text":
        path.write_text("Dear diary, today I wrote more than a hundred bytes into this file. " * 4)
    elif kind == "a short text":
        path.write_text("hello")
    else:
        with closing(sqlite3.connect(path)) as connection:
            if kind == "another program's":
                connection.execute("CREATE TABLE notes (note TEXT)")
            else:
                connection.execute("CREATE TABLE schema_version (version TEXT, tool TEXT)")
            connection.commit()
    return path


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("a folder", "is a folder"),
        ("a text", "is not an SQLite database"),
        ("a short text", "is not an SQLite database"),
        ("another program's", "not a sandbox's"),
        ("another program's with a version table", "not a sandbox's"),
    ],
)
@pytest.mark.parametrize("use", [Database, forget_database])
def test_what_is_not_a_sandboxs_is_left_as_it_is(
    tmp_path: Path, kind: str, sentence: str, use: Any
) -> None:
    path = _unusable(kind, tmp_path)
    before = None if path.is_dir() else path.read_bytes()

    with pytest.raises(DatabaseUnusable, match=sentence) as caught:
        use(path)

    assert str(path) in str(caught.value)
    assert "--database" in str(caught.value)
    assert [item.name for item in tmp_path.iterdir()] == ["given"]
    assert before is None or path.read_bytes() == before


@pytest.mark.parametrize(("version", "age"), [(SCHEMA_VERSION + 1, "newer"), (0, "older")])
def test_the_file_of_another_version_is_refused_and_may_be_forgotten(
    path: Path, version: int, age: str
) -> None:
    Database(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE schema_version SET version = ?", (version,))
        connection.commit()
    before = path.read_bytes()

    with pytest.raises(DatabaseUnusable, match=f"written by a {age} version"):
        Database(path)

    assert path.read_bytes() == before
    forget_database(path)
    assert not path.exists()
    Database(path).close()


def test_a_file_that_ended_without_a_close_is_opened_with_all_it_was_told(
    path: Path, tmp_path: Path
) -> None:
    database = Database(path)
    database.write(_make_table).result(WAIT)
    database.write(_mark(1)).result(WAIT)
    # What a killed process leaves: the file and its write-ahead log, of which nothing was written back yet.
    left = tmp_path / "left" / "sandbox.db"
    left.parent.mkdir()
    for suffix in ("", "-wal"):
        source = Path(f"{path}{suffix}")
        Path(f"{left}{suffix}").write_bytes(source.read_bytes())
    database.close()

    Database(left).close()

    assert _marks(left) == [1]


def test_a_path_that_leads_through_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")

    with pytest.raises(DatabaseUnusable, match="cannot be made"):
        Database(tmp_path / "file" / "below" / "sandbox.db")


def test_a_part_of_a_unit_that_fails_is_undone_alone(database: Database, path: Path) -> None:
    def part(transaction: Transaction) -> None:
        _mark(2)(transaction)
        transaction.before_commit["flushed"].append(20)
        undoable(transaction, lambda: _mark(3)(transaction))
        raise ZeroDivisionError

    def unit(transaction: Transaction) -> None:
        transaction.before_commit["flushed"] = [10]
        _mark(1)(transaction)
        with pytest.raises(ZeroDivisionError):
            undoable(transaction, lambda: part(transaction))
        undoable(transaction, lambda: _mark(4)(transaction))

    database.write(unit).result(WAIT)

    assert _marks(path) == [1, 4, 10]


def test_a_part_that_loses_the_whole_transaction_says_so(database: Database, path: Path) -> None:
    def part() -> None:
        raise sa.exc.OperationalError("INSERT", {}, sqlite3.OperationalError("disk is full"))

    def unit(transaction: Transaction) -> None:
        _mark(1)(transaction)
        undoable(transaction, part)

    with pytest.raises(Refusal) as refused:
        database.write(unit).result(WAIT)

    assert refused.value.code == Code.SERVICE_UNAVAILABLE
    assert _marks(path) == []


def test_a_listener_that_fails_costs_nobody_an_answer(database: Database) -> None:
    def fails() -> None:
        raise RuntimeError("the event loop is closed")

    def announces(transaction: Transaction) -> int:
        transaction.announcements.add("changed")
        return 1

    database.listen("changed", fails)

    assert database.write(announces).result(WAIT) == 1
    assert database.write(_mark(2)).result(WAIT) == 2
