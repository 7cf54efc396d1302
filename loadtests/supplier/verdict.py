"""The verdict on a replay through a supplier: of its sender and its receiver, each defect under its own name."""

from __future__ import annotations

from collections.abc import Iterator

from loadtests.discrepancies import Discrepancy, Reconciliation
from loadtests.profiles import Limits
from loadtests.supplier.timing import Stall, Timed
from loadtests.verdict import Counts, Finding, Outcome, completeness, errors, latency, propagation
from simulators.year import Kind

SENDER, RECEIVER = "sender", "receiver"
LOST, DOUBLED, ALTERED, REORDERED, STALLED = "lost", "doubled", "altered", "reordered", "stalled"


def named(what: str, part: str) -> str:
    """The name of the finding about one kind of defect in one part of the supplier.

    >>> named(LOST, SENDER)
    'lost (sender)'
    """
    return f"{what} ({part})"


def part_of(item: Discrepancy) -> str:
    """Whose defect it is: what is wrong with an order is the sender's, all else the receiver's."""
    return SENDER if item.kind in list(Kind) else RECEIVER


def judge_supplier(
    limits: Limits,
    counts: Counts,
    timed: Timed,
    found: Reconciliation | None,
    interrupted: str | None,
) -> tuple[Finding, ...]:
    """Every finding. `found` is None where the two sides could not be read back, `interrupted` says why it ended early."""
    late = timed.measured.lateness.p99 > limits.driver_lateness_p99_ms
    return (
        completeness(counts, interrupted),
        *_reconciliation(found),
        _events(timed),
        _stalled(SENDER, timed.sender_stall, limits, late),
        _stalled(RECEIVER, timed.receiver_stall, limits, late),
        errors(limits, counts, interrupted),
        *latency(limits, timed.measured),
        *propagation(limits, timed.propagation),
    )


def _reconciliation(found: Reconciliation | None) -> Iterator[Finding]:
    if found is None:
        yield Finding(
            "reconciliation", Outcome.INCONCLUSIVE, "not done", "every order and event found once"
        )
        return
    for part in (SENDER, RECEIVER):
        for name, items in (
            (LOST, found.lost),
            (DOUBLED, found.duplicated),
            (ALTERED, found.altered),
            (REORDERED, found.reordered),
        ):
            yield _none_of(named(name, part), [each for each in items if part_of(each) == part])
    yield _none_of("told to ESR without an order", found.contradicted)
    outcome = Outcome.PASS if found.confirmed == found.acknowledged else Outcome.FAIL
    if not found.acknowledged:
        outcome = Outcome.INCONCLUSIVE
    measured = f"{found.confirmed:,} of {found.acknowledged:,}"
    yield Finding("orders found at ESR once, unaltered, in order", outcome, measured, "all")


def _none_of(name: str, items: list[Discrepancy]) -> Finding:
    return Finding(name, Outcome.FAIL if items else Outcome.PASS, f"{len(items):,}", "0")


def _events(timed: Timed) -> Finding:
    outcome = Outcome.PASS if timed.acknowledged == timed.events else Outcome.FAIL
    if not timed.events:
        outcome = Outcome.INCONCLUSIVE
    measured = f"{timed.acknowledged:,} of {timed.events:,}"
    return Finding("events acknowledged", outcome, measured, "all")


def _stalled(part: str, stall: Stall | None, limits: Limits, late: bool) -> Finding:
    most = limits.longest_stall_seconds or 0.0
    limit = f"{most:g} s"
    if stall is None:
        return Finding(named(STALLED, part), Outcome.INCONCLUSIVE, "nothing arrived", limit)
    outcome = Outcome.PASS if stall.seconds <= most else Outcome.FAIL
    if late:
        outcome = Outcome.INCONCLUSIVE
    measured = f"{stall.seconds:.1f} s without an arrival, {stall.waiting:,} due"
    return Finding(named(STALLED, part), outcome, measured, limit)
