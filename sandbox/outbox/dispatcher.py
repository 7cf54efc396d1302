"""Sends what waits in the outbox over HTTP, and hands each answer to whoever wrote the message.

A message is sent at least once: it stays in the outbox until its answer is stored, so a process that dies in between
sends it again under the same X-Request-ID or event id, and the receiver removes the duplicate.
"""

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import datetime, timedelta

from sandbox.clock import ClockMode, wall_now
from sandbox.database import Database, Transaction
from sandbox.faults.rules import DELIVERIES, Strike
from sandbox.faults.scenarios import HEADER as SCENARIO
from sandbox.faults.scenarios import SCENARIOS
from sandbox.faults.striking import Faults
from sandbox.journal.recording import OUT, Half, Spoken, applicant_in, record
from sandbox.observability.meter import Meter
from sandbox.observability.tracer import Tracer
from sandbox.outbox.sending import Answer, Route, Sender, Sent, Sign
from sandbox.outbox.sharing import Sharing
from sandbox.outbox.spoiling import HELD, HOLDS_BACK, held_until, lanes_beside, struck_by
from sandbox.outbox.store import (
    WALL,
    WORLD,
    Message,
    due_messages,
    earliest_due,
    give_up,
    hold_back,
    put_off,
    release,
    settle_message,
    still_waits,
)
from sandbox.outgoing import Outgoing
from sandbox.settings import Settings
from sandbox.timestamps import to_text
from sandbox.web.call import Unit, open_unit
from sandbox.workspaces.store import find_workspace

logger = logging.getLogger(__name__)

_AT_ONCE = 64
_AT_ONCE_EACH = 16
"""Of one workspace: a receiver that hangs holds up its own supplier's messages and nobody else's."""
_FRESH_SECONDS = 0.05
"""How old a look at the outbox may be where all that it found waits for room in its own workspace."""
_AHEAD = 64
_IDLE_SECONDS = 0.5
_LOOK_SECONDS = 0.02
_HOLD_SECONDS = 5.0
_STOP_SECONDS = 5.0
_SHOWN = 200

# After the failures in turn, as a UK government service sends its webhooks again (Teaching Record System,
# docs/api-designs/webhooks.md): on the world's clock, then given up.
DELIVERY_WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
_LONGEST_BACK_OFF = timedelta(seconds=30)


_LOST = Answer(0, b"the answer was lost: a fault that a test asked for")

Settle = Callable[[Unit, Message, Answer], None]


