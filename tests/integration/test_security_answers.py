"""What an answer never holds, and what stands on each: seen from outside, and with every operation broken."""

import re
import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from connexion.middleware.swagger_ui import SwaggerUIMiddleware
from connexion.resolver import Resolver
from harness import Workspace
from in_process import served

import sandbox.app
import sandbox.web.operations
import sandbox.web.token_door
from sandbox.app import contracts_of
from sandbox.contracts.bundle import operations
from sandbox.observability.readiness import Readiness
from sandbox.runtime import Runtime
from sandbox.server import Started
from sandbox.settings import Settings
from sandbox.web.call import Call
from sandbox.web.validation import RequestRules

MARK = "marked-words-of-an-exception"
TOKEN = "a-token-of-this-test"  # pragma: allowlist secret
OURS = re.compile(
    rf'{MARK}|Traceback|File \\?"|\.py\b|line \d+, in |site-packages|sandbox\.|RuntimeError',
    re.IGNORECASE,
)
"""What would tell a stranger of our own code."""


async def fails(*_: Any, **__: Any) -> Any:
    raise RuntimeError(f"{MARK} at /srv/sandbox/secrets.py")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """A sandbox of which, once it has started, no operation and no page works."""
    has_started = threading.Event()
    resolver_of = sandbox.app._resolver

    def breaking(name: str, systems: frozenset[str]) -> Resolver:
        found = resolver_of(name, systems)

        def find(operation_id: str) -> Any:
            handler = found.resolve_function_from_operation_id(operation_id)

            async def handle(call: Call) -> Any:
                return await (fails() if has_started.is_set() else handler(call))

            return handle

        return Resolver(find)

    monkeypatch.setattr(sandbox.app, "_resolver", breaking)
    with served(Settings(port=0, token=TOKEN)) as runtime:
        has_started.set()
        monkeypatch.setattr(RequestRules, "parameters", lambda *_: {})
        monkeypatch.setattr(RequestRules, "body", lambda *_: {})
        monkeypatch.setattr(Runtime, "verify", property(lambda _: fails, lambda *_: None))
        monkeypatch.setattr(sandbox.web.operations, "check_employer", lambda _: None)
        monkeypatch.setattr(sandbox.web.token_door, "issue_token", fails)
        monkeypatch.setattr(SwaggerUIMiddleware, "__call__", fails)
        monkeypatch.setattr(Readiness, "checks", fails)
        with httpx.Client(
            base_url=runtime.settings.public_url,
            headers={"Authorization": f"Bearer {TOKEN}", "Accept": "text/html"},
            timeout=30,
            trust_env=False,
        ) as client:
            yield client


@pytest.mark.filterwarnings("ignore")
def test_an_operation_that_fails_says_nothing_of_our_code(broken: httpx.Client) -> None:
    failed = 0
    for contract in contracts_of(Settings().systems):
        for path, method, _ in operations(contract.document):
            place = contract.base_path + re.sub(r"\{[^}]*\}", "1", path)

            answer = broken.request(method.upper(), place)

            is_token = contract.name == "identity"
            assert answer.status_code == 500, (method, place, answer.text)
            assert answer.headers["content-type"] == (
                "application/json" if is_token else "application/problem+json"
            )
            assert is_token or answer.json()["code"] == "INTERNAL_ERROR"
            assert not OURS.search(answer.text), answer.text
            assert not OURS.search(str(answer.headers)), answer.headers
            failed += 1

    assert failed > 80


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", ["/esr/v1/ui/", "/control/v1/openapi.json", "/ready"])
def test_a_page_that_fails_says_nothing_of_our_code(broken: httpx.Client, path: str) -> None:
    answer = broken.get(path)

    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL_ERROR")
    assert not OURS.search(answer.text)


@pytest.fixture
def client(sandbox: Started) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.url, timeout=30, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/esr/v1/ui/", "/esr/v1/openapi.json", "/control/v1/ui/"])
def test_a_page_takes_no_script_of_others_and_stands_in_no_frame(
    client: httpx.Client, path: str
) -> None:
    answer = client.get(path)

    policy = answer.headers["content-security-policy"]
    assert answer.status_code == 200
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert policy.startswith(("default-src 'none'", "default-src 'self'"))
    assert not re.search(r"https?:|\*", policy)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"(src|href)=\"(https?:)?//", answer.text)


