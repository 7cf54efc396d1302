"""The verdict on the volume suite, by the files of a pack alone: one pure function for the run and for the verifier."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from loadtests.discrepancies import Reconciliation
from loadtests.errors import LedgerError, PlanError
from loadtests.ledger import Ledger, read_ledger_lines
from loadtests.measurements import Distribution, Measurements, measure
from loadtests.plan import Plan
from loadtests.preparation import vacancies_of
from loadtests.profiles import Pacing, Profile
from loadtests.propagation import measure_propagation
from loadtests.reconcile import sent_digest
from loadtests.runner import counts_of
from loadtests.verdict import Counts, Finding, judge
from sandbox.conformance.evidence.refusals import Code, PackRefused
from sandbox.conformance.results import Result, rolled_up
from sandbox.conformance.volume.files import (
    ARRIVALS,
    LEDGER,
    RECONCILIATION,
    is_bundled,
    read_plan,
    read_profile,
    read_reconciliation,
    unzipped_lines,
)
from sandbox.conformance.volume.proof import (
    prove_ledger,
    prove_planned,
    prove_reconciliation,
    prove_scope,
)
from sandbox.conformance.volume.requirements import IN_TIME_FINDING, requirement_of

NOT_BEGUN = "the replay was not begun"
ENOUGH = 100
"""Answers below which a 99th percentile is one answer, and says nothing of the busiest hours."""


@dataclass(frozen=True, slots=True)
class VolumeVerdict:
    """What the replay says."""

    result: Result
    words: Mapping[str, Any]
    """As results.json has them: findings, counts and what was measured."""
    requirements: Mapping[str, Result] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a ledger that was proven shows."""

    ledger: Ledger
    plan: Plan
    counts: Counts
    measured: Measurements
    propagation: Distribution | None
    found: Reconciliation | None
    interrupted: str | None


def judge_volume(files: Mapping[str, bytes]) -> VolumeVerdict:
    """The verdict of a pack that has a plan of this suite.

    Raises PackRefused for files that are malformed, or that cannot be of one and the same replay.
    """
    try:
        return _judged(files)
    except LedgerError as problem:
        raise PackRefused(Code.LEDGER_MALFORMED, str(problem)) from problem
    except PlanError as problem:
        raise PackRefused(Code.VOLUME_MALFORMED, str(problem)) from problem


def _judged(files: Mapping[str, bytes]) -> VolumeVerdict:
    asked, profile = read_plan(files), read_profile(files)
    words: dict[str, Any] = {
        "profile": profile.name,
        "title": profile.title,
        "ownProfile": not is_bundled(profile),
        "applicants": asked["applicants"],
        "clock": asked["clock"],
        "factor": profile.pace.factor if profile.pace.kind is Pacing.CONSTANT else None,
    }
    if LEDGER not in files:
        return _not_begun(files, words)
    seen = _seen(files, asked, profile)
    limits = profile.limits
    out_of_sight = limits.propagation_p95_ms is not None and asked["clock"] == "wall"
    if out_of_sight:
        limits = replace(limits, propagation_p95_ms=None)
    findings = judge(
        limits, seen.counts, seen.measured, seen.found, seen.interrupted, seen.propagation
    )
    told = [*_told(findings, profile), *_enough(seen.measured, profile)]
    if out_of_sight:
        what = "not measured: an ESR elsewhere does not reach a receiver here"
        told.append(_finding("from a change to the receiver, p95", Result.OMIT, what, "", None))
    result = rolled_up(Result(item["result"]) for item in told)
    return VolumeVerdict(
        result,
        {
            "result": str(result),
            "findings": told,
            **words,
            **_measured(seen),
            "interrupted": seen.interrupted,
        },
        _requirements(told),
    )


def _not_begun(files: Mapping[str, bytes], words: dict[str, Any]) -> VolumeVerdict:
    """A suite that was asked for, and of which nothing was sent: skipped, or inconclusive where it says why."""
    result, why = Result.SKIP, NOT_BEGUN
    if RECONCILIATION in files:
        interrupted, _ = read_reconciliation(files)
        result, why = Result.INCONCLUSIVE, interrupted or NOT_BEGUN
    told = [_finding("every message sent", result, why, "all", None)]
    return VolumeVerdict(result, {"result": str(result), "findings": told, **words})


