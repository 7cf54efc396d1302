"""Chromium, and a sandbox with a world that has been lived in, for the tests that look at the console as a person does."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parents[2]
SHOTS = Path(os.environ.get("ESR_SANDBOX_SCREENSHOTS", ROOT / "reports" / "screenshots"))
"""Where screenshots are kept as artefacts."""
_NO_BROWSER = "There is no Chromium here, so the pages were not looked at. On Debian: apt-get install chromium"


# While it is open an event loop runs in this thread, and tests of other files have loops of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium; its tests are skipped where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip(_NO_BROWSER)
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not start for root, as whom tests run in containers.
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(15_000)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shots() -> Path:
    """The folder in which screenshots are kept."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    return SHOTS


@pytest.fixture
def page(context: BrowserContext, request: pytest.FixtureRequest, shots: Path) -> Iterator[Page]:
    """A page of the browser; what it looks like at the end is kept as a picture."""
    opened = context.new_page()
    yield opened
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")
    opened.screenshot(path=shots / f"{name}.png", full_page=True)
