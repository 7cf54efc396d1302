"""The one database of a sandbox: engines, schema version, readers, and the writer that commits in groups.

Acknowledged means durable: a unit of work's result is handed out only after the transaction that holds it is committed
(SQLite in WAL mode with synchronous=FULL). One thread writes. It takes every command that waits, runs each under its
own SAVEPOINT, and commits them together, so that one fsync serves many.
"""

import asyncio
import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from filelock import FileLock, Timeout

from sandbox.errors import Code, Refusal
from sandbox.prepared import Prepared
from sandbox.receipts import Awaited, Receipt, deliver

logger = logging.getLogger(__name__)

SCHEMA_VERSION = 4
_GROUP = 64
_ATTEMPTS = 3
_READERS = 4

metadata = sa.MetaData()
_begin_unit = Prepared(sa.text("SAVEPOINT unit"))
_end_unit = Prepared(sa.text("RELEASE SAVEPOINT unit"))

schema_version = sa.Table(
    "schema_version", metadata, sa.Column("version", sa.Integer, primary_key=True)
)


class DatabaseUnusable(Exception):
    """The database cannot be used at all; the message says why and what to do."""


@dataclass(slots=True)
class Transaction:
    """What one group of commands shares: the connection, and work to be done once before the commit."""

    connection: sa.Connection
    before_commit: dict[str, list[Any]] = field(default_factory=dict)
    announcements: set[str] = field(default_factory=set)
    """What has happened, for those who listen: they are told once it is committed."""


Work = Callable[[Transaction], Any]
Result = TypeVar("Result")


class Undone(Exception):
    """Raised by a unit to undo all that it did so far and to go on with `then`, whose result becomes the unit's."""

    def __init__(self, then: Work) -> None:
        super().__init__("the unit's changes are undone")
        self.then = then


Flush = Callable[[Transaction, list[Any]], None]


class Database:
    """Reads and writes of one database. Open it, use it, close it."""

    def __init__(self, path: Path | None, flushes: dict[str, Flush] | None = None) -> None:
        """Opens `path`, or a database in memory when it is None.

        `flushes` names work that is put off to the end of a group: what commands leave in
        `transaction.before_commit[name]` is handed to `flushes[name]` just before the commit.
        Raises DatabaseUnusable.
        """
        self._path = path
        if path is not None:
            _check_place(path)
            _check_content(path)
        self._lock = _take(path)
        self._flushes = flushes or {}
        try:
            self._engine = self._open(path)
            # Another's pages would be no use to the writer, which keeps one connection and with it what it has read.
            self._reading = self._engine if path is None else _engine(path, reads_only=True)
        except BaseException:
            self._release()
            raise
        self._commands: queue.SimpleQueue[tuple[Work, Receipt] | None] = queue.SimpleQueue()
        self._closed = False
        self._door = threading.Lock()  # No command may come in behind the last one.
        self._listeners: dict[str, Callable[[], None]] = {}
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="reader")
        self._writer = threading.Thread(target=self._write, name="writer", daemon=True)
        self._writer.start()

    def write(self, work: Work) -> "Future[Any]":
        """Runs `work` in the writer; the future's result comes after the commit.

        The future raises what `work` raised (its changes are undone), or Refusal SERVICE_UNAVAILABLE when the commit
        failed. A unit that meets a constraint is run again, since another one may just have written the row.
        """
        future: Future[Any] = Future()
        self._put(work, future)
        return future

    async def written(self, work: Work) -> Any:
        """As `write`, for a coroutine. The answers of one group come back to the event loop together."""
        awaited = Awaited(asyncio.get_running_loop().create_future())
        self._put(work, awaited)
        if awaited.done():  # refused at the door
            awaited.deliver()
        return await awaited.future

    def _put(self, work: Work, receipt: Receipt) -> None:
        with self._door:
            if not self._closed:
                self._commands.put((work, receipt))
                return
        receipt.set_exception(_closed())

    def read(self, work: Work) -> "Future[Any]":
        """Runs `work`, which must only read, against what is committed."""
        if self._path is None:
            # A database in memory belongs to one connection, which the writer holds.
            return self.write(work)
        with self._door:
            if not self._closed:
                return self._readers.submit(self._read, work)
        future: Future[Any] = Future()
        future.set_exception(_closed())
        return future

    @property
    def is_shared(self) -> bool:
        """Whether other processes write to the same database."""
        return False

    def listen(self, announcement: str, listener: Callable[[], None]) -> None:
        """Has `listener` called, in the writer's thread, after each commit with this announcement and before its answers."""
        self._listeners[announcement] = listener

    def close(self) -> None:
        """Finishes what waits, then refuses new work."""
        with self._door:
            if self._closed:
                return
            self._closed = True
            self._commands.put(None)
        self._writer.join()
        self._readers.shutdown()
        self._reading.dispose()
        self._engine.dispose()
        self._release()

    def _release(self) -> None:
        _give_back(self._lock)

    def _read(self, work: Work) -> Any:
        with self._reading.connect() as connection, connection.begin():
            return work(Transaction(connection))

    def _write(self) -> None:
        open_ended = True
        while open_ended:
            group = [self._commands.get()]
            while len(group) < _GROUP:
                try:
                    group.append(self._commands.get_nowait())
                except queue.Empty:
                    break
            open_ended = None not in group
            # Whoever asked may have gone; from here on nobody can go before the answer is there.
            commands = [
                command
                for command in group
                if command and command[1].set_running_or_notify_cancel()
            ]
            if commands:
                self._commit_group(commands)

    def _commit_group(self, commands: list[tuple[Work, Receipt]]) -> None:
        finished: list[tuple[Receipt, Any]] = []
        announcements: set[str] = set()
        try:
            with self._engine.connect() as opened:
                connection = opened.execution_options(writes=True)
                with connection.begin():
                    transaction = Transaction(connection)
                    for work, receipt in commands:
                        try:
                            finished.append((receipt, _attempt(transaction, work)))
                        except Exception as problem:
                            if is_fatal(problem):
                                raise
                            receipt.set_exception(problem)
                    for name, left in transaction.before_commit.items():
                        self._flushes[name](transaction, left)
                    announcements = transaction.announcements
        except Exception as problem:  # noqa: BLE001  (whatever it was, nothing may be acknowledged)
            logger.error(  # noqa: TRY400  (a full disk is no fault of the code)
                "a group of %d writes was not committed: %s", len(commands), problem
            )
            refusal = Refusal(
                Code.SERVICE_UNAVAILABLE,
                "The sandbox could not store the change; nothing was changed. Free disk space or mend the database, "
                "then send the request again with the same X-Request-ID.",
                headers={"Retry-After": "5"},
            )
            for _, receipt in commands:
                if not receipt.done():
                    receipt.set_exception(refusal)
            deliver(receipt for _, receipt in commands)
            return
        # First, so that whoever hears of the change finds nothing remembered from before it.
        for announcement in announcements & self._listeners.keys():
            self._listeners[announcement]()
        for receipt, result in finished:
            receipt.set_result(result)
        deliver(receipt for _, receipt in commands)

    def _open(self, path: Path | None) -> sa.Engine:
        engine = _engine(path)
        try:
            with engine.connect() as opened:
                connection = opened.execution_options(writes=True)
                with connection.begin():
                    _prepare_schema(connection)
        except sa.exc.DatabaseError as problem:
            engine.dispose()
            raise DatabaseUnusable(_explain(path, problem.orig)) from problem
        return engine


