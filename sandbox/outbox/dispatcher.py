"""Sends what waits in the outbox over HTTP, and hands each answer to whoever wrote the message.

A message is sent at least once: it stays in the outbox until its answer is stored, so a process that dies in between
sends it again under the same X-Request-ID or event id, and the receiver removes the duplicate.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import httpx

from sandbox.clock import ClockMode, wall_now
from sandbox.database import Database, Transaction
from sandbox.journal.recording import OUT, Half, Spoken, record
from sandbox.outbox.store import (
    DEAD,
    DONE,
    WORLD,
    Message,
    due_messages,
    put_off,
    settle_message,
    still_waits,
    workspaces_waiting,
)
from sandbox.web.call import Unit, open_unit
from sandbox.workspaces.store import find_workspace

logger = logging.getLogger(__name__)

_AT_ONCE = 16
_ROUTED = "nhs-jobs"
_IDLE_SECONDS = 0.5
_SHOWN = 200
_KEPT = 65_536  # bytes of an answer

# After the failures in turn, as a UK government service sends its webhooks again (Teaching Record System,
# docs/api-designs/webhooks.md): on the world's clock, then given up.
DELIVERY_WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
_LONGEST_BACK_OFF = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status and a body, or status 0 and the reason why nothing did."""

    status: int
    body: bytes
    retry_after: float | None = None
    media_type: str = ""

    @property
    def is_definite(self) -> bool:
        """Whether sending the same message again would be pointless: the receiver has decided."""
        return 0 < self.status < 500 and self.status not in (408, 429)


Settle = Callable[[Unit, Message, Answer], None]


class Route(Protocol):
    """How a sender's messages reach another system."""

    def address(self, url: str) -> str:
        """The address that a message's `url` stands for."""

    async def authorization(self, workspace: str) -> dict[str, str]:
        """The headers that name the sender."""


