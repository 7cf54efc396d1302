"""The verdict on a replay: each limit and each rule of reconciliation as one finding, rolled up by a fixed priority.

A verdict must not flatter: what was never sent, or sent late by the driver itself, proves nothing and is inconclusive;
what was acknowledged and is not there fails whatever the latencies were.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from loadtests.discrepancies import Reconciliation
from loadtests.measurements import NEVER_MS, Distribution, Measurements
from loadtests.profiles import Limits


class Outcome(StrEnum):
    """How a finding, and a whole replay, ends."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was judged."""

    name: str
    outcome: Outcome
    measured: str
    limit: str


@dataclass(frozen=True, slots=True)
class Counts:
    """The window's messages, the set-up left out. `planned` is the sum of all but `retries`, `sent` and `by_kind`."""

    planned: int
    sent: int
    """Handed to the network at least once."""
    acknowledged: int
    refused: int
    """Answered with an error that the contract does not ask to retry."""
    unacknowledged: int
    """Tried for as long as the profile allows, and still no answer that settles it."""
    cut_off: int
    """Under way when the sender was stopped."""
    never_sent: int
    retries: int
    """Attempts beyond the first."""
    by_kind: dict[str, int]
    """Acknowledged messages by kind."""


def roll_up(findings: Iterable[Finding]) -> Outcome:
    """Fail before inconclusive before pass; with nothing judged, inconclusive."""
    outcomes = {finding.outcome for finding in findings}
    for outcome in (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS):
        if outcome in outcomes:
            return outcome
    return Outcome.INCONCLUSIVE


def judge(
    limits: Limits,
    counts: Counts,
    measured: Measurements,
    reconciliation: Reconciliation | None,
    interrupted: str | None,
    reached: Distribution | None = None,
) -> tuple[Finding, ...]:
    """Every finding of a replay.

    `interrupted` says why it did not run to its end; `reconciliation` is None where it was not done, `reached`
    where no receiver listened.
    """
    return (
        completeness(counts, interrupted),
        *_reconciliation(reconciliation),
        errors(limits, counts, interrupted),
        *latency(limits, measured),
        *_recovery(limits, measured),
        *_growth(limits, measured),
        *_throughput(limits, measured),
        *propagation(limits, reached),
    )


def completeness(counts: Counts, interrupted: str | None) -> Finding:
    """Whether all of the plan was sent; a part of it proves nothing about the rest."""
    complete = (
        counts.never_sent == counts.cut_off == 0 and interrupted is None and counts.planned > 0
    )
    measured = f"{counts.sent:,} of {counts.planned:,} sent" + (
        f"; {interrupted}" if interrupted else ""
    )
    return Finding(
        "every message sent", Outcome.PASS if complete else Outcome.INCONCLUSIVE, measured, "all"
    )


def _reconciliation(found: Reconciliation | None) -> Iterable[Finding]:
    if found is None:
        yield Finding(
            "reconciliation",
            Outcome.INCONCLUSIVE,
            "not done",
            "every message found once, unaltered",
        )
        return
    for name, items in {
        "lost": found.lost,
        "duplicated": found.duplicated,
        "altered": found.altered,
        "held against ESR's own answer": found.contradicted,
    }.items():
        yield Finding(name, Outcome.FAIL if items else Outcome.PASS, f"{len(items):,}", "0")
    outcome = (
        Outcome.PASS
        if found.confirmed and found.confirmed == found.acknowledged
        else Outcome.INCONCLUSIVE
    )
    if not found.clean:
        outcome = Outcome.FAIL
    measured = f"{found.confirmed:,} of {found.acknowledged:,}"
    yield Finding("acknowledged messages found once, unaltered", outcome, measured, "all")


