"""Ways into another workspace that are no operation's parameter: tokens, paths, keys, pages."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from harness import Workspace


@pytest.fixture
def mine(make_workspace: Callable[..., Workspace]) -> Workspace:
    return make_workspace(seed=1)


@pytest.fixture
def theirs(make_workspace: Callable[..., Workspace]) -> Workspace:
    return make_workspace(seed=2)


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("path", ["/esr/v1/applicants", "/nhs-jobs/v1/adverts", "/esr/v1/events"])
def test_a_token_does_not_open_another_workspace_by_its_path(
    mine: Workspace, theirs: Workspace, path: str
) -> None:
    headers = {"Authorization": f"Bearer {mine.token}"}

    answers = [
        httpx.get(f"{mine.url}/w/{name}{path}", headers=headers, trust_env=False)
        for name in (theirs.name, "nobodys", mine.name)
    ]

    assert [told(answer) for answer in answers[:2]] == [(404, "NOT_FOUND")] * 2
    shown = [
        answer.text.replace(name, "<name>")
        for answer, name in zip(answers, (theirs.name, "nobodys"), strict=False)
    ]
    assert shown[0] == shown[1]
    assert answers[2].status_code == 200


def test_a_request_id_is_each_tenants_own(mine: Workspace, theirs: Workspace) -> None:
    headers = {"X-Request-ID": str(uuid4())}

    first = theirs.write("POST", "/applicants", theirs.submission(), headers=headers)
    second = mine.write("POST", "/applicants", mine.submission(), headers=headers)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["supplierReference"] != second.json()["supplierReference"]
    [held] = mine.esr.get("/applicants").json()["applicants"]
    assert held["applicantNumber"] == second.json()["applicantNumber"]


def signed(workspace: Workspace, url: str, event: dict[str, Any]) -> httpx.Response:
    """Delivers an event to an address, signed by the workspace's ESR for just that address."""
    body = orjson.dumps(event)
    wanted = {"url": url, "body": b64encode(body).decode()}
    headers = workspace.control.post("/esr/event-signatures", json=wanted).json()["headers"]
    return httpx.post(url, content=body, headers=headers, timeout=30, trust_env=False)


def test_another_workspaces_esr_signs_nothing_for_this_receiver(
    mine: Workspace, theirs: Workspace
) -> None:
    event = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/esr/v1",
        "type": "ping",
        "subject": "event-subscriptions/1",
        "time": "2026-04-01T08:00:00.000Z",
        "datacontenttype": "application/json",
        "sequence": "000000000001",
        "data": {"subscriptionId": str(uuid4())},
    }
    receivers = {
        workspace.name: f"{workspace.url}/w/{workspace.name}/receiver/v1/events"
        for workspace in (mine, theirs)
    }

    own = signed(mine, receivers[mine.name], event)
    strange = signed(theirs, receivers[mine.name], event)

    assert own.status_code == 202, own.text
    assert told(strange) == (401, "SIGNATURE_INVALID")


def test_keys_are_each_tenants_own(mine: Workspace, theirs: Workspace) -> None:
    sets = [
        httpx.get(f"{each.url}/w/{each.name}/esr/v1/event-signing-keys", trust_env=False).json()
        for each in (mine, theirs)
    ]

    first, second = ({key["kid"] for key in found["keys"]} for found in sets)
    assert first
    assert second
    assert not first & second


@pytest.mark.parametrize("page", ["/health", "/", "/esr/v1/openapi.json", "/control/v1/ui/"])
def test_pages_say_the_same_whichever_workspace_they_are_asked_in(
    mine: Workspace, theirs: Workspace, page: str
) -> None:
    answers = [
        httpx.get(f"{mine.url}/w/{name}{page}", trust_env=False, follow_redirects=True)
        for name in (mine.name, theirs.name, "nobodys")
    ]

    texts = {
        answer.text.replace(mine.name, "").replace(theirs.name, "").replace("nobodys", "")
        for answer in answers
    }
    assert len({answer.status_code for answer in answers}) == 1
    assert len(texts) == 1