def _closed() -> Refusal:
    return Refusal(
        Code.SERVICE_UNAVAILABLE,
        "The sandbox is shutting down. Send the request again once it is up.",
        headers={"Retry-After": "1"},
    )


def _attempt(transaction: Transaction, work: Work) -> Any:
    connection = transaction.connection
    for attempt in range(1, _ATTEMPTS + 1):
        put_off = {name: len(left) for name, left in transaction.before_commit.items()}
        _begin_unit.run(connection, {})
        try:
            try:
                result = work(transaction)
            except Undone as undone:
                _undo(transaction, put_off)
                result = undone.then(transaction)
        except Exception as problem:
            _undo(transaction, put_off)
            _end_unit.run(connection, {})
            if isinstance(problem, sa.exc.IntegrityError) and attempt < _ATTEMPTS:
                continue
            raise
        _end_unit.run(connection, {})
        return result
    raise AssertionError("unreachable")


def undoable(transaction: Transaction, work: Callable[[], Result]) -> Result:
    """Runs a part of a unit of work so that it leaves nothing behind when it raises; the rest of the unit stands."""
    connection = transaction.connection
    put_off = {name: len(left) for name, left in transaction.before_commit.items()}
    connection.exec_driver_sql("SAVEPOINT part")
    try:
        result = work()
    except Exception as problem:
        # Where the whole transaction is lost, there is no savepoint to go back to.
        if not is_fatal(problem):
            _undo(transaction, put_off, "part")
            connection.exec_driver_sql("RELEASE SAVEPOINT part")
        raise
    connection.exec_driver_sql("RELEASE SAVEPOINT part")
    return result


def _undo(transaction: Transaction, put_off: dict[str, int], savepoint: str = "unit") -> None:
    transaction.connection.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {savepoint}")
    for name, left in transaction.before_commit.items():
        del left[put_off.get(name, 0) :]


def is_fatal(problem: Exception) -> bool:
    """Whether the whole transaction is lost: disk full, input/output error, file gone, database locked."""
    return isinstance(problem, sa.exc.OperationalError | sa.exc.InterfaceError)


