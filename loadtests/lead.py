"""Leads the senders of a replay: gives each its share, moves the clock, says when each stretch begins, keeps the ledger.

It lives in Locust's own process where that sends alone, else in Locust's master. The two talk by Locust's messages, so
that one process, several and several machines all go one way. Senders share no file: each makes its share of the plan
from the orders, and its ledger lines come to the lead.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from gevent.event import Event
from locust.env import Environment
from locust.runners import MasterRunner

from loadtests.errors import LedgerError, ReplayError
from loadtests.ledger import LedgerWriter
from loadtests.pacer import Stretch, capped, constant
from loadtests.propagation import subscribe
from loadtests.sending import BEGIN, FINISH, SEND, SendingOrders, program
from loadtests.target import Target

logger = logging.getLogger(__name__)

_GATHER_SECONDS = 120.0
"""How long senders may take to come, and to make ready."""
_BEGIN_IN = 0.2
"""Seconds between the word to begin and the beginning where senders are elsewhere, so that it reaches each before."""
_AT_ONCE = 32
"""Connections while messages go as fast as the answers come: in the catching up and the calibration."""
_CALIBRATION = 3000
"""Messages by which the target's capacity is measured, or a twentieth of a small plan's."""
_AFTERWARDS = 8 * 24 * 3600
"""How far (seconds) the clock goes on after the last hour before ESR is read back."""
_SETTLES_WITHIN = 90.0
"""How long (seconds) a move of the clock may take; it waits until the world is quiet."""
_UNANSWERED = 20
"""Messages given up one after another without any answer, after which ESR is taken to be gone."""
_MICROSECONDS = 1_000_000


class SendersLost(ReplayError):
    """No sender is left."""


class Lead:
    """The lead of one replay. Its methods named `heard_…` take what senders tell."""

    def __init__(self, environment: Environment, orders: SendingOrders) -> None:
        assert environment.runner is not None
        self._environment = environment
        self._runner = environment.runner
        self._orders = orders
        self._writer = LedgerWriter(orders.ledger)
        self._shares: dict[str, int] = {}
        self._ready: set[str] = set()
        self._first: list[int] = []
        self._sent: dict[str, int] = {}
        self._finished: set[str] = set()
        self._lost: set[str] = set()
        self._refused: str | None = None
        self._news = Event()
        self._trouble: ReplayError | None = None
        self._number = 0
        self._messages = 0
        self._unanswered = 0
        self._begin_in = _BEGIN_IN if isinstance(self._runner, MasterRunner) else 0.0
        self._control = (
            Target(orders.control_url, orders.token, timeout=_SETTLES_WITHIN)
            if orders.control_url is not None
            else None
        )

    # What senders tell.

    def heard_here(self, sender: str, told: dict[str, Any]) -> None:
        """A sender has come: it gets a share, if it is of this program."""
        seed = self._orders.scope.seed
        if told["program"] != program():
            self._refuse(
                sender,
                f"worker {sender} is of another version (program {told['program']}, here {program()}); "
                "install the same release there",
            )
        elif told.get("seed") not in (None, seed):
            self._refuse(
                sender,
                f"worker {sender} was started for seed {told['seed']}, this replay has seed {seed}",
            )
        elif sender not in self._shares and len(self._shares) < self._orders.senders:
            self._shares[sender] = len(self._shares)
            share = {"share": self._shares[sender], "orders": self._orders.to_dict()}
            self._runner.send_message(BEGIN, share, sender)
        self._news.set()

    def _refuse(self, sender: str, why: str) -> None:
        self._refused = why
        self._runner.send_message(BEGIN, {"refused": why}, sender)

    def heard_ready(self, sender: str, told: dict[str, Any]) -> None:
        """A sender is ready; it says when its first message is intended, if it has any."""
        self._ready.add(sender)
        if told["first"] is not None:
            self._first.append(told["first"])
        self._news.set()

    def heard_lines(self, _: str, told: dict[str, Any]) -> None:
        """Ledger lines; those of a sender that was given up count all the same."""
        lines: bytes = told["lines"]
        unanswered, count = lines.count(b'"status":0,'), lines.count(b"\n")
        self._unanswered = self._unanswered + count if unanswered == count else 0
        try:
            self._writer.append(lines)
            if self._unanswered >= _UNANSWERED:
                url, seconds = self._orders.target, self._orders.retry_for_seconds
                raise ReplayError(
                    f"{url} does not answer any more, each message tried for {seconds:g} s"
                )
        except ReplayError as error:
            self._trouble = self._trouble or error
            self._news.set()

    def heard_sent(self, sender: str, told: dict[str, Any]) -> None:
        self._sent[sender] = told["stretch"]
        self._messages += told["messages"]
        self._news.set()

    def heard_finished(self, sender: str, _: dict[str, Any]) -> None:
        self._finished.add(sender)
        self._news.set()

    def heard_broken(self, sender: str, told: dict[str, Any]) -> None:
        self._trouble = self._trouble or ReplayError(f"sender {sender} broke: {told['why']}")
        self._news.set()

    # What it does.

    def lead(self) -> None:
        """Lead the replay to its end, then end Locust: with code 0, or 4 and a last word in the log."""
        try:
            self._note({"begun": {"at": time.time(), "senders": self._orders.senders}})
            self._gather()
            self._catch_up()
            for stretch in self._stretches():
                self._pace(stretch)
            self._finish()
        except ReplayError as error:
            self._trouble = self._trouble or error
        except Exception as error:  # noqa: BLE001  (whatever it was, the senders must not wait for it)
            self._trouble = self._trouble or ReplayError(f"the lead broke: {error!r}")
        with suppress(LedgerError):  # where it is full, that is the trouble already
            for sender in sorted(self._lost):
                self._note({"lost": {"share": self._shares[sender], "of": self._orders.senders}})
        if self._trouble is not None:
            logger.error("replay: %s", self._trouble)
        self._environment.process_exit_code = 0 if self._trouble is None else 4
        self._runner.quit()

    def _gather(self) -> None:
        self._wait(
            lambda: len(self._ready) == self._orders.senders,
            _GATHER_SECONDS,
            lambda: f"{len(self._ready)} of {self._orders.senders} senders came and made ready",
        )

    def _catch_up(self) -> None:
        window = self._orders.scope.window
        if window is None or self._orders.caught_up == 0:
            return
        self._move_clock(window[0])
        self._as_fast("catchUp", {"what": "catch-up"})

    def _stretches(self) -> Iterator[Stretch]:
        orders = self._orders
        hours = orders.by_hour
        if not hours or not self._first:
            return
        first = min(hours) * _MICROSECONDS
        last = (max(hours) + 3600) * _MICROSECONDS
        if orders.share_of_capacity is None:
            begins, ends = orders.scope.window or (first, last)
            # A resumed replay begins with what is left.
            begins = max(begins, self._left_from())
            self._run_clock(begins)
            if orders.events_to is not None:
                subscribe(orders.base_url, orders.token, orders.events_to)
            yield constant(begins, ends, sum(hours.values()), orders.factor)
            return
        start, cap = self._calibrate()
        yield from capped(hours, orders.factor, cap, start=start, number=1)

    def _calibrate(self) -> tuple[int, float]:
        """Send the first hours as fast as the answers come. Returns where they end, and the cap that follows."""
        left_from = self._left_from()
        wanted = min(_CALIBRATION, max(1, sum(self._orders.by_hour.values()) // 20))
        counted = 0
        until = 0
        for hour, messages in sorted(self._orders.by_hour.items()):
            until = (hour + 3600) * _MICROSECONDS
            if until <= left_from:
                continue  # an earlier run of this replay sent it
            counted += messages
            if counted >= wanted:
                break
        self._move_clock(until)
        sent, seconds = self._as_fast("calibration", {"what": "calibration", "until": until})
        share = self._orders.share_of_capacity or 1.0
        return until, share * sent / max(seconds, 0.001)

    def _left_from(self) -> int:
        """When the first message that is left is intended: not the plan's first where a replay is resumed."""
        return min(self._first)

    def _as_fast(self, name: str, order: dict[str, Any]) -> tuple[int, float]:
        """Returns how many messages were sent, and how many seconds that took."""
        started, before = time.time(), self._messages
        each = max(1, _AT_ONCE // self._orders.senders)
        self._send({**order, "connections": each})
        seconds = time.time() - started
        sent = self._messages - before
        self._note({name: {"started": started, "seconds": seconds, "messages": sent}})
        return sent, seconds

    def _pace(self, stretch: Stretch) -> None:
        if self._orders.share_of_capacity is not None:
            self._move_clock(stretch.last)
        self._note(
            {
                "stretch": {
                    "number": stretch.number,
                    "started": time.time() + self._begin_in,
                    "legs": [asdict(leg) for leg in stretch.legs],
                }
            }
        )
        at_last = stretch.last > max(self._orders.by_hour) * _MICROSECONDS
        self._send(
            {
                "what": "paced",
                "legs": [asdict(leg) for leg in stretch.legs],
                "until": None if at_last else stretch.last,
                "beginIn": self._begin_in,
            }
        )

    def _finish(self) -> None:
        self._tell(FINISH, {})
        patience = self._orders.retry_for_seconds + self._orders.answer_timeout_seconds + 30
        self._wait(lambda: self._finished >= self._left(), patience, lambda: "senders did not end")
        self._note({"finished": {"at": time.time()}})
        if self._orders.by_hour:
            # Every regulator answers within a week: what is read back then no longer moves.
            self._move_clock((max(self._orders.by_hour) + _AFTERWARDS) * _MICROSECONDS)

    def _send(self, order: dict[str, Any]) -> None:
        """Have every sender send something, and wait until all of it is sent."""
        self._number += 1
        number = self._number
        self._tell(SEND, {**order, "stretch": number})
        self._wait(
            lambda: all(self._sent.get(each, 0) >= number for each in self._left()), None, str
        )

    def _tell(self, what: str, order: dict[str, Any]) -> None:
        for sender in self._left():
            self._runner.send_message(what, order, sender)

    def _left(self) -> set[str]:
        """The senders that are still there."""
        if isinstance(self._runner, MasterRunner):
            gone = {
                sender
                for sender in self._shares
                if sender not in self._runner.clients
                or self._runner.clients[sender].state == "missing"
            } - self._finished
            for sender in gone - self._lost:
                logger.warning("replay: lost worker %s", sender)
            self._lost |= gone
        left = set(self._shares) - self._lost
        if not left:
            raise SendersLost("every worker is lost")
        return left

    def _wait(
        self, met: Callable[[], bool], seconds: float | None, missing: Callable[[], str]
    ) -> None:
        """Wait until something is so; `missing` says what was not when the time is up."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while True:
            if self._trouble is not None:
                raise self._trouble
            if self._refused is not None:
                raise ReplayError(self._refused)
            if met():
                return
            if deadline is not None and time.monotonic() > deadline:
                raise ReplayError(f"{missing()} within {seconds:.0f} s")
            self._news.wait(timeout=0.5)
            self._news.clear()

    def _note(self, said: dict[str, Any]) -> None:
        self._writer.note(said)

    def _move_clock(self, moment: int) -> None:
        """Let the workspace's clock stand at a moment of the year, if it can be moved and is not there yet."""
        self._clock({"mode": "FROZEN", "at": _text(moment)})

    def _run_clock(self, moment: int) -> None:
        self._clock({"mode": "RUNNING", "at": _text(moment), "factor": self._orders.factor})

    def _clock(self, setting: dict[str, Any]) -> None:
        if self._control is not None:
            self._control.move_clock(setting)


def _text(moment: int) -> str:
    return (
        datetime.fromtimestamp(moment / _MICROSECONDS, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