def _seen(files: Mapping[str, bytes], asked: dict[str, Any], profile: Profile) -> _Seen:
    if asked["scope"] is None:
        raise PackRefused(Code.VOLUME_MALFORMED, "The pack has a ledger, and its plan no scope.")
    interrupted, found = read_reconciliation(files)
    scope = prove_scope(asked, profile)
    ledger = read_ledger_lines(unzipped_lines(files[LEDGER], LEDGER), Path(LEDGER))
    try:
        plan = Plan(scope, vacancies_of(ledger))
        census = plan.census()
        prove_planned(asked, census)
        prove_ledger(ledger, plan, profile, asked["senders"])
    except (KeyError, TypeError, ValueError, IndexError) as problem:
        raise PackRefused(
            Code.LEDGER_MALFORMED,
            f"The ledger's set-up or pace is not told as a ledger tells it ({type(problem).__name__}).",
        ) from problem
    if found is not None:
        prove_reconciliation(ledger, found)
    if interrupted is None and any("lost" in note for note in ledger.notes):
        interrupted = "a sender was lost"
    by_hour = {hour: sum(kinds.values()) for hour, kinds in census.by_hour.items()}
    return _Seen(
        ledger,
        plan,
        counts_of(ledger, scope, census),
        measure(ledger, scope, by_hour),
        _propagation(files, ledger, plan),
        found,
        interrupted,
    )


def _propagation(files: Mapping[str, bytes], ledger: Ledger, plan: Plan) -> Distribution | None:
    if ARRIVALS not in files:
        return None
    try:
        return measure_propagation(ledger, plan, unzipped_lines(files[ARRIVALS], ARRIVALS))
    except (KeyError, TypeError, ValueError) as problem:
        raise PackRefused(
            Code.VOLUME_MALFORMED, f"{ARRIVALS} does not tell of events and when they arrived."
        ) from problem


def _told(findings: tuple[Finding, ...], profile: Profile) -> Iterator[dict[str, Any]]:
    # Only limits of this release show that a requirement is kept.
    proves = is_bundled(profile)
    for finding in findings:
        name = requirement_of(finding.name, profile.name) if proves else None
        yield _finding(finding.name, Result(finding.outcome), finding.measured, finding.limit, name)


def _enough(measured: Measurements, profile: Profile) -> Iterator[dict[str, Any]]:
    name = requirement_of(IN_TIME_FINDING, profile.name) if is_bundled(profile) else None
    if name is not None:
        count = measured.latency["all"].intended.count
        result = Result.PASS if count >= ENOUGH else Result.INCONCLUSIVE
        yield _finding(
            "answers enough to judge a percentile", result, f"{count:,}", f"{ENOUGH}", name
        )


def _finding(
    name: str, result: Result, measured: str, limit: str, requirement: str | None
) -> dict[str, Any]:
    told = {"finding": name, "result": str(result), "measured": measured, "limit": limit}
    return told if requirement is None else {**told, "requirement": requirement}


def _requirements(told: list[dict[str, Any]]) -> dict[str, Result]:
    by_name: dict[str, list[Result]] = {}
    for item in told:
        if "requirement" in item:
            by_name.setdefault(item["requirement"], []).append(Result(item["result"]))
    return {name: rolled_up(results) for name, results in by_name.items()}


def _measured(seen: _Seen) -> dict[str, Any]:
    """What was measured, rounded to what a reader can use."""
    counts, measured = seen.counts, seen.measured
    latency = measured.latency["all"]
    return {
        "run": seen.plan.scope.run,
        "counts": {
            "planned": counts.planned,
            "sent": counts.sent,
            "acknowledged": counts.acknowledged,
            "refused": counts.refused,
            "unacknowledged": counts.unacknowledged,
            "cutOff": counts.cut_off,
            "neverSent": counts.never_sent,
            "retries": counts.retries,
            "caughtUp": len(seen.ledger.rows) - counts.sent,
            "byKind": counts.by_kind,
        },
        "latency": {
            "intended": _percentiles(latency.intended),
            "service": _percentiles(latency.service),
        },
        "lateness": _percentiles(measured.lateness),
        "propagation": _percentiles(seen.propagation) if seen.propagation else None,
        "wallSeconds": round(measured.wall_seconds, 3),
        "messagesDigest": sent_digest(seen.ledger, seen.plan.scope.run),
        "stateDigest": seen.found.state_digest if seen.found else None,
    }


def _percentiles(found: Distribution) -> dict[str, Any]:
    """In milliseconds."""
    return {
        name: value if name == "count" else round(value, 1) for name, value in asdict(found).items()
    }
