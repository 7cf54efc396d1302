"""The journey of one applicant, read on the page as a person reads it."""

from pathlib import Path

import journeying
import pytest
from harness import Workspace
from playwright.sync_api import Page, expect
from receiving import Receiver

pytestmark = pytest.mark.prove


def test_the_journey_tells_the_whole_story_without_json(
    page: Page, workspace: Workspace, shots: Path
) -> None:
    receiver = Receiver()
    try:
        life = journeying.begin(workspace)
        journeying.hire_with_two_failures(life, receiver)
        workspace.advance(by="PT10M")
        workspace.settle()
    finally:
        receiver.close()
    home = f"{workspace.url}/console/w/{workspace.name}"

    page.goto(f"{home}/journey")
    page.get_by_label("Find an applicant").fill(str(life.application_id))
    page.get_by_role("button", name="Find").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Journey-A")
    expect(page.get_by_text("The two sides agree on all 6 facts.")).to_be_visible()
    steps = page.get_by_role("listitem").filter(has_text=f"applicant.hired to {receiver.url}")
    expect(steps).to_have_count(3)
    expect(steps.nth(0)).to_contain_text("answered 500")
    expect(steps.nth(1)).to_contain_text("answered 503")
    expect(steps.nth(2)).to_contain_text("answered 202")
    for width in (320, 768, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=shots / f"journey-story-{width}.png", full_page=True)
        # On a narrow screen each step names its lane in words; on a wide one the lane is its column.
        lane = steps.nth(0).get_by_text("Between the systems")
        assert (lane.bounding_box() or {})["width"] > 1 or width == 1280
    steps.nth(0).get_by_role("link").click()
    expect(page).to_have_url(f"{home}/traffic/{page.url.rsplit('/', 1)[1]}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