class Dispatcher:
    """Sends messages until it is stopped."""

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Settle],
        timeout: float,
        route: Route | None = None,
        signers: Mapping[str, Sign] | None = None,
        faults: Faults | None = None,
        outgoing: Outgoing | None = None,
        meter: Meter | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        """`handlers` by kind: what to do, in the same transaction, with a message's definite answer.

        `route` finds ESR for the messages of NHS Jobs; None where NHS Jobs does not run. `signers` by kind: whose
        messages are signed. `faults` may strike deliveries. `outgoing` says what may be reached; loopback when left out.
        `meter` and `tracer` are told of each attempt.
        """
        self._database = database
        self._handlers = handlers
        self._sender = Sender(timeout, route, signers or {}, outgoing or Outgoing.of(Settings()))
        self._meter = meter or Meter()
        self._tracer = tracer or Tracer()
        self.looked_at = time.monotonic()
        """When the outbox was last looked at with success."""
        self._faults = faults
        self._overtaken: set[tuple[str, str]] = set()
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._ended = asyncio.Event()
        self._in_flight: dict[tuple[str, int], Message] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way: Counter[str] = Counter()
        self._read_ahead: deque[Message] = deque()
        self._read_at = 0.0
        self._held: Counter[str] = Counter()
        self._changes = 0
        self._ended_meanwhile: set[tuple[str, int]] = set()
        link = database.link
        self._sharing = (
            Sharing(database, link, self._sender.address, self._in_flight.values) if link else None
        )
        self._task = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Has the outbox looked at; may be called from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    def read_again(self) -> None:
        """Has what was read ahead forgotten, and the outbox looked at; may be called from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._forget_read_ahead)

    def _forget_read_ahead(self) -> None:
        self._changes += 1
        self._read_ahead.clear()
        self._woken.set()

    async def stop(self) -> None:
        """Lets what is under way finish, within bounds, then stops."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self._tasks:
            _, left = await asyncio.wait(self._tasks, timeout=_STOP_SECONDS)
            # It is sent again at the next start, under its id.
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        if self._sharing is not None:
            await self._sharing.stop()
        await self._sender.close()

    async def quiet(self, workspace: str, timeout: float) -> list[Message]:
        """Waits until nothing that is due in `workspace` is unsent; what still waits when time is up."""
        deadline = self._loop.time() + timeout
        while True:
            self._ended.clear()
            if not await self.is_sending(workspace) and not await self._is_due(workspace):
                return []
            if self._loop.time() >= deadline:
                return await self._due(_SHOWN, workspace)
            self._woken.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._ended.wait()

    @asynccontextmanager
    async def holding(self, workspace: str, address: str) -> AsyncIterator[None]:
        """Sends nothing of `workspace` while the block runs, and waits first for what is on its way to below `address`.

        So nothing that was told in a world that ends arrives in the one that begins. The wait has a bound.
        """
        self._held[workspace] += 1
        deadline = self._loop.time() + _HOLD_SECONDS
        try:
            async with self._sharing.holding(workspace) if self._sharing else nullcontext():
                # Each end is an event of its own, and only this waits for some of them.
                while (  # noqa: ASYNC110
                    await self._is_sending_to(workspace, address) and self._loop.time() < deadline
                ):
                    await asyncio.sleep(0.005)
                yield
        finally:
            self._held[workspace] -= 1
            self._forget_read_ahead()

    async def is_sending(self, workspace: str) -> bool:
        """Whether a message of the workspace is under way, whichever process sends it."""
        if self._sharing is not None:
            return await self._sharing.is_sending(workspace)
        return any(key[0] == workspace for key in self._in_flight)

    async def _is_sending_to(self, workspace: str, address: str) -> bool:
        if self._sharing is not None:
            return await self._sharing.is_sending_to(workspace, address)
        return any(
            each.workspace == workspace and self._sender.address(each).startswith(address)
            for each in self._in_flight.values()
        )

    async def _run(self) -> None:
        is_told = False
        while True:
            self._woken.clear()
            try:
                await self._send_due()
                self.looked_at = time.monotonic()
                if is_told:
                    logger.warning("the outbox is read again")
                is_told = False
            except Exception:
                # Told once: while a database is away, twice a second would fill every log.
                if not is_told:
                    logger.exception("the outbox could not be read; trying again")
                is_told = True
            # Not wait_for, which before Python 3.12 loses a cancellation that comes together with the event.
            with suppress(TimeoutError):
                async with asyncio.timeout(_IDLE_SECONDS):
                    await self._woken.wait()

    async def _send_due(self) -> None:
        if self._sharing is not None:
            room = _AT_ONCE - len(self._in_flight)
            for message in await self._sharing.claim_due(room, self._room_of) if room else ():
                self._start(message)
            return
        self._begin()
        # While all that may be is under way, the outbox need not be read; nor at every turn where all that is at hand is of
        # workspaces that have no room.
        if len(self._in_flight) >= _AT_ONCE:
            return
        if self._read_ahead and self._loop.time() < self._read_at + _FRESH_SECONDS:
            return
        self._read_at = self._loop.time()
        # What ends while the outbox is read may be seen as waiting still: it is not sent a second time.
        self._ended_meanwhile.clear()
        changes = self._changes
        # What is under way stands at the head of its lane still: room is left for as many.
        due = await self._due(_AHEAD + len(self._in_flight))
        if changes != self._changes:
            # Perhaps what was read was dropped meanwhile, or is of a world that has ended.
            self._woken.set()
            return
        self._read_ahead = deque(due)
        self._begin()

    def _begin(self) -> None:
        """Sends of what was read ahead as much as may be under way. What has to wait is read again when it need not."""
        without_room: list[Message] = []
        while self._read_ahead and len(self._in_flight) < _AT_ONCE:
            message = self._read_ahead.popleft()
            key = (message.workspace, message.message_id)
            if key in self._in_flight or key in self._ended_meanwhile:
                continue
            if self._under_way[message.workspace] >= _AT_ONCE_EACH:
                without_room.append(message)
            elif not self._has_to_wait(message):
                self._start(message)
        self._read_ahead.extendleft(reversed(without_room))

    def _room_of(self, workspace: str) -> int:
        """How many more messages of a workspace may be under way."""
        return 0 if self._held[workspace] else _AT_ONCE_EACH - self._under_way[workspace]

    def _start(self, message: Message) -> None:
        key = (message.workspace, message.message_id)
        task = asyncio.create_task(self._send(message))
        self._in_flight[key] = message
        self._under_way[message.workspace] += 1
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._finished(done, key))

    def _has_to_wait(self, message: Message) -> bool:
        if self._held[message.workspace]:
            return True
        under_way = [
            each for each in self._in_flight.values() if each.workspace == message.workspace
        ]
        # A dead letter that is sent again comes before the message of its lane that is under way.
        return any(message.alone or each.lane == message.lane for each in under_way)

    def _finished(self, task: asyncio.Task[None], key: tuple[str, int]) -> None:
        self._in_flight.pop(key, None)
        self._under_way[key[0]] -= 1
        self._tasks.discard(task)
        self._ended_meanwhile.add(key)
        self._ended.set()
        problem = None if task.cancelled() else task.exception()
        if problem is None:
            self._woken.set()
        else:
            # It stays where it is and is tried again with the next look, not at once and for ever.
            logger.error(
                "message %s of workspace %s could not be sent: %s", key[1], key[0], problem
            )

    async def _due(self, limit: int, only: str | None = None) -> list[Message]:
        """What is due in every workspace, or in `only` one; of each `limit` at most, and one where one alone may go."""
        busy = {each.workspace for each in self._in_flight.values() if each.alone}

        def read(transaction: Transaction) -> list[Message]:
            due: list[Message] = []
            for name, is_frozen, moments in _due_by_clock(transaction, only):
                # Where the clock stands still, the same moves give the same journal: one message at a time.
                alone = is_frozen and only is None
                if alone and name in busy:
                    continue
                most = 1 if alone else limit
                found = [
                    message
                    for clock, moment in moments.items()
                    for message in due_messages(
                        transaction.connection, name, clock, moment, most, alone=is_frozen
                    )
                ]
                due += sorted(found, key=lambda message: message.message_id)[:most]
            return due

        found: list[Message] = await asyncio.wrap_future(self._database.read(read))
        return found

    async def _is_due(self, workspace: str) -> bool:
        def read(transaction: Transaction) -> bool:
            return any(moments for _, _, moments in _due_by_clock(transaction, workspace))

        found: bool = await asyncio.wrap_future(self._database.read(read))
        return found

    async def _send(self, message: Message) -> None:
        fault = await self._fault(message)
        if fault is not None and fault.kind in HOLDS_BACK:
            await self._hold_back(message, fault)
            return
        if self._sharing is not None and await self._sharing.has_lapsed(message):
            return
        beside = _beside(message)
        # Where others send too, what waits to be overtaken is looked for in the outbox.
        is_delivery = message.due_clock == WORLD
        overtakes = is_delivery if self._sharing else beside in self._overtaken
        attempts = [await self._attempt(message, fault)]
        if fault is not None and fault.kind == "DUPLICATE":
            attempts.append(await self._attempt(message, fault))

        def settle(transaction: Transaction) -> str:
            is_ours = self._sharing is None or self._sharing.end(transaction, message)
            if find_workspace(transaction.connection, message.workspace) is None:
                return "DROPPED"
            outcome = "DROPPED"
            unit = open_unit(transaction, message.workspace, attempts[0][0], message.sender)
            for begun, sent, took in attempts:
                spoken = _spoken(message, sent, replace(unit, wall=begun), took)
                record(transaction, unit.workspace, spoken)
            # A reset or a restore may have put another message under its number, or a subscription may have gone.
            if is_ours and still_waits(unit.connection, message):
                answer = attempts[0][1].answer
                is_lost = fault is not None and fault.kind == "LOSE_ANSWER"
                outcome = self._settle(unit, message, _LOST if is_lost else answer)
            if overtakes:
                release(unit.connection, *beside, HELD, unit.now)
            return outcome

        outcome: str = await self._database.written(settle, message.workspace)
        self._meter.message_sent(message.sender, outcome)
        if overtakes:
            self._overtaken.discard(beside)

    async def _attempt(
        self, message: Message, fault: Strike | None
    ) -> tuple[datetime, Sent, float]:
        """Sends a message once; when, what came of it, and how long it took in milliseconds."""
        wall, began = wall_now(), time.perf_counter()
        with self._tracer.sending(message.sender, message.kind) as headers:
            sent = await self._sender.send(message, fault, headers)
        return wall, sent, (time.perf_counter() - began) * 1000

    async def _fault(self, message: Message) -> Strike | None:
        """The fault that strikes the next attempt to send a delivery of an event."""
        if self._faults is None or message.due_clock != WORLD:
            return None
        scenario = SCENARIOS.get(message.headers.get(SCENARIO, ""))
        if scenario is not None and message.attempts == 0 and self._faults.are_on:
            return scenario.delivery_strike(wall_now())
        if not await self._faults.threaten(message.workspace, DELIVERIES):
            return None
        if self._sharing is not None:
            overtakes = await self._sharing.overtakes(message)
        else:
            overtakes = _beside(message) in self._overtaken
        struck = struck_by(message, overtakes=overtakes)
        return await self._faults.strike(message.workspace, struck, wall_now())

    async def _hold_back(self, message: Message, fault: Strike) -> None:
        def hold(transaction: Transaction) -> None:
            is_ours = self._sharing is None or self._sharing.end(transaction, message)
            if is_ours and still_waits(transaction.connection, message):
                now = open_unit(transaction, message.workspace, wall_now()).now
                hold_back(transaction.connection, message, *held_until(fault, message, now))

        if fault.kind == "REORDER" and self._sharing is None:
            self._overtaken.add(_beside(message))
        await self._database.written(hold, message.workspace)

    def _settle(self, unit: Unit, message: Message, answer: Answer) -> str:
        """Keeps what came of a message: ANSWERED, PUT_OFF or GIVEN_UP."""
        said = answer.body[:200].decode("utf-8", "replace").replace("\x00", "\ufffd")
        summary = f"{answer.status} {said}"
        is_delivery = message.due_clock == WORLD
        good = 200 <= answer.status < 300 if is_delivery else answer.is_definite
        if good:
            settle_message(unit.connection, message, summary)
            self._handlers[message.kind](unit, message, answer)
            return "ANSWERED"
        if is_delivery:
            if message.attempts >= len(DELIVERY_WAITS):
                give_up(unit.connection, message, unit.now, summary)
                return "GIVEN_UP"
            asked = timedelta(seconds=answer.retry_after or 0)
            wait, now = max(DELIVERY_WAITS[message.attempts], asked), unit.now
        else:
            wait, now = _back_off(message.attempts, answer), wall_now()
        put_off(unit.connection, message, now, wait, summary)
        return "PUT_OFF"


