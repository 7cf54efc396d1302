"""A subject whose test system gets its tokens with a key: what its file says, and what the pre-flight says of it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from token_endpoint import Endpoint, serving

from sandbox.conformance.preflight import Check, check_all
from sandbox.conformance.subject import Subject, SubjectUnusable, read_subject
from simulators.credentials import SignedTokens, own_key

FILE = """
role: esr
product: An ESR
name: The team
version: "1.0"
build: "1"
environment: test
addresses:
  esr: http://127.0.0.1:1/esr/v1
bindings: {{employer: {{}}, vacancy: {{}}, position: {{}}}}
tokens:
  esr:
    clientId: acme
    keyFile: {key}
    tokenUrl: {url}
"""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as held:
        yield held


def subject_at(folder: Path, url: str, key: str = "key.pem") -> Subject:
    path = folder / "subject.yaml"
    path.write_text(FILE.format(key=key, url=url))
    (folder / "key.pem").write_text(own_key()[0])
    return read_subject(path)


def checks_of(subject: Subject, folder: Path) -> dict[str, Check]:
    with httpx.Client(trust_env=False) as client:
        return {check.name: check for check in check_all(subject, (), {}, folder, client)}


@pytest.mark.parametrize("key", ["key.pem", "env:A_KEY"])
def test_a_key_comes_from_a_file_beside_the_subject_file_or_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("A_KEY", own_key()[0])

    access = subject_at(tmp_path, "http://127.0.0.1:1/oauth2/token", key).tokens["esr"]

    assert isinstance(access, SignedTokens)
    assert (access.key.client_id, access.key.kid) == ("acme", own_key()[1])


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("env:NOT_SET", "takes the key of the client esr from the environment variable NOT_SET"),
        ("missing.pem", r"tokens\.esr: The key file .*missing\.pem cannot be read"),
        ("subject.yaml", r"subject\.yaml cannot be used\. It holds no RSA key"),
    ],
)
def test_a_key_that_is_not_to_be_had_is_named(tmp_path: Path, key: str, said: str) -> None:
    with pytest.raises(SubjectUnusable, match=said):
        subject_at(tmp_path, "http://127.0.0.1:1/oauth2/token", key)


def test_neither_key_nor_client_is_part_of_the_evidence(tmp_path: Path) -> None:
    subject = subject_at(tmp_path, "http://127.0.0.1:1/oauth2/token")

    assert "tokens" not in subject.without_secrets()
    assert "acme" not in repr(subject)


def test_a_client_that_gets_a_token_is_well(tmp_path: Path, endpoint: Endpoint) -> None:
    checks = checks_of(subject_at(tmp_path, endpoint.url), tmp_path)

    assert checks["the client of esr gets a token"].ok


@pytest.mark.parametrize(
    ("description", "to_do"),
    [
        ("Invalid 'kid' header in client_assertion JWT - no matching public key", "tokens.esr.kid"),
        ("JWT signature verification failed", "another key than the one that is registered"),
        ("Invalid 'iss'/'sub' claims in client_assertion JWT", "tokens.esr.clientId"),
        ("Missing or invalid 'aud' claim in client_assertion JWT", "to the letter"),
        ("Invalid 'exp' claim in client_assertion JWT - JWT has expired", "clock by NTP"),
        (
            "You need to register a public key to use this authentication method - please contact support to configure",
            "Register a public key",
        ),
        ("something that nobody foresaw", "Mend tokenUrl"),
    ],
)
def test_a_fault_of_the_token_endpoint_says_what_to_change(
    tmp_path: Path, endpoint: Endpoint, description: str, to_do: str
) -> None:
    fault = {"error": "invalid_request", "error_description": description, "message_id": "rrt-1"}
    endpoint.first = [(401, {}, fault)]

    checks = checks_of(subject_at(tmp_path, endpoint.url), tmp_path)

    check = checks["the client of esr gets a token"]
    assert not check.ok
    assert description in check.found
    assert to_do in check.to_do
    # Nothing else is found wrong because of it.
    assert "esr answers" not in checks
