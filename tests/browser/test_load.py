"""Load as a person does it: a replay is started, watched until its verdict, and its report is read."""

import re

import pytest
from harness import Workspace
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.prove


def test_a_replay_is_started_watched_and_read(page: Page, workspace: Workspace) -> None:
    page.goto(f"{workspace.url}/console/w/{workspace.name}/load")
    page.get_by_label("Profile", exact=True).select_option("smoke")
    page.get_by_label("Seed").fill("7")
    page.get_by_role("button", name="Start the replay").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("smoke, seed 7")
    # The page brings itself up to date: nobody clicks until the verdict is there.
    expect(page.get_by_role("status")).to_contain_text("Sending", timeout=60_000)
    expect(page.get_by_role("heading", name="Verdict")).to_be_visible(timeout=60_000)

    verdict = page.get_by_role("region", name="What was judged")
    expect(verdict.get_by_role("row", name=re.compile("^lost"))).to_contain_text("0")
    for chart in page.locator(".console-chart img").all():
        expect(chart).to_have_js_property("complete", True, timeout=30_000)
        assert chart.evaluate("image => image.naturalWidth") > 0
    page.get_by_text("The figures behind Messages a second").click()
    expect(page.get_by_role("columnheader", name="sent per second")).to_be_visible()
    page.get_by_role("link", name="replay.html").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Replay")


def test_a_replay_that_is_stopped_concludes_nothing(page: Page, workspace: Workspace) -> None:
    page.goto(f"{workspace.url}/console/w/{workspace.name}/load")
    page.get_by_label("Profile", exact=True).select_option("peak-hour")
    page.get_by_label("Share of the volume").fill("0.2")
    page.get_by_role("button", name="Start the replay").click()
    expect(page.get_by_role("status")).to_contain_text("Sending", timeout=60_000)

    page.get_by_role("button", name="Stop the replay").click()

    expect(page.get_by_role("heading", name="Verdict")).to_be_visible(timeout=100_000)
    expect(page.locator("#maincontent")).to_contain_text("This is not a pass")
    expect(page.locator("#maincontent")).to_contain_text("stopped by Ctrl-C")
