"""What a replay refuses before it sends anything, each in one sentence that says what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loadtests.errors import LedgerError, PlanError, TargetError
from loadtests.profiles import load_profile
from loadtests.results import ReplayPlan
from loadtests.runner import reconcile_ledger, run_replay, scope_of
from tests.load.esr_stub import TOKEN, EsrStub
from tests.load.replaying import A_SECOND, WORLD, assert_whole, plan_for, profile

AT_ONCE = 100 * A_SECOND


@pytest.fixture
def plan(plan: ReplayPlan) -> ReplayPlan:
    return replace(plan, applicants=12, factor=AT_ONCE)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EsrStub, ReplayPlan]]:
    """A replay that was carried out."""
    with EsrStub(WORLD.make()) as stub:
        plan = plan_for(stub, tmp_path_factory.mktemp("done"), applicants=12)
        plan = replace(plan, factor=AT_ONCE)
        assert_whole(run_replay(plan))
        yield stub, plan


def test_replay_that_was_carried_out_is_not_carried_out_again(
    done: tuple[EsrStub, ReplayPlan], tmp_path: Path
) -> None:
    stub, plan = done
    writes = len(stub.arrivals)

    with pytest.raises(PlanError, match=r"already holds replay .*Take another seed"):
        run_replay(replace(plan, ledger=tmp_path / "another.ndjson"))
    # Dates that were shifted once are not shifted anew.
    again = run_replay(replace(plan, sent_on="2026-11-09"))

    assert_whole(again)
    assert len(stub.arrivals) == writes


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 8},
        {"applicants": 13},
        {"first_applicant": 5},
        {"world": replace(WORLD, seed=6)},
        {"profile": load_profile("smoke")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_ledger_of_a_replay_with_other_arguments_is_refused(
    done: tuple[EsrStub, ReplayPlan], change: dict[str, Any]
) -> None:
    stub, plan = done
    written, writes = plan.ledger.read_bytes(), len(stub.arrivals)

    with pytest.raises(LedgerError, match="belongs to another replay; give a new file, or the arg"):
        run_replay(replace(plan, **change))

    assert plan.ledger.read_bytes() == written
    assert len(stub.arrivals) == writes


def test_ledger_that_was_begun_is_for_one_process(done: tuple[EsrStub, ReplayPlan]) -> None:
    with pytest.raises(LedgerError, match="only one process can go on with a ledger"):
        run_replay(replace(done[1], processes=2))


def test_file_that_is_no_ledger_is_refused_and_left_alone(plan: ReplayPlan) -> None:
    plan.ledger.write_text("the shopping\nlist")

    with pytest.raises(LedgerError, match="is not a ledger of a replay"):
        run_replay(plan)

    assert plan.ledger.read_text() == "the shopping\nlist"


def test_disk_that_is_full_from_the_start_is_one_clear_sentence(plan: ReplayPlan) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")

    with pytest.raises(LedgerError, match="/dev/full cannot be written: No space left"):
        run_replay(replace(plan, ledger=full))


def test_world_that_esr_does_not_hold_is_refused(plan: ReplayPlan) -> None:
    with pytest.raises(PlanError, match="seed the sandbox with that world"):
        run_replay(replace(plan, world=replace(WORLD, seed=99)))


def test_absent_esr_is_one_clear_sentence(stub: EsrStub, plan: ReplayPlan) -> None:
    stub.stop()

    with pytest.raises(TargetError, match=r"does not answer at .*is it running there"):
        run_replay(plan)


@pytest.mark.parametrize("address", ["nonsense", "ftp://127.0.0.1/esr/v1", "http://"])
def test_address_that_is_none_is_one_clear_sentence(plan: ReplayPlan, address: str) -> None:
    with pytest.raises(PlanError, match="is not an address of ESR"):
        run_replay(replace(plan, base_url=address))


def test_wrong_token_is_one_clear_sentence(plan: ReplayPlan) -> None:
    with pytest.raises(TargetError, match="401"):
        run_replay(replace(plan, token="wrong"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"factor": 0.0}, "A factor of 0.0 is impossible"),
        ({"factor": -1.0}, "A factor of -1.0 is impossible"),
        ({"factor": math.inf}, "A factor of inf is impossible"),
        ({"factor": math.nan}, "A factor of nan is impossible"),
        ({"applicants": 0}, "at least one applicant"),
        ({"scale": 0.0}, "at least one applicant"),
        ({"scale": math.inf, "applicants": None}, "at least one applicant"),
        ({"scale": math.nan, "applicants": None}, "at least one applicant"),
        ({"world": replace(WORLD, organisations=0)}, "There is no such world"),
        ({"closed_hours": 2.0}, "Profile smoke has no closure"),
    ],
)
def test_impossible_replay_is_refused(plan: ReplayPlan, change: dict[str, Any], told: str) -> None:
    with pytest.raises(PlanError, match=told):
        scope_of(replace(plan, **change))


def test_scale_is_a_share_of_the_profiles_volume(plan: ReplayPlan) -> None:
    scaled = replace(plan, applicants=None, scale=0.1)

    assert scope_of(scaled).applicants == profile().applicants_per_year // 10


@pytest.mark.parametrize("hours", [2.0, 12.0, 144.0])
def test_longer_closure_leaves_what_follows_the_opening_as_long(
    plan: ReplayPlan, hours: float
) -> None:
    backlog = load_profile("backlog")
    asked = replace(plan, profile=backlog, closed_hours=hours)

    usual, scope = scope_of(replace(asked, closed_hours=None)), scope_of(asked)

    assert usual.closed is not None
    assert usual.window is not None
    assert scope.closed is not None
    assert scope.window is not None
    assert scope.closed[1] - scope.closed[0] == hours * 3_600_000_000
    after = usual.window[1] - usual.closed[1]
    assert scope.window[1] - scope.closed[1] >= after


def test_reconciliation_of_a_ledger_that_is_none_is_one_clear_sentence(
    stub: EsrStub, tmp_path: Path
) -> None:
    with pytest.raises(LedgerError, match="cannot be read"):
        reconcile_ledger(tmp_path / "gone", stub.base_url, TOKEN)


def test_reconciliation_of_a_ledger_of_another_program_is_refused(
    done: tuple[EsrStub, ReplayPlan], tmp_path: Path
) -> None:
    stub, plan = done
    lines = plan.ledger.read_text().splitlines(keepends=True)
    place = next(place for place, line in enumerate(lines) if line.startswith('{"n":'))
    before, _, after = lines[place].partition('"digest":"')
    lines[place] = f'{before}"digest":"{"0" * 64}{after[64:]}'
    path = tmp_path / "ledger.ndjson"
    path.write_text("".join(lines))

    with pytest.raises(LedgerError, match="written by another version"):
        reconcile_ledger(path, stub.base_url, TOKEN)
