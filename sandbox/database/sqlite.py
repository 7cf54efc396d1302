"""A database in one SQLite file, or in memory. The file belongs to one process at a time."""

import logging
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from filelock import FileLock, Timeout

from sandbox.database.copying import copy_file, flush
from sandbox.database.link import Link
from sandbox.database.schema import (
    OLDEST_VERSION,
    SCHEMA_VERSION,
    DatabaseUnusable,
    age_of,
    prepare_schema,
)
from sandbox.database.transaction import Transaction

READERS = 4
logger = logging.getLogger(__name__)

_GONE = "the file is gone"
_CAUSES = (
    (
        _GONE,
        "{path}, or the log beside it, was moved or deleted while the sandbox runs. Put it back.",
    ),
    ("locked", "{path} is locked by another process. End what holds it."),
    (
        "readonly",
        "{path} may not be written any more. Give the right back, or mount the disk for writing.",
    ),
    ("full", "There is no room on the disk of {path}. Free some."),
    (
        "disk I/O error",
        "The disk of {path} refuses to be written or read: it may be full, or broken.",
    ),
    ("malformed", "{path} is damaged. Stop the sandbox and start it on a backup."),
    ("not a database", "{path} is damaged. Stop the sandbox and start it on a backup."),
    (
        "unable to open",
        "{path} cannot be opened any more. Put it back, or give this user the right to it.",
    ),
)
"""Words of SQLite's, and the sentence that they become."""
_SEND_AGAIN = "Nothing was changed that is not told when the request is sent again with the same X-Request-ID."


class Sqlite:
    """One SQLite file that is open, or a database in memory."""

    is_shared = False
    link: Link | None = None
    one_group_for_all = True
    """Whether commands of several workspaces are committed together."""
    attempts = 1
    """How often a group is run whose transaction was lost: here the disk is at fault, and stays so."""

    def __init__(self, path: Path | None) -> None:
        """Opens `path`, or a database in memory when it is None. Raises DatabaseUnusable."""
        self._path = path
        if path is not None:
            _check_place(path)
            _check_content(path)
        self._lock = _take(path)
        try:
            if path is not None:
                _bring_up_to_date(path)
            self.writing = self._open(path)
            self._files = () if path is None else _identities(path)
            # Another's pages would be no use to the writer, which keeps one connection and with it what it has read.
            self.reading = self.writing if path is None else _engine(path, reads_only=True)
        except BaseException:
            _give_back(self._lock)
            raise

    @property
    def has_readers(self) -> bool:
        """Whether reads go beside the writer; a database in memory belongs to one connection, which the writer holds."""
        return self._path is not None

    def refusal(self, problem: Exception) -> str:
        """What is told to those whose writes were lost, or whose reads failed: the cause, and what to do."""
        said = str(getattr(problem, "orig", None) or problem)
        for words, sentence in _CAUSES:
            if words in said:
                return f"{sentence.format(path=self._path)} {_SEND_AGAIN}"
        return f"The sandbox could not store the change: {said[:200]}. {_SEND_AGAIN}"

    def told(self, problem: Exception) -> Exception:
        """What is told of a unit that failed: what it raised."""
        return problem

    def begin(self, _transaction: Transaction, _workspace: str | None) -> None:
        """Looks whether the file is still where it belongs; its one writer is alone. Raises OSError."""
        self.check()

    def check(self) -> None:
        """Raises OSError where the file is not under its name any more: what is written to it then, no start would find."""
        if self._path is not None and _identities(self._path) != self._files:
            raise FileNotFoundError(_GONE)

    def announce(self, _transaction: Transaction) -> None:
        """Nothing: nobody else has the file."""

    def was_committed(self, _transaction: Transaction) -> bool:
        """A commit that fails has not happened."""
        return False

    def close(self) -> None:
        """Ends every connection and gives the file back."""
        self.reading.dispose()
        self.writing.dispose()
        _give_back(self._lock)

    def _open(self, path: Path | None) -> sa.Engine:
        if path is not None:
            _make_private(path)
        engine = _engine(path)
        try:
            with engine.connect() as opened:
                connection = opened.execution_options(writes=True)
                with connection.begin():
                    prepare_schema(connection)
        except sa.exc.DatabaseError as problem:
            engine.dispose()
            raise DatabaseUnusable(_explain(path, problem.orig)) from problem
        return engine


