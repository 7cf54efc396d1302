"""Worlds as a whole: seeded, reset, kept and put back, and closed to each other."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from harness import Workspace

from sandbox.workspaces.tables import snapshots

pytestmark = pytest.mark.any_database

WITHDRAWAL = {"reason": "CANDIDATE_WITHDREW", "withdrawnDate": "2026-04-02"}
UPDATE = {"state": "REQUESTED", "requestedDate": "2026-04-02"}


def everything(workspace: Workspace) -> dict[str, Any]:
    """All that can be read of a world whose clock stands still."""
    seen: dict[str, Any] = {}
    for path in (
        *("/organisations", "/positions", "/vacancies", "/applicants"),
        *("/events", "/event-subscriptions"),
    ):
        seen[path] = workspace.esr.get(path, params={"limit": 100}).raise_for_status().json()
    for applicant in seen["/applicants"]["applicants"]:
        number = applicant["applicantNumber"]
        for part in ("employment-checks", "inter-authority-transfer"):
            path = f"/applicants/{number}/{part}"
            seen[path] = workspace.esr.get(path).raise_for_status().json()
    for path in ("/adverts", "/applications"):
        seen[f"nhs-jobs{path}"] = workspace.nhs_jobs.get(path).raise_for_status().json()
    for path in ("/clock", "/faults"):
        seen[f"control{path}"] = workspace.control.get(path).raise_for_status().json()
    return seen


def lived_in(workspace: Workspace) -> dict[str, Any]:
    """A world in which something of each kind has happened; answers the submission that was sent under `id`."""
    workspace.freeze()
    sent = {"submission": workspace.submission(), "id": str(uuid4())}
    taken = workspace.write(
        "POST", "/applicants", sent["submission"], headers={"X-Request-ID": sent["id"]}
    )
    number = sent["number"] = taken.json()["applicantNumber"]
    workspace.write("PUT", f"/applicants/{number}/employment-checks/dbs", UPDATE).raise_for_status()
    workspace.write("POST", f"/applicants/{workspace.submit()}/withdrawal", WITHDRAWAL)
    workspace.write(
        "POST", "/event-subscriptions", {"url": "http://127.0.0.1:9/", "types": ["ping"]}
    )
    workspace.control.post(
        "/esr/vacancies", json={"positionId": workspace.world.vacancies[0]["positionId"]}
    ).raise_for_status()
    workspace.settle()
    return sent


def change_all(workspace: Workspace, number: str) -> None:
    position = workspace.world.positions[0]["positionId"]
    workspace.amend(number, {"person": {"firstName": "Zoë"}}).raise_for_status()
    workspace.write("PUT", f"/applicants/{number}/employment-checks/identity", UPDATE)
    workspace.submit()
    workspace.control.post(f"/esr/positions/{position}/deletion").raise_for_status()
    workspace.control.post(
        "/faults", json={"system": "nhs-jobs", "kind": "DROP", "operationId": "read_offer"}
    )
    workspace.advance(by="P30D")
    workspace.settle()


def test_a_snapshot_puts_the_world_back_exactly(workspace: Workspace) -> None:
    sent = lived_in(workspace)
    snapshot = workspace.control.post("/snapshots", json={"name": "before"}).json()
    before = everything(workspace)
    change_all(workspace, sent["number"])
    assert everything(workspace) != before

    restored = workspace.control.post(f"/snapshots/{snapshot['snapshotId']}/restore")

    assert (restored.status_code, restored.json()) == (200, snapshot)
    assert everything(workspace) == before
    again = workspace.write(
        "POST", "/applicants", sent["submission"], headers={"X-Request-ID": sent["id"]}
    )
    assert (again.status_code, again.json()["applicantNumber"]) == (201, sent["number"])
    assert everything(workspace) == before


def test_a_world_that_was_put_back_goes_on_as_it_would_have(workspace: Workspace) -> None:
    lived_in(workspace)
    snapshot = workspace.control.post("/snapshots", json={"name": "before"}).json()["snapshotId"]
    submission = workspace.submission()
    first = workspace.write("POST", "/applicants", submission).json()

    workspace.control.post(f"/snapshots/{snapshot}/restore").raise_for_status()
    second = workspace.write("POST", "/applicants", submission).json()

    assert first == second


def test_a_running_clock_goes_on_from_the_moment_that_was_kept(workspace: Workspace) -> None:
    start = "2030-01-01T08:00:00Z"
    running = {"mode": "RUNNING", "at": start, "factor": 0.01}
    workspace.control.put("/clock", json=running).raise_for_status()
    snapshot = workspace.control.post("/snapshots", json={"name": "before"}).json()
    workspace.advance(by="P1D")

    workspace.control.post(f"/snapshots/{snapshot['snapshotId']}/restore").raise_for_status()

    clock = workspace.control.get("/clock").json()
    assert (clock["mode"], clock["factor"]) == ("RUNNING", 0.01)
    # At this factor a second of the world takes 100 of ours.
    assert snapshot["worldTime"] <= clock["now"] < "2030-01-01T08:00:02"


def test_faults_are_put_back_with_what_they_have_left(workspace: Workspace) -> None:
    wanted = {"system": "esr", "kind": "STATUS", "status": 503, "times": 2}
    fault = workspace.control.post("/faults", json=wanted).json()
    workspace.esr.get("/organisations")
    snapshot = workspace.control.post("/snapshots", json={"name": "before"}).json()["snapshotId"]
    workspace.esr.get("/organisations")
    workspace.control.delete("/faults")

    workspace.control.post(f"/snapshots/{snapshot}/restore").raise_for_status()

    assert workspace.control.get("/faults").json()["faults"] == [{**fault, "hits": 1}]
    assert [workspace.esr.get("/organisations").status_code for _ in range(2)] == [503, 200]


def test_a_world_is_put_back_under_a_request_id_that_it_knows_from_its_former_life(
    workspace: Workspace,
) -> None:
    def keep(name: str) -> str:
        kept = workspace.control.post("/snapshots", json={"name": name}).raise_for_status()
        return f"/snapshots/{kept.json()['snapshotId']}/restore"

    same_id = {"X-Request-ID": str(uuid4())}
    workspace.control.post(keep("before"), headers=same_id).raise_for_status()
    restore = keep("after")
    workspace.control.post("/reset").raise_for_status()

    first, again = (workspace.control.post(restore, headers=same_id) for _ in range(2))

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["name"] == again.json()["name"] == "after"


def test_a_snapshot_has_a_name_of_its_own(workspace: Workspace) -> None:
    first = workspace.control.post("/snapshots", json={"name": "one"}).json()
    second = workspace.control.post("/snapshots", json={"name": "two"}).json()

    taken = workspace.control.post("/snapshots", json={"name": "one"})
    unknown = workspace.control.post("/snapshots/99/restore")

    assert (taken.status_code, taken.json()["code"]) == (409, "ALREADY_EXISTS")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "NOT_FOUND")
    assert workspace.control.get("/snapshots").json()["snapshots"] == [first, second]


@pytest.mark.parametrize("other", [-1, 1])
def test_a_snapshot_of_another_version_is_refused_and_nothing_changes(
    sandbox_engine: sa.Engine, workspace: Workspace, other: int
) -> None:
    lived_in(workspace)
    snapshot = workspace.control.post("/snapshots", json={"name": "before"}).json()["snapshotId"]
    number = workspace.submit()
    before = everything(workspace)
    with sandbox_engine.begin() as connection:
        connection.execute(
            sa.update(snapshots)
            .where(snapshots.c.workspace == workspace.name)
            .values(schema_version=snapshots.c.schema_version + other)
        )

    answer = workspace.control.post(f"/snapshots/{snapshot}/restore")

    assert (answer.status_code, answer.json()["code"]) == (409, "SNAPSHOT_OF_ANOTHER_VERSION")
    assert everything(workspace) == before
    assert workspace.read(number)["version"] == 1


def test_a_reset_empties_the_world_and_the_seed_fills_it_as_before(workspace: Workspace) -> None:
    def seeded() -> list[Any]:
        positions = workspace.esr.get("/positions", params={"limit": 100}).json()["positions"]
        vacancies = workspace.esr.get("/vacancies", params={"limit": 100}).json()["vacancies"]
        moments = ("createdAt", "updatedAt")
        return [
            {name: value for name, value in item.items() if name not in moments}
            for item in (*positions, *vacancies)
        ]

    before = seeded()
    sent = lived_in(workspace)
    snapshot = workspace.control.post("/snapshots", json={"name": "kept"}).json()
    workspace.control.post(
        "/faults",
        json={"system": "esr", "kind": "DROP", "times": 1, "operationId": "read_position"},
    )
    full = workspace.control.post(
        "/seed", json={"seed": 1, "organisations": 1, "positionsPerOrganisation": 10}
    )

    assert workspace.control.post("/reset").status_code == 204

    empty = everything(workspace)
    assert (full.status_code, full.json()["code"]) == (409, "STATE_FORBIDS")
    assert empty["control/clock"]["mode"] == "REAL"
    assert empty["control/faults"] == {"faults": []}
    for path in ("/organisations", "/positions", "/vacancies", "/applicants", "/events"):
        assert empty[path][path[1:]] == [], path
    assert workspace.control.get("/snapshots").json()["snapshots"] == [snapshot]
    workspace.control.post(
        "/seed", json={"seed": 1, "organisations": 1, "positionsPerOrganisation": 10}
    ).raise_for_status()
    assert seeded() == before
    anew = workspace.write(
        "POST", "/applicants", sent["submission"], headers={"X-Request-ID": sent["id"]}
    )
    assert anew.status_code == 201


def test_a_workspace_knows_nothing_of_another(make_workspace: Callable[..., Workspace]) -> None:
    mine, theirs = make_workspace(seed=1), make_workspace(seed=2)
    number = theirs.submit()
    theirs.write("PUT", f"/applicants/{number}/employment-checks/dbs", UPDATE).raise_for_status()
    subscription = theirs.write(
        "POST", "/event-subscriptions", {"url": "http://127.0.0.1:9/", "types": ["ping"]}
    ).json()["subscriptionId"]
    snapshot = theirs.control.post("/snapshots", json={"name": "kept"}).json()["snapshotId"]
    vacancy = theirs.world.vacancies[0]["vacancyReference"]
    position = theirs.world.positions[0]["positionId"]

    reads = [
        f"/applicants/{number}",
        f"/applicants/{number}/employment-checks",
        f"/applicants/{number}/employment-checks/dbs",
        f"/applicants/{number}/inter-authority-transfer",
        f"/vacancies/{vacancy}",
        f"/positions/{position}",
        f"/organisations/{theirs.employer}",
        f"/event-subscriptions/{subscription}",
    ]
    answers = [mine.esr.get(path) for path in reads]
    answers += [
        mine.amend(number, {"dataSharingConsent": True}, '"1"'),
        mine.write("POST", f"/applicants/{number}/withdrawal", WITHDRAWAL),
        mine.write("PUT", f"/applicants/{number}/employment-checks/dbs", UPDATE),
        mine.write("PUT", f"/vacancies/{vacancy}/status", {"status": "02"}),
        mine.write("DELETE", f"/event-subscriptions/{subscription}"),
        mine.write("POST", f"/event-subscriptions/{subscription}/ping"),
        mine.control.post(f"/esr/applicants/{number}/hire", json={}),
        mine.control.post(f"/esr/positions/{position}/deletion"),
        mine.control.post(f"/snapshots/{snapshot}/restore"),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (404, "NOT_FOUND")
    ] * len(answers)
    assert mine.esr.get("/applicants").json()["applicants"] == []
    assert mine.esr.get("/events").json()["events"] == []
    assert theirs.read(number)["version"] == 1


def test_a_workspace_is_made_with_a_token_that_is_shown_once(sandbox: Any) -> None:
    name = f"made-{uuid4().hex[:8]}"
    with httpx.Client(base_url=f"{sandbox.url}/control/v1", trust_env=False) as control:
        made = control.post("/workspaces", json={"name": name, "journalDetail": "LEDGER"})
        again = control.post("/workspaces", json={"name": name})
        listed = control.get("/workspaces").json()["workspaces"]
        one = control.get(f"/workspaces/{name}").json()

    assert (made.status_code, made.headers["location"]) == (201, f"/control/v1/workspaces/{name}")
    told = ("name", "pathPrefix", "journalDetail", "createdAt")
    assert {key: made.json()[key] for key in told} == {key: one[key] for key in told}
    assert (one["pathPrefix"], one["journalDetail"]) == (f"/w/{name}", "LEDGER")
    assert {"default", name} <= {item["name"] for item in listed}
    assert not any("token" in item for item in (one, *listed))
    assert (again.status_code, again.json()["code"]) == (409, "ALREADY_EXISTS")


@pytest.mark.parametrize("name", ["no-such-workspace", "-", "UPPER"])
def test_a_workspace_that_is_not_there_serves_nothing(sandbox: Any, name: str) -> None:
    answer = httpx.get(f"{sandbox.url}/w/{name}/control/v1/clock", trust_env=False)

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_the_world_settles_when_nothing_that_is_due_is_unsent(workspace: Workspace) -> None:
    # Nobody listens on port 9: the delivery fails, and is due again later on the world's clock.
    workspace.freeze()
    subscription = workspace.write(
        "POST", "/event-subscriptions", {"url": "http://127.0.0.1:9/", "types": ["ping"]}
    ).json()["subscriptionId"]
    workspace.write("POST", f"/event-subscriptions/{subscription}/ping").raise_for_status()

    answer = workspace.control.post("/settle", json={"timeoutSeconds": 20})

    assert answer.status_code == 200
    assert (answer.json()["settled"], answer.json()["waiting"]) == (True, [])
    assert answer.json()["waitedSeconds"] < 20
