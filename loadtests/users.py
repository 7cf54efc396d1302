"""Sends a share of the plan at its due times, under Locust. Only the Locust process may import this module.

One Locust user runs in each process. It starts a greenlet for each applicant when that applicant's first message is
due, whether or not other applicants' answers have come; within an applicant the greenlet waits for each answer.
Every attempt is written to the ledger around the call, never after a pause.
"""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import gevent
import gevent.ssl
from gevent.lock import BoundedSemaphore
from gevent.pool import Group
from gevent.socket import wait_read
from geventhttpclient.client import HTTPClient, HTTPClientPool
from geventhttpclient.url import URL
from locust import FastHttpUser, task
from locust.contrib.fasthttp import LocustUserAgent

from loadtests.errors import LedgerError
from loadtests.ledger import Entry, Kind, LedgerWriter
from loadtests.pacer import Pacer, RetryRule, lateness
from loadtests.plan import Conversation, Message
from loadtests.sending import SendingOrders
from loadtests.target import retry_after

logger = logging.getLogger(__name__)

LOOK_AHEAD = 2000
"""Conversations made before the clock starts, so that making them never holds a message back; then kept in stock."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended: `status` 0 where no answer came."""

    status: int
    body: Any
    retry_after: float | None


class SingleAttempts(HTTPClientPool):
    """Connections that never try again by themselves: every retry has to be ours, so that it is counted."""

    def get_client(self, url: str | URL) -> HTTPClient:
        client = super().get_client(url)
        # geventhttpclient sends an idempotent request again, `size + 1` times at most, when its connection breaks.
        client._connection_pool.size = -1  # noqa: SLF001 - it offers no other way to say so
        return client


# A redirect is not in the contract, and following one could carry the token elsewhere.
LocustUserAgent.redirect_response_codes = frozenset()


class Sender(FastHttpUser):
    """The one user of a sending process. `orders` is set before Locust starts it."""

    fixed_count = 1
    insecure = False
    ssl_context_factory = staticmethod(gevent.ssl.create_default_context)
    orders: SendingOrders

    def on_start(self) -> None:
        self._started = time.time() - time.perf_counter()
        self._slots = BoundedSemaphore(self.orders.connections)
        self._retry = RetryRule(give_up_after=self.orders.retry_for_seconds)
        self._ledger = LedgerWriter(self.orders.ledger)
        self._trouble: LedgerError | None = None

    def on_stop(self) -> None:
        self._ledger.close()

    @task
    def replay(self) -> None:
        """Send everything that is still to be sent, then end the Locust run."""
        gevent.spawn(self._end_with_parent)
        try:
            self._dispatch()
        except LedgerError as error:
            self._trouble = self._trouble or error
        if self._trouble is not None:
            logger.error("replay: %s", self._trouble)
            self.environment.process_exit_code = 4
        else:
            self.environment.process_exit_code = 0
        assert self.environment.runner is not None
        gevent.spawn(self.environment.runner.quit)
        gevent.sleep(3600)

    def _dispatch(self) -> None:
        stock = _stock(self.orders.remaining())
        first = stock.peek()
        if first is None:
            return
        now = self._now()
        pacer = Pacer(started=now, first=first.messages[0].intended, factor=self.orders.factor)
        self._ledger.write_pace(pacer.started, pacer.first, pacer.factor)
        group = Group()
        while (conversation := stock.take()) is not None and self._trouble is None:
            due = pacer.due(conversation.messages[0].intended)
            stock.fill(until=due - 0.02, now=self._now)
            gevent.sleep(max(0.0, due - self._now()))
            group.spawn(self._converse, pacer, conversation)
        while len(group) and self._trouble is None:
            group.join(timeout=0.5)
        group.kill()

    def _converse(self, pacer: Pacer, conversation: Conversation) -> None:
        number = conversation.applicant_number
        ready = 0.0
        try:
            for message in conversation.messages:
                gevent.sleep(max(0.0, pacer.due(message.intended) - self._now()))
                entry = self._send(message, number, pacer.due(message.intended), ready)
                number = entry.applicantNumber
                ready = entry.answered or 0.0
                if not entry.settled or number is None:
                    # What follows needs this answer; it stays unsent and is reported as such.
                    return
        except LedgerError as error:
            self._trouble = self._trouble or error

    def _send(self, message: Message, number: str | None, due: float, ready: float) -> Entry:
        headers = {**self.orders.headers(), **message.headers()}
        path = message.path(number)
        entry: Entry | None = None
        while True:
            with self._slots:
                sent = self._now()
                if entry is None:
                    entry = message.entry(number, due, sent, late=lateness(due, ready, sent))
                    self._ledger.write(entry)
                outcome = self._attempt(message, path, headers)
                answered = self._now()
            wait = self._retry.wait(
                outcome.status, entry.attempts, answered - entry.sent, outcome.retry_after
            )
            if wait is None:
                break
            gevent.sleep(wait)
            entry = replace(entry, attempts=entry.attempts + 1)
        entry = replace(
            entry,
            lastSent=sent,
            answered=answered,
            status=outcome.status,
            **_told(message, outcome),
        )
        self._ledger.write(entry)
        return entry

    def _attempt(self, message: Message, path: str, headers: dict[str, str]) -> Outcome:
        response = self.client.request(
            message.method,
            path,
            name=message.operation,
            data=message.body.decode(),  # geventhttpclient sends text as UTF-8, so the very same bytes
            headers=headers,
        )
        if not response.status_code:
            return Outcome(0, None, None)
        pause = response.headers.get("retry-after") if response.headers is not None else None
        body = _parse(response.content)
        return Outcome(
            response.status_code, body, retry_after(pause if isinstance(pause, str) else None)
        )

    def _now(self) -> float:
        """Seconds since the epoch that never jump."""
        return self._started + time.perf_counter()

    def _end_with_parent(self) -> None:
        """Wait for the end of the pipe that the parent holds open: when the parent dies, so does this process."""
        if self.orders.parent_pipe is not None:
            wait_read(self.orders.parent_pipe)
            assert self.environment.runner is not None
            self.environment.runner.quit()


class _Stock:
    """Conversations in the plan's order, made ahead of their time and in constant memory."""

    def __init__(self, source: Iterator[Conversation]) -> None:
        self._source = source
        self._made: deque[Conversation] = deque()

    def peek(self) -> Conversation | None:
        if not self._made:
            self._make()
        return self._made[0] if self._made else None

    def take(self) -> Conversation | None:
        first = self.peek()
        if first is not None:
            self._made.popleft()
        return first

    def prepare(self) -> _Stock:
        while len(self._made) < LOOK_AHEAD and self._make():
            pass
        return self

    def fill(self, until: float, now: Any) -> None:
        """Make more while there is time; lets other greenlets run after each."""
        while len(self._made) < LOOK_AHEAD and now() < until and self._make():
            gevent.sleep(0)

    def _make(self) -> bool:
        conversation = next(self._source, None)
        if conversation is not None:
            self._made.append(conversation)
        return conversation is not None


def _stock(source: Iterator[Conversation]) -> _Stock:
    return _Stock(source).prepare()


def _parse(content: bytes | None) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None


def _told(message: Message, outcome: Outcome) -> dict[str, Any]:
    """What the answer says that the ledger keeps."""
    body = outcome.body if isinstance(outcome.body, dict) else {}
    if outcome.status >= 300:
        return {"code": body.get("code")}
    if message.kind is Kind.APPLICANT:
        return {"applicantNumber": body.get("applicantNumber")}
    return {"version": body.get("version")}
