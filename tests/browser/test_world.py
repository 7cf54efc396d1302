"""World by the keyboard alone: a supplier finds an applicant and has ESR hire them."""

from collections.abc import Callable

import pytest
from harness import Workspace
from playwright.sync_api import Page, expect

from sandbox.server import Started

pytestmark = pytest.mark.prove

_MOST_STEPS = 80


def reach(page: Page, name: str) -> None:
    """Goes from element to element with the Tab key until the one of this name has the focus."""
    for _ in range(_MOST_STEPS):
        page.keyboard.press("Tab")
        if (
            page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id")
            == name
        ):
            return
    raise AssertionError(f"{name!r} is not reached by the keyboard")


def test_esr_hires_by_the_keyboard_alone(
    page: Page, sandbox: Started, make_workspace: Callable[..., Workspace]
) -> None:
    workspace = make_workspace()
    workspace.freeze()
    number = workspace.submit()
    page.goto(f"{sandbox.url}/console/w/{workspace.name}/world")

    reach(page, "q")
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Applicant {number}")
    reach(page, "Hire the applicant")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("ESR hires the applicant")
    reach(page, "Hire the applicant")
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("ESR hires the applicant.")
    expect(page.locator("strong.nhsuk-tag")).to_have_text("hired")
    assert workspace.read(number)["status"] == "HIRED"
