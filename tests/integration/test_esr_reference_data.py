"""Positions, organisations and code lists at ESR, through the front door."""

from collections.abc import Callable

import pytest
from harness import Workspace


def test_a_full_load_gives_every_position_once_and_then_nothing_new(workspace: Workspace) -> None:
    positions, cursor = workspace.walk("/positions", limit=3)

    seeded = [item["positionId"] for item in workspace.world.positions]
    assert [item["positionId"] for item in positions] == seeded
    assert workspace.walk("/positions", cursor) == ([], cursor)


def test_a_delta_gives_what_changed_and_what_was_deleted_since(workspace: Workspace) -> None:
    [first, second, third, *_] = [item["positionId"] for item in workspace.world.positions]
    _, cursor = workspace.walk("/positions")

    workspace.control.post(f"/esr/positions/{second}/change", json={"positionTitle": "Twice"})
    workspace.control.post(f"/esr/positions/{first}/change", json={"positionTitle": "Once"})
    workspace.control.post(f"/esr/positions/{second}/change", json={"costCentre": "A10456"})
    workspace.control.post(f"/esr/positions/{third}/deletion")

    delta, cursor = workspace.walk("/positions", cursor, limit=1)
    assert [(item["positionId"], item["changeDeleteIndicator"]) for item in delta] == [
        (first, "C"),
        (second, "C"),
        (third, "D"),
    ]
    assert (delta[1]["positionTitle"], delta[1]["costCentre"]) == ("Twice", "A10456")
    assert workspace.walk("/positions", cursor) == ([], cursor)


def test_a_full_load_leaves_out_what_was_deleted(workspace: Workspace) -> None:
    deleted = workspace.world.positions[3]["positionId"]
    workspace.control.post(f"/esr/positions/{deleted}/deletion").raise_for_status()

    positions, _ = workspace.walk("/positions")

    assert len(positions) == len(workspace.world.positions) - 1
    assert deleted not in [item["positionId"] for item in positions]
    assert workspace.esr.get(f"/positions/{deleted}").json()["changeDeleteIndicator"] == "D"


def test_a_deleted_position_is_changed_and_deleted_no_more(workspace: Workspace) -> None:
    path = f"/esr/positions/{workspace.world.positions[0]['positionId']}"
    workspace.control.post(f"{path}/deletion").raise_for_status()

    again = workspace.control.post(f"{path}/deletion")
    change = workspace.control.post(f"{path}/change", json={"shared": True})

    assert [answer.json()["code"] for answer in (again, change)] == ["STATE_FORBIDS"] * 2


def test_a_position_does_not_end_before_it_begins(workspace: Workspace) -> None:
    position = workspace.world.positions[0]["positionId"]
    dates = {"effectiveFrom": "2026-04-02", "effectiveTo": "2026-04-01"}

    answer = workspace.control.post(f"/esr/positions/{position}/change", json=dates)

    assert (answer.status_code, answer.json()["code"]) == (422, "END_BEFORE_START")
    seeded = workspace.world.positions[0]["effectiveFrom"]
    assert workspace.esr.get(f"/positions/{position}").json()["effectiveFrom"] == seeded


def test_positions_are_filtered_by_employer_and_cost_centre(
    make_workspace: Callable[..., Workspace],
) -> None:
    workspace = make_workspace(organisations=2, positions=6)
    [mine, theirs] = [item["odsCode"] for item in workspace.world.organisations]
    centre = workspace.world.positions[0]["costCentre"]

    by_parameter, _ = workspace.walk("/positions", organisation=theirs)
    by_centre, _ = workspace.walk("/positions", costCentre=centre)
    header = {"NHSD-End-User-Organisation-ODS": mine}
    by_header = workspace.esr.get("/positions", headers=header).json()["positions"]
    both = workspace.esr.get("/positions", params={"organisation": theirs}, headers=header).json()

    assert {item["odsCode"] for item in by_parameter} == {theirs}
    assert {item["odsCode"] for item in by_header} == {mine}
    assert {item["costCentre"] for item in by_centre} == {centre}
    assert both["positions"] == []


@pytest.mark.parametrize("cursor", ["MTI=", "x", "LTE", "MDE", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5"])
def test_a_cursor_that_was_made_up_is_refused(workspace: Workspace, cursor: str) -> None:
    for path, name in (("/positions", "since"), ("/events", "cursor"), ("/vacancies", "cursor")):
        answer = workspace.esr.get(path, params={name: cursor})

        assert answer.status_code == 400, cursor
        assert answer.json()["code"] == "CONTRACT_VIOLATION"
        assert [error["pointer"] for error in answer.json()["errors"]] == [name]


def test_organisations_are_those_of_the_world_by_their_codes(
    make_workspace: Callable[..., Workspace],
) -> None:
    workspace = make_workspace(organisations=3, positions=1)
    seeded = sorted(
        (dict(item) for item in workspace.world.organisations), key=lambda o: o["odsCode"]
    )

    first = workspace.esr.get("/organisations", params={"limit": 2}).json()
    second = workspace.esr.get("/organisations", params={"cursor": first["next"]}).json()

    assert [*first["organisations"], *second["organisations"]] == seeded
    assert (first["more"], second["more"], "next" in second) == (True, False, False)
    one = seeded[0]
    assert workspace.esr.get(f"/organisations/{one['odsCode']}").json() == one
    assert workspace.esr.get("/organisations/ZZZ99").status_code == 404


def test_code_lists_are_named_and_read_with_what_is_retired(workspace: Workspace) -> None:
    index = workspace.esr.get("/code-lists").json()["codeLists"]

    lists = [workspace.esr.get(f"/code-lists/{item['codeListId']}").json() for item in index]

    assert [item["codeListId"] for item in lists] == [item["codeListId"] for item in index]
    assert {"staff-group", "job-role", "registration-body", "vacancy-status"} <= {
        item["codeListId"] for item in index
    }
    assert all(item["source"] and item["codes"] for item in lists)
    assert {code["retired"] for item in lists for code in item["codes"]} == {True, False}
    assert workspace.esr.get("/code-lists/nothing").status_code == 404
