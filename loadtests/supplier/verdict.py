"""The verdict on a replay through a supplier: of its sender and its receiver, each defect under its own name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from loadtests.discrepancies import Discrepancy, Reconciliation
from loadtests.measurements import Distribution, Measurements
from loadtests.profiles import Limits
from loadtests.supplier.received import Received
from loadtests.supplier.timing import Stall
from loadtests.verdict import (
    Counts,
    Finding,
    Outcome,
    completeness,
    errors,
    latency,
    propagation,
)

SENDER, RECEIVER = "sender", "receiver"
LOST, DOUBLED, ALTERED, REORDERED, STALLED = "lost", "doubled", "altered", "reordered", "stalled"


def named(what: str, part: str) -> str:
    """The name of the finding about one kind of defect in one part of the supplier.

    >>> named(LOST, SENDER)
    'lost (sender)'
    """
    return f"{what} ({part})"


@dataclass(frozen=True, slots=True)
class Shown:
    """What was found on both sides; None where it could not be read."""

    sent: Reconciliation | None
    received: Received | None
    sender_stall: Stall | None
    receiver_stall: Stall | None
    propagation: Distribution | None


def judge_supplier(
    limits: Limits,
    counts: Counts,
    measured: Measurements,
    shown: Shown,
    interrupted: str | None,
) -> tuple[Finding, ...]:
    """Every finding. `interrupted` says why the replay did not run to its end; `measured` is from orders to arrivals at ESR."""
    late = measured.lateness.p99 > limits.driver_lateness_p99_ms
    return (
        completeness(counts, interrupted),
        *_sender(shown.sent),
        *_receiver(shown.received),
        _stalled(SENDER, shown.sender_stall, limits, late),
        _stalled(RECEIVER, shown.receiver_stall, limits, late),
        errors(limits, counts, interrupted),
        *latency(limits, measured),
        *propagation(limits, shown.propagation),
    )


def _sender(found: Reconciliation | None) -> Iterator[Finding]:
    yield from _named(SENDER, found)
    if found is None:
        return
    yield _zero("told to ESR without an order", found.contradicted)
    outcome = Outcome.PASS if 0 < found.acknowledged == found.confirmed else Outcome.INCONCLUSIVE
    if not found.clean:
        outcome = Outcome.FAIL
    measured = f"{found.confirmed:,} of {found.acknowledged:,}"
    yield Finding("orders found at ESR once, unaltered, in order", outcome, measured, "all")


def _receiver(found: Received | None) -> Iterator[Finding]:
    yield from _named(RECEIVER, found.found if found else None)
    if found is None:
        return
    outcome = Outcome.PASS if found.acknowledged == found.events else Outcome.FAIL
    if not found.events:
        outcome = Outcome.INCONCLUSIVE
    measured = f"{found.acknowledged:,} of {found.events:,}"
    yield Finding("events acknowledged", outcome, measured, "all")


def _named(part: str, found: Reconciliation | None) -> Iterator[Finding]:
    if found is None:
        yield Finding(f"reconciliation ({part})", Outcome.INCONCLUSIVE, "not done", "done")
        return
    for name, items in (
        (LOST, found.lost),
        (DOUBLED, found.duplicated),
        (ALTERED, found.altered),
        (REORDERED, found.reordered),
    ):
        yield _zero(named(name, part), items)


def _zero(name: str, items: list[Discrepancy]) -> Finding:
    return Finding(name, Outcome.FAIL if items else Outcome.PASS, f"{len(items):,}", "0")


def _stalled(part: str, stall: Stall | None, limits: Limits, late: bool) -> Finding:
    most = limits.longest_stall_seconds or 0.0
    limit = f"{most:g} s at most"
    if stall is None:
        return Finding(named(STALLED, part), Outcome.INCONCLUSIVE, "nothing arrived", limit)
    outcome = Outcome.PASS if stall.seconds <= most else Outcome.FAIL
    if late:
        outcome = Outcome.INCONCLUSIVE
    measured = f"{stall.seconds:.1f} s without an arrival, {stall.waiting:,} due"
    return Finding(named(STALLED, part), outcome, measured, limit)
