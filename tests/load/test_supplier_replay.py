"""A replay through the example supplier, and through it with one defect each: every defect is caught under its name."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from harness import Workspace

from loadtests.errors import LedgerError, PlanError
from loadtests.ledger import read_ledger
from loadtests.plan import Census, Scope, WorldParameters
from loadtests.preparation import vacancies_of
from loadtests.profiles import Profile, Window, load_profile
from loadtests.results import Listener, Progress, ReplayPlan, ReplayResult
from loadtests.supplier.access import SupplierAccess, SupplierPlan
from loadtests.supplier.actions import SupplierActions
from loadtests.supplier.reconciliation import acts_in_esr
from loadtests.supplier.runner import run_supplier_replay
from loadtests.supplier.timing import timed
from loadtests.supplier.verdict import part_of
from loadtests.verdict import Outcome
from simulators.supplier import Office, Policies, Settings, Supplier, running_supplier
from simulators.supplier.defects import DEFECTS, Stall

STALL = 4.0


def quick(stall: float = 60.0) -> Profile:
    """The supplier's profile with the busy hours in a second, and limits of time that a busy machine keeps."""
    profile = load_profile("supplier")
    window = profile.window
    assert window is not None
    assert profile.limits.latency is not None
    return replace(
        profile,
        window=Window(
            datetime.fromisoformat("2026-09-01T08:00:00"),
            datetime.fromisoformat("2026-09-01T18:00:00"),
            window.arrivals,
        ),
        pace=replace(profile.pace, factor=36_000),
        sending=replace(profile.sending, retry_for_seconds=15.0),
        limits=replace(
            profile.limits,
            driver_lateness_p99_ms=30_000,
            propagation_p95_ms=60_000,
            longest_stall_seconds=stall,
            latency=replace(
                profile.limits.latency, p50_ms=60_000, p95_ms=60_000, p99_ms=60_000, max_ms=60_000
            ),
        ),
    )


def plan_for(
    workspace: Workspace, supplier: Supplier, folder: Path, profile: Profile
) -> SupplierPlan:
    return SupplierPlan(
        ReplayPlan(
            base_url=f"{workspace.url}/esr/v1",
            token=workspace.token,
            profile=profile,
            world=WorldParameters(workspace.world.seed, len(workspace.world.organisations), 10),
            seed=5,
            ledger=folder / "ledger.ndjson",
            applicants=1000,
        ),
        SupplierAccess(
            control_url=f"{workspace.url}/w/{workspace.name}/control/v1",
            driver_url=supplier.driver_url,
            driver_token=supplier.settings.driver_token,
        ),
    )


def settings_of(workspace: Workspace) -> Settings:
    return Settings(f"{workspace.url}/esr/v1", workspace.token)


def replayed(
    workspace: Workspace,
    folder: Path,
    parts: tuple[type[Policies], type[Office]] = (Policies, Office),
    profile: Profile | None = None,
    progress: Listener | None = None,
) -> ReplayResult:
    with running_supplier(settings_of(workspace), *parts) as supplier:
        plan = plan_for(workspace, supplier, folder, profile or quick())
        return run_supplier_replay(plan, progress)


def census_of(result: ReplayResult) -> Census:
    vacancies = vacancies_of(read_ledger(result.ledger))
    return SupplierActions(Scope.from_dict(result.scope), vacancies).census()


def outcomes(result: ReplayResult) -> dict[str, Outcome]:
    return {finding.name: finding.outcome for finding in result.findings}


def failed(result: ReplayResult) -> set[str]:
    return {name for name, outcome in outcomes(result).items() if outcome is Outcome.FAIL}


def test_the_example_supplier_passes_and_its_ledger_tells_the_same(
    workspace: Workspace, tmp_path: Path
) -> None:
    result = replayed(workspace, tmp_path)

    assert result.outcome is Outcome.PASS, result.findings
    assert result.interrupted is None
    assert result.counts.planned == result.counts.acknowledged > 0
    # Everything that came before the window about its applicants was given, too.
    before = census_of(result).caught_up
    assert result.set_up.caught_up == before > 0
    found = result.reconciliation
    assert found is not None
    assert found.clean
    # An order of the set-up is an order like any other; an act in ESR is none.
    assert 0 < found.confirmed == found.acknowledged < result.counts.sent + result.set_up.caught_up

    ledger, scope = read_ledger(tmp_path / "ledger.ndjson"), Scope.from_dict(result.scope)
    told = SupplierActions(scope, vacancies_of(ledger))
    planned = {hour: sum(kinds.values()) for hour, kinds in census_of(result).by_hour.items()}
    again = timed(ledger, scope, acts_in_esr(ledger, told), planned)
    assert again.measured == result.measurements
    assert again.propagation == result.propagation
    assert again.events == again.acknowledged > 0


def test_what_the_replay_changed_in_the_workspace_is_put_back(
    workspace: Workspace, tmp_path: Path
) -> None:
    replayed(workspace, tmp_path)

    assert workspace.control.get("/faults").json()["faults"] == []
    assert workspace.control.get("/settings").json()["journalDetail"] == "FULL"