def _due_by_clock(
    transaction: Transaction, only: str | None
) -> Iterator[tuple[str, bool, dict[str, datetime]]]:
    """(workspace, whether its clock stands still, what the clocks show by which something is due)."""
    wall = wall_now()
    for name, earliest in earliest_due(transaction.connection, only):
        workspace = find_workspace(transaction.connection, name)
        if workspace is not None:
            moments = {WALL: wall, WORLD: workspace.clock.now(wall)}
            is_frozen = workspace.clock.mode is ClockMode.FROZEN
            due = {c: moments[c] for c, at in earliest.items() if at <= to_text(moments[c])}
            yield name, is_frozen, due


def _beside(message: Message) -> tuple[str, str]:
    """The subscription that a delivery goes to: its workspace, and what its lanes begin with."""
    return message.workspace, lanes_beside(message)


def _spoken(message: Message, sent: Sent, unit: Unit, duration_ms: float) -> Spoken:
    """The exchange as the journal keeps it."""
    path, _, query = sent.url.partition("?")
    answer = sent.answer
    answered = answer.body if answer.status else b""
    lower = {name.lower(): value for name, value in sent.headers.items()}
    return Spoken(
        direction=OUT,
        system=message.sender,
        method=message.method,
        path=path,
        query=query or None,
        request=Half(lower, sent.body),
        status=answer.status,
        answer=Half({}, answered, answer.media_type),
        started=unit.wall,
        duration_ms=duration_ms,
        world=unit.now,
        applicant_number=applicant_in(
            path, message.body.decode("utf-8", "replace"), answered.decode("utf-8", "replace")
        ),
        names={"request_id": lower.get("x-request-id")},
    )


def _back_off(attempts: int, answer: Answer) -> timedelta:
    """Doubling waits, and never less than the receiver asked for (RFC 9110 section 10.2.3)."""
    doubled: timedelta = min(
        _LONGEST_BACK_OFF, timedelta(seconds=0.2 * float(2 ** min(attempts, 10)))
    )
    return max(doubled, timedelta(seconds=answer.retry_after or 0))
