"""How long what a supplier was told to do took to arrive at ESR, how long it stood still, and how events reached it.

When each order arrived and each event was acknowledged is written behind the ledger's entries, so that every figure can be
worked out again from the ledger and its plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from loadtests.ledger import Ledger, LedgerWriter
from loadtests.measurements import (
    Distribution,
    Measurements,
    Rows,
    distribution,
    measure,
    window_rows,
)
from loadtests.plan import Scope

_ARRIVALS, _DELIVERIES = "arrivals", "deliveries"
_A_LINE = 500
"""Of how many one line of the ledger tells."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of an event on its way to the supplier. Times are wall seconds since the epoch."""

    id: str
    happened: float | None
    """When ESR changed; None where the event was never delivered."""
    acknowledged: float | None
    """When the first 2xx had come; None where none did."""


def note(writer: LedgerWriter, arrivals: Mapping[int, float], told: Iterable[Delivery]) -> None:
    """Write when orders arrived at ESR and events at the supplier. Raises `LedgerError`."""
    for each in _lines(sorted(arrivals.items())):
        writer.note({_ARRIVALS: each})
    for each in _lines([(one.id, one.happened, one.acknowledged) for one in told]):
        writer.note({_DELIVERIES: each})


def _lines(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (items[place : place + _A_LINE] for place in range(0, len(items), _A_LINE))


def arrivals_of(ledger: Ledger) -> dict[int, float]:
    """When each order arrived at ESR, by message number, as `note` wrote it."""
    told = (each for line in ledger.notes for each in line.get(_ARRIVALS, ()))
    return {int(number): float(at) for number, at in told}


def deliveries_of(ledger: Ledger) -> list[Delivery]:
    """The events, in their order, as `note` wrote them."""
    return [Delivery(*each) for line in ledger.notes for each in line.get(_DELIVERIES, ())]


@dataclass(frozen=True, slots=True)
class Timed:
    """What the times of a replay show."""

    measured: Measurements
    """Of the window: from orders to their arrival at ESR."""
    sender_stall: Stall | None
    receiver_stall: Stall | None
    """Both of the window; None where nothing arrived."""
    propagation: Distribution
    """Of the window: from a change at ESR to the first acknowledgement of its event."""
    events: int
    acknowledged: int
    """All events that the supplier was to be told of, the set-up's included, and those that it acknowledged."""


def timed(
    ledger: Ledger, scope: Scope, acts_in_esr: frozenset[int], planned_by_hour: dict[int, int]
) -> Timed:
    """Fold a ledger with what `note` wrote behind it. `acts_in_esr` are the numbers of what the supplier does not do."""
    there = arrived(ledger, acts_in_esr)
    window = window_rows(there, scope)
    deliveries = deliveries_of(ledger)
    begins = float(window["due"].min()) if len(window) else np.inf
    # What the set-up brought about is no part of the window.
    told = [each for each in deliveries if each.happened is not None and each.happened >= begins]
    return Timed(
        measured=measure(there, scope, planned_by_hour),
        sender_stall=longest_stall(window["due"], window["answered"]),
        receiver_stall=stall_of_deliveries(told),
        propagation=propagation(told),
        events=len(deliveries),
        acknowledged=sum(each.acknowledged is not None for each in deliveries),
    )


def arrived(ledger: Ledger, acts_in_esr: frozenset[int]) -> Ledger:
    """The ledger as it reads when an order counts as answered once it has arrived at ESR.

    So its latency from the intended time ends with the arrival, and its service time runs from the driver's answer to the
    arrival. Acts in ESR are left out: they are not the supplier's.
    """
    rows = ledger.rows[~np.isin(ledger.rows["number"], list(acts_in_esr))].copy()
    arrivals = arrivals_of(ledger)
    rows["last"] = rows["answered"]
    rows["answered"] = [arrivals.get(number, np.nan) for number in rows["number"].tolist()]
    # A message on its way may be at ESR before the driver's answer is here.
    rows["last"] = np.fmin(rows["last"], rows["answered"])
    return replace(ledger, rows=rows)


@dataclass(frozen=True, slots=True)
class Stall:
    """The longest time in which something was due and nothing arrived."""

    seconds: float
    since: float
    """Wall seconds since the epoch at which it began."""
    waiting: int
    """How many were due at its end."""


def longest_stall(due: Rows, ended: Rows) -> Stall | None:
    """The longest stall of what was due at one moment and ended at another, pairwise; what never ended is left out.

    None where nothing ended. A gap counts only from when something was due in it: a quiet hour is no stall.

    >>> longest_stall(np.array([0.0, 1.0, 5.0]), np.array([0.5, 9.0, 9.5]))
    Stall(seconds=8.0, since=1.0, waiting=2)
    """
    there = ~np.isnan(ended)
    due, ended = due[there], ended[there]
    if not len(ended):
        return None
    order = np.argsort(ended, kind="stable")
    due, ended = due[order], ended[order]
    # The earliest due of all that ended then or later: since then something was waiting.
    earliest = np.minimum.accumulate(due[::-1])[::-1]
    begun = np.maximum(earliest, np.concatenate(([-np.inf], ended[:-1])))
    lengths = ended - begun
    place = int(np.argmax(lengths))
    waiting = int(((due <= ended[place]) & (ended >= ended[place])).sum())
    return Stall(float(lengths[place]), float(begun[place]), waiting)


def stall_of_deliveries(told: Iterable[Delivery]) -> Stall | None:
    """The longest time in which a delivery was waiting and the receiver acknowledged none."""
    sent = [each for each in told if each.happened is not None]
    happened = np.array([each.happened for each in sent], "f8")
    ended = np.array([each.acknowledged or np.nan for each in sent], "f8")
    return longest_stall(happened, ended)


def propagation(told: Iterable[Delivery]) -> Distribution:
    """From each change to the first acknowledgement of its event, in milliseconds."""
    took = [
        max(0.0, each.acknowledged - each.happened)
        for each in told
        if each.acknowledged is not None and each.happened is not None
    ]
    return distribution(np.array(took, "f8"))
