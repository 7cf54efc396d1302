"""Sends one share of a plan at its due times. Lives in a Locust process; the lead tells it what and when.

A message goes when it is due, whether or not other applicants' answers have come; within an applicant it waits for the
answer before. What came of it is a ledger line, told to the lead.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

import gevent
from gevent.lock import BoundedSemaphore
from gevent.pool import Group
from locust.contrib.fasthttp import FastHttpSession

from loadtests.ledger import Entry, read_ledger
from loadtests.pacer import Leg, Pacer, RetryRule, lateness
from loadtests.plan import Message
from loadtests.sending import SendingOrders
from loadtests.supplier.wire import SupplierWire
from loadtests.wire import EsrWire, Outcome, Wire
from simulators.credentials import TokenRefused
from simulators.year import STEPS

LOOK_AHEAD = 4000
"""Messages made before they are due, so that making them never holds one back; then kept in stock."""
_AT_ONCE = 100
"""Messages made together where none is left in stock."""
_PENDING_SECONDS = 0.05
"""After how long something is asked again that is not settled yet."""


class Sender:
    """One share of the plan, and the connections that it goes over."""

    def __init__(
        self,
        client: FastHttpSession,
        orders: SendingOrders,
        share: int,
        tell: Callable[[bytes], None],
    ) -> None:
        """`tell` takes ledger lines; `share` is this sender's number among `orders.senders`."""
        self._wire: Wire = (
            EsrWire(client, orders.headers)
            if orders.supplier is None
            else SupplierWire(client, orders.supplier, orders.base_url, orders.headers)
        )
        self._orders = orders
        self._tell = tell
        self._started = time.time() - time.perf_counter()
        self._connections = max(1, orders.connections // orders.senders)
        self._slots = BoundedSemaphore(self._connections)
        self._retry = RetryRule(give_up_after=orders.retry_for_seconds)
        self._dropped: set[int] = set()
        self._busy: dict[int, deque[tuple[Message, float]]] = {}
        self._under_way: dict[int, Entry] = {}
        self._group = Group()
        done = self._done()
        plan = orders.plan()

        def left(messages: Iterator[Message]) -> Iterator[Message]:
            return (message for message in messages if message.number not in done)

        self._caught_up = _Stock(left(plan.caught_up(share, orders.senders)))
        self._stock = _Stock(left(plan.messages(share, orders.senders)))

    def prepare(self) -> int | None:
        """Make the first messages. Returns when the very first is intended, None where none is left."""
        self._stock.make(LOOK_AHEAD)
        return self._stock.first

    def catch_up(self, connections: int) -> int:
        """Send what went before the window, as fast as the answers come. Returns how many."""
        return self._as_fast(self._caught_up, None, connections)

    def as_fast(self, until: int | None, connections: int) -> int:
        """Send everything intended before `until`, as fast as the answers come. Returns how many."""
        return self._as_fast(self._stock, until, connections)

    def paced(self, legs: tuple[Leg, ...], until: int | None, begin_in: float) -> int:
        """Send everything intended before `until` when it is due; the first leg begins in `begin_in` seconds.

        Ends when no more of it is under way than has a connection.
        """
        pacer = Pacer(self._now() + begin_in, legs)
        count = 0
        while (message := self._stock.take(until)) is not None:
            due = pacer.due(message.intended)
            while self._stock.wants_more and self._now() < due - 0.02:
                self._stock.fill(50)
                gevent.sleep(0)
            gevent.sleep(max(0.0, due - self._now()))
            self._start(message, due, None)
            count += 1
        # The clock moves on after this. Where the target has slowed down, it must not run ahead of what still waits.
        while len(self._group) > self._connections:
            gevent.sleep(_PENDING_SECONDS)
        return count

    def finish(self) -> None:
        """Wait for what is under way; what never comes is told as such."""
        orders = self._orders
        self._group.join(timeout=orders.retry_for_seconds + orders.answer_timeout_seconds + 5)
        self.cut_off()

    def cut_off(self) -> None:
        """Stop what is under way; it is told as such."""
        self._group.kill()
        for entry in list(self._under_way.values()):
            self._tell(entry.line())
        self._under_way.clear()

    def _done(self) -> frozenset[int]:
        """What an earlier run of this replay has settled; takes up its applicants' numbers."""
        if self._orders.senders > 1 or not self._orders.ledger.exists():
            return frozenset()
        done = set()
        for entry in read_ledger(self._orders.ledger).entries():
            if not entry.settled:
                continue
            done.add(entry.number)
            if entry.number % STEPS == 0:
                self._heard(entry.number // STEPS, entry)
        return frozenset(done)

    def _heard(self, applicant: int, entry: Entry) -> None:
        """What the answer to a submission means for all that follows it."""
        if not self._wire.heard(applicant, entry):
            self._dropped.add(applicant)

    def _as_fast(self, stock: _Stock, until: int | None, connections: int) -> int:
        slots = BoundedSemaphore(connections)
        count = 0
        while (message := stock.take(until)) is not None:
            slots.acquire()
            self._start(message, self._now(), slots)
            count += 1
        self._group.join()
        return count

    def _start(self, message: Message, due: float, slot: BoundedSemaphore | None) -> None:
        waiting = self._busy.get(message.applicant)
        if waiting is not None:
            waiting.append((message, due))
            if slot is not None:
                slot.release()  # it goes on the connection of the message before it
            return
        self._busy[message.applicant] = deque(((message, due),))
        self._group.spawn(self._converse, message.applicant, slot)

    def _converse(self, applicant: int, slot: BoundedSemaphore | None) -> None:
        """Send what waits for one applicant, one after another."""
        waiting = self._busy[applicant]
        ready = 0.0
        try:
            while waiting:
                message, due = waiting.popleft()
                ready = self._send_in_turn(message, due, ready)
                if not waiting and slot is not None and applicant not in self._dropped:
                    # It may take its time, and more about this applicant may come to wait meanwhile.
                    self._wire.caught_up(applicant)
        finally:
            del self._busy[applicant]
            if slot is not None:
                slot.release()

    def _send_in_turn(self, message: Message, due: float, ready: float) -> float:
        """Send one message of a conversation, if what it needs has come. Returns when its answer came."""
        applicant = message.applicant
        is_first = message.number % STEPS == 0
        if applicant in self._dropped or not (is_first or self._wire.can_follow(applicant)):
            return ready  # it stays unsent and is reported as such
        entry = self._send(message, due, ready)
        if is_first:
            self._heard(applicant, entry)
        elif not entry.settled:
            self._dropped.add(applicant)
        return entry.answered or 0.0

    def _send(self, message: Message, due: float, ready: float) -> Entry:
        entry: Entry | None = None
        while True:
            with self._slots:
                sent = self._now()
                if entry is None:
                    entry = _entry(message, due, sent, lateness(due, ready, sent))
                    self._under_way[message.number] = entry
                outcome = self._attempted(message)
                answered = self._now()
            elapsed = answered - entry.sent
            if outcome.pending and elapsed < self._orders.retry_for_seconds:
                gevent.sleep(_PENDING_SECONDS)
                continue
            wait = self._retry.wait(outcome.status, entry.attempts, elapsed, outcome.retry_after)
            if wait is None:
                break
            gevent.sleep(wait)
            entry = replace(entry, attempts=entry.attempts + 1)
        entry = replace(
            entry,
            lastSent=sent,
            answered=answered,
            status=outcome.status,
            **self._wire.told(message, outcome),
        )
        del self._under_way[message.number]
        self._tell(entry.line())
        return entry

    def _attempted(self, message: Message) -> Outcome:
        try:
            return self._wire.attempt(message)
        except TokenRefused:
            # Without a token nothing was sent: tried again as after no answer.
            return Outcome(0, None, None)

    def _now(self) -> float:
        """Seconds since the epoch that never jump."""
        return self._started + time.perf_counter()


class _Stock:
    """Messages in the plan's order, made ahead of their time and in constant memory."""

    def __init__(self, source: Iterator[Message]) -> None:
        self._source = source
        self._made: deque[Message] = deque()
        self._ended = False

    @property
    def wants_more(self) -> bool:
        """Whether there is room, and something to come."""
        return not self._ended and len(self._made) < LOOK_AHEAD

    @property
    def first(self) -> int | None:
        """When the next message is intended, of those made."""
        return self._made[0].intended if self._made else None

    def take(self, until: int | None) -> Message | None:
        """The next message, unless it is intended at `until` or later."""
        if not self._made:
            self.make(_AT_ONCE)
        if not self._made or (until is not None and self._made[0].intended >= until):
            return None
        return self._made.popleft()

    def make(self, count: int) -> None:
        """The same as `fill` in a thread: it may take seconds, and a worker that is silent for some is taken to be lost."""
        gevent.get_hub().threadpool.apply(self.fill, (count,))

    def fill(self, count: int) -> None:
        """Make so many more."""
        for _ in range(count):
            message = next(self._source, None)
            if message is None:
                self._ended = True
                return
            self._made.append(message)


def _entry(message: Message, due: float, sent: float, late: float) -> Entry:
    return Entry(
        number=message.number,
        kind=message.counted,
        intended=message.intended,
        due=due,
        sent=sent,
        digest=message.digest,
        late=late,
    )
