"""What a request says of its proxies is believed where the peer is one, and of nobody else; a host never is."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any
from uuid import uuid4

import httpx
import pytest
from harness import Workspace
from in_process import served

from sandbox.cli.worlds import fill_default
from sandbox.identity.store import new_token
from sandbox.settings import LogFormat, Settings
from simulators.world import World

PUBLIC = "https://sandbox.example.nhs.uk"
PROXY, STRANGER = "127.0.0.1", "127.0.0.2"
CALLER = "203.0.113.9"
FORGED = {
    "X-Forwarded-For": CALLER,
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example.org",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil",
    "X-Real-IP": CALLER,
    "Forwarded": f"for={CALLER};host=evil.example.org;proto=https",
    "X-Original-URL": "/control/v1/workspaces",
    "X-Rewrite-URL": "/control/v1/workspaces",
    "Host": "evil.example.org",
}


@dataclass
class Behind:
    """A sandbox behind a proxy at 127.0.0.1, and what its log tells of each request."""

    url: str
    token: str
    told: list[dict[str, Any]] = field(default_factory=list)

    def client(self, peer: str, **headers: str) -> httpx.Client:
        """A client that connects from `peer`."""
        return httpx.Client(
            base_url=self.url,
            transport=httpx.HTTPTransport(local_address=peer),
            headers={"Authorization": f"Bearer {self.token}", **headers},
            timeout=30,
            trust_env=False,
        )

    def caller(self, peer: str, **headers: str) -> str:
        """Who the sandbox says has called."""
        number = str(uuid4())
        with self.client(peer, **FORGED, **headers) as client:
            client.get("/esr/v1/organisations", headers={"X-Request-ID": number})
            client.get("/health")  # Served once the line of the one before is written.
        [line] = [line for line in self.told if line.get("requestId") == number]
        return str(line["caller"])


@pytest.fixture(scope="module")
def behind() -> Iterator[Behind]:
    token = new_token()
    settings = Settings(
        port=0,
        token=token,
        public_url=PUBLIC,
        proxies=(ip_network(PROXY),),
        log_format=LogFormat.JSON,
    )
    told: list[dict[str, Any]] = []

    class Told(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record.told)  # type: ignore[attr-defined]

    logger, handler = logging.getLogger("esr_sandbox.requests"), Told()
    logger.addHandler(handler)
    with served(settings) as runtime:
        fill_default(runtime, "small")
        yield Behind(runtime.settings.own_url, token, told)
    logger.removeHandler(handler)


def test_a_proxy_that_is_named_is_believed_of_who_called(behind: Behind) -> None:
    assert behind.caller(PROXY) == CALLER


def test_a_stranger_is_not_believed_of_who_called(behind: Behind) -> None:
    assert behind.caller(STRANGER) == STRANGER


def test_what_a_caller_put_before_the_proxys_own_word_is_not_believed(behind: Behind) -> None:
    chain = {"X-Forwarded-For": f"198.51.100.1, {CALLER}, {PROXY}"}
    number = str(uuid4())
    with behind.client(PROXY, **chain) as client:
        client.get("/esr/v1/organisations", headers={"X-Request-ID": number})
        client.get("/health")

    assert [line["caller"] for line in behind.told if line.get("requestId") == number] == [CALLER]


@pytest.mark.parametrize("peer", [PROXY, STRANGER])
def test_forged_hosts_and_paths_change_no_answer(behind: Behind, peer: str) -> None:
    paths = (
        "/esr/v1/organisations",
        "/esr/v1/openapi.json",
        "/esr/v1/nothing",
        "/esr/v1/organisations/",
        "/health/",
        "/",
        "/nhs-jobs/v1/ui",
    )
    with behind.client(STRANGER) as plain, behind.client(peer, **FORGED) as forging:
        for path in paths:
            without, forged = plain.get(path), forging.get(path)
            assert forged.status_code == without.status_code, path
            assert forged.headers.get("location") == without.headers.get("location"), path
            assert "evil" not in forged.text + str(forged.headers), path


def test_where_no_token_is_asked_for_a_forged_host_is_refused(behind: Behind) -> None:
    with behind.client(PROXY) as plain, behind.client(PROXY, **FORGED) as forging:
        assert plain.get("/control/v1/workspaces/default").status_code == 200
        refused = forging.get("/control/v1/workspaces/default")

    assert (refused.status_code, refused.json()["code"]) == (401, "TOKEN_MISSING")


def test_links_to_what_was_made_name_no_host(behind: Behind) -> None:
    workspace = Workspace("default", behind.url, behind.token, World.make(1, 1, 10))
    answer = workspace.write(
        "POST", "/event-subscriptions", {"url": "http://127.0.0.1:9009/events"}, headers=FORGED
    )

    assert answer.status_code == 201, answer.text
    assert answer.headers["location"].startswith("/esr/v1/event-subscriptions/")


def test_a_delivery_that_names_other_hosts_is_held_against_the_address_that_esr_knows(
    behind: Behind,
) -> None:
    workspace = Workspace("default", behind.url, behind.token, World.make(1, 1, 10))
    subscriptions = workspace.control.get("/exchanges", params={"limit": 100}).json()["exchanges"]
    assert subscriptions
    with behind.client(STRANGER, **FORGED) as client:
        unsigned = client.post("/w/default/receiver/v1/events", json={})

    assert (unsigned.status_code, unsigned.json()["code"]) == (401, "SIGNATURE_MISSING")


def test_the_public_address_is_where_tokens_are_had(behind: Behind) -> None:
    with behind.client(STRANGER, Authorization="Bearer no", **FORGED) as client:
        answer = client.get("/esr/v1/organisations")

    assert answer.status_code == 401
    assert "evil" not in answer.text