class Dispatcher:
    """Sends messages until it is stopped."""

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Settle],
        timeout: float,
        route: Route | None = None,
    ) -> None:
        """`handlers` by kind: what to do, in the same transaction, with a message's definite answer.

        `route` finds ESR for the messages of NHS Jobs; None where NHS Jobs does not run.
        """
        self._database = database
        self._handlers = handlers
        self._route = route
        self._timeout = timeout
        self._client = httpx.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False)
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._in_flight: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._ended_meanwhile: set[tuple[str, int]] = set()
        self._task = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Has the outbox looked at; may be called from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    async def stop(self) -> None:
        """Lets what is under way finish, then stops."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.gather(*self._in_flight.values(), return_exceptions=True)
        await self._client.aclose()

    async def quiet(self, workspace: str, timeout: float) -> list[Message]:
        """Waits until nothing that is due in `workspace` is unsent; what still waits when time is up."""
        deadline = self._loop.time() + timeout
        while True:
            due = [item for item in await self._due(_SHOWN) if item.workspace == workspace]
            if not due and not any(key[0] == workspace for key in self._in_flight):
                return []
            if self._loop.time() >= deadline:
                return due
            self._woken.set()
            await asyncio.sleep(0.02)

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self._send_due()
            except Exception:
                logger.exception("the outbox could not be read; trying again")
            # Not wait_for, which before Python 3.12 loses a cancellation that comes together with the event.
            with suppress(TimeoutError):
                async with asyncio.timeout(_IDLE_SECONDS):
                    await self._woken.wait()

    async def _send_due(self) -> None:
        # What ends while the outbox is read may be seen as waiting still: it is not sent a second time.
        self._ended_meanwhile.clear()
        # What is under way stands at the head of its lane still: room is left for as many.
        for message in await self._due(_AT_ONCE + len(self._in_flight)):
            key = (message.workspace, message.message_id)
            if key in self._in_flight or key in self._ended_meanwhile:
                continue
            if len(self._in_flight) >= _AT_ONCE:
                break
            if message.alone and any(name == message.workspace for name, _ in self._in_flight):
                continue
            task = asyncio.create_task(self._send(message))
            self._in_flight[key] = task
            task.add_done_callback(lambda done, key=key: self._finished(done, key))  # type: ignore[misc]

    def _finished(self, task: asyncio.Task[None], key: tuple[str, int]) -> None:
        self._in_flight.pop(key, None)
        self._ended_meanwhile.add(key)
        problem = None if task.cancelled() else task.exception()
        if problem is None:
            self._woken.set()
        else:
            # It stays where it is and is tried again with the next look, not at once and for ever.
            logger.error(
                "message %s of workspace %s could not be sent: %s", key[1], key[0], problem
            )

    async def _due(self, limit: int) -> list[Message]:
        def read(transaction: Transaction) -> list[Message]:
            connection, wall = transaction.connection, wall_now()
            due: list[Message] = []
            for name in workspaces_waiting(connection):
                workspace = find_workspace(connection, name)
                world = workspace.clock.now(wall) if workspace else wall
                # Where the clock stands still, the same moves give the same journal: one message at a time.
                alone = workspace is not None and workspace.clock.mode is ClockMode.FROZEN
                due += due_messages(connection, name, wall, world, limit, alone=alone)
            return due

        found: list[Message] = await asyncio.wrap_future(self._database.read(read))
        return found

    async def _send(self, message: Message) -> None:
        url, headers = message.url, message.headers
        if self._route is not None and message.sender == _ROUTED:
            url = self._route.address(url)
            headers = headers | await self._route.authorization(message.workspace)
        wall, began = wall_now(), time.perf_counter()
        answer = await self._ask(message, url, headers)
        took = (time.perf_counter() - began) * 1000

        def settle(transaction: Transaction) -> None:
            if find_workspace(transaction.connection, message.workspace) is None:
                return
            unit = open_unit(transaction, message.workspace, wall, message.sender)
            record(transaction, unit.workspace, _spoken(message, url, headers, answer, unit, took))
            # A reset or a restore may have put another message under its number, or a subscription may have gone.
            if still_waits(unit.connection, message):
                self._settle(unit, message, answer)

        await self._database.written(settle)

    async def _ask(self, message: Message, url: str, headers: dict[str, str]) -> Answer:
        for is_last in (False, True):
            try:
                async with asyncio.timeout(self._timeout):
                    return await self._answer(message, url, headers)
            except TimeoutError as problem:
                return _none(problem)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as problem:
                # The other side may have closed a connection that lay idle: that says nothing about it.
                if is_last:
                    return _none(problem)
            except (httpx.HTTPError, httpx.InvalidURL) as problem:
                return _none(problem)
        raise AssertionError("unreachable")

    async def _answer(self, message: Message, url: str, headers: dict[str, str]) -> Answer:
        """Sends once. Of an answer that does not end, no more is read than is kept."""
        asked = self._client.stream(message.method, url, headers=headers, content=message.body)
        body = bytearray()
        async with asked as response:
            async for part in response.aiter_bytes():
                body += part
                if len(body) >= _KEPT:
                    break
        return Answer(
            response.status_code,
            bytes(body[:_KEPT]),
            _retry_after(response),
            response.headers.get("content-type", ""),
        )

    def _settle(self, unit: Unit, message: Message, answer: Answer) -> None:
        summary = f"{answer.status} {answer.body[:200].decode('utf-8', 'replace')}"
        is_delivery = message.due_clock == WORLD
        good = 200 <= answer.status < 300 if is_delivery else answer.is_definite
        if good:
            settle_message(unit.connection, message, DONE, summary)
            self._handlers[message.kind](unit, message, answer)
            return
        if is_delivery:
            if message.attempts >= len(DELIVERY_WAITS):
                settle_message(unit.connection, message, DEAD, summary)
                return
            asked = timedelta(seconds=answer.retry_after or 0)
            wait, now = max(DELIVERY_WAITS[message.attempts], asked), unit.now
        else:
            wait, now = _back_off(message.attempts, answer), wall_now()
        put_off(unit.connection, message, now, wait, summary)


def _none(problem: Exception) -> Answer:
    return Answer(0, str(problem).encode() or type(problem).__name__.encode())


def _spoken(
    message: Message,
    url: str,
    headers: dict[str, str],
    answer: Answer,
    unit: Unit,
    duration_ms: float,
) -> Spoken:
    """The exchange as the journal keeps it."""
    path, _, query = url.partition("?")
    answered = answer.body if answer.status else b""
    lower = {name.lower(): value for name, value in headers.items()}
    return Spoken(
        direction=OUT,
        system=message.sender,
        method=message.method,
        path=path,
        query=query or None,
        request=Half(lower, message.body),
        status=answer.status,
        answer=Half({}, answered, answer.media_type),
        started=unit.wall,
        duration_ms=duration_ms,
        world=unit.now,
        names={"request_id": lower.get("x-request-id")},
    )


def _retry_after(response: httpx.Response) -> float | None:
    """Retry-After in seconds, a day at most; None where it is missing or a date."""
    told = response.headers.get("retry-after", "")
    return min(float(told), 86_400.0) if told.isascii() and told.isdigit() else None


def _back_off(attempts: int, answer: Answer) -> timedelta:
    """Doubling waits, and never less than the receiver asked for (RFC 9110 section 10.2.3)."""
    doubled: timedelta = min(
        _LONGEST_BACK_OFF, timedelta(seconds=0.2 * float(2 ** min(attempts, 10)))
    )
    return max(doubled, timedelta(seconds=answer.retry_after or 0))
