"""Named scenarios: a request asks for a failure by a header, and no other request meets it."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from harness import Workspace
from receiving import Receiver, in_turn, read_keys, subscribe
from verifying import verify

from sandbox.contracts import load_contract
from sandbox.faults.scenarios import SCENARIOS
from sandbox.server import started

HEADER = "X-Sandbox-Scenario"
REQUEST_ID = "60e0b220-8136-4ca5-ae46-1d97ef59d0a1"


def asked(workspace: Workspace, name: str, **options: Any) -> httpx.Response:
    return workspace.esr.get("/organisations", headers={HEADER: name}, **options)


@pytest.mark.parametrize("contract", ["esr", "nhs-jobs"])
def test_the_contracts_list_every_scenario(contract: str, workspace: Workspace) -> None:
    described = load_contract(contract).document["info"]["description"]
    written = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", described, re.MULTILINE))

    listed = workspace.control.get("/scenarios").json()

    assert listed["header"] == HEADER
    told = {item["name"]: item["description"] for item in listed["scenarios"]}
    assert told == {each.name: each.sentence for each in SCENARIOS.values()}
    assert {name: written.get(name) for name in told} == told
    assert HEADER in described
    assert "never part of the real API" in described


def test_what_a_scenario_is_listed_with_may_be_set_as_faults(workspace: Workspace) -> None:
    for scenario in workspace.control.get("/scenarios").json()["scenarios"]:
        for fault in scenario["faults"]:
            answer = workspace.control.post("/faults", json={"system": "esr"} | fault)
            assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("name", "status", "wait"),
    [
        ("rate-limited", 429, "2"),
        ("unavailable", 503, "5"),
        ("maintenance", 503, "3600"),
        ("server-error", 500, None),
        ("token-expired", 401, None),
        ("bad-gateway", 502, None),
    ],
)
def test_a_request_that_names_a_refusal_is_refused_and_nothing_is_done(
    workspace: Workspace, name: str, status: int, wait: str | None
) -> None:
    for system in (workspace.esr, workspace.nhs_jobs):
        path = "/organisations" if system is workspace.esr else "/adverts"
        answer = system.get(path, headers={HEADER: name})

        assert (answer.status_code, answer.headers.get("retry-after")) == (status, wait)
        assert ("www-authenticate" in answer.headers) == (status == 401)
        is_page = name == "bad-gateway"
        expected = "text/html" if is_page else "application/problem+json"
        assert answer.headers["content-type"] == expected
        assert system.get(path).status_code == 200
    headers = {HEADER: name}
    workspace.write("POST", "/applicants", workspace.submission(), headers=headers)
    assert workspace.esr.get("/applicants").json()["applicants"] == []


@pytest.mark.parametrize("name", ["connection-reset", "lost-answer", "cut-answer"])
def test_no_whole_answer_comes(workspace: Workspace, name: str) -> None:
    headers = {HEADER: name, "X-Request-ID": REQUEST_ID}
    submission = workspace.submission()

    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        workspace.write("POST", "/applicants", submission, headers=headers)

    was_done = len(workspace.esr.get("/applicants").json()["applicants"])
    assert was_done == (name != "connection-reset")
    again = workspace.write("POST", "/applicants", submission, headers={"X-Request-ID": REQUEST_ID})
    assert again.status_code == 201
    assert len(workspace.esr.get("/applicants").json()["applicants"]) == 1


def test_a_client_that_gives_up_waiting_has_changed_what_it_asked_for(
    workspace: Workspace,
) -> None:
    headers = {HEADER: "timeout-after-work", "X-Request-ID": REQUEST_ID}
    submission = workspace.submission()
    with httpx.Client(base_url=workspace.esr.base_url, timeout=1, trust_env=False) as hasty:
        hasty.headers.update(workspace.esr.headers)
        with pytest.raises(httpx.ReadTimeout):
            workspace.write("POST", "/applicants", submission, headers=headers, client=hasty)

    retried = workspace.write(
        "POST", "/applicants", submission, headers={"X-Request-ID": REQUEST_ID}
    )

    [applicant] = workspace.esr.get("/applicants").json()["applicants"]
    assert retried.status_code == 201
    assert applicant["applicantNumber"] == retried.json()["applicantNumber"]


@pytest.mark.parametrize("name", ["slow", "gateway-timeout"])
def test_a_client_need_not_wait_for_what_is_slow(workspace: Workspace, name: str) -> None:
    with pytest.raises(httpx.ReadTimeout):
        asked(workspace, name, timeout=0.3)


def test_an_answer_that_comes_in_pieces_begins_at_once(workspace: Workspace) -> None:
    with workspace.esr.stream(
        "GET", "/organisations", headers={HEADER: "slow-answer"}, timeout=2
    ) as answer:
        assert answer.status_code == 200
        first = next(answer.iter_raw())

    assert 0 < len(first) < int(answer.headers["content-length"])


def test_answers_are_spoiled_as_their_names_say(workspace: Workspace) -> None:
    usual = workspace.esr.get("/organisations").json()

    malformed = asked(workspace, "malformed-answer")
    assert malformed.headers["content-type"] == "application/json"
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        malformed.json()
    empty = asked(workspace, "empty-answer")
    assert (empty.status_code, empty.content) == (200, b"")
    assert asked(workspace, "html-answer").text.startswith("<!DOCTYPE html>")
    assert asked(workspace, "incomplete-answer").json().keys() < usual.keys()
    assert asked(workspace, "unknown-property").json()["addedLater"] == "ADDED_LATER"
    number = workspace.submit()
    read = workspace.esr.get(f"/applicants/{number}", headers={HEADER: "unknown-value"})
    assert read.json()["status"] == "ADDED_LATER"


def ping(workspace: Workspace, **headers: str) -> None:
    """Has ESR publish an event for the workspace's subscription."""
    [subscription] = workspace.esr.get("/event-subscriptions").json()["eventSubscriptions"]
    path = f"/event-subscriptions/{subscription['subscriptionId']}/ping"
    assert workspace.write("POST", path, headers=headers).status_code == 202


