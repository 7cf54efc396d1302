"""A process that runs in mode contract-only serves what the contracts describe; every power of the sandbox is absent."""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import httpx
import pytest
from harness import Workspace

from sandbox.app import make_runtime
from sandbox.cli.worlds import make_world
from sandbox.contracts import load_contract
from sandbox.contracts.bundle import operations
from sandbox.contracts.library import CONTRACT_NAMES
from sandbox.server import Started, started
from sandbox.settings import Settings
from sandbox.web.contract_only import SERVED_BESIDE_CONTRACTS
from sandbox.web.pages import pages

METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE")
NOWHERE = "/there/has/never/been/anything/here"
SERVED = ("esr", "nhs-jobs", "receiver", "identity")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = tmp_path_factory.mktemp("bare")
    with started("--mode", "contract-only", folder=folder) as running:
        yield running


@pytest.fixture
def client(bare: Started) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {bare.token}"}
    with httpx.Client(base_url=bare.url, headers=headers, timeout=30, trust_env=False) as opened:
        yield opened


def paths(contract: str) -> list[str]:
    """Each path of a contract, with something in the place of its parameters."""
    found = load_contract(contract)
    return sorted(
        {
            found.base_path + re.sub(r"\{[^}]*\}", "1", path)
            for path, _, _ in operations(found.document)
        }
    )


@lru_cache
def nowhere(client: httpx.Client, method: str) -> httpx.Response:
    return client.request(method, NOWHERE)


def assert_absent(client: httpx.Client, path: str, method: str = "GET") -> None:
    """Asserts that a path is answered as one is at which there has never been anything."""
    answer, absent = client.request(method, path), nowhere(client, method)
    assert answer.status_code == absent.status_code == 404, (method, path, answer.text)
    assert answer.text.replace(path, NOWHERE) == absent.text
    assert answer.headers.keys() == absent.headers.keys()
    assert not [name for name in answer.headers if name.startswith("x-sandbox")]


def test_every_contract_is_either_served_or_absent() -> None:
    # The driver's is about the supplier's side: no sandbox serves it.
    assert sorted((*SERVED, "control", "driver")) == sorted(CONTRACT_NAMES)


@pytest.mark.parametrize("contract", [name for name in CONTRACT_NAMES if name not in SERVED])
@pytest.mark.parametrize("method", METHODS)
def test_every_power_is_absent(client: httpx.Client, contract: str, method: str) -> None:
    for path in paths(contract):
        assert_absent(client, path, method)


@pytest.mark.parametrize("contract", SERVED)
def test_every_operation_of_the_systems_is_there(client: httpx.Client, contract: str) -> None:
    found = load_contract(contract)
    for path, method, _ in operations(found.document):
        address = found.base_path + re.sub(r"\{[^}]*\}", "1", path)
        answer = client.request(method.upper(), address)
        assert "There is nothing at" not in answer.text, (method, address)
        assert answer.status_code < 500 or contract == "receiver"


def test_every_page_is_absent_but_those_for_whoever_runs_it(
    bare: Started, client: httpx.Client
) -> None:
    contracts = [load_contract(name) for name in CONTRACT_NAMES]
    runtime = make_runtime(Settings(metrics=True), make_world)
    shown = {getattr(route, "path", "") for route in pages(runtime, contracts).routes}
    runtime.database.close()
    of_contracts = {
        f"{contract.base_path}{page}"
        for contract in contracts
        for page in ("/openapi.json", "/openapi.yaml", "/ui", "/ui/", "/ui/index.html")
    }

    assert shown > SERVED_BESIDE_CONTRACTS
    for path in sorted((shown | of_contracts) - SERVED_BESIDE_CONTRACTS):
        assert_absent(client, path)
    for path in ("/health", "/ready"):
        assert httpx.get(f"{bare.url}{path}", trust_env=False).status_code == 200


def test_no_path_names_a_workspace_but_that_of_deliveries(client: httpx.Client) -> None:
    named = [
        path for contract in CONTRACT_NAMES if contract != "receiver" for path in paths(contract)
    ]
    for path in [*named, "/", "/health"]:
        for method in ("GET", "POST"):
            prefixed = f"/w/default{path}"
            assert_absent(client, prefixed, method)

    delivered = client.post("/w/default/receiver/v1/events", json={})
    assert (delivered.status_code, delivered.json()["code"]) == (401, "SIGNATURE_MISSING")


@pytest.mark.parametrize("name", ["rate-limited", "lost-answer", "no-such-scenario"])
def test_no_scenario_is_heard_of(client: httpx.Client, name: str) -> None:
    usual = client.get("/esr/v1/organisations")

    asked = client.get("/esr/v1/organisations", headers={"X-Sandbox-Scenario": name})

    assert (asked.status_code, asked.json()) == (200, usual.json())
    assert not [header for header in asked.headers if header.startswith("x-sandbox")]


def test_the_world_is_as_it_was_prepared(client: httpx.Client) -> None:
    assert len(client.get("/esr/v1/organisations").json()["organisations"]) > 0
    subscriptions = client.get("/esr/v1/event-subscriptions")
    assert subscriptions.status_code == 200


def test_what_was_set_before_strikes_no_more(tmp_path: Path) -> None:
    database = str(tmp_path / "sandbox.db")
    with started("--world", "empty", folder=tmp_path, database=database) as full:
        fault = {"system": "esr", "kind": "STATUS", "status": 503}
        with httpx.Client(base_url=full.url, trust_env=False) as control:
            control.post("/control/v1/faults", json=fault).raise_for_status()
            asked = control.get("/esr/v1/organisations", headers=bearer(full))
    options = ("--mode", "contract-only", "--world", "empty")
    with started(*options, folder=tmp_path, database=database) as bare:
        again = httpx.get(f"{bare.url}/esr/v1/organisations", headers=bearer(bare), trust_env=False)

    assert (asked.status_code, again.status_code) == (503, 200)


def bearer(running: Started) -> dict[str, str]:
    return {"Authorization": f"Bearer {running.token}"}


def test_the_same_paths_are_there_in_a_full_sandbox(workspace: Workspace) -> None:
    with httpx.Client(base_url=workspace.url, trust_env=False) as client:
        assert all(client.get(path).status_code != 404 for path in ("/", "/control/v1/faults"))
