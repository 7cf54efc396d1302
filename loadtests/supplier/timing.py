"""How long what a supplier was told to do took to arrive at ESR, how long it stood still, and how events reached it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from loadtests.ledger import Ledger
from loadtests.measurements import Distribution, Rows, distribution
from loadtests.supplier.reading import Event


def arrived(ledger: Ledger, arrivals: Mapping[int, float], acts_in_esr: frozenset[int]) -> Ledger:
    """The ledger as it reads when an order counts as answered once it has arrived at ESR.

    So its latency from the intended time ends with the arrival, and its service time runs from the driver's answer to the
    arrival. Acts in ESR are left out: they are not the supplier's.
    """
    rows = ledger.rows[~np.isin(ledger.rows["number"], list(acts_in_esr))].copy()
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


def stall_of_events(events: Iterable[Event]) -> Stall | None:
    """The longest time in which a delivery was waiting and the receiver acknowledged none."""
    told = [each for each in events if each.happened is not None]
    happened = np.array([each.happened for each in told], "f8")
    ended = np.array([each.acknowledged or np.nan for each in told], "f8")
    return longest_stall(happened, ended)


def propagation(events: Iterable[Event]) -> Distribution:
    """From each change to the first acknowledgement of its event, in milliseconds."""
    took = [
        max(0.0, each.acknowledged - each.happened)
        for each in events
        if each.acknowledged is not None and each.happened is not None
    ]
    return distribution(np.array(took, "f8"))