def _engine(path: Path | None, *, reads_only: bool = False) -> sa.Engine:
    """One connection that writes, or a pool of those that read."""
    address = "sqlite://" if path is None else f"sqlite:///{path}"
    arguments: dict[str, Any] = {"check_same_thread": False}
    if reads_only:
        engine = sa.create_engine(address, pool_size=_READERS, connect_args=arguments)
    else:
        engine = sa.create_engine(address, poolclass=sa.StaticPool, connect_args=arguments)

    @sa.event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        # The driver's own idea of transactions is off; we begin them ourselves.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA busy_timeout=5000")
        # In KiB. A reader's pages are stale after the next commit.
        connection.execute(f"PRAGMA cache_size={-2048 if reads_only else -65536}")
        # After a read that took long, the log is cut to this many bytes again.
        connection.execute("PRAGMA journal_size_limit=67108864")
        connection.execute(f"PRAGMA query_only={int(reads_only)}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _prepare_schema(connection: sa.Connection) -> None:
    if not sa.inspect(connection).get_table_names():
        metadata.create_all(connection)
        connection.execute(schema_version.insert().values(version=SCHEMA_VERSION))


def forget_database(path: Path) -> None:
    """Deletes a sandbox's database, of whatever version. Nothing is deleted that is not a sandbox's.

    Raises DatabaseUnusable when the file is another program's, or in use.
    """
    if not path.exists():
        return
    _check_place(path)
    _held_version(path)
    lock = _take(path)
    try:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
    finally:
        _give_back(lock)


def _check_content(path: Path) -> None:
    """Looks into a file before anything is written to it, or beside it. Raises DatabaseUnusable for one not of ours."""
    version = _held_version(path)
    if version is not None and version != SCHEMA_VERSION:
        age = "newer" if version > SCHEMA_VERSION else "older"
        raise DatabaseUnusable(
            f"{path} was written by a {age} version of the sandbox (schema {version}, this one has {SCHEMA_VERSION}). "
            "Use that version, name another file with --database, or begin again with --fresh."
        )


def _held_version(path: Path) -> int | None:
    """The schema version of a sandbox's file, None where nothing is yet. Raises DatabaseUnusable for another's."""
    if not path.exists() or path.stat().st_size == 0:
        return None
    # Without its write-ahead log a file is whole by itself, and `immutable` keeps SQLite from putting files beside it.
    mode = "mode=ro" if Path(f"{path}-wal").exists() else "mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)) as connection:
            tables = {
                name
                for (name,) in connection.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table'"
                )
            }
            if not tables:
                return None
            if not tables >= {"schema_version", "workspaces"}:
                raise DatabaseUnusable(
                    f"{path} is an SQLite file, but not a sandbox's. Name another file with --database; this one was "
                    "left as it is."
                )
            row = connection.execute("SELECT version FROM schema_version").fetchone()
    except sqlite3.Error as problem:
        raise DatabaseUnusable(_explain(path, problem)) from problem
    return int(row[0]) if row else None


def _check_place(path: Path) -> None:
    """Raises DatabaseUnusable, in words, for a path at which this user can have no file."""
    folder = path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise DatabaseUnusable(
            f"The folder {folder} cannot be made: {problem.strerror}. Name another with --database."
        ) from problem
    if path.is_dir():
        raise DatabaseUnusable(f"{path} is a folder. Name a file with --database.")
    for target in (folder, path):
        if target.exists() and not os.access(target, os.R_OK | os.W_OK):
            raise DatabaseUnusable(
                f"{target} cannot be read and written by this user. Change its permissions or name another file "
                "with --database."
            )


def _take(path: Path | None) -> FileLock | None:
    """Takes the file for this process. Raises DatabaseUnusable when another has it."""
    if path is None:
        return None
    lock = FileLock(f"{path}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise DatabaseUnusable(
            f"{path} is in use by another sandbox. Stop that one or name another file with --database."
        ) from None
    except OSError as problem:
        raise DatabaseUnusable(
            f"{path} cannot be used: {problem.strerror}. Name another file with --database."
        ) from problem
    return lock


def _give_back(lock: FileLock | None) -> None:
    if lock is not None:
        lock.release()


def _explain(path: Path | None, cause: BaseException | None) -> str:
    if isinstance(cause, sqlite3.DatabaseError) and "not a database" in str(cause):
        return f"{path} is not an SQLite database. Name another file with --database; this one was left as it is."
    if "locked" in str(cause):
        return f"{path} is in use by another process. Stop that sandbox or name another file with --database."
    return (
        f"{path} cannot be used: {cause}. Name another file with --database, or begin again with --fresh; "
        "this one was left as it is."
    )
