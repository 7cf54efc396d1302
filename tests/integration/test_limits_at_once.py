"""What one client can hold, and what a stranger can have written in its name, is not all that there is."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from assertions import TestClient, key_set
from in_process import served

from sandbox.database import Transaction
from sandbox.identity.tables import spent_assertions
from sandbox.limits import counting
from sandbox.settings import Level, Settings

_OPERATOR = "the operator's token of this test"
_PATIENCE = 1000


def test_one_client_does_not_hold_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_AT_ONCE", 2)
    settings = Settings(port=0, level=Level.PLATFORM, operator_token=_OPERATOR)
    with (
        served(settings) as runtime,
        httpx.Client(base_url=runtime.settings.public_url, trust_env=False, timeout=30) as http,
        ThreadPoolExecutor(2) as pool,
    ):
        tokens = [_tenant(http, name) for name in ("acme", "beta")]
        slow = {"system": "esr", "kind": "DELAY", "delaySeconds": 4, "times": 2}
        answer = http.post("/control/v1/faults", json=slow, headers=tokens[0])
        assert answer.status_code == 201, answer.text

        def ask(headers: dict[str, str], path: str = "/esr/v1/organisations") -> httpx.Response:
            return http.get(path, headers=headers)

        held = [pool.submit(ask, tokens[0]) for _ in range(2)]
        for _ in range(_PATIENCE):
            if runtime.limits._at_once.total() == 2:
                break
            Event().wait(0.005)
        beyond = [ask(tokens[0]), ask(tokens[0], "/control/v1/clock")]
        others = [ask(tokens[1]), ask(_as_operator(), "/w/acme/control/v1/clock")]

        assert [each.result().status_code for each in held] == [200, 200]
        assert [(each.status_code, each.json()["code"]) for each in beyond] == [
            (429, "RATE_LIMITED")
        ] * 2
        assert beyond[0].headers["Retry-After"] == "1"
        assert [each.status_code for each in others] == [200, 200]
        assert ask(tokens[0]).status_code == 200
        assert not runtime.limits._at_once


def test_who_signs_with_no_key_of_the_client_has_no_more_written_than_the_limit_lets_through() -> (
    None
):
    settings = Settings(port=0, level=Level.PLATFORM, operator_token=_OPERATOR)
    with (
        served(settings) as runtime,
        httpx.Client(base_url=runtime.settings.public_url, trust_env=False, timeout=30) as http,
    ):
        wanted: dict[str, Any] = {"name": "acme", "client": {"jwks": key_set(**{"test-1": "one"})}}
        made = http.post("/control/v1/workspaces", json=wanted, headers=_as_operator()).json()
        stranger = TestClient(made["clientId"], made["tokenUrl"], signer="two")

        answers = [stranger.ask().status_code for _ in range(30)]

        def spent(transaction: Transaction) -> int:
            counted = sa.select(sa.func.count()).select_from(spent_assertions)
            return int(transaction.connection.execute(counted).scalar_one())

        assert answers.count(429) > 0
        assert runtime.database.read(spent).result() == len(answers) - answers.count(429)


def _as_operator() -> dict[str, str]:
    return {"Authorization": f"Bearer {_OPERATOR}"}


def _tenant(http: httpx.Client, name: str) -> dict[str, str]:
    wanted: dict[str, Any] = {"name": name, "client": {"jwks": key_set(**{"test-1": "one"})}}
    made = http.post("/control/v1/workspaces", json=wanted, headers=_as_operator()).json()
    token = TestClient(made["clientId"], made["tokenUrl"]).token()
    return {"Authorization": f"Bearer {token}"}
