"""Readers, and the writer that commits in groups.

Acknowledged means durable: a unit of work's result is handed out only after the transaction that holds it is committed
(SQLite in WAL mode with synchronous=FULL; PostgreSQL with synchronous_commit). One thread writes. It takes every command that
waits, runs each under its own SAVEPOINT, and commits them together, so that one fsync serves many.

Where several processes share the database, commands that are committed together belong to one workspace, whose row is locked
first: so the units of a workspace run one after another, whichever process runs them, as they do on one file.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any

import sqlalchemy as sa

from sandbox.database.link import Link
from sandbox.database.postgresql import Postgresql, forget_tables, is_address
from sandbox.database.sqlite import READERS, Sqlite, forget_file
from sandbox.database.transaction import Transaction, Work, attempt, is_fatal
from sandbox.errors import Code, Refusal
from sandbox.observability.meter import Meter
from sandbox.receipts import Awaited, Receipt, deliver

logger = logging.getLogger(__name__)

_GROUP = 64
_READ_ATTEMPTS = 2

Flush = Callable[[Transaction, list[Any]], None]
_Command = tuple[Work, str | None, Receipt]


class _OutcomeUnknown(Exception):
    """Whether a group was committed cannot be found out: it is neither acknowledged nor run again."""


class Database:
    """Reads and writes of one database. Open it, use it, close it."""

    def __init__(self, place: Path | str | None, flushes: dict[str, Flush] | None = None) -> None:
        """Opens the SQLite file `place`, the PostgreSQL database at the address `place`, or one in memory when it is None.

        `flushes` names work that is put off to the end of a group: what commands leave in
        `transaction.before_commit[name]` is handed to `flushes[name]` just before the commit.
        Raises DatabaseUnusable.
        """
        self._flushes = flushes or {}
        self._place: Postgresql | Sqlite
        if isinstance(place, str) and is_address(place):
            self._place = Postgresql(place)
        else:
            self._place = Sqlite(None if place is None else Path(place))
        self._commands: queue.SimpleQueue[_Command | None] = queue.SimpleQueue()
        self._closed = False
        self._door = threading.Lock()  # No command may come in behind the last one.
        self._listeners: dict[str, Callable[[], None]] = {}
        self.meter = Meter()
        """Told of each group of writes."""
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._writer = threading.Thread(target=self._write, name="writer", daemon=True)
        self._writer.start()

    def write(self, work: Work, workspace: str | None = None) -> "Future[Any]":
        """Runs `work` in the writer; the future's result comes after the commit.

        `workspace` is the one that the work is about; None where it is about none, or about one that is being made.
        The future raises what `work` raised (its changes are undone), or Refusal SERVICE_UNAVAILABLE when the commit
        failed. `work` may be run more than once, each time from the start: a unit that meets a constraint is, since
        another one may just have written the row, and so is one whose transaction was lost.
        """
        future: Future[Any] = Future()
        self._put(work, workspace, future)
        return future

    async def written(self, work: Work, workspace: str | None = None) -> Any:
        """As `write`, for a coroutine. The answers of one group come back to the event loop together."""
        awaited = Awaited(asyncio.get_running_loop().create_future())
        self._put(work, workspace, awaited)
        if awaited.done():  # refused at the door
            awaited.deliver()
        return await awaited.future

    def _put(self, work: Work, workspace: str | None, receipt: Receipt) -> None:
        with self._door:
            if not self._closed:
                self._commands.put((work, workspace, receipt))
                return
        receipt.set_exception(_closed())

    def read(self, work: Work) -> "Future[Any]":
        """Runs `work`, which must only read, against what is committed."""
        if not self._place.has_readers:
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
        return self._place.is_shared

    @property
    def link(self) -> Link | None:
        """The connection to the processes that share the database; None where nobody does."""
        return self._place.link

    def listen(
        self, announcement: str, listener: Callable[[], None], *, here_only: bool = False
    ) -> None:
        """Has `listener` called, in the writer's thread, after each commit with this announcement and before its answers.

        Unless it is for what happens `here_only`, it is called in a thread of the link, soon, when another process has
        announced the same, and whenever something may have been missed.
        """
        self._listeners[announcement] = listener
        if self.link is not None and not here_only:
            self.link.listen(announcement, lambda _about: listener())

    def close(self) -> None:
        """Finishes what waits, then refuses new work."""
        with self._door:
            if self._closed:
                return
            self._closed = True
            self._commands.put(None)
        self._writer.join()
        self._readers.shutdown()
        self._place.close()

    def _read(self, work: Work) -> Any:
        for time in range(1, _READ_ATTEMPTS + 1):
            try:
                with self._place.reading.connect() as connection, connection.begin():
                    try:
                        return work(Transaction(connection))
                    except Exception as problem:
                        self._leave(connection, problem)
                        raise
            except Exception as problem:
                if not is_fatal(problem):
                    told = self._place.told(problem)
                    if told is problem:
                        raise
                    raise told from problem
                if not self._place.is_shared:
                    raise self._unavailable(problem) from problem
                # The other connections of the pool were lost with it.
                self._place.reading.dispose()
                if time == _READ_ATTEMPTS:
                    raise self._unavailable(problem) from problem
        raise AssertionError("unreachable")

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
                if command and command[2].set_running_or_notify_cancel()
            ]
            if not commands:
                continue
            if self._place.one_group_for_all:
                self._commit_group(commands, None)
                continue
            by_workspace: dict[str | None, list[_Command]] = {}
            for command in commands:
                by_workspace.setdefault(command[1], []).append(command)
            for workspace, some in by_workspace.items():
                self._commit_group(some, workspace)

    def _commit_group(self, commands: list[_Command], workspace: str | None) -> None:
        outcomes: list[tuple[Receipt, Any, Exception | None]] = []
        announcements: set[str] = set()
        began = perf_counter()
        for time in range(1, self._place.attempts + 1):
            outcomes.clear()
            try:
                announcements = self._in_one_transaction(commands, workspace, outcomes)
            except Exception as problem:  # noqa: BLE001  (whatever it was, nothing may be acknowledged)
                if is_fatal(problem) and time < self._place.attempts:
                    continue
                logger.error(  # noqa: TRY400  (a full disk is no fault of the code)
                    "a group of %d writes was not committed: %s", len(commands), problem
                )
                self.meter.group_ended(len(commands), perf_counter() - began, committed=False)
                if isinstance(problem, _OutcomeUnknown):
                    # It may have happened: nobody goes on with what was remembered from before it.
                    self._announce(set(self._listeners))
                self._refuse(commands, problem)
                return
            break
        self.meter.group_ended(len(commands), perf_counter() - began, committed=True)
        # First, so that whoever hears of the change finds nothing remembered from before it.
        self._announce(announcements)
        for receipt, result, failure in outcomes:
            if failure is None:
                receipt.set_result(result)
            else:
                receipt.set_exception(failure)
        deliver(receipt for _, _, receipt in commands)

    def _announce(self, announcements: set[str]) -> None:
        for announcement in announcements & self._listeners.keys():
            try:
                self._listeners[announcement]()
            except Exception:
                # What was committed is acknowledged, and the writer goes on.
                logger.exception("what was committed could not be told: %s", announcement)

    def _in_one_transaction(
        self,
        commands: list[_Command],
        workspace: str | None,
        outcomes: list[tuple[Receipt, Any, Exception | None]],
    ) -> set[str]:
        """Fills in what came of each command; answers what is announced. Raises when nothing was committed."""
        with self._place.writing.connect() as opened:
            connection = opened.execution_options(writes=True)
            transaction = Transaction(connection)
            held = connection.begin()
            try:
                self._run_all(transaction, commands, workspace, outcomes)
            except BaseException as problem:
                self._leave(connection, problem)
                held.rollback()
                raise
            try:
                held.commit()
            except Exception as problem:
                is_committed = self._place.was_committed(transaction)
                self._leave(connection, problem)
                held.rollback()
                if is_committed is None:
                    raise _OutcomeUnknown(str(problem)) from problem
                if not is_committed:
                    raise
            self._place.check()
        return transaction.announcements

    def _run_all(
        self,
        transaction: Transaction,
        commands: list[_Command],
        workspace: str | None,
        outcomes: list[tuple[Receipt, Any, Exception | None]],
    ) -> None:
        self._place.begin(transaction, workspace)
        for work, _, receipt in commands:
            try:
                outcomes.append((receipt, attempt(transaction, work), None))
            except Exception as problem:
                if is_fatal(problem):
                    raise
                outcomes.append((receipt, None, self._place.told(problem)))
        for name, left in transaction.before_commit.items():
            self._flushes[name](transaction, left)
        self._place.announce(transaction)

    def _leave(self, connection: sa.Connection, problem: BaseException) -> None:
        """Has a connection that may be lost opened anew for the next group."""
        if self._place.is_shared and isinstance(problem, Exception) and is_fatal(problem):
            connection.invalidate()

    def _refuse(self, commands: list[_Command], problem: Exception) -> None:
        # Also those whose unit had failed by itself: what it met may be what was not committed.
        for _, _, receipt in commands:
            receipt.set_exception(self._unavailable(problem))
        deliver(receipt for _, _, receipt in commands)

    def _unavailable(self, problem: Exception) -> Refusal:
        told = self._place.refusal(problem)
        return Refusal(Code.SERVICE_UNAVAILABLE, told, headers={"Retry-After": "5"})


def forget_database(place: Path | str) -> None:
    """Deletes a sandbox's database, of whatever version. Nothing is deleted that is not a sandbox's.

    Raises DatabaseUnusable when it is another program's, or in use.
    """
    if isinstance(place, str) and is_address(place):
        forget_tables(place)
    else:
        forget_file(Path(place))


def _closed() -> Refusal:
    return Refusal(
        Code.SERVICE_UNAVAILABLE,
        "The sandbox is shutting down. Send the request again once it is up.",
        headers={"Retry-After": "1"},
    )
