"""Deliveries are signed by ESR with a key that everybody can read, and NHS Jobs takes no other."""

import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
from cryptography.exceptions import InvalidSignature
from harness import Workspace
from receiving import Delivery, Receiver, change_position, in_turn, read_keys, subscribe
from verifying import COVERED, signature_input, verify

from sandbox.clock import wall_now
from sandbox.contracts import load_contract
from sandbox.server import Started, started
from sandbox.signatures import new_private_key, read_private_key, sign_request


def test_a_delivery_is_signed_as_the_contract_says(
    workspace: Workspace, receiver: Receiver
) -> None:
    subscribe(workspace, receiver.url)
    before = int(time.time())

    change_position(workspace)
    workspace.settle()

    [(delivery, _)] = receiver.deliveries
    stated = signature_input(delivery)
    [key] = read_keys(workspace)["keys"]
    assert stated["covered"] == " ".join(f'"{name}"' for name in COVERED)
    assert (stated["alg"], stated["tag"]) == ("ecdsa-p384-sha384", "esr-events")
    assert before <= int(stated["created"]) <= time.time()
    assert int(stated["expires"]) == int(stated["created"]) + 300
    assert UUID(stated["nonce"]).hex == stated["nonce"]
    assert stated["keyid"] == key["kid"]
    assert {name: key[name] for name in ("kty", "crv", "use", "alg")} == {
        "kty": "EC",
        "crv": "P-384",
        "use": "sig",
        "alg": "ES384",
    }
    verify(delivery, {"keys": [key]})


def test_a_changed_delivery_does_not_verify(workspace: Workspace, receiver: Receiver) -> None:
    subscribe(workspace, receiver.url)
    change_position(workspace)
    workspace.settle()
    [(delivery, _)] = receiver.deliveries
    keys = read_keys(workspace)

    changed = [
        Delivery(delivery.url, delivery.headers, delivery.body.replace(b"position", b"potision")),
        Delivery(delivery.url + "/more", delivery.headers, delivery.body),
        Delivery(delivery.url, delivery.headers, delivery.body, "PUT"),
        Delivery(delivery.url, delivery.headers | {"content-type": "text/plain"}, delivery.body),
    ]

    for each in changed:
        with pytest.raises(InvalidSignature):
            verify(each, keys)


def test_the_example_of_the_contract_verifies() -> None:
    operation = load_contract("receiver").document["paths"]["/events"]["post"]
    body = operation["requestBody"]["content"]["application/cloudevents+json"]
    document = load_contract("receiver").document
    headers = {"content-type": "application/cloudevents+json"}
    for reference in operation["parameters"]:
        name = reference["$ref"].rsplit("/", 1)[1]
        parameter = document["components"]["parameters"][name]
        headers[parameter["name"].lower()] = parameter["example"]
    sent = orjson.dumps(body["examples"]["ping"]["value"])
    keys = load_contract("esr").document["paths"]["/event-signing-keys"]["get"]["responses"]["200"]
    served = keys["content"]["application/jwk-set+json"]["examples"]["one"]["value"]

    verify(Delivery("http://127.0.0.1:9000/receiver/v1/events", headers, sent), served)

    assert f"({len(sent)} bytes)" in document["info"]["description"]


def test_each_attempt_is_signed_anew_when_it_is_made(
    workspace: Workspace, receiver: Receiver
) -> None:
    workspace.freeze()
    subscribe(workspace, receiver.url)
    receiver.answer = in_turn(503)
    change_position(workspace)
    workspace.settle()
    workspace.advance(by="PT1H")

    first, second = (delivery for delivery, _ in receiver.deliveries)

    assert first.body == second.body
    nonces = {signature_input(delivery)["nonce"] for delivery in (first, second)}
    assert len(nonces) == 2
    for delivery in (first, second):
        verify(delivery, read_keys(workspace))
        # Whatever the world's clock says, a receiver holds it against its own.
        assert abs(int(signature_input(delivery)["created"]) - time.time()) < 60


