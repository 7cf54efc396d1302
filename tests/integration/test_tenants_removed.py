"""A workspace that is taken away leaves nothing behind."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from harness import Workspace
from in_process import served
from lived_in import Tenant
from tenants import everything_of, tenant

from sandbox.settings import Settings

NAME = "canarya"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("removed")


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    settings = Settings(
        request_seconds=10, database=str(folder / "sandbox.db"), port=0, hub=folder / "hub"
    )
    with served(settings) as runtime:
        yield runtime.settings.public_url


def remove(url: str, name: str, prefix: str = "") -> httpx.Response:
    return httpx.delete(f"{url}{prefix}/control/v1/workspaces/{name}", timeout=30, trust_env=False)


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def mentions(database: Path, text: str) -> list[str]:
    """The tables in which a row has the text."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        names = opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return [
            name
            for (name,) in names
            if any(text in repr(row) for row in opened.execute(f"SELECT * FROM {name}"))
        ]


def test_nothing_of_a_removed_workspace_is_left(url: str, folder: Path) -> None:
    database = folder / "sandbox.db"
    lived: Tenant = tenant(url, "CanaryA", seed=1, positions=6)
    before = lived.workspace
    held, keys = everything_of(database, NAME), workspace_keys(before)
    assert len([table for table, rows in held.items() if rows]) > 25
    assert (folder / "hub" / NAME).is_dir()

    removed = remove(url, NAME)

    assert removed.status_code == 204
    assert {table for table, rows in everything_of(database, NAME).items() if rows} == set()
    assert mentions(database, "CanaryA") == []
    assert not (folder / "hub" / NAME).exists()
    assert told(before.esr.get("/applicants")) == (401, "TOKEN_INVALID")
    assert told(before.control.get("/clock")) == (404, "NOT_FOUND")
    assert told(remove(url, NAME)) == (404, "NOT_FOUND")

    # Its name is free, and what is made under it lives as the first did.
    again: Tenant = tenant(url, "CanaryA", seed=1, positions=6)

    assert again.ids["applicantNumber"] == lived.ids["applicantNumber"]
    assert again.ids["snapshotId"] == 1
    assert not set(keys) & set(workspace_keys(again.workspace))
    assert told(before.esr.get("/applicants")) == (401, "TOKEN_INVALID")
    assert again.workspace.esr.get("/applicants").status_code == 200


def workspace_keys(workspace: Workspace) -> list[str]:
    """The ids of ESR's keys, as whoever has no token reads them at the workspace's address."""
    address = f"{workspace.url}/w/{workspace.name}/esr/v1/event-signing-keys"
    return [key["kid"] for key in httpx.get(address, trust_env=False).json()["keys"]]


def test_the_default_workspace_stays(url: str) -> None:
    assert told(remove(url, "default")) == (409, "STATE_FORBIDS")
    assert told(remove(url, "nobodys")) == (404, "NOT_FOUND")


def test_a_workspace_is_not_taken_away_from_within(url: str) -> None:
    created = httpx.post(f"{url}/control/v1/workspaces", json={"name": "within"}, trust_env=False)
    assert created.status_code == 201

    assert told(remove(url, "within", "/w/within")) == (409, "STATE_FORBIDS")
    assert remove(url, "within", "/w/default").status_code == 204


def test_a_removed_workspace_is_gone_at_once_and_its_name_free(workspace: Workspace) -> None:
    """Whichever process is asked, where several serve."""
    url, name, body = workspace.url, workspace.name, {"name": workspace.name}
    advert = {"positionId": workspace.world.vacancies[0]["positionId"]}
    workspace.control.post("/esr/vacancies", json=advert).raise_for_status()
    workspace.settle()
    assert len(workspace.nhs_jobs.get("/adverts").json()["adverts"]) == 1

    assert remove(url, name).status_code == 204

    reads = [workspace.esr.get("/applicants").status_code for _ in range(8)]
    clocks = [
        httpx.get(f"{url}/w/{name}/control/v1/clock", trust_env=False).status_code for _ in range(8)
    ]
    assert (set(reads), set(clocks)) == ({401}, {404})
    made = httpx.post(f"{url}/control/v1/workspaces", json=body, timeout=30, trust_env=False).json()
    again = Workspace(name, url, made["token"], workspace.world)
    wanted = {"seed": 1, "organisations": 1, "positionsPerOrganisation": 10}
    again.control.post("/seed", json=wanted).raise_for_status()
    assert again.nhs_jobs.get("/adverts").json()["adverts"] == []
    again.control.post("/esr/vacancies", json=advert).raise_for_status()
    again.settle()
    # ESR's new key is known to NHS Jobs, and its new token to ESR.
    assert len(again.nhs_jobs.get("/adverts").json()["adverts"]) == 1
