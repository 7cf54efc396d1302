"""The ESR team at work: a tampered pack is dropped and refused, a good one certified, and anybody looks it up."""

import base64
from collections.abc import Iterator

import orjson
import pytest
from evidence_packs import contents, run_files
from in_process import served
from packs_of_here import Office, judge_toy_packs
from playwright.sync_api import Browser, Page, expect

from sandbox.conformance.evidence.eligibility import Eligibility, Kind
from sandbox.conformance.evidence.pack import write_zip
from sandbox.settings import Level, Settings

pytestmark = pytest.mark.prove

OPERATOR = "the operator's token of this test"
_DROP = """([name, content]) => {
  const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, {type: "application/zip"}));
  const place = document.querySelector("[data-drop]");
  for (const kind of ["dragenter", "dragover", "drop"]) {
    place.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
  }
}"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office.make(tmp_path_factory.mktemp("office"))


@pytest.fixture
def url(office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A sandbox where one signs in; packs are judged by the toy suite that the toy packs are of."""
    judge_toy_packs(monkeypatch)
    settings = Settings(
        port=0,
        database=str(office.folder / "sandbox.db"),
        level=Level.PLATFORM,
        operator_token=OPERATOR,
        **office.settings,
    )
    with served(settings) as runtime:
        yield runtime.settings.own_url


def test_a_tampered_pack_is_refused_and_a_good_one_becomes_a_certificate_that_anybody_looks_up(
    url: str, office: Office, page: Page, browser: Browser
) -> None:
    pack = office.desk.pack(
        run_files({"esr.d [row one]": "review"}),
        name="good.zip",
        result="review",
        eligibility=Eligibility(Kind.NONE, ("ESR-APP-003 waits",)),
    )
    held = contents(pack)
    held["results.json"] = held["results.json"].replace(b'"review"', b'"passed"')
    tampered = office.folder / "tampered.zip"
    write_zip(tampered, held)

    page.goto(f"{url}/console/register")
    page.get_by_label("Token").fill(OPERATOR)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Verify a pack").click()
    page.wait_for_load_state("load")
    page.evaluate(_DROP, [tampered.name, base64.b64encode(tampered.read_bytes()).decode()])
    dropped = page.locator("input[type=file]").evaluate("field => field.files[0]?.name")
    assert dropped == "tampered.zip"
    page.get_by_role("button", name="Verify").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("tampered.zip")
    refused = page.get_by_role("row", name="digests")
    expect(refused).to_contain_text("refused")
    expect(refused).to_contain_text("The file 'results.json' was changed")
    expect(page.get_by_role("row", name="verdicts recomputed")).to_contain_text("not reached")

    page.get_by_role("link", name="Verify another pack").click()
    page.locator("input[type=file]").set_input_files(pack)
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("row", name="verdicts recomputed")).to_contain_text("holds")
    page.get_by_label("Your name").fill("B. Person")
    page.get_by_label("kept", exact=True).check()
    page.get_by_label("What was looked at for ESR-APP-003").fill("Seen on site.")
    page.get_by_role("button", name="Give a certificate").click()
    expect(page.get_by_text("in force")).to_be_visible()
    name = page.url.rsplit("/", 1)[1]

    context = browser.new_context(java_script_enabled=False)
    anybody = context.new_page()
    anybody.goto(f"{url}/console/certificates/{name}")
    expect(anybody.get_by_text("Yes.")).to_be_visible()
    expect(anybody.get_by_role("img", name="QR code")).to_be_visible()
    assert orjson.loads(anybody.request.get(f"{url}/health").body())
    context.close()