def test_a_request_has_its_own_events_delivered_twice(
    workspace: Workspace, receiver: Receiver
) -> None:
    subscribe(workspace, receiver.url)
    ping(workspace, **{HEADER: "duplicate-delivery"})
    workspace.settle()
    ping(workspace)
    workspace.settle()

    first, second, usual = receiver.events
    assert first == second != usual
    heard = [{name.lower() for name in delivery.headers} for delivery, _ in receiver.deliveries]
    assert not any(HEADER.lower() in names for names in heard)
    assert workspace.control.get("/faults").json() == {"faults": []}


def test_a_request_has_its_own_events_come_forged_and_then_well(
    workspace: Workspace, receiver: Receiver
) -> None:
    workspace.freeze("2030-03-02T12:00:00Z")
    subscribe(workspace, receiver.url)
    receiver.answer = in_turn(401)
    ping(workspace, **{HEADER: "forged-delivery"})
    workspace.settle()
    workspace.advance(by="PT5S")
    workspace.settle()

    (forged, _), (good, _) = receiver.deliveries
    keys = read_keys(workspace)
    with pytest.raises(InvalidSignature):
        verify(forged, keys)
    verify(good, keys)


def test_a_scenario_is_named_in_place_of_the_faults_that_are_set(workspace: Workspace) -> None:
    fault = {"system": "esr", "kind": "STATUS", "status": 500, "times": 1}
    workspace.control.post("/faults", json=fault).raise_for_status()

    assert asked(workspace, "rate-limited").status_code == 429
    [held] = workspace.control.get("/faults").json()["faults"]
    assert held["hits"] == 0


@pytest.mark.parametrize("name", ["no-such-scenario", "RATE-LIMITED", "", "x" * 500])
def test_a_name_that_does_not_exist_is_refused_with_those_that_do(
    workspace: Workspace, name: str
) -> None:
    answer = asked(workspace, name)

    assert (answer.status_code, answer.json()["code"]) == (400, "CONTRACT_VIOLATION")
    [place] = answer.json()["errors"]
    assert (place["location"], place["pointer"]) == ("header", HEADER)
    assert all(known in answer.json()["detail"] for known in SCENARIOS)


def test_the_control_api_takes_no_notice(workspace: Workspace) -> None:
    answer = workspace.control.get("/clock", headers={HEADER: "server-error"})

    assert answer.status_code == 200


def test_where_strangers_may_call_a_scenario_asks_for_a_token(tmp_path: Path) -> None:
    options = ("--level", "platform", "--world", "empty")
    with (
        started(*options, folder=tmp_path) as hosted,
        httpx.Client(base_url=f"{hosted.url}/nhs-jobs/v1", trust_env=False, timeout=2) as stranger,
    ):
        usual = stranger.get("/search_xml")
        held_up = stranger.get("/search_xml", headers={HEADER: "timeout-after-work"})

    assert (usual.status_code, held_up.status_code) == (200, 401)
    assert held_up.json()["code"] == "TOKEN_MISSING"
