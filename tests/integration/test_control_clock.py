"""The world's clock, through the front door."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from harness import Workspace

AHEAD = "2030-01-01T08:00:00Z"


def now(workspace: Workspace) -> datetime:
    return datetime.fromisoformat(workspace.control.get("/clock").json()["now"])


def put(workspace: Workspace, **setting: Any) -> tuple[int, dict[str, Any]]:
    answer = workspace.control.put("/clock", json=setting)
    return answer.status_code, answer.json()


def test_a_new_workspace_has_wall_time(workspace: Workspace) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)

    clock = workspace.control.get("/clock").json()

    assert clock["mode"] == "REAL"
    assert before <= datetime.fromisoformat(clock["now"]) <= datetime.now(UTC)


def test_a_frozen_clock_stands_still_and_moves_when_it_is_told_to(workspace: Workspace) -> None:
    assert put(workspace, mode="FROZEN", at=AHEAD)[0] == 200
    assert now(workspace) == now(workspace) == datetime.fromisoformat(AHEAD)

    by = workspace.control.post("/clock/advance", json={"by": "P1DT2H"}).json()
    to = workspace.control.post("/clock/advance", json={"to": "2031-01-01T00:00:00Z"}).json()

    assert (by["mode"], by["now"]) == ("FROZEN", "2030-01-02T10:00:00.000Z")
    assert (to["mode"], to["now"]) == ("FROZEN", "2031-01-01T00:00:00.000Z")


def test_a_running_clock_runs_at_its_factor(workspace: Workspace) -> None:
    status, clock = put(workspace, mode="RUNNING", at=AHEAD, factor=3600)
    began = datetime.now(UTC)

    later = now(workspace)

    assert (status, clock["factor"]) == (200, 3600)
    elapsed = later - datetime.fromisoformat(clock["now"])
    assert timedelta(0) < elapsed
    # The first answer was on its way before `began`, by at most as long as the whole exchange took.
    assert elapsed <= (datetime.now(UTC) - began + timedelta(seconds=5)) * 3600


def test_what_happens_bears_the_worlds_time(workspace: Workspace) -> None:
    put(workspace, mode="FROZEN", at=AHEAD)

    number = workspace.submit()

    assert workspace.read(number)["submittedAt"] == "2030-01-01T08:00:00.000Z"


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ({"mode": "FROZEN", "at": "2029-12-31T08:00:00Z"}, "CLOCK_BACKWARDS"),
        ({"mode": "RUNNING", "at": "2000-01-01T08:00:00Z", "factor": 2}, "CLOCK_BACKWARDS"),
        ({"mode": "REAL"}, "CLOCK_BACKWARDS"),
        ({"mode": "REAL", "at": "2031-01-01T08:00:00Z"}, "SETTING_INVALID"),
        ({"mode": "FROZEN", "factor": 2}, "SETTING_INVALID"),
        ({"mode": "FROZEN", "at": "2100-01-01T00:00:00Z"}, "SETTING_INVALID"),
    ],
)
def test_a_setting_that_is_refused_changes_nothing(
    workspace: Workspace, setting: dict[str, Any], code: str
) -> None:
    put(workspace, mode="FROZEN", at=AHEAD)
    before = workspace.control.get("/clock").json()

    status, problem = put(workspace, **setting)

    assert (status, problem["code"]) == (422, code)
    assert workspace.control.get("/clock").json() == before


@pytest.mark.parametrize(
    ("move", "status", "code"),
    [
        ({"to": "2029-12-31T08:00:00Z"}, 422, "CLOCK_BACKWARDS"),
        ({"to": "2100-01-01T00:00:00Z"}, 422, "SETTING_INVALID"),
        ({"by": "P9999D", "to": AHEAD}, 400, "CONTRACT_VIOLATION"),
        ({"by": "P1Y"}, 400, "CONTRACT_VIOLATION"),
        ({}, 400, "CONTRACT_VIOLATION"),
    ],
)
def test_a_move_that_is_refused_changes_nothing(
    workspace: Workspace, move: dict[str, Any], status: int, code: str
) -> None:
    put(workspace, mode="FROZEN", at=AHEAD)

    answer = workspace.control.post("/clock/advance", json=move)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert now(workspace) == datetime.fromisoformat(AHEAD)


def test_a_real_clock_is_not_moved(workspace: Workspace) -> None:
    answer = workspace.control.post("/clock/advance", json={"by": "P1D"})

    assert (answer.status_code, answer.json()["code"]) == (409, "STATE_FORBIDS")


def test_each_workspace_has_a_clock_of_its_own(make_workspace: Callable[..., Workspace]) -> None:
    one, two = make_workspace(), make_workspace()

    put(one, mode="FROZEN", at=AHEAD)

    assert two.control.get("/clock").json()["mode"] == "REAL"
