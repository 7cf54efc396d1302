"""What holds on every page of the console: a page that is added is walked by itself."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from console_walk import Page, browsing, csrf_of, send, signed_in, walked
from in_process import served
from lived_in import Tenant
from packs_of_here import Office
from tenants import everything_of, noted, tenant
from werkzeug.routing import BuildError

from sandbox.runtime import Runtime
from sandbox.settings import LOOPBACK, Level, Mode, Settings
from tests.console.conftest import token_of

OPERATOR = "the operator's token of this test"
PUBLIC = {
    "certificates.code",
    "certificates.show",
    "shared.show",
    "signing_in.enter",
    "signing_in.enter_by_link",
    "signing_in.leave",
    "signing_in.show",
    "signing_in.show_link",
}
"""The pages that ask nobody who they are; another one is a decision, and belongs here."""
TEAM = {"register", "packs", "impact", "workspaces"}
"""The nouns that are the ESR team's alone, but for the way to one's own Home."""
PAGES = walked()
MARKUP = "<img src=x onerror=alert(1)>\"'"
LONG = "\u202e" + "x" * 90


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office.make(tmp_path_factory.mktemp("office"))


@pytest.fixture(scope="module")
def runtime(office: Office) -> Iterator[Runtime]:
    settings = Settings(
        port=0,
        database=str(office.folder / "sandbox.db"),
        level=Level.PLATFORM,
        operator_token=OPERATOR,
        hub=office.folder / "hub",
        allowed_networks=LOOPBACK,
        **office.settings,
    )
    with served(settings) as runtime:
        yield runtime


@pytest.fixture(scope="module")
def url(runtime: Runtime) -> str:
    return runtime.settings.public_url


@pytest.fixture(scope="module")
def other(runtime: Runtime, url: str, office: Office) -> Tenant:
    """A supplier's workspace in which something of everything has happened."""
    made = tenant(url, "CanaryB", 1, 24, lambda client, name: token_of(runtime, client, name))
    noted(office.folder / "sandbox.db", made.workspace)
    return made


@pytest.fixture(scope="module")
def team(url: str) -> Iterator[httpx.Client]:
    with signed_in(url, OPERATOR) as client:
        yield client


@pytest.fixture(scope="module")
def supplier(runtime: Runtime, url: str) -> Iterator[httpx.Client]:
    """Somebody else, signed in to a workspace of their own, which is called `own`."""
    operator = {"Authorization": f"Bearer {OPERATOR}"}
    with httpx.Client(base_url=url, headers=operator, timeout=30, trust_env=False) as control:
        made = control.post("/control/v1/workspaces", json={"name": "own"}).raise_for_status()
        seed = {"seed": 7, "organisations": 1, "positionsPerOrganisation": 3}
        control.post("/w/own/control/v1/seed", json=seed).raise_for_status()
    with signed_in(url, token_of(runtime, made.json()["clientId"], "own")) as client:
        yield client


def paths_of(page: Page, workspace: str, ids: dict[str, Any]) -> list[str]:
    """The addresses of a page with each id that fits it, or with one that leads nowhere."""
    found = []
    for value in [*ids.values(), "1"]:
        values = {name: value for name in page.arguments if name != "workspace"}
        try:
            found.append(page.path(workspace=workspace, **values))
        except (BuildError, ValueError, TypeError):
            continue
    return sorted(set(found)) or [page.path(workspace=workspace)]


def assert_safe(answer: httpx.Response, page: Page) -> None:
    policy = answer.headers["content-security-policy"]
    if answer.headers["content-type"].startswith("image/svg"):
        # A drawing sets its styles where it stands; nothing in it runs, since nothing else is allowed.
        policy = policy.replace("style-src 'unsafe-inline'", "")
    assert "unsafe" not in policy, page
    assert "default-src 'none'" in policy, page
    assert "frame-ancestors 'none'" in policy, page
    assert answer.headers["x-content-type-options"] == "nosniff", page
    assert answer.headers["cache-control"] == "no-store", page
    assert answer.headers["referrer-policy"] == "same-origin", page
    assert "access-control-allow-origin" not in answer.headers, page


