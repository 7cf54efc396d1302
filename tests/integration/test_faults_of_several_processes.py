"""Faults where several processes serve one PostgreSQL database: what one was told, all do, and together as often as was asked."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import postgres
import pytest

from sandbox.faults.rules import Chance, FaultRule
from sandbox.server import Started, started

PROCESSES = 3
SEED = 7


@pytest.fixture(scope="module")
def shared(
    postgresql: postgres.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Started]:
    with started(
        *("--world", "empty", "--seed", str(SEED)),
        folder=tmp_path_factory.mktemp("shared"),
        database=postgresql.make_database(),
        processes=PROCESSES,
    ) as running:
        yield running


@pytest.fixture
def client(shared: Started) -> Iterator[httpx.Client]:
    """Each of its requests has a connection of its own, so that any of the processes may serve it."""
    with httpx.Client(
        base_url=shared.url,
        headers={"Authorization": f"Bearer {shared.token}"},
        limits=httpx.Limits(max_keepalive_connections=0),
        timeout=30,
        trust_env=False,
    ) as opened:
        yield opened


@pytest.fixture(autouse=True)
def without_faults(shared: Started) -> Iterator[None]:
    yield
    control(shared, "DELETE").raise_for_status()


def control(shared: Started, method: str, body: Any = None) -> httpx.Response:
    return httpx.request(method, f"{shared.url}/control/v1/faults", json=body, trust_env=False)


def set_fault(shared: Started, **wanted: Any) -> None:
    document = {
        "system": "esr",
        "operationId": "list_organisations",
        "kind": "STATUS",
        "status": 503,
    }
    control(shared, "POST", {**document, **wanted}).raise_for_status()


def ask(client: httpx.Client, _number: int = 0) -> int:
    """What one request is answered."""
    return client.get("/esr/v1/organisations").status_code


def test_what_is_asked_of_all_at_once_happens_as_often_as_was_asked(
    shared: Started, client: httpx.Client
) -> None:
    set_fault(shared, times=7)

    with ThreadPoolExecutor(12) as pool:
        seen = list(pool.map(lambda number: ask(client, number), range(60)))

    assert (seen.count(503), seen.count(200)) == (7, 53)
    [fault] = control(shared, "GET").json()["faults"]
    assert fault["hits"] == 7


def test_chance_is_the_same_whichever_process_serves(shared: Started, client: httpx.Client) -> None:
    set_fault(shared, probability=0.5)

    seen = [ask(client) for _ in range(30)]

    rule = FaultRule(1, {"probability": 0.5}, "")
    expected = [rule.strikes(Chance(SEED, 1, meeting)) for meeting in range(1, 31)]
    assert [status == 503 for status in seen] == expected


def test_a_fault_is_set_and_cleared_for_all_at_once(shared: Started, client: httpx.Client) -> None:
    for _ in range(5):
        set_fault(shared)
        assert {ask(client) for _ in range(2 * PROCESSES)} == {503}
        control(shared, "DELETE").raise_for_status()
        assert {ask(client) for _ in range(2 * PROCESSES)} == {200}