def test_the_keys_are_those_of_a_workspace_and_read_without_a_token(
    make_workspace: Callable[..., Workspace],
) -> None:
    mine, theirs = make_workspace(), make_workspace()

    answer = mine.esr.get("/event-signing-keys")

    assert answer.headers["content-type"] == "application/jwk-set+json"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.json() == read_keys(mine)  # By the token, and by the path.
    assert answer.json() != read_keys(theirs)
    assert all("d" not in key for key in answer.json()["keys"])
    address = f"{mine.url}/w/nobody/esr/v1/event-signing-keys"
    assert httpx.get(address, trust_env=False).json()["code"] == "NOT_FOUND"
    wrong = mine.esr.get("/event-signing-keys", headers={"Authorization": "Bearer made-up"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "TOKEN_INVALID")


def test_a_key_that_is_replaced_stays_readable_and_signs_no_more(
    workspace: Workspace, receiver: Receiver
) -> None:
    subscribe(workspace, receiver.url)
    change_position(workspace)
    workspace.settle()
    [former] = read_keys(workspace)["keys"]

    rotation = workspace.control.post("/esr/event-signing-keys/rotation")
    change_position(workspace, 1)
    workspace.settle()

    assert rotation.status_code == 200
    new, old = read_keys(workspace)["keys"]
    assert (rotation.json()["keyId"], rotation.json()["retiredKeyId"]) == (new["kid"], old["kid"])
    assert old == former
    first, second = (delivery for delivery, _ in receiver.deliveries)
    used = [signature_input(delivery)["keyid"] for delivery in (first, second)]
    assert used == [old["kid"], new["kid"]]
    for delivery in (first, second):
        verify(delivery, read_keys(workspace))


def test_keys_outlive_the_world_and_stand_in_no_snapshot(workspace: Workspace) -> None:
    keys = read_keys(workspace)
    workspace.control.post("/snapshots", json={"name": "one key"}).raise_for_status()
    workspace.control.post("/esr/event-signing-keys/rotation").raise_for_status()
    rotated = read_keys(workspace)

    restored = workspace.control.post("/snapshots/1/restore")

    assert restored.status_code == 200
    assert read_keys(workspace) == rotated != keys
    workspace.control.post("/reset").raise_for_status()
    assert read_keys(workspace) == rotated


def exchanges(workspace: Workspace, **wanted: Any) -> list[dict[str, Any]]:
    """The exchanges of the journal, in full."""
    listed = workspace.control.get("/exchanges", params={"limit": 100, **wanted}).json()
    return [
        dict(workspace.control.get(f"/exchanges/{item['exchangeId']}").json())
        for item in listed["exchanges"]
    ]


def test_the_journal_holds_no_private_key(workspace: Workspace, receiver: Receiver) -> None:
    subscribe(workspace, receiver.url)
    workspace.control.post("/esr/event-signing-keys/rotation").raise_for_status()
    change_position(workspace)
    workspace.settle()
    read_keys(workspace)

    told = orjson.dumps(exchanges(workspace)).decode()

    assert "ecdsa-p384-sha384" in told
    assert "PRIVATE" not in told
    assert '"d"' not in told.replace("\\", "")


def received(workspace: Workspace) -> list[int]:
    """How NHS Jobs has answered the deliveries that came to it."""
    return [
        item["status"]
        for item in exchanges(workspace, operationId="receive_event")
        if item["direction"] == "IN"
    ]


def delivered_to_nhs_jobs(workspace: Workspace) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a delivery that NHS Jobs took, from the journal."""
    change_position(workspace)
    workspace.settle()
    said = exchanges(workspace, operationId="receive_event")[-1]
    named = ("content-type", "content-digest", "signature-input", "signature")
    return {name: said["requestHeaders"][name] for name in named}, said["requestBody"].encode()


def test_nhs_jobs_takes_what_esr_signed_and_takes_it_once(workspace: Workspace) -> None:
    headers, body = delivered_to_nhs_jobs(workspace)

    again = workspace.receiver.post("/events", content=body, headers=headers)

    assert again.status_code == 202


@pytest.mark.parametrize("name", ["content-digest", "signature-input", "signature"])
def test_nhs_jobs_refuses_a_delivery_that_is_not_signed(workspace: Workspace, name: str) -> None:
    headers, body = delivered_to_nhs_jobs(workspace)
    del headers[name]

    answer = workspace.receiver.post("/events", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "SIGNATURE_MISSING")
    assert name in answer.json()["detail"]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("signature-input", "esr-events", "esr-evening"),
        ("signature-input", "ecdsa-p384-sha384", "hmac-sha256"),
        ("signature-input", ' "content-length"', ""),
        ("signature-input", "created=1", "created=2"),
        ("signature-input", "sig1", "sig2"),
        ("signature-input", "sig1=", ""),
        ("signature", "sig1=:", "sig1=:AAAA"),
        ("signature", "sig1=:", "sig1="),
        ("content-digest", "sha-256", "sha-512"),
        ("content-digest", "sha-256", "md5"),
        ("content-type", "json", "json; charset=utf-8"),
    ],
)
def test_nhs_jobs_refuses_a_signature_that_is_not_good(
    workspace: Workspace, name: str, before: str, after: str
) -> None:
    headers, body = delivered_to_nhs_jobs(workspace)
    assert before in headers[name]
    headers[name] = headers[name].replace(before, after)

    answer = workspace.receiver.post("/events", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "SIGNATURE_INVALID")


def test_nhs_jobs_refuses_a_delivery_that_was_changed_or_meant_for_another(
    workspace: Workspace, make_workspace: Callable[..., Workspace]
) -> None:
    headers, body = delivered_to_nhs_jobs(workspace)
    other = make_workspace()

    changed = workspace.receiver.post(
        "/events", content=body.replace(b"true", b"nope"), headers=headers
    )
    queried = workspace.receiver.post("/events?a=1", content=body, headers=headers)
    elsewhere = other.receiver.post("/events", content=body, headers=headers)

    for answer in (changed, queried, elsewhere):
        assert (answer.status_code, answer.json()["code"]) == (401, "SIGNATURE_INVALID")


def test_a_delivery_to_no_workspace_is_nobodys(sandbox: Started) -> None:
    url = f"{sandbox.url}/w/nowhere/receiver/v1/events"
    headers = {"Content-Type": "application/cloudevents+json"}
    key = read_private_key(new_private_key())
    signed = sign_request("POST", url, headers, b"{}", "esr-1-a", key, wall_now())

    answer = httpx.post(url, content=b"{}", headers=headers | signed, trust_env=False)

    assert (answer.status_code, answer.json()["code"]) == (401, "SIGNATURE_INVALID")
    assert "no workspace nowhere" in answer.json()["detail"]


def test_nhs_jobs_takes_a_new_key_at_once(workspace: Workspace) -> None:
    workspace.freeze()
    change_position(workspace)
    workspace.settle()

    for place in (1, 2):
        workspace.control.post("/esr/event-signing-keys/rotation").raise_for_status()
        change_position(workspace, place)
        workspace.settle()

    assert received(workspace) == [202, 202, 202]


def test_nhs_jobs_alone_verifies_what_an_esr_elsewhere_delivers(tmp_path: Path) -> None:
    with started("--only", "esr", folder=tmp_path / "esr") as esr:
        away = ("--esr-url", f"{esr.url}/esr/v1", "--esr-token", esr.token)
        with started("--only", "nhs-jobs", *away, folder=tmp_path / "nhs-jobs") as nhs_jobs:
            answers = _cause_an_event(esr, nhs_jobs)

    assert answers == [202]


def _cause_an_event(esr: Started, nhs_jobs: Started) -> list[int]:
    client = httpx.Client(
        headers={"Authorization": f"Bearer {esr.token}", "X-Request-ID": str(uuid4())},
        trust_env=False,
        timeout=30,
    )
    position = client.get(f"{esr.url}/esr/v1/positions?limit=1").json()["positions"][0]
    client.post(
        f"{esr.url}/control/v1/esr/positions/{position['positionId']}/change",
        json={"positionTitle": "Another"},
    ).raise_for_status()
    client.post(f"{esr.url}/control/v1/settle", json={"timeoutSeconds": 30}).raise_for_status()
    found = client.get(f"{nhs_jobs.url}/control/v1/exchanges").json()["exchanges"]
    return [item["status"] for item in found if item["operationId"] == "receive_event"]


def test_a_made_up_delivery_is_signed_as_esr_signs_its_own(workspace: Workspace) -> None:
    body = orjson.dumps({"made": "up"})
    url = "http://127.0.0.1:9000/events"
    wanted = {"url": url, "body": base64.b64encode(body).decode()}

    answer = workspace.control.post("/esr/event-signatures", json=wanted)

    assert answer.status_code == 200, answer.text
    headers = answer.json()["headers"]
    delivery = Delivery(url, headers, body)
    verify(delivery, read_keys(workspace))
    assert headers["content-length"] == str(len(body))
    assert abs(int(signature_input(delivery)["created"]) - time.time()) < 60

    aged = workspace.control.post(
        "/esr/event-signatures", json={**wanted, "createdSecondsAgo": 600}
    )
    created = signature_input(Delivery(url, aged.json()["headers"], body))["created"]
    assert abs(int(created) - (time.time() - 600)) < 60

    strange = workspace.control.post("/esr/event-signatures", json={**wanted, "key": "UNKNOWN"})
    assert strange.json()["keyId"] not in {key["kid"] for key in read_keys(workspace)["keys"]}
    assert (
        signature_input(Delivery(url, strange.json()["headers"], body))["keyid"]
        == strange.json()["keyId"]
    )


def test_nhs_jobs_takes_a_made_up_delivery_that_was_signed_for_it(workspace: Workspace) -> None:
    address = f"{workspace.url}/w/{workspace.name}/receiver/v1/events"
    event = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/esr/v1",
        "type": "ping",
        "subject": "event-subscriptions/1",
        "time": "2026-03-02T14:05:11Z",
        "datacontenttype": "application/json",
        "sequence": "000000000001",
        "data": {"subscriptionId": str(uuid4())},
    }
    body = orjson.dumps(event)
    wanted = {"url": address, "body": base64.b64encode(body).decode()}

    def sent(**more: Any) -> int:
        signed = workspace.control.post("/esr/event-signatures", json={**wanted, **more}).json()
        return httpx.post(
            address, content=body, headers=signed["headers"], trust_env=False
        ).status_code

    assert [sent(), sent(createdSecondsAgo=600), sent(key="UNKNOWN")] == [202, 401, 401]


@pytest.mark.parametrize(
    ("url", "body"), [("http://127.0.0.1:9000/events", "abc"), ("http://[", "e30=")]
)
def test_what_is_no_body_or_no_address_is_not_signed(
    workspace: Workspace, url: str, body: str
) -> None:
    wanted = {"url": url, "body": body}

    answer = workspace.control.post("/esr/event-signatures", json=wanted)

    assert (answer.status_code, answer.json()["code"]) == (400, "CONTRACT_VIOLATION")
