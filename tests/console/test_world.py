"""World: what a person finds in it, and what can be had done from its pages."""

import html
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from harness import Workspace
from submitted import submitted

from sandbox.console.acts import operations_of
from sandbox.console.forms import body_of, entries_of, fields_of
from sandbox.contracts.library import load_contract
from sandbox.contracts.schema import resolve
from sandbox.server import Started

CONTROL = load_contract("control")


class Console:
    """World of one workspace, as somebody without scripts uses it."""

    def __init__(self, sandbox: Started, workspace: str) -> None:
        self.home = f"/console/w/{workspace}/world"
        self.client = httpx.Client(
            base_url=sandbox.url, trust_env=False, timeout=30, follow_redirects=True
        )

    def get(self, path: str, **query: str) -> str:
        answer = self.client.get(f"{self.home}{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, path: str, action: str, **entries: str) -> tuple[int, str]:
        """Fills in the form for `action` on a page and sends it; answers status and page."""
        form = submitted(self.get(path), action)
        answer = self.client.post(f"{self.home}{action}", data={**form, **entries})
        return answer.status_code, answer.text

    def act(self, operation: str, **entries: str) -> tuple[int, str]:
        query = "&".join(f"{name}={value}" for name, value in entries.items())
        return self.send(f"/acts/{operation}?{query}", f"/acts/{operation}", **entries)


@pytest.fixture
def console(sandbox: Started, workspace: Workspace) -> Iterator[Console]:
    workspace.freeze()
    opened = Console(sandbox, workspace.name)
    yield opened
    opened.client.close()


def said(page: str) -> str:
    """What a person reads on a page."""
    main = re.search(r"<main.*</main>", page, re.DOTALL)
    assert main is not None
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main[0])).split())


def test_esr_hires_from_the_page_of_the_applicant(workspace: Workspace, console: Console) -> None:
    number = workspace.submit()
    page = console.get(f"/applicants/{number}")

    status, after = console.act("hire_applicant", applicantNumber=number)

    assert f'href="{console.home}/acts/hire_applicant?applicantNumber={number}"' in page
    assert status == 200
    assert workspace.read(number)["status"] == "HIRED"
    assert "Done ESR hires the applicant." in said(after)
    assert "Nothing is waited for in this state." in said(after)


def test_a_refusal_is_shown_whole(workspace: Workspace, console: Console) -> None:
    number = workspace.submit()
    workspace.hire(number).raise_for_status()

    status, page = console.act("hire_applicant", applicantNumber=number)

    assert status == 409
    assert "An applicant in status HIRED cannot be hired." in said(page)
    assert "409 Conflict , code STATE_FORBIDS" in said(page)


def test_a_fault_of_the_contract_is_shown_at_its_field(console: Console) -> None:
    wrong = {"/system": "esr", "/kind": "STATUS", "/times": "three"}

    status, page = console.act("add_fault", **wrong)

    assert status == 400
    assert re.search(r'href="#field-times">\s*Times: This is no whole number\.', page)
    assert re.search(r'id="field-times-error".*?This is no whole number', page, re.DOTALL)
    assert submitted(page, "/acts/add_fault")["/times"] == "three"


def test_what_forms_show_is_what_they_send(console: Console) -> None:
    """Every body that the contract shows, filled in by a link and sent as a browser would send the page."""
    compared = 0
    for operation in operations_of(CONTROL).values():
        if operation.schema is None:
            continue
        media = resolve(operation.document["requestBody"], CONTROL.document)["content"]
        shown = media["application/json"]["examples"]
        example: Any = max(
            (resolve(item, CONTROL.document)["value"] for item in shown.values()), key=len
        )
        entries = entries_of(operation.schema, CONTROL.document, example)

        sent = submitted(console.get(f"/acts/{operation.id}", **entries), f"/acts/{operation.id}")

        fields = fields_of(operation.schema, CONTROL.document, sent)
        assert body_of(fields, sent) == example, operation.id
        compared += 1
    assert compared > 20


def test_one_more_item_can_be_asked_for(console: Console) -> None:
    path = "/acts/apply_for_advert"

    status, page = console.send(
        path, path, **{"+": "/registrations", "/registrations/0/body": "09"}
    )

    held = submitted(page, path)
    assert status == 200
    assert held["/registrations/0/body"] == "09"
    assert "/registrations/1/body" in held


