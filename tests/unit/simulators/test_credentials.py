"""How a client gets its tokens with assertions that it signs, from a token endpoint that keeps what it was sent."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from token_endpoint import Endpoint, serving

import simulators.credentials
from simulators.credentials import (
    BearerAuth,
    ClientKey,
    CredentialUnusable,
    SignedTokens,
    TokenRefused,
    authorization,
    key_in,
    own_key,
    read,
    refused,
    written,
)

FAULT = {
    "error": "invalid_request",
    "error_description": "Invalid 'kid' header in client_assertion JWT - no matching public key",
    "message_id": "rrt-1",
}


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as held:
        yield held


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited between tries, without the waiting."""
    seen: list[float] = []

    class Clock:
        time, monotonic = staticmethod(time.time), staticmethod(time.monotonic)
        sleep = staticmethod(seen.append)

    monkeypatch.setattr(simulators.credentials, "time", Clock)
    return seen


def client_of(endpoint: Endpoint) -> SignedTokens:
    key, kid, _ = own_key()
    return SignedTokens(ClientKey("acme", key, kid, endpoint.url))


def claims_of(form: dict[str, str]) -> dict[str, Any]:
    """The claims, verified by another JOSE library than the one that signed."""
    _, _, key_set = own_key()
    claims: dict[str, Any] = jwt.decode(
        form["client_assertion"],
        jwt.PyJWK(dict(key_set["keys"][0]), algorithm="RS512").key,
        algorithms=["RS512"],
        options={"verify_aud": False},
    )
    return claims


def test_an_assertion_is_what_the_platform_asks_for(endpoint: Endpoint) -> None:
    assert authorization(client_of(endpoint)) == "Bearer t1"

    [form] = endpoint.asked
    assert form["content-type"] == "application/x-www-form-urlencoded"
    assert form["grant_type"] == "client_credentials"
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    header = jwt.get_unverified_header(form["client_assertion"])
    assert header == {"alg": "RS512", "typ": "JWT", "kid": own_key()[1]}
    claims = claims_of(form)
    assert claims["iss"] == claims["sub"] == "acme"
    assert claims["aud"] == endpoint.url
    assert 0 < claims["exp"] - time.time() <= 300


def test_a_token_serves_every_thread_until_it_expires(endpoint: Endpoint) -> None:
    access = client_of(endpoint)

    with ThreadPoolExecutor(8) as pool:
        told = set(pool.map(lambda _: authorization(access), range(40)))

    assert told == {"Bearer t1"}
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize("lifetime", ["0", 0, None, "soon", "-5"])
def test_a_token_that_is_over_is_not_used_again(endpoint: Endpoint, lifetime: Any) -> None:
    endpoint.lifetime = lifetime
    access = client_of(endpoint)

    told = [authorization(access), authorization(access)]

    assert told == ["Bearer t1", "Bearer t2"]
    first, second = (claims_of(form)["jti"] for form in endpoint.asked)
    assert first != second


def test_a_token_that_was_answered_401_is_replaced_once(endpoint: Endpoint) -> None:
    access = client_of(endpoint)
    old = authorization(access)

    for _ in range(2):
        assert refused(access, old)
        assert authorization(access) == "Bearer t2"

    assert not refused("a token that somebody gave", "Bearer a token that somebody gave")


def test_a_busy_endpoint_is_asked_again_after_the_time_that_it_names(
    endpoint: Endpoint, waits: list[float]
) -> None:
    endpoint.first = [(429, {"Retry-After": "7"}, {}), (503, {}, {})]

    assert authorization(client_of(endpoint)) == "Bearer t3"

    assert waits[0] == 7
    assert len({claims_of(form)["jti"] for form in endpoint.asked}) == 3


def test_a_fault_is_told_in_the_endpoints_own_words(endpoint: Endpoint) -> None:
    endpoint.first = [(401, {}, FAULT)]

    with pytest.raises(TokenRefused, match="401 invalid_request: Invalid 'kid' header") as told:
        authorization(client_of(endpoint))

    assert (told.value.status, told.value.error) == (401, "invalid_request")
    assert len(endpoint.asked) == 1
    assert endpoint.asked[0]["client_assertion"] not in str(told.value)


@pytest.mark.parametrize(
    ("status", "body"), [(200, {}), (200, []), (200, {"access_token": 5}), (404, "no"), (302, {})]
)
def test_what_is_no_token_endpoint_is_said_to_be_none(
    endpoint: Endpoint, status: int, body: Any
) -> None:
    endpoint.first = [(status, {}, body)]

    with pytest.raises(TokenRefused, match="is it the token endpoint"):
        authorization(client_of(endpoint))


def test_an_endpoint_that_is_away_is_told_after_some_tries(waits: list[float]) -> None:
    key, kid, _ = own_key()

    with pytest.raises(TokenRefused, match="does not answer"):
        authorization(SignedTokens(ClientKey("acme", key, kid, "http://127.0.0.1:1/token")))

    assert len(waits) == 4


def test_a_key_file_that_cannot_be_used_says_why_and_shows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    with pytest.raises(CredentialUnusable, match=r"key\.pem cannot be read"):
        key_in(path)

    label = "PRIVATE KEY"
    path.write_text(f"-----BEGIN {label}-----\nc2VjcmV0\n-----END {label}-----\n")
    with pytest.raises(CredentialUnusable, match=r"key\.pem cannot be used\.") as told:
        key_in(path)
    assert "c2VjcmV0" not in str(told.value)

    path.write_text(own_key()[0])
    assert key_in(path) == own_key()[0]


def test_a_key_is_not_shown() -> None:
    key, kid, _ = own_key()

    assert "PRIVATE" not in repr(ClientKey("acme", key, kid, "https://host/oauth2/token"))


def test_a_token_that_has_expired_is_asked_for_apart_from_the_one_in_use(
    endpoint: Endpoint, waits: list[float]
) -> None:
    access = client_of(endpoint)
    assert authorization(access) == "Bearer t1"
    endpoint.lifetime = "3"

    assert access.expired_token() == "t2"

    assert endpoint.asked[1]["_access_token_expiry_ms"] == "1"
    assert waits == [3]
    assert authorization(access) == "Bearer t1"


def test_a_client_that_is_answered_401_is_let_in_with_another_token_and_tries_once(
    endpoint: Endpoint,
) -> None:
    shown: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        shown.append(request.headers["Authorization"])
        return httpx.Response(200 if shown[-1] == "Bearer t2" else 401)

    with httpx.Client(
        transport=httpx.MockTransport(answer), auth=BearerAuth(client_of(endpoint))
    ) as client:
        assert client.get("http://esr.test/applicants").status_code == 200
        assert client.get("http://esr.test/applicants").status_code == 200
    with httpx.Client(transport=httpx.MockTransport(answer), auth=BearerAuth("given")) as client:
        assert client.get("http://esr.test/applicants").status_code == 401

    assert shown == ["Bearer t1", "Bearer t2", "Bearer t2", "Bearer given"]


def test_what_is_written_of_an_access_is_the_access_again(endpoint: Endpoint) -> None:
    again = read(written(client_of(endpoint)))

    assert authorization(again) == "Bearer t1"
    assert read(written("given")) == "given"
    with pytest.raises(CredentialUnusable, match="no client's id"):
        read("{}")
