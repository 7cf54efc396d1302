"""When faults strike: by the clock of the world, by count and by chance; in one workspace, over a restart, for many at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from fault_requests import fault, hits, statuses
from harness import Workspace

from sandbox.server import Started, started

# NHS Jobs calls ESR too, of its own accord; it does not ask for this.
CHANCE = {
    "operationId": "list_organisations",
    "kind": "STATUS",
    "status": 503,
    "probability": 0.5,
}


def test_maintenance_comes_every_night_of_the_world(workspace: Workspace) -> None:
    workspace.freeze("2030-03-02T12:00:00Z")
    night = {"from": "2030-03-03T02:00:00Z", "until": "2030-03-03T04:00:00Z"}
    fault(workspace, kind="CLOSED", **night, repeatEvery="P1D")

    seen = []
    for moment in ("03T01:59:59", "03T02:00:00", "03T03:59:30", "03T04:00:00", "09T03:00:00"):
        workspace.advance(to=f"2030-03-{moment}Z")
        answer = workspace.esr.get("/organisations")
        seen.append((answer.status_code, answer.headers.get("retry-after")))

    assert seen == [(200, None), (503, "7200"), (503, "30"), (200, None), (503, "3600")]


def test_a_client_is_told_to_wait_as_long_as_its_own_watch_shows(workspace: Workspace) -> None:
    clock = {"mode": "RUNNING", "factor": 3600, "at": "2030-03-03T02:00:00Z"}
    workspace.control.put("/clock", json=clock).raise_for_status()
    fault(workspace, kind="CLOSED", until="2030-03-08T02:00:00Z")

    wait = int(workspace.esr.get("/organisations").headers["retry-after"])

    # Five days of the world are 120 seconds of the client's, less what has gone by.
    assert 60 <= wait <= 120


def test_each_nth_is_struck(workspace: Workspace) -> None:
    fault(workspace, kind="STATUS", status=503, everyNth=3, times=2)

    assert statuses(workspace, 10) == [200, 200, 503, 200, 200, 503, 200, 200, 200, 200]
    assert hits(workspace) == [2]


def test_what_does_not_meet_the_fault_does_not_count(workspace: Workspace) -> None:
    header = {"name": "X-Correlation-ID", "value": "counted"}
    fault(workspace, kind="STATUS", status=503, everyNth=2, header=header)

    for _ in range(3):
        assert workspace.esr.get("/organisations").status_code == 200
    marked = {"x-correlation-id": "counted"}
    seen = [workspace.esr.get("/organisations", headers=marked).status_code for _ in range(4)]

    assert seen == [200, 503, 200, 503]


def test_a_fault_of_one_workspace_strikes_no_other(
    make_workspace: Callable[..., Workspace],
) -> None:
    one, two = make_workspace(), make_workspace()
    for system in ("esr", "nhs-jobs"):
        one.control.post("/faults", json={"system": system, "kind": "RESET"}).raise_for_status()

    assert statuses(two, 3) == [200, 200, 200]
    assert two.nhs_jobs.get("/adverts").status_code == 200
    assert two.control.get("/faults").json() == {"faults": []}
    two.control.delete("/faults").raise_for_status()
    assert len(one.control.get("/faults").json()["faults"]) == 2


def test_the_same_seed_gives_the_same_failures(make_workspace: Callable[..., Workspace]) -> None:
    one, same, other = make_workspace(seed=7), make_workspace(seed=7), make_workspace(seed=8)

    seen = []
    for workspace in (one, same, other):
        fault(workspace, **CHANCE)
        seen.append(statuses(workspace, 40))

    assert seen[0] == seen[1] != seen[2]


def test_the_same_seed_gives_the_same_failures_over_a_restart(
    tmp_path: Path, make_workspace: Callable[..., Workspace]
) -> None:
    unbroken = make_workspace(seed=7)
    fault(unbroken, **CHANCE)
    database = str(tmp_path / "sandbox.db")

    seen = []
    for is_first in (True, False):
        with started(
            "--seed", "7", "--world", "empty", folder=tmp_path, database=database
        ) as running:
            if is_first:
                control = f"{running.url}/control/v1/faults"
                body = {"system": "esr", **CHANCE}
                httpx.post(control, json=body, trust_env=False).raise_for_status()
            seen += asked(running, 20)

    assert seen == statuses(unbroken, 40)
    assert {200, 503} == set(seen[:20]) == set(seen[20:])


def asked(running: Started, times: int) -> list[int]:
    headers = {"Authorization": f"Bearer {running.token}"}
    with httpx.Client(base_url=running.url, headers=headers, trust_env=False) as client:
        return [client.get("/esr/v1/organisations").status_code for _ in range(times)]


def test_three_strikes_are_three_however_many_ask_at_once(workspace: Workspace) -> None:
    fault(workspace, kind="STATUS", status=503, times=3)

    with ThreadPoolExecutor(8) as pool:
        seen = [
            code for codes in pool.map(lambda _: statuses(workspace, 5), range(8)) for code in codes
        ]

    assert (seen.count(503), seen.count(200)) == (3, 37)
    assert hits(workspace) == [3]


def test_a_snapshot_keeps_the_faults_and_how_often_they_struck(workspace: Workspace) -> None:
    fault(workspace, kind="STATUS", status=503, times=3)
    statuses(workspace, 1)
    kept = workspace.control.post("/snapshots", json={"name": "once struck"}).json()["snapshotId"]
    assert statuses(workspace, 3) == [503, 503, 200]

    workspace.control.delete("/faults").raise_for_status()
    workspace.control.post(f"/snapshots/{kept}/restore").raise_for_status()

    assert hits(workspace) == [1]
    assert statuses(workspace, 3) == [503, 503, 200]


def test_a_reset_takes_the_faults_away(workspace: Workspace) -> None:
    fault(workspace, kind="STATUS", status=503)
    assert statuses(workspace, 1) == [503]

    workspace.control.post("/reset").raise_for_status()

    assert statuses(workspace, 1) == [200]
    assert workspace.control.get("/faults").json() == {"faults": []}