def test_the_list_of_pages_that_ask_nobody_is_complete() -> None:
    assert {page.endpoint for page in PAGES if page.is_public} == PUBLIC
    assert len(PAGES) > 50


def test_the_pages_of_the_esr_team_are_marked_as_such() -> None:
    unmarked = {
        str(page)
        for page in PAGES
        if page.endpoint.split(".")[0] in TEAM
        and not page.is_for_the_esr_team
        and page.endpoint != "workspaces.begin"
    }

    assert unmarked == set()


def test_every_page_has_the_headers_that_keep_a_browser_in_bounds(
    team: httpx.Client, other: Tenant
) -> None:
    for page in PAGES:
        if page.method != "GET":
            continue
        path = paths_of(page, other.workspace.name, dict(list(other.ids.items())[:1]))[0]

        answer = team.get(path)

        assert answer.status_code < 500, (page, answer.text)
        assert_safe(answer, page)
        if "html" in answer.headers["content-type"]:
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=", answer.text), page
            assert re.findall(r"<script(?![^>]*(?:src=|nonce=))", answer.text) == [], page


def test_nothing_is_done_for_a_form_without_its_token(
    team: httpx.Client, other: Tenant, office: Office
) -> None:
    workspace = other.workspace.name
    before = everything_of(office.folder / "sandbox.db", workspace)

    for page in PAGES:
        if page.method == "GET":
            continue
        answer = team.post(page.path(workspace=workspace), data={"token": OPERATOR})
        assert answer.status_code == 400, (page, answer.status_code)
        assert "load the page anew" in answer.text, page
        assert_safe(answer, page)

    assert everything_of(office.folder / "sandbox.db", workspace) == before


def test_whoever_has_not_signed_in_is_led_to_where_that_is_done(url: str, other: Tenant) -> None:
    with browsing(url) as stranger:
        for page in PAGES:
            if page.is_public:
                continue
            path = page.path(workspace=other.workspace.name)
            answer = stranger.request(page.method, path)
            assert answer.status_code == 303, page
            assert answer.headers["location"].startswith("/console/sign-in"), page
            assert_safe(answer, page)
        stream = stranger.get(f"/console/w/{other.workspace.name}/traffic/stream")

    assert stream.status_code == 403


def test_a_supplier_finds_no_other_workspace_and_no_page_of_the_esr_team(
    supplier: httpx.Client, other: Tenant
) -> None:
    token = csrf_of(supplier.get("/console/session"))
    for page in PAGES:
        asked = page.path(workspace=other.workspace.name)
        data = {"csrf_token": token} if page.method == "POST" else None
        if page.is_for_the_esr_team:
            assert supplier.request(page.method, asked, data=data).status_code == 403, page
        elif "workspace" in page.arguments:
            answer = supplier.request(page.method, asked, data=data)
            assert answer.status_code == 404, page
            assert other.workspace.name not in answer.text.replace(asked, ""), page
    stream = supplier.get(f"/console/w/{other.workspace.name}/traffic/stream")

    assert stream.status_code == 403


def test_a_supplier_learns_nothing_of_another_by_its_ids(
    supplier: httpx.Client, other: Tenant, office: Office
) -> None:
    mark = other.mark.lower()
    database = office.folder / "sandbox.db"
    before = everything_of(database, other.workspace.name)
    token = csrf_of(supplier.get("/console/session"))
    asked = 0
    for page in PAGES:
        if "workspace" not in page.arguments:
            continue
        for path in paths_of(page, "own", other.ids):
            data = {"csrf_token": token} if page.method == "POST" else None
            answer = supplier.request(page.method, path, data=data)
            asked += 1
            assert answer.status_code < 500, (page, path, answer.text)
            told = html.unescape(answer.text).lower()
            for value in map(str, other.ids.values()):
                # What was asked for may be told; nothing else of the other's may.
                if mark in value.lower() and value in path:
                    told = told.replace(value.lower(), "")
            assert mark not in told, (page, path)

    assert asked > len(PAGES)
    assert everything_of(database, other.workspace.name) == before