def _engine(path: Path | None, *, reads_only: bool = False) -> sa.Engine:
    """One connection that writes, or a pool of those that read."""
    address = "sqlite://" if path is None else f"sqlite:///{path}"
    options: dict[str, Any] = {
        "connect_args": {"check_same_thread": False},
        # What fails is told in logs, and parameters may be persons.
        "hide_parameters": True,
    }
    if reads_only:
        engine = sa.create_engine(address, pool_size=READERS, **options)
    else:
        engine = sa.create_engine(address, poolclass=sa.StaticPool, **options)

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


def forget_file(path: Path) -> None:
    """Deletes a sandbox's file, of whatever version. Nothing is deleted that is not a sandbox's.

    Raises DatabaseUnusable when the file is another program's, or in use.
    """
    if not path.exists():
        return
    _check_place(path)
    held_version(path)
    lock = _take(path)
    try:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
    finally:
        _give_back(lock)


def _check_content(path: Path) -> None:
    """Looks into a file before anything is written to it, or beside it. Raises DatabaseUnusable for one not of ours."""
    version = held_version(path)
    if version is not None and not OLDEST_VERSION <= version <= SCHEMA_VERSION:
        raise DatabaseUnusable(
            f"{path} was written by a {age_of(version)} version of the sandbox (schema {version}, this one has "
            f"{SCHEMA_VERSION}). Use that version, name another file with --database, or begin again with --fresh."
        )


def _bring_up_to_date(path: Path) -> None:
    """Brings a file of an earlier schema to the present one, and keeps a copy of it as it was.

    All of it is one transaction: a process that dies meanwhile leaves the file as it was. Raises DatabaseUnusable.
    """
    version = held_version(path)
    if version is None or version == SCHEMA_VERSION:
        return
    # Imported when it is asked for: Alembic is read once in a database's life.
    from sandbox.migrations import migrate

    kept = path.with_name(f"{path.name}.schema-{version}")
    growing = path.with_name(f"{kept.name}.part")
    copy_file(path, growing)
    growing.replace(kept)
    flush(kept.parent)
    engine = _engine(path)
    try:
        with engine.connect() as opened:
            connection = opened.execution_options(writes=True)
            with connection.begin():
                migrate(connection, version)
    except sa.exc.DatabaseError as problem:
        raise DatabaseUnusable(
            f"{path} could not be brought from schema {version} to {SCHEMA_VERSION}: {problem.orig}. It was left as it is."
        ) from problem
    finally:
        engine.dispose()
    logger.warning(
        "%s was of schema %d and is of schema %d now; as it was, it is kept as %s",
        path,
        version,
        SCHEMA_VERSION,
        kept,
    )


def _identities(path: Path) -> tuple[tuple[int, int] | None, ...]:
    """Which files lie under the names of the database and of its log: by device and number, None where none does."""
    found: list[tuple[int, int] | None] = []
    for name in (str(path), f"{path}-wal"):
        try:
            held = os.stat(name)  # noqa: PTH116  (this is asked twice for each commit)
        except OSError:
            found.append(None)
        else:
            found.append((held.st_dev, held.st_ino))
    return tuple(found)


def held_version(path: Path) -> int | None:
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


def _make_private(path: Path) -> None:
    """Makes the file where there is none, for its owner alone: it holds keys that sign. SQLite's files beside it follow it."""
    # What hinders it is told by SQLite, in its turn.
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


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
