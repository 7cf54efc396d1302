"""What the token endpoint gives, to whom, for how long, and how often."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from assertions import TestClient, by_hand, encoded, key_set
from harness import Workspace

from sandbox.contracts import load_contract
from sandbox.identity.faults import Fault
from sandbox.identity.store import digest_of

WAIT = 20.0


@pytest.fixture(scope="module")
def workspace(make_workspace: Callable[..., Workspace]) -> Workspace:
    return make_workspace()


def _new_client(workspace: Workspace, **about: Any) -> TestClient:
    wanted = {"name": "A client", **({"jwks": key_set(**{"test-1": "one"})} | about)}
    made = workspace.control.post("/clients", json=wanted)
    assert made.status_code == 201, made.text
    return TestClient(made.json()["clientId"], made.json()["tokenUrl"])


@pytest.fixture
def client(workspace: Workspace) -> TestClient:
    return _new_client(workspace)


def _as(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_token_comes_with_its_numbers_as_texts_and_opens_the_workspace(
    client: TestClient, workspace: Workspace
) -> None:
    before = time.time()
    answer = client.ask()
    told = answer.json()

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert set(told) == {"access_token", "expires_in", "token_type", "issued_at"}
    assert (told["expires_in"], told["token_type"]) == ("599", "Bearer")
    assert before - 1 <= int(told["issued_at"]) / 1000 <= time.time() + 1
    seen = httpx.get(
        f"{workspace.url}/esr/v1/organisations",
        headers=_as(told["access_token"]),
        trust_env=False,
    )
    assert [item["odsCode"] for item in seen.json()["organisations"]] == [workspace.employer]


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("100000", "99"),
        ("500000", "499"),
        ("600000", "599"),
        ("700000", "599"),
        ("1000000", "599"),
        ("9" * 40, "599"),
        ("0", "599"),
        ("-5", "599"),
        ("1e3", "599"),
        ("", "599"),
        ("٣٠٠٠٠٠", "599"),
    ],
)
def test_a_token_can_be_asked_for_that_lasts_less_never_more(
    client: TestClient, asked: str, given: str
) -> None:
    answer = client.ask(_access_token_expiry_ms=asked)

    assert answer.json()["expires_in"] == given


def test_a_token_is_refused_once_it_has_expired(client: TestClient, workspace: Workspace) -> None:
    token = client.ask(_access_token_expiry_ms="2000").json()["access_token"]
    address = f"{workspace.url}/esr/v1/organisations"
    deadline = time.monotonic() + WAIT
    answer = httpx.get(address, headers=_as(token), trust_env=False)
    seen = [answer.status_code]
    while answer.status_code == 200 and time.monotonic() < deadline:
        answer = httpx.get(address, headers=_as(token), trust_env=False)
        seen.append(answer.status_code)

    assert seen[0] == 200
    assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_INVALID")
    assert "expired" in answer.json()["detail"]
    assert answer.headers["www-authenticate"] == "Bearer"


def test_an_assertion_is_good_once_however_many_send_it_at_one_moment(client: TestClient) -> None:
    assertion = client.assertion()
    together = threading.Barrier(20)

    def ask(_: int) -> int:
        together.wait()
        return client.ask(assertion).status_code

    with ThreadPoolExecutor(20) as pool:
        assert Counter(pool.map(ask, range(20))) == {200: 1, 400: 19}


def test_a_jti_is_spent_also_where_a_later_check_fails(client: TestClient) -> None:
    claims = client.claims()
    wrong = by_hand(client.header(), claims, "two")
    right = by_hand(client.header(), claims, "one")

    assert client.ask(wrong).json()["error_description"] == Fault.SIGNATURE.value.description
    assert client.ask(right).json()["error_description"] == Fault.JTI_REUSED.value.description


def test_two_clients_may_use_one_jti(workspace: Workspace) -> None:
    one, other = _new_client(workspace), _new_client(workspace)

    assert [each.ask(each.assertion(jti="the same")).status_code for each in (one, other)] == [
        200,
        200,
    ]


def test_the_platforms_allowances_hold(client: TestClient) -> None:
    now = int(time.time())

    for assertion in (
        client.assertion(exp=now + 305),
        client.made({"typ": "jwt"}),
        client.assertion(aud=[client.token_url, "https://elsewhere.example"]),
        client.assertion(nbf=now + 5),
        client.assertion(extra={"of": "no interest"}),
        client.made({"jku": "https://attacker.example/x", "x5t": "AA", "unknown": 1}),
    ):
        assert client.ask(assertion).status_code == 200


def test_of_a_field_that_is_there_twice_the_first_counts(client: TestClient) -> None:
    body = httpx.QueryParams(
        [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", client.assertion()),
            ("client_assertion", "x"),
        ]
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = client.http.post(client.token_url, content=str(body), headers=headers)

    assert answer.status_code == 200


def test_neither_a_token_nor_an_assertion_is_stored_or_journalled(
    client: TestClient, workspace: Workspace, sandbox_engine: sa.Engine
) -> None:
    assertion = client.assertion()
    token = client.ask(assertion).json()["access_token"]
    workspace.control.post("/settle")

    with sandbox_engine.connect() as connection:
        found = sa.MetaData()
        found.reflect(connection)
        rows = [
            json.dumps([str(value) for value in row])
            for table in found.sorted_tables
            for row in connection.execute(sa.select(table))
        ]
    assert any(digest_of(token) in row for row in rows)
    assert not any(token in row or assertion.split(".")[2] in row for row in rows)
    kept = workspace.control.get("/exchanges", params={"system": "identity", "limit": 100})
    assert kept.status_code == 200, kept.text
    assert any(item["client"] == client.client_id for item in kept.json()["exchanges"])


def test_a_client_that_is_revoked_is_refused_at_once_and_let_in_again(
    client: TestClient, workspace: Workspace
) -> None:
    token = client.token()
    address, seen = f"{workspace.url}/esr/v1/organisations", []
    for state in ("REVOKED", "ACTIVE"):
        workspace.control.patch(f"/clients/{client.client_id}", json={"state": state})
        seen.append(httpx.get(address, headers=_as(token), trust_env=False).status_code)
    gone = workspace.control.delete(f"/clients/{client.client_id}")
    seen.append(httpx.get(address, headers=_as(token), trust_env=False).status_code)

    assert (seen, gone.status_code) == ([401, 200, 401], 204)
    assert client.ask().json()["error_description"] == Fault.CLIENT_UNKNOWN.value.description


def test_a_client_of_one_workspace_is_unknown_under_anothers_prefix(
    client: TestClient, make_workspace: Callable[..., Workspace]
) -> None:
    other = make_workspace()
    address = client.token_url.replace("/oauth2", f"/w/{other.name}/oauth2")

    elsewhere = TestClient(client.client_id, address).ask(client.assertion())
    there = other.control.get(f"/clients/{client.client_id}")

    assert elsewhere.json()["error_description"] == Fault.CLIENT_UNKNOWN.value.description
    assert there.status_code == 404


class _Keys(BaseHTTPRequestHandler):
    answers: list[tuple[int, Any]]
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.headers.get("Authorization", ""))
        status, document = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def _publishing(*answers: tuple[int, Any]) -> Iterator[tuple[str, list[str]]]:
    """The address of a key set, and one item for each time that it was asked for."""
    handler = type("Handler", (_Keys,), {"answers": list(answers), "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/jwks.json", handler.asked
    finally:
        server.shutdown()
        server.server_close()


def test_keys_are_fetched_from_where_the_client_publishes_them_and_kept(
    workspace: Workspace,
) -> None:
    # A set may hold keys of other kinds, which are passed over.
    published = {"keys": [{"kty": "EC", "kid": "ec"}, *key_set(**{"test-1": "one"})["keys"]]}
    with _publishing((200, published)) as (url, asked):
        wanted = {"name": "Publishes", "jwksUrl": url}
        made = workspace.control.post("/clients", json=wanted).json()
        client = TestClient(made["clientId"], made["tokenUrl"])
        with ThreadPoolExecutor(5) as pool:
            statuses = list(pool.map(lambda _: client.ask().status_code, range(5)))

    assert statuses == [200] * 5
    # Once by each process, and without anybody's credentials.
    assert asked in ([""], [""] * 2)


@pytest.mark.parametrize(
    "answer",
    [
        (404, {}),
        (200, b"<html>"),
        (200, {"keys": []}),
        (200, {"keys": "x"}),
        (200, b"[" * 3000),
        (200, b"x" * 200_000),
        (302, {}),
    ],
    ids=["404", "html", "empty", "no list", "deep", "long", "redirect"],
)
def test_what_is_no_key_set_is_as_good_as_out_of_reach(
    workspace: Workspace, answer: tuple[int, Any]
) -> None:
    with _publishing(answer) as (url, _):
        made = workspace.control.post("/clients", json={"name": "x", "jwksUrl": url}).json()
        refused = TestClient(made["clientId"], made["tokenUrl"]).ask()

    assert refused.json()["error_description"] == Fault.KEYS_UNREACHABLE.value.description


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in key_set(k="one")["keys"][0].items() if key != name}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ([{**_without("x"), "d": "AQAB"}], "private key"),
        ([{**_without("n"), "n": encoded(b"\xff" * 128)}], "bits"),
        ([{**_without("n"), "n": "_" * 1900}], "bits"),
        ([{**_without("n"), "n": "!!"}], "no RSA public key"),
        ([{**_without("e"), "e": "AA"}], "no RSA public key"),
        ([{**_without("e"), "e": "_" * 20 + "w"}], '"e"'),
        ([{**_without("use"), "use": "enc"}], '"use"'),
        ([{**_without("x"), "alg": "RS256"}], '"alg"'),
        ([_without("x"), _without("x")], "twice"),
    ],
    ids=["private", "short", "huge", "garbage", "e is 0", "huge e", "use", "alg", "kid twice"],
)
def test_a_key_set_that_cannot_be_used_is_refused_in_words(
    workspace: Workspace, keys: list[dict[str, Any]], said: str
) -> None:
    answer = workspace.control.post("/clients", json={"name": "x", "jwks": {"keys": keys}})

    assert (answer.status_code, answer.json()["code"]) == (422, "SETTING_INVALID")
    assert said in answer.json()["detail"]


def test_keys_can_be_given_or_published_not_both(workspace: Workspace) -> None:
    both = {"jwks": key_set(k="one"), "jwksUrl": "http://127.0.0.1:9/jwks"}

    answer = workspace.control.post("/clients", json={"name": "x", **both})

    assert answer.status_code == 422


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9/", "http://127.0.0.1:9", "http://10.0.0.1/jwks", "http://u:p@127.0.0.1/x"],
)
def test_keys_are_not_fetched_from_anywhere(workspace: Workspace, url: str) -> None:
    answer = workspace.control.post("/clients", json={"name": "x", "jwksUrl": url})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/jwksUrl")


def test_another_key_takes_the_place_of_the_first(client: TestClient, workspace: Workspace) -> None:
    keys = {"jwks": key_set(**{"test-2": "two"})}
    changed = workspace.control.patch(f"/clients/{client.client_id}", json=keys)
    renewed = TestClient(client.client_id, client.token_url, kid="test-2", signer="two")

    assert changed.status_code == 200
    assert client.ask().json()["error_description"] == Fault.KID_UNKNOWN.value.description
    assert renewed.ask().status_code == 200


def test_clients_are_listed_and_read_without_ours(workspace: Workspace) -> None:
    made = _new_client(workspace)

    listed = workspace.control.get("/clients").json()["clients"]
    read = workspace.control.get(f"/clients/{made.client_id}").json()

    names = {item["clientId"] for item in listed}
    assert {made.client_id, f"supplier-{workspace.name}"} <= names
    assert f"nhs-jobs-{workspace.name}" not in names
    assert (read["state"], read["tokenUrl"]) == ("ACTIVE", made.token_url)
    assert workspace.control.get(f"/clients/nhs-jobs-{workspace.name}").status_code == 404


def test_the_contract_has_the_table_of_the_code() -> None:
    description = load_contract("identity").document["info"]["description"]
    rows = [
        f"| {row.status} | `{row.error}` | `{row.description}` | {row.trigger} | {row.proof} |"
        for row in (fault.value for fault in Fault)
    ]

    found = [line for line in description.splitlines() if line.startswith("| ")]
    assert found == ["| Status | `error` | `error_description` | When | Known |", *rows]
