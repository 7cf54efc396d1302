"""Health says that the process lives; readiness, whether it can do its work."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from harness import Workspace
from in_process import served

from sandbox.database import Database
from sandbox.errors import Code, Refusal
from sandbox.observability.store import probe
from sandbox.runtime import Runtime
from sandbox.settings import Settings

HEALTH = "application/health+json"


def looked_at(runtime: Runtime) -> tuple[int, int, dict[str, str]]:
    """The statuses of health and readiness, and what does not hold, by check."""
    with httpx.Client(base_url=runtime.settings.own_url, trust_env=False) as client:
        health, ready = client.get("/health"), client.get("/ready")
    assert health.headers["content-type"] == ready.headers["content-type"] == HEALTH
    assert ready.headers["cache-control"] == "no-store"
    failing = {
        name: found[0]["output"]
        for name, found in ready.json()["checks"].items()
        if found[0]["status"] != "pass"
    }
    assert (ready.json()["status"] == "pass") == (ready.status_code == 200) == (not failing)
    return health.status_code, ready.status_code, failing


def test_a_sandbox_that_serves_is_healthy_and_ready(workspace: Workspace) -> None:
    with httpx.Client(base_url=workspace.url, trust_env=False) as client:
        ready = client.get("/ready")

    assert ready.status_code == 200
    assert set(ready.json()["checks"]) == {"systems", "database", "outbox", "clocks"}


def _refusing(database: Database) -> Callable[..., Any]:
    async def written(*_: Any) -> Any:
        raise Refusal(Code.SERVICE_UNAVAILABLE, "disk full at /secret/path")

    return written


def _failing(database: Database) -> Callable[..., Any]:
    async def written(*_: Any) -> Any:
        raise sa.exc.OperationalError("select secret", {}, Exception("password=secret"))

    return written


def _of_another_version(database: Database) -> Callable[..., Any]:
    async def written(*_: Any) -> Any:
        return False

    return written


@pytest.mark.parametrize("breaking", [_refusing, _failing, _of_another_version])
def test_a_database_that_takes_no_writes_is_told_and_no_secret(
    breaking: Callable[[Database], Callable[..., Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(Settings(port=0)) as runtime:
        monkeypatch.setattr(runtime.database, "written", breaking(runtime.database))
        health, ready, failing = looked_at(runtime)
        monkeypatch.undo()

    assert (health, ready, set(failing)) == (200, 503, {"database"})
    assert "secret" not in str(failing)


def test_an_outbox_or_clocks_that_nobody_looks_at_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with served(Settings(port=0)) as runtime:

        def fails(*_: Any) -> Future[Any]:
            raise RuntimeError("it cannot be read")

        monkeypatch.setattr(runtime.dispatcher, "_send_due", fails)
        monkeypatch.setattr(runtime.timekeeper, "_with_work", fails)
        runtime.dispatcher.looked_at -= 3600
        runtime.timekeeper.looked_at -= 3600
        health, ready, failing = looked_at(runtime)
        monkeypatch.undo()

    assert (health, ready, set(failing)) == (200, 503, {"outbox", "clocks"})


def test_a_sandbox_whose_nhs_jobs_does_not_hear_from_esr_is_healthy_and_not_ready() -> None:
    with served(Settings(port=0)) as runtime:
        runtime.is_ready = False
        health, ready, failing = looked_at(runtime)
        runtime.is_ready = True

    assert (health, ready, set(failing)) == (200, 503, {"systems"})


def test_many_that_ask_at_once_cost_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    with served(Settings(port=0)) as runtime:
        written = runtime.database.written

        async def counting(*arguments: Any) -> Any:
            if arguments[0] is probe:
                looks.append(1)
            return await written(*arguments)

        monkeypatch.setattr(runtime.database, "written", counting)

        async def ask() -> list[int]:
            async with httpx.AsyncClient(
                base_url=runtime.settings.own_url, trust_env=False
            ) as client:
                answers = await asyncio.gather(*(client.get("/ready") for _ in range(20)))
                return [answer.status_code for answer in answers]

        assert asyncio.run(ask()) == [200] * 20
        monkeypatch.undo()

    assert 1 <= len(looks) <= 3


def test_a_page_is_not_redirected_to_a_host_that_the_request_names(workspace: Workspace) -> None:
    with httpx.Client(base_url=workspace.url, trust_env=False) as client:
        answer = client.get("/health/", headers={"Host": "evil.example.org"})

    assert answer.status_code == 404
    assert "evil" not in answer.text + str(answer.headers)
