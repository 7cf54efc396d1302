"""The verdict on the volume suite, by the files of a pack alone: one pure function for the run and for the verifier."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from loadtests.errors import LedgerError, PlanError
from loadtests.ledger import read_ledger_lines
from loadtests.measurements import Distribution
from loadtests.preparation import vacancies_of
from loadtests.profiles import Pacing, Profile
from loadtests.reconcile import sent_digest
from sandbox.conformance.evidence.refusals import Code, PackRefused
from sandbox.conformance.results import Result, rolled_up
from sandbox.conformance.volume.files import (
    LEDGER,
    RECONCILIATION,
    is_bundled,
    read_plan,
    read_profile,
    read_reconciliation,
    unzipped_lines,
)
from sandbox.conformance.volume.proof import prove_ledger, prove_planned, prove_scope
from sandbox.conformance.volume.requirements import BUSIEST, IN_TIME, SENT, requirements_of
from sandbox.conformance.volume.sides import Replay, Shown, Side, side_of

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
    role: str = orjson.loads(files["subject.json"])["role"]
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
    side = side_of(role)
    replay = _replay(files, asked, profile, side)
    shown = side.shown(replay, files)
    told = list(_told(shown, profile, role))
    result = rolled_up(Result(item["result"]) for item in told)
    return VolumeVerdict(
        result,
        {
            "result": str(result),
            "findings": told,
            **words,
            **_measured(replay, shown),
            "interrupted": replay.interrupted,
        },
        _requirements(told),
    )


def _not_begun(files: Mapping[str, bytes], words: dict[str, Any]) -> VolumeVerdict:
    """A suite that was asked for, and of which nothing was sent: skipped, or inconclusive where it says why."""
    result, why = Result.SKIP, NOT_BEGUN
    if RECONCILIATION in files:
        interrupted, _ = read_reconciliation(files)
        result, why = Result.INCONCLUSIVE, interrupted or NOT_BEGUN
    told = [_finding(SENT, result, why, "all")]
    return VolumeVerdict(result, {"result": str(result), "findings": told, **words})


def _replay(
    files: Mapping[str, bytes], asked: dict[str, Any], profile: Profile, side: Side
) -> Replay:
    """The replay of a pack, proven as far as it can be. Raises PackRefused."""
    if asked["scope"] is None:
        raise PackRefused(Code.VOLUME_MALFORMED, "The pack has a ledger, and its plan no scope.")
    interrupted, found = read_reconciliation(files)
    scope = prove_scope(asked, profile)
    ledger = read_ledger_lines(unzipped_lines(files[LEDGER], LEDGER), Path(LEDGER))
    try:
        plan = side.plan(scope, vacancies_of(ledger))
        census = plan.census()
        prove_planned(asked, census)
        prove_ledger(ledger, plan, profile, asked["senders"])
        if interrupted is None and any("lost" in note for note in ledger.notes):
            interrupted = "a sender was lost"
        replay = Replay(
            ledger, plan, census, profile, asked["clock"] == "moved", found, interrupted
        )
        side.prove(replay)
    except (KeyError, TypeError, ValueError, IndexError) as problem:
        raise PackRefused(
            Code.LEDGER_MALFORMED,
            f"The ledger's set-up or pace is not told as a ledger tells it ({type(problem).__name__}).",
        ) from problem
    return replay


def _told(shown: Shown, profile: Profile, role: str) -> Iterator[dict[str, Any]]:
    # Only limits of this release show that a requirement is kept.
    proves = is_bundled(profile)

    def about(name: str) -> tuple[str, ...]:
        return requirements_of(name, profile.name, role) if proves else ()

    for finding in shown.findings:
        result = Result(finding.outcome)
        yield _finding(finding.name, result, finding.measured, finding.limit, about(finding.name))
    for name, why in shown.unseen.items():
        yield _finding(name, Result.OMIT, why, "")
    if proves and profile.name in BUSIEST[role]:
        count = shown.measured.latency["all"].intended.count
        enough = Result.PASS if count >= ENOUGH else Result.INCONCLUSIVE
        name = "answers enough to judge a percentile"
        yield _finding(name, enough, f"{count:,}", f"{ENOUGH} at least", about(IN_TIME))


def _finding(
    name: str, result: Result, measured: str, limit: str, requirements: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {
        "finding": name,
        "result": str(result),
        "measured": measured,
        "limit": limit,
        "requirements": list(requirements),
    }


def _requirements(told: list[dict[str, Any]]) -> dict[str, Result]:
    """By requirement, what its findings come to. That everything was sent shows none by itself."""
    by_name: dict[str, list[Result]] = {}
    shown: set[str] = set()
    for item in told:
        for name in item["requirements"]:
            by_name.setdefault(name, []).append(Result(item["result"]))
        if item["finding"] != SENT:
            shown.update(item["requirements"])
    return {name: rolled_up(results) for name, results in by_name.items() if name in shown}


def _measured(replay: Replay, shown: Shown) -> dict[str, Any]:
    """What was measured, rounded to what a reader can use."""
    counts, measured, run = shown.counts, shown.measured, replay.plan.scope.run
    latency = measured.latency["all"]
    return {
        "run": run,
        "counts": {
            "planned": counts.planned,
            "sent": counts.sent,
            "acknowledged": counts.acknowledged,
            "refused": counts.refused,
            "unacknowledged": counts.unacknowledged,
            "cutOff": counts.cut_off,
            "neverSent": counts.never_sent,
            "retries": counts.retries,
            "caughtUp": len(replay.ledger.rows) - counts.sent,
            "byKind": counts.by_kind,
        },
        "latency": {
            "intended": _percentiles(latency.intended),
            "service": _percentiles(latency.service),
        },
        "lateness": _percentiles(measured.lateness),
        "propagation": _percentiles(shown.propagation) if shown.propagation else None,
        "wallSeconds": round(measured.wall_seconds, 3),
        "messagesDigest": sent_digest(replay.ledger, run),
        "stateDigest": replay.found.state_digest if replay.found and replay.found.state else None,
    }


def _percentiles(found: Distribution) -> dict[str, Any]:
    """In milliseconds."""
    return {
        name: value if name == "count" else round(value, 1) for name, value in asdict(found).items()
    }
