"""A workspace holds so much and no more, and says how much that is."""

from typing import Any

import httpx
import pytest
from harness import Workspace

DEFAULT = {
    "records": 100_000_000,
    "events": 100_000_000,
    "exchanges": 100_000_000,
    "snapshots": 100,
}


def allow(workspace: Workspace, **quota: int) -> dict[str, Any]:
    """Lets the workspace hold so much; what is not named stays. Answers its quota."""
    settings = {"journalDetail": "FULL", "searchOddities": False, "quota": quota}
    return dict(workspace.control.put("/settings", json=settings).raise_for_status().json())[
        "quota"
    ]


def shown(workspace: Workspace) -> dict[str, Any]:
    return dict(workspace.control.get(f"/workspaces/{workspace.name}").raise_for_status().json())


def is_full(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.json().get("code")) == (429, "QUOTA_REACHED")


def test_a_workspace_says_how_much_it_holds_and_may(workspace: Workspace) -> None:
    before = shown(workspace)
    workspace.submit()
    workspace.control.post("/snapshots", json={"name": "one"}).raise_for_status()

    after = shown(workspace)

    assert before["quota"] == after["quota"] == DEFAULT
    grown = {kind: after["held"][kind] - before["held"][kind] for kind in DEFAULT}
    assert grown["records"] >= 2
    assert grown["exchanges"] >= 2
    assert grown["snapshots"] == 1


@pytest.mark.parametrize("kind", ["records", "events", "exchanges"])
def test_what_is_full_takes_nothing_more_until_it_may(workspace: Workspace, kind: str) -> None:
    submission = workspace.submission()
    held = shown(workspace)["held"]
    assert allow(workspace, **{kind: held[kind]}) == {**DEFAULT, kind: held[kind]}

    refused = workspace.write("POST", "/applicants", submission)
    read = workspace.esr.get("/applicants")
    pushed = workspace.nhs_jobs.get("/adverts")
    added = workspace.control.post("/esr/vacancies", json={"positionId": 1})

    assert all(is_full(answer) for answer in (refused, read, pushed, added))
    assert refused.headers["retry-after"] == "3600"
    assert kind in refused.json()["detail"]
    allow(workspace, **{kind: DEFAULT[kind]})
    assert workspace.write("POST", "/applicants", submission).status_code == 201
    assert len(workspace.esr.get("/applicants").json()["applicants"]) == 1


def test_a_reset_makes_room_for_records(workspace: Workspace) -> None:
    workspace.submit()
    held = shown(workspace)["held"]["records"]
    allow(workspace, records=held)
    assert is_full(workspace.esr.get("/applicants"))

    workspace.control.post("/reset").raise_for_status()

    assert workspace.esr.get("/applicants").status_code == 200
    assert shown(workspace)["quota"]["records"] == held


def test_a_full_journal_does_not_grow(workspace: Workspace) -> None:
    held = shown(workspace)["held"]["exchanges"]
    allow(workspace, exchanges=held + 2)

    answers = [workspace.esr.get("/organisations") for _ in range(5)]
    wrong = [workspace.esr.get("/organisations", params={"limit": "many"}) for _ in range(5)]

    assert is_full(answers[-1])
    assert {answer.status_code for answer in wrong} <= {400, 429}
    # What was under way when it became full is kept still.
    assert shown(workspace)["held"]["exchanges"] <= held + 4


def test_one_snapshot_too_many_is_refused(workspace: Workspace) -> None:
    allow(workspace, snapshots=1)
    workspace.control.post("/snapshots", json={"name": "one"}).raise_for_status()

    answer = workspace.control.post("/snapshots", json={"name": "two"})

    assert (answer.status_code, answer.json()["code"]) == (409, "STATE_FORBIDS")
    assert shown(workspace)["held"]["snapshots"] == 1
