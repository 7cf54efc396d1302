"""What sends, under Locust: one user in each process, with the connections that its sender uses.

Only the Locust process may import this module and its neighbours `sender` and `lead`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import gevent
import gevent.ssl
from gevent.queue import Queue
from gevent.socket import wait_read
from geventhttpclient.client import HTTPClient, HTTPClientPool
from geventhttpclient.url import URL
from locust import FastHttpUser, task
from locust.contrib.fasthttp import FastHttpSession, LocustUserAgent
from locust.env import Environment
from locust.rpc import Message as Told
from locust.runners import MasterRunner, WorkerRunner

from loadtests.lead import Lead
from loadtests.pacer import Leg
from loadtests.sender import Sender
from loadtests.sending import (
    BEGIN,
    BROKEN,
    FINISH,
    FINISHED,
    HERE,
    LINES,
    READY,
    SEND,
    SENT,
    SendingOrders,
    program,
)

logger = logging.getLogger(__name__)

_LINES_EVERY = 0.2
"""Seconds after which a worker tells its lead of the lines that it has gathered."""


class SingleAttempts(HTTPClientPool):
    """Connections that never try again by themselves: every retry has to be ours, so that it is counted."""

    def get_client(self, url: str | URL) -> HTTPClient:
        client = super().get_client(url)
        # geventhttpclient sends an idempotent request again, `size + 1` times at most, when its connection breaks.
        client._connection_pool.size = -1  # noqa: SLF001 - it offers no other way to say so
        return client


# A redirect is not in the contract, and following one could carry the token elsewhere.
LocustUserAgent.redirect_response_codes = frozenset()


class Replayer(FastHttpUser):
    """The one user of a sending process: tells the lead that it is there, then does what it is told."""

    abstract = True
    insecure = False
    ssl_context_factory = staticmethod(gevent.ssl.create_default_context)
    host = "http://127.0.0.1"
    commands: Queue[tuple[str, dict[str, Any]]]
    """What the lead tells; one for each process."""
    begun = False
    """Whether this process has a user that sends."""
    expected_seed: int | None = None
    """The seed that this worker was started for, where it was told one."""

    @task
    def replay(self) -> None:
        """Do what the lead tells, until the end."""
        if Replayer.begun:
            # Locust gives the user of a lost worker to another one; the share of that worker is lost all the same.
            gevent.sleep(3600)
            return
        Replayer.begun = True
        try:
            self._serve()
        except Exception as error:  # noqa: BLE001  (whatever it was, the lead must not wait for it)
            self._tell(BROKEN, {"why": repr(error)})

    def _serve(self) -> None:
        commands = self.commands
        self._tell(HERE, {"program": program(), "seed": self.expected_seed})
        what, order = commands.get()
        if "refused" in order:
            logger.error("replay: %s", order["refused"])
            self.environment.process_exit_code = 4
            gevent.sleep(3600)  # the lead ends the run
        orders = SendingOrders.from_dict(order["orders"])
        self.client = FastHttpSession(
            base_url=orders.base_url,
            request_event=self.environment.events.request,
            user=self,
            insecure=False,
            client_pool=SingleAttempts(
                concurrency=orders.connections,
                connection_timeout=orders.answer_timeout_seconds,
                network_timeout=orders.answer_timeout_seconds,
                ssl_context_factory=gevent.ssl.create_default_context,
            ),
        )
        lines = _Lines(self._tell, at_once=not isinstance(self.environment.runner, WorkerRunner))
        sender = Sender(self.client, orders, order["share"], lines.take)
        self._tell(READY, {"first": sender.prepare()})
        try:
            while True:
                what, order = commands.get()
                if what == FINISH:
                    break
                count = _carry_out(sender, order)
                lines.flush()
                self._tell(SENT, {"stretch": order["stretch"], "messages": count})
            sender.finish()
        finally:  # when Locust is stopped, too
            sender.cut_off()
            lines.flush()
        self._tell(FINISHED, {})
        gevent.sleep(3600)  # the lead ends the run

    def _tell(self, what: str, said: dict[str, Any]) -> None:
        assert self.environment.runner is not None
        self.environment.runner.send_message(what, said)


def _carry_out(sender: Sender, order: dict[str, Any]) -> int:
    """Returns how many messages were sent."""
    if order["what"] == "catch-up":
        return sender.catch_up(order["connections"])
    if order["what"] == "calibration":
        return sender.as_fast(order["until"], order["connections"])
    legs = tuple(Leg(**leg) for leg in order["legs"])
    return sender.paced(legs, order["until"], order["beginIn"])


class _Lines:
    """Ledger lines on their way to the lead: at once where it is in this process, else gathered for a moment."""

    def __init__(self, tell: Callable[[str, dict[str, Any]], None], at_once: bool) -> None:
        self._tell = tell
        self._at_once = at_once
        self._lines: list[bytes] = []
        self._told = time.monotonic()
        if not at_once:
            gevent.spawn(self._keep_telling)

    def take(self, line: bytes) -> None:
        self._lines.append(line)
        if self._at_once:
            self.flush()

    def flush(self) -> None:
        if self._lines:
            lines, self._lines = self._lines, []
            self._tell(LINES, {"lines": b"".join(lines)})

    def _keep_telling(self) -> None:
        while True:
            gevent.sleep(_LINES_EVERY)
            self.flush()


def attach(environment: Environment, orders: SendingOrders | None, pipe: int) -> None:
    """Join this Locust process to the replay: as the lead, as a sender, or as both where it is alone.

    `orders` are the lead's; `pipe` reads as ended when the process that started this one is gone.
    """
    runner = environment.runner
    assert runner is not None
    commands: Queue[tuple[str, dict[str, Any]]] = Queue()
    Replayer.commands = commands

    def commanded(msg: Told, **_: Any) -> None:
        commands.put((msg.type, msg.data))

    if not isinstance(runner, MasterRunner):
        for what in (BEGIN, SEND, FINISH):
            runner.register_message(what, commanded)
    if not isinstance(runner, WorkerRunner):
        assert orders is not None
        lead = Lead(environment, orders)
        for what, heard in (
            (HERE, lead.heard_here),
            (READY, lead.heard_ready),
            (SENT, lead.heard_sent),
            (LINES, lead.heard_lines),
            (FINISHED, lead.heard_finished),
            (BROKEN, lead.heard_broken),
        ):
            runner.register_message(what, _listener(heard))
        gevent.spawn(lead.lead)
    gevent.spawn(_end_with_parent, environment, pipe)


def _listener(heard: Callable[[str, dict[str, Any]], None]) -> Callable[..., None]:
    def listener(msg: Told, **_: Any) -> None:
        heard(msg.node_id, msg.data)

    return listener


def _end_with_parent(environment: Environment, pipe: int) -> None:
    """Wait for the end of the pipe that the parent holds open: when the parent dies, so does this process."""
    wait_read(pipe)
    assert environment.runner is not None
    environment.runner.quit()
