"""A process's connection to those that share its database: what they announce, and what only one of them may do at a time."""

import asyncio
import hashlib
import logging
import os
import select
import threading
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa

from sandbox.database.transaction import Transaction, Work
from sandbox.errors import Code, Refusal
from sandbox.prepared import Prepared

logger = logging.getLogger(__name__)

_FIRST_WAIT_SECONDS = 0.05
_LONGEST_WAIT_SECONDS = 2.0
IN_USE = "in-use"
"""The lock that every process shares while it has the database open."""
_PATIENCE_SECONDS = 20.0
_ASK_AGAIN_SECONDS = 0.5
_LOOK_SECONDS = 0.01
_SEPARATOR = "\n"
_holds = Prepared(
    sa.text(
        "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = :session AND objsubid = 1 "
        "AND mode = 'ExclusiveLock' AND granted AND (CAST(classid AS bigint) << 32 | CAST(objid AS bigint)) = :key)"
    )
)


class Link:
    """Hears the others' announcements in a thread of its own, and holds locks of the server for this process.

    The locks end with the connection, so a process that dies gives them back. Where the connection is lost, everybody who
    listens is told as though everything had happened, and whoever holds a lock has lost it.
    """

    def __init__(self, connect: Callable[[], Any], place: str) -> None:
        """`connect` opens a connection of psycopg. Only those whose `place`, a schema of the database, is the same hear of
        each other: names of locks and channels are the whole database's.
        """
        self.channel = f"esr_sandbox_{key_of(place):x}".replace("-", "n")
        self._place = place
        self.process = uuid.uuid4().hex
        """By what the others know this process."""
        self._connect = connect
        self._session = 0
        self._connection = self._opened()
        self._guard = threading.Lock()
        self._held: Counter[int] = Counter()
        self._listeners: dict[str, Callable[[str], None]] = {}
        self._is_closed = False
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._hear, name="link", daemon=True)
        self._thread.start()

    def listen(self, announcement: str, listener: Callable[[str], None]) -> None:
        """Has `listener` called with what another process announces: what follows the slash, or nothing."""
        self._listeners[announcement] = listener

    def told_to_others(self, announcements: Iterable[str]) -> str:
        """What is sent of announcements: those that somebody listens for across processes."""
        told = [each for each in sorted(announcements) if each.split("/")[0] in self._listeners]
        return _SEPARATOR.join([self.process, *told]) if told else ""

    def tell(self, announcement: str) -> None:
        """Announces something that no transaction goes with."""
        payload = f"{self.process}{_SEPARATOR}{announcement}"
        self._ask("SELECT pg_notify(%s, %s)", (self.channel, payload))

    def key_of(self, name: str) -> int:
        """The number by which the server knows a lock."""
        return key_of(f"{self._place}/{name}")

    def take(self, name: str) -> bool:
        """Takes a lock unless another process has it; False where it has, or where the server cannot be reached."""
        key = self.key_of(name)
        row = self._ask("SELECT pg_try_advisory_lock(%s)", (key,))
        if row is None or not row[0]:
            return False
        with self._guard:
            self._held[key] += 1
        return True

    def give_back(self, name: str) -> None:
        """Gives back a lock that was taken, if it was not lost meanwhile."""
        key = self.key_of(name)
        with self._guard:
            if not self._held[key]:
                return
            self._held[key] -= 1
        self._ask("SELECT pg_advisory_unlock(%s)", (key,))

    def fenced(self, name: str, work: Work) -> Work:
        """Work that is done only while this process has a lock, as the server knows it when the transaction is under way.

        A process that was held up so long that its lock was lost does not go on where another has begun: it raises Refusal
        SERVICE_UNAVAILABLE.
        """
        key = self.key_of(name)

        def run(transaction: Transaction) -> Any:
            if not _holds.run(
                transaction.connection, {"session": self._session, "key": key}
            ).fetchone()[0]:
                raise Refusal(
                    Code.SERVICE_UNAVAILABLE,
                    "Another process of the sandbox has taken this work over.",
                    headers={"Retry-After": "5"},
                )
            return work(transaction)

        return run

    async def try_to_take(self, name: str) -> bool:
        """As `take`, for a coroutine; whoever is cancelled meanwhile has not taken it."""
        taking = asyncio.ensure_future(asyncio.to_thread(self.take, name))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            taking.add_done_callback(lambda done: self._drop(name, is_taken=done.result()))
            raise

    @asynccontextmanager
    async def alone(self, name: str, announcement: str = "") -> AsyncIterator[None]:
        """Holds a lock while the block runs; waits until whoever has it gives it back, as `announcement` asks them to.

        Raises Refusal SERVICE_UNAVAILABLE when that takes too long.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        asked_at = 0.0
        while not await self.try_to_take(name):
            now = time.monotonic()
            if now > deadline:
                raise Refusal(
                    Code.SERVICE_UNAVAILABLE,
                    "Another process of the sandbox is at work on this workspace's world. Send the request again.",
                    headers={"Retry-After": "5"},
                )
            if announcement and now - asked_at > _ASK_AGAIN_SECONDS:
                await asyncio.to_thread(self.tell, announcement)
                asked_at = now
            await asyncio.sleep(_LOOK_SECONDS)
        try:
            yield
        finally:
            await asyncio.shield(asyncio.to_thread(self.give_back, name))

    def close(self) -> None:
        """Ends the connection, and with it every lock."""
        self._is_closed = True
        os.write(self._waker, b".")
        self._thread.join()
        self._connection.close()
        os.close(self._wake)
        os.close(self._waker)

    def _drop(self, name: str, *, is_taken: bool) -> None:
        if is_taken:
            self.give_back(name)

    def _ask(self, statement: str, values: tuple[Any, ...]) -> Any:
        import psycopg

        try:
            return self._connection.execute(statement, values).fetchone()
        except psycopg.Error as problem:
            logger.debug("the server cannot be asked: %s", problem)
            return None
        finally:
            # What others announced may have come with the answer.
            if not self._is_closed:
                os.write(self._waker, b".")

    def _opened(self) -> Any:
        connection = self._connect()
        connection.autocommit = True
        connection.execute(f"LISTEN {self.channel}")
        connection.execute("SELECT pg_advisory_lock_shared(%s)", (self.key_of(IN_USE),))
        self._session = connection.info.backend_pid
        return connection

    def _hear(self) -> None:
        import psycopg

        while not self._is_closed:
            try:
                self._wait(self._connection.fileno())
                for notice in self._connection.notifies(timeout=0):
                    process, *told = notice.payload.split(_SEPARATOR)
                    if process != self.process:
                        self._call(told)
            except (psycopg.Error, OSError, ValueError):
                if not self._is_closed:
                    self._connect_anew()

    def _wait(self, *others: int, seconds: float | None = None) -> None:
        ready, _, _ = select.select([self._wake, *others], [], [], seconds)
        if self._wake in ready:
            os.read(self._wake, 1024)

    def _call(self, told: Iterable[str]) -> None:
        for announcement in told:
            name, _, about = announcement.partition("/")
            listener = self._listeners.get(name)
            try:
                if listener is not None:
                    listener(about)
            except Exception:
                logger.exception("what another process announced could not be told: %s", name)

    def _connect_anew(self) -> None:
        import psycopg

        logger.warning("the connection to the database was lost; connecting again")
        with self._guard:
            self._held.clear()
        self._session = 0
        self._connection.close()
        self._call(list(self._listeners))
        wait = _FIRST_WAIT_SECONDS
        while not self._is_closed:
            try:
                self._connection = self._opened()
            except (sa.exc.DBAPIError, psycopg.Error):
                self._wait(seconds=wait)
                wait = min(_LONGEST_WAIT_SECONDS, wait * 2)
            else:
                # What was announced meanwhile was not heard.
                self._call(list(self._listeners))
                return


def key_of(name: str) -> int:
    """The number by which the server knows a name, which begins with the schema that it is about."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)
