"""Deliveries of events: each is acknowledged, a duplicate as well, and one that ESR did not sign well is not.

For each event (source and id): delivered, acknowledged, delivered again.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from sandbox.conformance.traffic.facts import UNSIGNED
from sandbox.conformance.traffic.recording import Call, Delivery
from sandbox.conformance.traffic.rule import Context, Rule

_ENOUGH_DELIVERIES = 3
_BETWEEN_READS = 5.0
_EARLY = 0.25
_KEY_ID = re.compile(r';keyid="([^"]{1,200})"')
_READ_KEYS = "read_event_signing_keys"


class RefusesUnsigned(Rule):
    """A delivery without a header of its signature is refused."""

    judges = ("ESR-EVT-022",)

    def take(self, delivery: Delivery) -> None:
        if delivery.altered == UNSIGNED:
            self.judge(delivery)

    def judge(self, delivery: Delivery) -> None:
        """Tallies a delivery that has to be refused."""
        if delivery.call.succeeded:
            self.tally.breach(
                f"Expected a refusal (401) of a delivery that is not signed well ({delivery.altered}), but exchange "
                f"{delivery.call.id} was answered {delivery.call.status}.",
                delivery.call,
            )
        elif delivery.is_refused:
            self.tally.held += 1


class RefusesBadlySigned(RefusesUnsigned):
    """So is one whose signature is not good."""

    judges = ("ESR-EVT-023",)

    def take(self, delivery: Delivery) -> None:
        if delivery.altered not in (None, UNSIGNED):
            self.judge(delivery)


class KeyReadings(Rule):
    """A rule over deliveries and the readings of ESR's keys around them."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.reads: list[Call] = []
        self.deliveries: list[Delivery] = []

    def see(self, call: Call) -> None:
        if call.operation == _READ_KEYS:
            self.reads.append(call)

    def take(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)

    def within(self, delivery: Delivery) -> list[Call]:
        """The readings that were made while a delivery waited for its answer."""
        first = bisect_left(self.reads, delivery.call.started, key=_start)
        return self.reads[first : bisect_right(self.reads, delivery.call.ended, key=_start)]


class ReadsUnknownKeys(KeyReadings):
    """A key that is not known has the set read, and not more than once in five seconds."""

    judges = ("ESR-EVT-024",)

    def close(self) -> None:
        self._count_what_was_met()
        # The first reading is made before any key is known.
        again = self.reads[1:]
        for before, read in pairwise(again):
            if read.started - before.started < _BETWEEN_READS - _EARLY:
                self.tally.breach(
                    f"Expected {_BETWEEN_READS:g} s at least between two readings of the keys, but exchange {read.id} came "
                    f"{read.started - before.started:.1f} s after exchange {before.id}.",
                    before,
                    read,
                )

    def _count_what_was_met(self) -> None:
        known: set[str] = set()
        met: set[str] = set()
        reads = iter(self.reads)
        read = next(reads, None)
        for delivery in self.deliveries:
            while read is not None and read.ended <= delivery.call.started:
                known |= _key_ids(read.answer)
                read = next(reads, None)
            told = _KEY_ID.search(delivery.call.headers.get("signature-input", ""))
            if told is None or told[1] in known or told[1] in met:
                continue
            met.add(told[1])
            if self.within(delivery):
                self.tally.held += 1
            elif delivery.call.succeeded and self.facts.complete and self.reads:
                self.tally.breach(
                    f"Expected the keys to be read for the key {told[1][:40]}, which the subject could not know, but exchange "
                    f"{delivery.call.id} was answered {delivery.call.status} without.",
                    delivery.call,
                )


class AsksAgainWithoutKeys(KeyReadings):
    """Where the keys cannot be read, a delivery is neither taken nor refused."""

    judges = ("ESR-EVT-025",)

    def close(self) -> None:
        for delivery in self.deliveries:
            reads = self.within(delivery)
            if not reads or any(read.succeeded for read in reads):
                continue
            if delivery.call.succeeded or delivery.is_refused:
                self.tally.breach(
                    f"Expected 503 while the keys cannot be read, but exchange {delivery.call.id} was answered "
                    f"{delivery.call.status}.",
                    reads[-1],
                    delivery.call,
                )
            elif delivery.call.status:
                self.tally.held += 1


class TakesDuplicates(Rule):
    """An event that was acknowledged is acknowledged whenever it comes again."""

    judges = ("ESR-EVT-027",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._acknowledged: dict[tuple[str, str], Call] = {}

    def take(self, delivery: Delivery) -> None:
        if delivery.altered or "id" not in delivery.event:
            return
        call, first = delivery.call, self._acknowledged.get(delivery.key)
        if first is None or first.ended > call.started:
            if call.succeeded and not call.spoilt:
                self._acknowledged.setdefault(delivery.key, call)
        elif call.succeeded:
            self.tally.held += 1
        elif call.status:
            self.tally.breach(
                f"Expected 2xx for an event that was acknowledged before (exchange {first.id}), but exchange {call.id} was "
                f"answered {call.status}.",
                first,
                call,
            )


class TakesUnknownTypes(Rule):
    """An event type that the contract does not have is acknowledged."""

    judges = ("ESR-EVT-029",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        schemas = context.operations.contracts["receiver"].document["components"]["schemas"]
        self._types = frozenset(schemas["EventType"]["enum"])

    def take(self, delivery: Delivery) -> None:
        kind = delivery.event.get("type")
        if delivery.altered or kind is None or kind in self._types:
            return
        if delivery.call.succeeded:
            self.tally.held += 1
        elif delivery.call.status:
            self.tally.breach(
                f"Expected 2xx for an event of a type that was added later, {str(kind)[:60]!r}, but exchange "
                f"{delivery.call.id} was answered {delivery.call.status}.",
                delivery.call,
            )


class AcknowledgesEveryEvent(Rule):
    """Each event is acknowledged, at once or when it is delivered again."""

    judges = ("ESR-EVT-030",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._waiting: dict[tuple[str, str], list[Call]] = {}

    def take(self, delivery: Delivery) -> None:
        if delivery.altered or "id" not in delivery.event:
            return
        tries = self._waiting.setdefault(delivery.key, [])
        tries.append(delivery.call)

    def close(self) -> None:
        for (_, name), tries in self._waiting.items():
            if any(call.succeeded for call in tries):
                self.tally.held += 1
            elif _is_refused(tries[-1]) or len(tries) >= _ENOUGH_DELIVERIES:
                self.tally.breach(
                    f"Expected 2xx for the event {name}, but it was delivered {_times(len(tries))} and answered "
                    f"{tries[-1].status or 'not at all'}.",
                    *tries,
                )


def _start(call: Call) -> float:
    return call.started


def _is_refused(call: Call) -> bool:
    return Delivery(call, {}, None).is_refused


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _key_ids(answer: Any) -> set[str]:
    keys = answer.get("keys") if isinstance(answer, Mapping) else None
    return {str(key.get("kid")) for key in keys or () if isinstance(key, Mapping)}
