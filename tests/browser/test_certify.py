"""Certify as people do it: driven, guided by the keyboard and without scripts, two runs compared, a pack taken away."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_certifications import ONE_CASE, a_run_that_ended
from harness import Workspace
from playwright.sync_api import Browser, Page, expect

from sandbox.cli import HELD, run
from sandbox.server import Started, started

pytestmark = pytest.mark.prove

_OFFERS = "recruitment-system.offers.*"
_LONG = 120_000


@pytest.fixture(scope="module")
def only_esr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """A sandbox that can be the ESR of a supplier's run."""
    folder = tmp_path_factory.mktemp("only-esr")
    arguments = ("--only", "esr", "--world", "empty")
    with started(*arguments, folder=folder, database=str(folder / "esr.db")) as running:
        yield running


def filled(page: Page, url: str, minutes: str) -> None:
    """The form of a guided run of a few cases, filled in and sent."""
    page.goto(f"{url}/console/w/default/certify/new")
    for label, value in [
        ("Product", "Our Recruitment System"),
        ("Company", "Our Company"),
        ("Version", "4.2.0"),
        ("Build", "4.2.0+1"),
        ("Minutes for each step", minutes),
    ]:
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("By a person, who does what this page says").check()
    for suite in ("Contract", "Traffic", "Resilience"):
        page.get_by_label(suite, exact=True).uncheck()
    page.get_by_text("Only some cases").click()
    page.get_by_label("Only cases whose id fits").fill(_OFFERS)
    page.get_by_role("button", name="Start the run").click()


def test_the_example_supplier_is_certified_and_its_pack_verifies(
    page: Page, workspace: Workspace, tmp_path: Path
) -> None:
    page.goto(f"{workspace.url}/console/w/{workspace.name}/certify")
    page.get_by_role("link", name="The example supplier: a small recruitment system").click()
    for suite in ("Contract", "Traffic", "Resilience"):
        page.get_by_label(suite, exact=True).uncheck()
    page.get_by_text("Only some cases").click()
    page.get_by_label("Only cases whose id fits").fill(_OFFERS)
    page.get_by_role("button", name="Start the run").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("The example supplier")
    # The page brings itself up to date, and is another one when the run has ended.
    expect(page.get_by_role("heading", name="Not certifiable")).to_be_visible(timeout=_LONG)
    expect(page.locator("#maincontent")).to_contain_text("Nothing is concluded")
    expect(page.locator("#maincontent")).to_contain_text("The run was of a part")
    suites = page.get_by_role("region", name="Results by suite")
    expect(suites.get_by_role("row", name="Behaviour")).to_contain_text("7")
    files = []
    for name in ("recruitment-system.zip", "evidence.public.pem"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        files.append(tmp_path / name)
        download.value.save_as(files[-1])
    assert run(["verify", str(files[0]), "--trust", str(files[1])]) == HELD


def test_a_person_is_guided_by_the_keyboard_and_a_deadline_passes(
    page: Page, only_esr: Started
) -> None:
    filled(page, only_esr.url, "1")

    step = page.locator("[data-step]")
    expect(step).to_contain_text("Step 1: please do this in your test system", timeout=_LONG)
    expect(step).to_contain_text(re.compile("an offer for the vacancy"))
    expect(step.get_by_role("timer")).to_have_text(re.compile(r"^\d+ s left$"))
    expect(page.get_by_role("status")).to_contain_text("It waits for a person: for you.")
    button = page.get_by_role("button", name="Not possible here")
    button.focus()
    page.keyboard.press("Enter")

    expect(page.locator("[data-step='2']")).to_be_visible(timeout=_LONG)
    # Nobody answers the second within its minute.
    expect(page.locator("[data-step='3']")).to_be_visible(timeout=_LONG)
    expect(page.locator("#maincontent")).to_contain_text("1 step was not answered in time")

    page.get_by_role("button", name="Stop the run").click()
    expect(page.locator("#maincontent")).to_contain_text(
        "The run was interrupted: it was stopped", timeout=_LONG
    )
    expect(page.locator("#maincontent")).to_contain_text("This is not a pass")
    expect(page.get_by_role("link", name="recruitment-system.zip")).to_be_visible()


def test_guided_mode_works_without_scripts(browser: Browser, only_esr: Started) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{only_esr.url}/console/w/default/certify/new")
    if page.get_by_role("button", name="Empty the workspace default").count():
        page.get_by_role("button", name="Empty the workspace default").click()
        expect(page.locator("#maincontent")).to_contain_text("Connect your system again")
    filled(page, only_esr.url, "10")
    step = page.locator("[data-step]")
    for _ in range(200):
        if step.count():
            break
        page.get_by_role("link", name="Look again").click()
        page.wait_for_timeout(200)

    expect(step).to_contain_text("9 minutes")
    page.get_by_role("button", name="The system refused it").click()

    expect(page.locator("#maincontent")).to_contain_text("Step 1: The system refused it")
    page.get_by_role("button", name="Stop the run").click()
    expect(page.locator("#maincontent")).to_contain_text("has been asked to end")
    for _ in range(300):
        if not page.get_by_role("link", name="Look again").count():
            break
        page.get_by_role("link", name="Look again").click()
        page.wait_for_timeout(200)
    expect(page.locator("#maincontent")).to_contain_text("interrupted")
    context.close()


def test_two_runs_are_compared(page: Page, workspace: Workspace) -> None:
    a_run_that_ended(workspace.url, workspace.name)
    a_run_that_ended(workspace.url, workspace.name, {**ONE_CASE, "only": "esr.applicants.l*"})

    page.goto(f"{workspace.url}/console/w/{workspace.name}/certify")
    page.get_by_role("button", name="Compare").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Two runs compared")
    expect(page.locator("#maincontent")).to_contain_text(re.compile(r"0 worse, \d+ new, 0 gone"))
