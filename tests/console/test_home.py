"""Home: what runs and where, and what is wrong right now."""

import re
from html import unescape

import httpx
from console_walk import signed_in
from harness import Workspace

from sandbox.runtime import Runtime
from sandbox.server import Started

_NOBODY_LISTENS = "http://127.0.0.1:9/hook"


def home_of(url: str, workspace: str) -> tuple[str, str]:
    """Home as it is sent, and what a person reads."""
    answer = httpx.get(f"{url}/console/w/{workspace}", trust_env=False, timeout=30)
    assert answer.status_code == 200
    return answer.text, read(answer.text)


def read(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page)))


def test_a_new_workspace_is_told_how_to_begin(workspace: Workspace) -> None:
    _, told = home_of(workspace.url, workspace.name)

    assert "Begin here" in told
    assert f'curl -H "Authorization: Bearer $TOKEN" {workspace.url}/esr/v1/organisations' in told
    assert "Employers 1 Positions 10" in told
    assert "Nothing is wrong" in told
    assert f"{workspace.url}/w/{workspace.name}/control/v1" in told
    # Only its digest is kept.
    assert workspace.token not in told
    assert f"client new --url {workspace.url} --workspace {workspace.name}" in told


def test_the_default_workspace_has_a_token_ready(sandbox: Started) -> None:
    page, _ = home_of(sandbox.url, "default")

    assert f'data-copy="{sandbox.token}"' in page


def test_what_is_wrong_and_what_is_set_is_said(workspace: Workspace) -> None:
    workspace.freeze("2026-12-01T09:00:00Z")
    wanted = {"url": _NOBODY_LISTENS, "types": ["applicant.hired"]}
    workspace.write("POST", "/event-subscriptions", wanted)
    workspace.hire(workspace.submit()).raise_for_status()
    workspace.settle()
    _, waiting = home_of(workspace.url, workspace.name)
    # A delivery is given up after three days.
    workspace.advance(by="P4D")
    workspace.settle()
    fault = {"system": "esr", "kind": "STATUS", "status": 503, "operationId": "list_vacancies"}
    workspace.control.post("/faults", json=fault).raise_for_status()
    assert workspace.esr.get("/vacancies").status_code == 503

    page, told = home_of(workspace.url, workspace.name)

    assert f"A delivery to {_NOBODY_LISTENS} was tried once in vain." in waiting
    assert "Begin here" not in told
    assert "1 message was given up after the last try" in told
    assert "The clock is frozen" in told
    assert "5 December 2026, 09:00:00 UTC , and stays so" in told
    assert "A fault is set: status for esr, list_vacancies, status 503. It has struck once." in told
    assert re.search(r"503 failed</strong> <a href=\"[^\"]*/traffic/\d+\">List vacancies", page)


def test_a_full_workspace_says_so(workspace: Workspace) -> None:
    settings = workspace.control.get("/settings").json()
    held = httpx.get(
        f"{workspace.url}/control/v1/workspaces/{workspace.name}", trust_env=False
    ).json()["held"]["records"]
    quota = {**settings["quota"], "records": held + 1}
    workspace.control.put("/settings", json={**settings, "quota": quota}).raise_for_status()

    _, nearly = home_of(workspace.url, workspace.name)

    assert f"The workspace holds {held} of the {held + 1} records that it may." in nearly


def test_where_everybody_signs_in_home_says_how_to_get_a_token(
    platform: Runtime, supplier_of: object
) -> None:
    url = platform.settings.public_url
    with signed_in(url, str(platform.settings.operator_token)) as team:
        told = read(team.get("/console/w/default").text)

    assert f"esr-sandbox token --url {url} --client-id supplier --key-file YOUR-KEY.pem" in told