def errors(limits: Limits, counts: Counts, interrupted: str | None) -> Finding:
    """The share of sent messages that ended refused or without an answer.

    Where the replay ended early, those without one prove nothing: it may have ended because nothing answered any more.
    """
    wrong = counts.refused + counts.unacknowledged
    if counts.sent == 0:
        return Finding(
            "error rate", Outcome.INCONCLUSIVE, "nothing sent", f"{limits.error_rate:.2%}"
        )
    rate = wrong / counts.sent
    outcome = Outcome.PASS if rate <= limits.error_rate else Outcome.FAIL
    if interrupted is not None and counts.refused / counts.sent <= limits.error_rate < rate:
        outcome = Outcome.INCONCLUSIVE
    return Finding(
        "error rate",
        outcome,
        f"{rate:.2%} ({wrong:,} of {counts.sent:,})",
        f"{limits.error_rate:.2%}",
    )


def latency(limits: Limits, measured: Measurements) -> Iterable[Finding]:
    """Latency from the intended time; inconclusive where the driver itself was late."""
    if limits.latency is None:
        return
    late = measured.lateness.p99 > limits.driver_lateness_p99_ms
    yield Finding(
        "the driver kept pace (p99 of its own lateness)",
        Outcome.INCONCLUSIVE if late or measured.lateness.count == 0 else Outcome.PASS,
        f"{measured.lateness.p99:.0f} ms",
        f"{limits.driver_lateness_p99_ms:.0f} ms",
    )
    shown = measured.latency["all"].intended
    for name, value, limit in (
        ("p50", shown.p50, limits.latency.p50_ms),
        ("p95", shown.p95, limits.latency.p95_ms),
        ("p99", shown.p99, limits.latency.p99_ms),
        ("max", shown.max, limits.latency.max_ms),
    ):
        outcome = Outcome.PASS if value <= limit else Outcome.FAIL
        if late or shown.count == 0:
            outcome = Outcome.INCONCLUSIVE
        yield Finding(
            f"latency from intended time, {name}", outcome, f"{value:.0f} ms", f"{limit:.0f} ms"
        )


def _recovery(limits: Limits, measured: Measurements) -> Iterable[Finding]:
    if limits.recovery_seconds is None:
        return
    limit = f"{limits.recovery_seconds:.0f} s"
    found = measured.recovery
    if found is None or not found.waited:
        yield Finding("recovery after the closure", Outcome.INCONCLUSIVE, "nothing waited", limit)
        return
    outcome = Outcome.PASS if 0 < found.seconds <= limits.recovery_seconds else Outcome.FAIL
    said = f"{found.waited:,} messages in {found.seconds:.1f} s"
    yield Finding("recovery after the closure", outcome, said, limit)


def _growth(limits: Limits, measured: Measurements) -> Iterable[Finding]:
    if limits.growth is None or measured.growth == 0:
        return
    limit = f"{limits.growth:g} times"
    outcome = Outcome.PASS if measured.growth <= limits.growth else Outcome.FAIL
    name = "service time at the end over that at the beginning (medians)"
    yield Finding(name, outcome, f"{measured.growth:.2f} times", limit)


def _throughput(limits: Limits, measured: Measurements) -> Iterable[Finding]:
    if limits.throughput_per_second is None:
        return
    rate = measured.messages_per_second
    outcome = Outcome.PASS if rate >= limits.throughput_per_second else Outcome.FAIL
    if measured.latency["all"].intended.count == 0:
        outcome = Outcome.INCONCLUSIVE
    limit = f"{limits.throughput_per_second:g} a second at least"
    yield Finding("throughput", outcome, f"{rate:.0f} a second", limit)


def propagation(limits: Limits, found: Distribution | None) -> Iterable[Finding]:
    """From a change to the arrival of its event; inconclusive where none arrived."""
    if limits.propagation_p95_ms is None:
        return
    limit = f"{limits.propagation_p95_ms:.0f} ms"
    name = "from a change to the receiver, p95"
    if found is None or found.count == 0:
        yield Finding(name, Outcome.INCONCLUSIVE, "no event arrived", limit)
        return
    if found.max >= NEVER_MS:
        yield Finding(
            name, Outcome.FAIL, f"events of {found.count:,} changes, and not all arrived", limit
        )
        return
    outcome = Outcome.PASS if found.p95 <= limits.propagation_p95_ms else Outcome.FAIL
    yield Finding(name, outcome, f"{found.p95:.0f} ms ({found.count:,} events)", limit)