@pytest.mark.parametrize("by", ["number", "reference", "name", "find"])
def test_an_applicant_is_found(workspace: Workspace, console: Console, by: str) -> None:
    number = workspace.submit()
    workspace.submit()
    held = workspace.read(number)
    text = {
        "number": number,
        "reference": held["supplierReference"],
        "name": f"{held['person']['lastName'][:4]}",
        "find": held["supplierReference"],
    }[by]

    page = console.get("/find" if by == "find" else "/applicants", q=text)

    assert f"/applicants/{number}" in page or f"Applicant {number}" in said(page)


def test_lists_are_narrowed_and_paged(workspace: Workspace, console: Console) -> None:
    numbers = [workspace.submit() for _ in range(3)]
    workspace.hire(numbers[0]).raise_for_status()

    hired = console.get("/applicants", status="HIRED")
    nobody = console.get("/applicants", status="TERMINATED")
    first = console.get("/positions", hiringStatus="ACTIVE")

    assert numbers[0] in hired
    assert numbers[1] not in hired
    assert "Nothing fits." in said(nobody)
    assert first.count('class="console-id"') == 10
    after = console.get("/applicants", before=f'["{numbers[2]}"]')
    assert numbers[2] not in after
    assert numbers[1] in after


def test_the_clock_says_what_is_due_and_what_happened(
    workspace: Workspace, console: Console
) -> None:
    today = date.fromisoformat(workspace.control.get("/clock").json()["now"][:10])
    start = (today + timedelta(days=2)).isoformat()
    sent = workspace.submission(startDate=start)
    sent.pop("endDate", None)
    answer = workspace.write("POST", "/applicants", sent)
    assert answer.status_code == 201, answer.text
    number = answer.json()["applicantNumber"]
    position = {"hiringStatus": "FROZEN", "effectiveOn": (today + timedelta(days=1)).isoformat()}
    place = f"/esr/positions/{workspace.world.positions[0]['positionId']}/change"
    workspace.control.post(place, json=position).raise_for_status()
    before = said(console.get("/clock"))

    status, page = console.send("/clock", "/clock/move", **{"applicant": number, "/by": ""})
    backwards, refused = console.send(
        "/clock", "/clock/move", **{"/by": "", "/to": "2020-01-01 00:00"}
    )

    wrong = [
        console.send("/clock", "/clock/move", **{"/by": "", "/to": to})
        for to in ("", "soon", "2020-01-01")
    ]

    now = workspace.control.get("/clock").json()["now"]
    for answered, shown in wrong:
        assert answered == 400
        assert "Enter a moment" in said(shown) or "This is no moment." in said(shown)
        assert 'href="#to"' in shown
        assert "breaks the contract" not in shown
    assert "frozen: it stands still until it is moved" in before
    assert status == 200
    assert now == f"{start}T08:00:00.000Z"
    assert "a change of a position takes effect" in before
    assert re.search(r"1 of \S*position.changed", said(page))
    assert backwards == 422
    assert "CLOCK_BACKWARDS" in said(refused)


def test_settings_change_and_a_snapshot_is_put_back(workspace: Workspace, console: Console) -> None:
    status, page = console.send("/settings", "/settings", **{"/journalDetail": "LEDGER"})
    taken, listed = console.act("create_snapshot", **{"/name": "before"})
    number = workspace.submit()
    asked = console.get("/acts/restore_snapshot", snapshotId="1")
    back, _ = console.act("restore_snapshot", snapshotId="1")

    assert (status, taken, back) == (200, 200, 200)
    assert workspace.control.get("/settings").json()["journalDetail"] == "LEDGER"
    assert "The settings hold from the next exchange on." in said(page)
    assert "before" in said(listed)
    assert "This cannot be undone" in said(asked)
    assert workspace.esr.get(f"/applicants/{number}").status_code == 404


def test_an_address_that_is_no_page_is_refused_in_words(
    sandbox: Started, workspace: Workspace
) -> None:
    home = f"{sandbox.url}/console/w/{workspace.name}/world"
    for path, status in (
        ("/applicants/10009999", 404),
        ("/applicants/10009999/checks/dbs", 404),
        ("/positions/99999999999999999999", 404),
        ("/adverts/99999999999", 404),
        ("/vacancies/901-NONE", 404),
        ("/acts/read_clock", 404),
        ("/applicants?before=x", 400),
        ("/applicants?before=[1]", 400),
        ("/checks?before=[%22a%22]", 400),
        ("/positions?before=[99999999999999999999]", 400),
        ("/applications?advert=99999999999", 400),
        ("/applicants?q=a%00", 400),
    ):
        answer = httpx.get(f"{home}{path}", trust_env=False)
        assert answer.status_code == status, path
        assert "</h1>" in answer.text
