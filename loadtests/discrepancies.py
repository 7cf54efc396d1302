"""What a reconciliation can find, and how two JSON values are compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from loadtests.ledger import Entry
from loadtests.plan import Message

_SORTED = orjson.OPT_SORT_KEYS


@dataclass(frozen=True, slots=True)
class Difference:
    """One property that is not as it was sent; None where it was not sent or is not held."""

    pointer: str
    sent: Any
    held: Any


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One message that is not as it should be, with all that identifies it."""

    what: str
    """A sentence."""
    kind: str
    """`vacancy`, or what the message is: see `simulators.year.Kind`."""
    number: int | None
    """The message's number; None for a record that no message of this replay explains."""
    supplierReference: str
    requestId: str | None = None
    applicantNumber: str | None = None
    checkType: str | None = None
    differences: tuple[Difference, ...] = ()


@dataclass(slots=True)
class Reconciliation:
    """What reading ESR back found. `lost`, `duplicated`, `altered`, `contradicted` and `reordered` are failures."""

    acknowledged: int = 0
    """Messages that ESR acknowledged, the set-up's included."""
    confirmed: int = 0
    """Acknowledged messages found exactly once in the state they should have."""
    lost: list[Discrepancy] = field(default_factory=list)
    duplicated: list[Discrepancy] = field(default_factory=list)
    altered: list[Discrepancy] = field(default_factory=list)
    contradicted: list[Discrepancy] = field(default_factory=list)
    """Refused, or never sent at all, and yet held."""
    reordered: list[Discrepancy] = field(default_factory=list)
    """Of a supplier: what took effect in another order than it was given in."""
    unacknowledged_found: list[Discrepancy] = field(default_factory=list)
    """Sent, never acknowledged, and held: no failure, the sender may simply not have heard."""
    unacknowledged_absent: list[Discrepancy] = field(default_factory=list)
    """Sent, never acknowledged, and not held: no failure of ESR either."""
    unreported: int = 0
    """Messages held whose lines the ledger lacks, because the sender that knew of them was stopped or lost."""
    state: int = 0
    """The sum of every applicant's digest, whatever the order; see `state_digest`."""
    moved_on: int = 0
    """Checks that ESR or a regulator changed after the supplier; their content is not compared."""

    def not_acknowledged(self, told: Told, is_held: bool, number: str | None = None) -> None:
        """Take in a message that was not acknowledged: no failure, whether ESR holds it or not."""
        if told.entry.attempts == 0:
            self.unreported += is_held
            return
        listed = self.unacknowledged_found if is_held else self.unacknowledged_absent
        state = "held" if is_held else "not held"
        listed.append(about(told, f"Sent, not acknowledged, {state}.", number=number))

    @property
    def state_digest(self) -> str:
        """The same for two replays that left the same applicants and checks, whoever sent them in which order.

        What the server assigns is left out: numbers, ids, versions and times.
        """
        return f"{self.state:064x}"

    @property
    def clean(self) -> bool:
        """True when nothing acknowledged is lost, duplicated or altered and nothing is held that should not be."""
        wrong = (self.lost, self.duplicated, self.altered, self.contradicted, self.reordered)
        return not any(wrong)


@dataclass(frozen=True, slots=True)
class Told:
    """A message of the plan beside what the ledger says of it."""

    message: Message
    entry: Entry


def about(
    told: Told, what: str, differences: tuple[Difference, ...] = (), number: str | None = None
) -> Discrepancy:
    """The discrepancy of a message that the ledger knows."""
    message = told.message
    return Discrepancy(
        what,
        message.kind,
        message.number,
        message.supplierReference,
        message.requestId,
        number,
        message.checkType,
        differences,
    )


def difference(sent: Any, held: Any) -> tuple[Difference, ...]:
    """Where two JSON values differ, as JSON pointers (RFC 6901); numbers are compared by value."""
    return () if _are_same_bytes(sent, held) else tuple(_differences(sent, held, ""))


def is_same(sent: Any, held: Any) -> bool:
    """Whether two JSON values do not differ."""
    return _are_same_bytes(sent, held) or next(_differences(sent, held, ""), None) is None


def _are_same_bytes(sent: Any, held: Any) -> bool:
    # Nearly always so where they do not differ, and much faster than looking into them.
    return orjson.dumps(sent, option=_SORTED) == orjson.dumps(held, option=_SORTED)


def _differences(sent: Any, held: Any, pointer: str) -> Iterator[Difference]:
    if isinstance(sent, dict) and isinstance(held, dict):
        for key in sorted(sent.keys() | held.keys()):
            place = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            yield from _differences(sent.get(key), held.get(key), place)
    elif isinstance(sent, list) and isinstance(held, list) and len(sent) == len(held):
        for index, (one, other) in enumerate(zip(sent, held, strict=True)):
            yield from _differences(one, other, f"{pointer}/{index}")
    elif sent != held or isinstance(sent, bool) != isinstance(held, bool):
        yield Difference(pointer, sent, held)