def test_answers_are_kept_by_no_cache_but_the_public_keys(workspace: Workspace) -> None:
    applicant = workspace.submit()
    refused = workspace.esr.get("/applicants/nobody")
    unknown = workspace.esr.get(f"{workspace.url}/nowhere")
    keys = workspace.esr.get("/event-signing-keys")

    for answer in (refused, unknown, workspace.control.get("/journal")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert applicant is not None
    assert keys.status_code == 200
    assert "max-age" in keys.headers["cache-control"]


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST"])
@pytest.mark.parametrize("path", ["/esr/v1/applicants", "/control/v1/workspaces", "/oauth2/token"])
def test_no_page_of_another_site_may_read_an_answer(
    client: httpx.Client, method: str, path: str
) -> None:
    headers = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }

    answer = client.request(method, path, headers=headers)

    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert "evil.example" not in answer.text + str(answer.headers)


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "DEBUG", "CONNECT", "PROPFIND"])
@pytest.mark.parametrize("path", ["/", "/esr/v1/applicants", "/oauth2/token", "/esr/v1/ui/"])
def test_a_method_of_no_contract_is_refused_and_gives_nothing_back(
    client: httpx.Client, method: str, path: str
) -> None:
    answer = client.request(method, path, headers={"Cookie": MARK, "Authorization": MARK})

    assert answer.status_code in {400, 404, 405}
    assert MARK not in answer.text + str(answer.headers)


@pytest.mark.parametrize(
    "path",
    """
    / /health /esr/v1/ui /esr/v1/ui/ /esr/v1/openapi.json /esr/v1/applicants/ /oauth2/token //else.example/%2f..
    /\\else.example /esr/v1//else.example
    """.split(),
)
def test_the_host_that_a_request_names_is_written_nowhere_and_nobody_is_sent_away(
    client: httpx.Client, path: str
) -> None:
    headers = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "gopher",
        "Forwarded": "host=evil.example;proto=gopher",
        "X-Original-URL": "/control/v1/workspaces",
        "X-HTTP-Method-Override": "DELETE",
    }

    answer = client.get(path, headers=headers)

    told = answer.text + str(answer.headers)
    assert "gopher" not in told
    assert "evil.example" not in told
    assert not answer.headers.get("location", "/").startswith(("//", "http", "/\\"))


def test_what_a_caller_sends_comes_back_in_no_header_but_as_an_id(client: httpx.Client) -> None:
    for value in ("<script>", "a b", "a,b", "é", "x" * 101, "a;b=c", "%0d%0aSet-Cookie:a"):
        headers = {"X-Request-ID": value.encode(), "X-Correlation-ID": value.encode()}

        answer = client.get("/esr/v1/applicants", headers=headers)

        assert "x-request-id" not in answer.headers
        assert "x-correlation-id" not in answer.headers
        assert "set-cookie" not in answer.headers

    known = str(uuid4())
    answer = client.get("/esr/v1/applicants", headers={"X-Correlation-ID": known})
    assert answer.headers["x-correlation-id"] == known


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://["]
)
def test_a_page_of_another_site_changes_nothing_where_no_token_is_asked_for(
    workspace: Workspace, origin: str
) -> None:
    applicant = workspace.submit()

    answer = workspace.control.post(
        "/reset", content=b"{}", headers={"Origin": origin, "Content-Type": "text/plain"}
    )
    read = workspace.control.get("/clock", headers={"Origin": origin})

    assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_MISSING")
    assert (read.status_code, read.json()["code"]) == (401, "TOKEN_MISSING")
    assert workspace.read(applicant)["applicantNumber"] == applicant


def test_the_sandboxs_own_pages_may_call_it(workspace: Workspace) -> None:
    for origin in (workspace.url, "http://localhost:8080"):
        assert workspace.control.get("/clock", headers={"Origin": origin}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example"])
def test_a_page_whose_name_was_pointed_at_this_machine_reads_nothing(
    workspace: Workspace, host: str
) -> None:
    answer = workspace.control.get("/clock", headers={"Host": host})

    assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_MISSING")
    for known in ("localhost", "localhost:8080", "[::1]:8080"):
        assert workspace.control.get("/clock", headers={"Host": known}).status_code == 200
