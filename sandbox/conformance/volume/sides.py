"""What differs between a replay against an ESR and one through a recruitment system: plan, proof of reading back, verdict."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Protocol

from loadtests.discrepancies import Reconciliation
from loadtests.ledger import Ledger
from loadtests.measurements import Distribution, Measurements, measure
from loadtests.plan import Census, Plan, Scope, Vacancy
from loadtests.profiles import Profile
from loadtests.propagation import measure_propagation
from loadtests.runner import counts_of
from loadtests.supplier.actions import SupplierActions
from loadtests.supplier.reconciliation import acts_in_esr
from loadtests.supplier.timing import arrivals_of, deliveries_of, timed
from loadtests.supplier.verdict import judge_supplier
from loadtests.verdict import Counts, Finding, judge
from sandbox.conformance.evidence.refusals import Code, PackRefused
from sandbox.conformance.volume.files import ARRIVALS, unzipped_lines
from sandbox.conformance.volume.proof import (
    acknowledged_numbers,
    numbers_told,
    prove_reconciliation,
)
from sandbox.conformance.volume.requirements import ESR, TOLD_IN_TIME


@dataclass(frozen=True, slots=True)
class Replay:
    """What a pack holds of a replay, its ledger proven."""

    ledger: Ledger
    plan: Plan
    census: Census
    profile: Profile
    is_clock_moved: bool
    found: Reconciliation | None
    interrupted: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What a replay shows."""

    findings: tuple[Finding, ...]
    counts: Counts
    measured: Measurements
    propagation: Distribution | None
    unseen: Mapping[str, str]
    """What was not judged though the profile limits it, by finding, with the reason."""


class Side(Protocol):
    """One kind of replay."""

    def plan(self, scope: Scope, vacancies: tuple[Vacancy, ...]) -> Plan:
        """What it sends."""

    def prove(self, replay: Replay) -> None:
        """Raises PackRefused where what was read back is not about this ledger.

        Raises ValueError, TypeError or KeyError for a line of the ledger that does not say what lines of its kind say.
        """

    def shown(self, replay: Replay, files: Mapping[str, bytes]) -> Shown:
        """What it shows."""


class _AgainstEsr:
    def plan(self, scope: Scope, vacancies: tuple[Vacancy, ...]) -> Plan:
        return Plan(scope, vacancies)

    def prove(self, replay: Replay) -> None:
        if (found := replay.found) is not None:
            acknowledged = acknowledged_numbers(replay.ledger)
            acknowledged |= {-1 - int(line["place"]) for line in replay.ledger.vacancies}
            wrong = numbers_told(found) & acknowledged
            prove_reconciliation(len(acknowledged), len(wrong), found)

    def shown(self, replay: Replay, files: Mapping[str, bytes]) -> Shown:
        scope, limits = replay.plan.scope, replay.profile.limits
        unseen = {}
        if limits.propagation_p95_ms is not None and not replay.is_clock_moved:
            limits = replace(limits, propagation_p95_ms=None)
            unseen[f"{TOLD_IN_TIME}, p95"] = (
                "not measured: an ESR elsewhere does not reach a receiver here"
            )
        counts = counts_of(replay.ledger, scope, replay.census)
        measured = measure(replay.ledger, scope, _by_hour(replay.census))
        reached = _propagation(replay, files)
        return Shown(
            judge(limits, counts, measured, replay.found, replay.interrupted, reached),
            counts,
            measured,
            reached,
            unseen,
        )


class _ThroughSupplier:
    def plan(self, scope: Scope, vacancies: tuple[Vacancy, ...]) -> Plan:
        return SupplierActions(scope, vacancies)

    def prove(self, replay: Replay) -> None:
        orders = self._orders(replay)
        if (found := replay.found) is not None:
            acknowledged = acknowledged_numbers(replay.ledger) & orders
            prove_reconciliation(len(acknowledged), len(numbers_told(found)), found)
        for each in deliveries_of(replay.ledger):
            if not (_is_time(each.happened) and _is_time(each.acknowledged)):
                raise ValueError("a delivery has other than times")
        strange = arrivals_of(replay.ledger).keys() - orders
        if strange:
            raise PackRefused(
                Code.LEDGER_EDITED,
                f"The ledger says when message {min(strange)} arrived, which is no order that was given.",
            )

    def shown(self, replay: Replay, files: Mapping[str, bytes]) -> Shown:  # noqa: ARG002 - as `Side` has it
        scope = replay.plan.scope
        assert isinstance(replay.plan, SupplierActions)
        acts = acts_in_esr(replay.ledger, replay.plan)
        counts = counts_of(replay.ledger, scope, replay.census)
        seen = timed(replay.ledger, scope, acts, _by_hour(replay.census))
        findings = judge_supplier(
            replay.profile.limits, counts, seen, replay.found, replay.interrupted
        )
        return Shown(findings, counts, seen.measured, seen.propagation, {})

    def _orders(self, replay: Replay) -> set[int]:
        assert isinstance(replay.plan, SupplierActions)
        return set(replay.ledger.rows["number"].tolist()) - acts_in_esr(replay.ledger, replay.plan)


def _is_time(value: object) -> bool:
    return value is None or (isinstance(value, float) and isfinite(value))


def side_of(role: str) -> Side:
    """The kind of replay of a role."""
    return _AgainstEsr() if role == ESR else _ThroughSupplier()


def _by_hour(census: Census) -> dict[int, int]:
    return {hour: sum(kinds.values()) for hour, kinds in census.by_hour.items()}


def _propagation(replay: Replay, files: Mapping[str, bytes]) -> Distribution | None:
    if ARRIVALS not in files:
        return None
    lines: Any = unzipped_lines(files[ARRIVALS], ARRIVALS)
    try:
        return measure_propagation(replay.ledger, replay.plan, lines)
    except (KeyError, TypeError, ValueError) as problem:
        raise PackRefused(
            Code.VOLUME_MALFORMED, f"{ARRIVALS} does not tell of events and when they arrived."
        ) from problem
