"""A supplier's first hour on the pages alone: looks, sends, has ESR act, is certified, and reads a failure that it caused."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from harness import Workspace
from playwright.sync_api import Page, expect
from recruiting import Recruiter, acceptance, offer

from sandbox.server import Started, started
from simulators.supplier import Settings, Supplier, running_supplier
from simulators.supplier.defects import DEFECTS
from simulators.world import World

pytestmark = pytest.mark.prove

_CASES = "recruitment-system.resilience.submit-recovers*"
_LONG = 180_000


@pytest.fixture
def esr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """An ESR with a small world, as somebody starts it who begins."""
    folder = tmp_path_factory.mktemp("first-hour")
    arguments = ("--only", "esr", "--world", "small")
    with started(*arguments, folder=folder, database=str(folder / "esr.db")) as running:
        yield running


def _settings(esr: Started) -> Settings:
    found = Settings(f"{esr.url}/esr/v1", esr.token, driver_token="first-hour")
    return replace(found, first_wait_seconds=0.05, longest_wait_seconds=1.0)


def _certify(page: Page, home: str, supplier: Supplier) -> None:
    """Fills the form for one's own system in, and waits until the run has ended."""
    page.goto(f"{home}/certify/new")
    for label, value in [
        ("Product", "Example recruitment system"),
        ("Company", "Example Supplier Ltd"),
        ("Version", "1.0.0"),
        ("Build", "first-hour"),
        ("Receiver of events", supplier.receiver_url.removesuffix("/events")),
        ("Address of the driver", supplier.driver_url),
        ("Token of the driver", "first-hour"),
    ]:
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("By its driver").check()
    for suite in ("Contract", "Traffic", "Behaviour"):
        page.get_by_label(suite, exact=True).uncheck()
    page.get_by_text("Only some cases").click()
    page.get_by_label("Only cases whose id fits").fill(_CASES)
    page.get_by_role("button", name="Start the run").click()
    expect(page.get_by_role("heading", name="Not certifiable")).to_be_visible(timeout=_LONG)


def _empty(page: Page, home: str) -> None:
    page.goto(f"{home}/certify/new")
    page.get_by_role("button", name="Empty the workspace").click()
    expect(page.get_by_text("is empty")).to_be_visible()


def test_first_hour(page: Page, esr: Started) -> None:
    home = f"{esr.url}/console/w/default"
    main = page.locator("#maincontent")

    page.goto(f"{esr.url}/console")
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")
    expect(main).to_contain_text(f"{esr.url}/esr/v1")
    expect(main).to_contain_text(esr.token)

    page.get_by_role("link", name="Live traffic").click()
    with running_supplier(_settings(esr)) as supplier:
        recruiter = Recruiter(supplier)
        arguments = offer(Workspace("default", esr.url, esr.token, World.make(1, 1, 30)))
        recruiter.act("START_OFFER", **arguments)
        recruiter.act("ACCEPT_OFFER", **acceptance(arguments))
        number = recruiter.all_sent(arguments["supplierReference"])["applicantNumber"]

        # She comes in while somebody watches.
        sent = page.get_by_role("row").filter(has_text="Submit an applicant at offer stage")
        expect(sent.first).to_contain_text("201")
        sent.first.get_by_role("link", name="Submit an applicant at offer stage").click()
        expect(main).to_contain_text(number)

        page.goto(f"{home}/world/applicants/{number}")
        page.get_by_role("button", name="Hire the applicant").click()
        page.get_by_role("button", name="Hire").click()
        recruiter.until(arguments["supplierReference"], lambda view: view.get("status") == "HIRED")
        page.goto(f"{home}/journey/{number}")
        expect(main).to_contain_text("Status: hired")

    _empty(page, home)
    with running_supplier(_settings(esr)) as supplier:
        _certify(page, home, supplier)
        suites = page.get_by_role("region", name="Results by suite")
        expect(suites.get_by_role("row", name="Resilience")).to_contain_text("12")
        expect(main).not_to_contain_text("expected all exchanges")

    _empty(page, home)
    with running_supplier(_settings(esr), *DEFECTS["new-request-ids"]) as supplier:
        _certify(page, home, supplier)
        expect(main).to_contain_text("expected all exchanges to have the same /requestId")
        expect(main).to_contain_text("ESR-REQ-002")
