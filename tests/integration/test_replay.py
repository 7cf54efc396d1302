"""A replay against the sandbox itself: in a workspace of its own, whose clock goes with the year's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from loadtests.errors import PlanError
from loadtests.plan import WorldParameters
from loadtests.profiles import LatencyLimits, Pace, Pacing, Profile, load_profile
from loadtests.results import ReplayPlan, ReplayResult
from loadtests.runner import reconcile_ledger, run_replay, token_of
from loadtests.verdict import Outcome
from sandbox.server import Started

WORLD = WorldParameters(seed=1, organisations=2, positions_per_organisation=30)
PATIENT = LatencyLimits(p50_ms=20_000, p95_ms=30_000, p99_ms=40_000, max_ms=60_000)
"""How fast the sandbox is on a machine that does other things too is not what is on trial here."""


def smoke() -> Profile:
    profile = load_profile("smoke")
    limits = replace(
        profile.limits,
        latency=PATIENT,
        driver_lateness_p99_ms=20_000,
        propagation_p95_ms=60_000,
    )
    return replace(profile, limits=limits)


def plan_for(sandbox: Started, folder: Path, profile: Profile, seed: int) -> ReplayPlan:
    return ReplayPlan(
        base_url=f"{sandbox.url}/esr/v1",
        token=sandbox.token,
        profile=profile,
        world=WORLD,
        seed=seed,
        ledger=folder / "ledger.ndjson",
        sandbox_url=sandbox.url,
    )


def assert_whole(result: ReplayResult) -> None:
    found = result.reconciliation
    assert found is not None, result.interrupted
    lists = (found.lost, found.duplicated, found.altered, found.contradicted, found.reordered)
    assert lists == ([], [], [], [], [])
    assert found.confirmed == found.acknowledged
    assert result.counts.acknowledged == result.counts.planned, result.counts
    assert result.outcome is Outcome.PASS, (result.findings, result.interrupted)


def test_smoke_profile_passes_in_a_workspace_whose_clock_it_moves(
    sandbox: Started, tmp_path: Path
) -> None:
    plan = plan_for(sandbox, tmp_path, smoke(), seed=5)

    result = run_replay(plan)

    assert_whole(result)
    assert result.set_up.caught_up > 0
    assert result.scope["sent_on"] is None
    assert result.propagation is not None
    assert result.propagation.count > 0
    with httpx.Client(base_url=sandbox.url, timeout=30, trust_env=False) as client:
        clock = client.get(f"/w/replay-{result.run.lower()}/control/v1/clock").json()
    assert clock["now"] >= "2026-08-04T17:00:00"
    token = token_of(plan.ledger)
    assert token is not None
    assert token != sandbox.token
    again = reconcile_ledger(plan.ledger, plan.base_url, token)
    assert again.clean
    assert again.state_digest == result.state_digest
    with pytest.raises(PlanError, match=r"already holds workspace .*Take another seed"):
        run_replay(replace(plan, ledger=tmp_path / "another.ndjson"))


def test_month_with_a_capped_pace_is_found_whole(sandbox: Started, tmp_path: Path) -> None:
    month = load_profile("month")
    limits = replace(month.limits, growth=None)
    pace = Pace(Pacing.CAPPED, factor=5_000_000.0, share_of_capacity=0.85)
    plan = plan_for(sandbox, tmp_path, replace(month, limits=limits, pace=pace), seed=6)

    result = run_replay(replace(plan, applicants=200))

    assert_whole(result)
    assert result.legs