@pytest.mark.parametrize(
    ("defect", "finding"),
    [
        ("sender-lost", "lost (sender)"),
        ("sender-doubled", "doubled (sender)"),
        ("sender-reordered", "reordered (sender)"),
        ("receiver-lost", "lost (receiver)"),
        pytest.param("receiver-doubled", "doubled (receiver)", marks=pytest.mark.prove),
        pytest.param("receiver-reordered", "reordered (receiver)", marks=pytest.mark.prove),
    ],
)
def test_a_defect_is_caught_under_its_name(
    workspace: Workspace, tmp_path: Path, defect: str, finding: str
) -> None:
    result = replayed(workspace, tmp_path, DEFECTS[defect])

    assert result.outcome is Outcome.FAIL
    assert finding in failed(result)
    part = finding.partition("(")[2].removesuffix(")")
    # What goes wrong in one direction is not blamed on the other.
    assert not {name for name in failed(result) if name.endswith(")") and part not in name}
    found = result.reconciliation
    assert found is not None
    listed = [*found.lost, *found.duplicated, *found.altered, *found.reordered]
    assert {part_of(item) for item in listed} == {part}
    assert all(item.supplierReference or item.applicantNumber for item in listed)


@pytest.mark.parametrize(
    ("defect", "finding"),
    [
        ("sender-stalled", "stalled (sender)"),
        pytest.param("receiver-stalled", "stalled (receiver)", marks=pytest.mark.prove),
    ],
)
def test_a_stall_is_caught_under_its_name_and_nothing_is_lost_by_it(
    workspace: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    defect: str,
    finding: str,
) -> None:
    monkeypatch.setattr(Stall, "seconds", STALL)
    monkeypatch.setattr(Stall, "after", sys.maxsize)

    def begin_in_the_window(step: Progress) -> None:
        if step.phase == "replaying":
            monkeypatch.setattr(Stall, "after", 0)

    profile = quick(stall=STALL / 2)
    slow = replace(profile, pace=replace(profile.pace, factor=9_000))
    result = replayed(workspace, tmp_path, DEFECTS[defect], slow, begin_in_the_window)

    assert finding in failed(result)
    found = result.reconciliation
    assert found is not None
    assert found.clean


def test_a_supplier_without_the_hooks_that_are_needed_is_told_which(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_supplier(settings_of(workspace)) as supplier:
        office = supplier._office
        assert office is not None
        office.orders.acts.pop("WITHDRAW")

        with pytest.raises(PlanError, match="does not offer WITHDRAW"):
            run_supplier_replay(plan_for(workspace, supplier, tmp_path, quick()))

    assert not (tmp_path / "ledger.ndjson").exists()


@pytest.mark.parametrize("profile", ["year", "smoke"])
def test_a_profile_that_does_not_limit_a_supplier_is_refused(
    workspace: Workspace, tmp_path: Path, profile: str
) -> None:
    with (
        running_supplier(settings_of(workspace)) as supplier,
        pytest.raises(PlanError, match="take the profile supplier"),
    ):
        run_supplier_replay(plan_for(workspace, supplier, tmp_path, load_profile(profile)))


def test_a_clock_that_stands_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    with running_supplier(settings_of(workspace)) as supplier:
        workspace.freeze()

        with pytest.raises(PlanError, match="lives in wall time"):
            run_supplier_replay(plan_for(workspace, supplier, tmp_path, quick()))


def test_a_ledger_that_was_begun_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "ledger.ndjson").write_text("{}\n")

    with (
        running_supplier(settings_of(workspace)) as supplier,
        pytest.raises(LedgerError, match="give a new file"),
    ):
        run_supplier_replay(plan_for(workspace, supplier, tmp_path, quick()))


def test_a_supplier_that_listens_to_nothing_is_refused_unless_its_receiver_is_named(
    workspace: Workspace, tmp_path: Path
) -> None:
    settings = replace(settings_of(workspace), subscribes=False)
    with running_supplier(settings) as supplier:
        plan = plan_for(workspace, supplier, tmp_path, quick())

        with pytest.raises(PlanError, match="no subscription"):
            run_supplier_replay(plan)

        receiver = supplier.receiver_url.removesuffix("/events")
        result = run_supplier_replay(
            replace(plan, access=replace(plan.access, receiver_url=receiver))
        )

    assert result.outcome is Outcome.PASS, result.findings
    assert workspace.esr.get("/event-subscriptions").json()["eventSubscriptions"] == []


def test_a_supplier_that_goes_away_leaves_an_inconclusive_result(
    workspace: Workspace, tmp_path: Path
) -> None:
    with running_supplier(settings_of(workspace)) as supplier:
        profile = quick()
        plan = plan_for(
            workspace,
            supplier,
            tmp_path,
            replace(profile, sending=replace(profile.sending, retry_for_seconds=1.0)),
        )

        def leave(step: object) -> None:
            if getattr(step, "phase", "") == "replaying":
                supplier.stop()

        result = run_supplier_replay(plan, leave)

    assert result.outcome is not Outcome.PASS
    assert result.reconciliation is None
    assert result.interrupted is not None
    # Whether the sender or the reading back is the first to find it gone is chance.
    assert supplier.driver_url in result.interrupted
    assert "does not answer" in result.interrupted
