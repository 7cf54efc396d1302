"""Live traffic in a browser: exchanges arrive by themselves, and a person can hold them and find a refusal."""

from urllib.parse import parse_qs, urlsplit

import pytest
from harness import Workspace
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.prove


def numbers(page: Page) -> list[int]:
    rows = page.locator("#exchanges tbody tr")
    return [int(text) for text in rows.evaluate_all("rows => rows.map(row => row.dataset.number)")]


def test_exchanges_arrive_on_top_and_can_be_held(page: Page, workspace: Workspace) -> None:
    page.goto(f"{workspace.url}/console/w/{workspace.name}/traffic?operation=submit_applicant")
    expect(page.locator("#live[data-state=open]")).to_be_visible()
    said = page.locator("#said")

    number = workspace.submit()

    expect(page.locator("#exchanges tbody tr")).to_have_count(1)
    expect(page.locator("#exchanges tbody tr").first).to_contain_text(number)
    expect(said).to_contain_text("1 new exchange, the last: Submit an applicant at offer stage")

    page.get_by_role("button", name="Pause").click()
    workspace.submit()
    workspace.submit()
    expect(said).to_have_text("Paused. 2 new exchanges to show.")
    assert len(numbers(page)) == 1

    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#exchanges tbody tr")).to_have_count(3)
    shown = numbers(page)
    assert shown == sorted(set(shown), reverse=True)


def test_after_a_break_nothing_is_missing_and_nothing_is_there_twice(
    page: Page, workspace: Workspace
) -> None:
    workspace.submit()
    breaks: list[int] = []

    def break_once(route: Route) -> None:
        if breaks:
            route.continue_()
            return
        breaks.append(1)
        # Somebody is sent while nobody watches; the browser comes back with the last id that it was told.
        last = parse_qs(urlsplit(route.request.url).query)["after"][0]
        workspace.submit()
        headers = {"Content-Type": "text/event-stream"}
        route.fulfill(status=200, headers=headers, body=f"retry: 50\nid: {last}\n\n")

    page.route("**/traffic/stream*", break_once)

    page.goto(f"{workspace.url}/console/w/{workspace.name}/traffic?operation=submit_applicant")
    expect(page.locator("#exchanges tbody tr")).to_have_count(2)
    workspace.submit()

    expect(page.locator("#exchanges tbody tr")).to_have_count(3)
    shown = numbers(page)
    assert shown == sorted(set(shown), reverse=True)


def test_a_refusal_leads_from_the_list_to_its_rule(page: Page, workspace: Workspace) -> None:
    page.goto(f"{workspace.url}/console/w/{workspace.name}/traffic?status=refused")
    expect(page.locator("#live[data-state=open]")).to_be_visible()

    workspace.write("POST", "/applicants", workspace.submission(positionId=99))

    page.get_by_role("link", name="Submit an applicant at offer stage").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Submit an applicant")
    expect(page.get_by_text("Expected:")).to_be_visible()
    page.get_by_role("link", name="ESR-POS-006").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("ESR-POS-006")