def test_no_page_is_there_in_mode_contract_only(tmp_path: Path) -> None:
    with (
        served(Settings(port=0, mode=Mode.CONTRACT_ONLY)) as bare,
        browsing(bare.settings.public_url) as client,
    ):
        for page in PAGES:
            answer = client.request(page.method, page.path(workspace="default"))
            assert answer.status_code == 404, page
        for path in ("/console/static/console.css", "/console/w/default/traffic/stream"):
            assert client.get(path).status_code == 404


def hostile(other: Tenant, office: Office) -> str:
    """Fills whatever takes a text with markup; answers the id of a certificate of such a product."""
    world = other.workspace
    control, operator = world.control, other.operator
    control.post("/snapshots", json={"name": MARKUP})
    control.post("/clients", json={"name": MARKUP}, headers=operator)
    fault = {"system": "esr", "kind": "DROP", "header": {"name": "X-Mark", "value": MARKUP}}
    control.post("/faults", json=fault)
    for title in (MARKUP, LONG):
        body = {**other.body("vacancy", reference=f"hostile-{len(title)}"), "title": title}
        world.write("POST", "/vacancies", body)
        advert = {**other.body("advert", reference=f"hostile-{len(title)}"), "title": title}
        world.write("POST", "/adverts", advert, client=world.nhs_jobs)
        sent = other.body("applicant", reference=f"hostile-{len(title)}")
        person = {**sent["person"], "lastName": title, "firstName": title}
        world.write("POST", "/applicants", {**sent, "person": person})
    strange = {"X-Request-ID": str(uuid4()), "X-Correlation-ID": MARKUP, "User-Agent": MARKUP}
    world.esr.get("/applicants", params={"cursor": MARKUP}, headers=strange)
    world.esr.get("/applicants/%3Cimg%20src=x%20onerror=alert(1)%3E")
    return str(office.issue(product=MARKUP, name=LONG, environment=MARKUP).id)


def test_nothing_that_anybody_sent_becomes_markup(
    team: httpx.Client, other: Tenant, office: Office
) -> None:
    certificate = hostile(other, office)
    shown = asked = 0

    def look(page: Page, path: str, **query: str) -> httpx.Response:
        nonlocal shown, asked
        answer = team.get(path, params=query or None)
        asked += 1
        assert answer.status_code < 500, (page, path, answer.text)
        assert "<img src=x" not in answer.text, (page, path)
        assert "onerror=alert(1)>\"'" not in answer.text, (page, path)
        shown += "onerror=alert(1)" in html.unescape(answer.text)
        return answer

    exchanges = other.workspace.control.get("/exchanges", params={"limit": 100}).json()
    latest = {f"exchange {e['exchangeId']}": e["exchangeId"] for e in exchanges["exchanges"][-5:]}
    shown_by = ("applicantNumber", "advertId", "applicationId", "odsCode", "vacancyReference")
    named = {name: other.ids[name] for name in shown_by}
    ids = {**named, **latest, "certificate": certificate}
    for page in PAGES:
        if page.method != "GET":
            continue
        for path in paths_of(page, other.workspace.name, ids):
            answer = look(page, path)
        for name in fields_of(answer):
            look(page, path, **{name: MARKUP})

    assert shown > 10
    wrong = send(team, "/console/sign-in", {"token": "x", "back": MARKUP})
    assert "<img src=x" not in wrong.text


def fields_of(answer: httpx.Response) -> set[str]:
    """The fields of those forms of a page that ask for another page."""
    forms = re.findall(r'<form[^>]*method="get".*?</form>', answer.text, re.DOTALL)
    return {name for form in forms for name in re.findall(r'\bname="([^"]+)"', form)}
