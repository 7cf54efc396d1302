"""The register in the console: packs verified step by step, certificates given, shown and taken back."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest
from console_walk import browsing, send, signed_in
from evidence_packs import contents, run_files
from in_process import served
from packs_of_here import Office, judge_toy_packs, pack_of_here

from sandbox.conformance.evidence.eligibility import Eligibility, Kind
from sandbox.conformance.evidence.pack import write_zip
from sandbox.contracts import contracts_folder
from sandbox.settings import Level, Settings

OPERATOR = "the operator's token of this test"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office.make(tmp_path_factory.mktemp("office"))


@pytest.fixture(scope="module")
def url(office: Office) -> Iterator[str]:
    """A sandbox at which the ESR team signs in, and which others reach under a name."""
    settings = Settings(
        port=0,
        database=str(office.folder / "sandbox.db"),
        level=Level.PLATFORM,
        operator_token=OPERATOR,
        **office.settings,
        public_url="http://sandbox.example:8080",
    )
    with served(settings) as runtime:
        yield runtime.settings.own_url


@pytest.fixture(scope="module")
def real_pack(office: Office) -> Path:
    return pack_of_here(office.desk)


@pytest.fixture
def team(url: str) -> Iterator[httpx.Client]:
    with signed_in(url, OPERATOR) as client:
        yield client


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has packs judged by the toy suite that the toy packs are of, in this process."""
    judge_toy_packs(monkeypatch)


def verified(client: httpx.Client, pack: Path, **fields: str) -> httpx.Response:
    """The page on what was found of a pack."""
    files = {"pack": (pack.name, pack.read_bytes(), "application/zip")}
    answer = send(client, "/console/register/packs", fields, files=files)
    assert answer.status_code == 303, answer.text
    for _ in range(600):
        page = client.get(answer.headers["location"])
        if "The pack is being verified" not in page.text:
            break
        threading.Event().wait(0.1)
    return page


def steps_of(page: httpx.Response) -> dict[str, str]:
    """The outcome of each step, as the page says it."""
    rows = re.findall(
        r'<th scope="row">\d+\. ([a-z ]+)</th>\s*<td[^>]*><strong[^>]*>([a-z ]+)</strong>',
        page.text,
    )
    return dict(rows)


def test_a_pack_is_verified_step_by_step_and_is_not_enough_by_itself(
    team: httpx.Client, real_pack: Path
) -> None:
    page = verified(team, real_pack)

    steps = steps_of(page)
    assert len(steps) == 15
    assert set(steps.values()) == {"holds"}
    assert "Accepted" in page.text
    assert "The suite contract was skipped." in page.text
    assert "It cannot prove when the run took place" in page.text


def test_a_tampered_pack_is_refused_at_the_step_that_noticed_and_no_later_one_is_looked_at(
    team: httpx.Client, office: Office, real_pack: Path
) -> None:
    held = contents(real_pack)
    results = orjson.loads(held["results.json"])
    held["results.json"] = orjson.dumps({**results, "overall": "pass"})
    path = office.folder / "tampered.zip"
    write_zip(path, held)

    page = verified(team, path)

    steps = steps_of(page)
    assert steps["signature"] == "holds"
    assert steps["digests"] == "refused"
    assert steps["verdicts recomputed"] == "not reached"
    assert "DIGEST_DIFFERS" in page.text or "SIZE_DIFFERS" in page.text
    assert "Give a certificate" not in page.text


def test_what_is_no_pack_or_is_signed_by_nobody_who_counts_is_refused_in_words(
    team: httpx.Client, office: Office, tmp_path: Path, toy: None
) -> None:
    large = tmp_path / "large.zip"
    large.write_bytes(b"x" * 9_000_000)
    stranger = Office.make(tmp_path / "other").desk.pack()

    assert "NOT_A_ZIP" in verified(team, large).text
    assert "KEY_UNKNOWN" in verified(team, stranger).text
    for fields, sentence in (
        ({}, "Choose the pack"),
        ({"supplier": "f" * 64}, "No such key counts here"),
    ):
        answer = send(team, "/console/register/packs", fields)
        assert answer.status_code == 400
        assert sentence in answer.text


def test_a_certificate_from_the_pack_to_its_end(
    team: httpx.Client, office: Office, toy: None, url: str
) -> None:
    pack = office.desk.pack(
        run_files({"esr.d [row one]": "review"}),
        name="to-review.zip",
        began="2026-01-01T00:00:00Z",
        ended="2026-01-01T00:00:00Z",
        result="review",
        eligibility=Eligibility(Kind.NONE, ("ESR-APP-003 waits",)),
    )
    page = verified(team, pack)
    place = str(page.url)
    assert "ESR-APP-003 waits for your decision" in page.text

    nameless = send(team, f"{place}/issue", {}, page=place)
    undecided = send(team, f"{place}/issue", {"reviewer": "B. Person"}, page=place)
    why = team.get(undecided.headers["location"])
    decided = {"reviewer": "B. Person", "decision-0": "kept", "reason-0": "Seen on site."}
    given = send(team, f"{place}/issue", decided, page=place)

    assert (nameless.status_code, undecided.status_code) == (400, 303)
    assert "No certificate is given." in why.text
    assert given.status_code == 303, given.text
    name = given.headers["location"].rsplit("/", 1)[1]
    told = team.get(given.headers["location"]).text
    assert "in force" in told
    assert "Seen on site." in told
    assert "Holds, under the issuer" in told
    with browsing(url) as anybody:
        public = anybody.get(f"/console/certificates/{name}")
        code = anybody.get(f"/console/certificates/{name}/code.svg")
        assert public.status_code == 200
        assert "<strong>Yes.</strong>" in public.text
        assert "QR code of the address of this page" in public.text
        assert code.headers["content-type"] == "image/svg+xml"
        assert anybody.get(f"/console/register/certificates/{name}").status_code == 303

        back = f"/console/register/certificates/{name}"
        reasonless = send(team, f"{back}/revoke", {"what": name, "by": "B"}, page=back)
        wanted = {"what": name, "reason": "Given by mistake.", "by": "B. Person"}
        revoked = send(team, f"{back}/revoke", wanted, page=back)
        after = anybody.get(f"/console/certificates/{name}")

    assert (reasonless.status_code, revoked.status_code) == (400, 303)
    assert "Given by mistake." in team.get(back).text
    assert "<strong>No.</strong>" in after.text
    assert "Given by mistake." not in after.text
    assert "PACK_REVOKED" in verified(team, pack).text


def test_the_one_page_certificate_has_its_own_styles_and_nothing_else(
    team: httpx.Client, office: Office
) -> None:
    name = office.issue().id

    answer = team.get(f"/console/register/certificates/{name}/page")

    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert f"http://sandbox.example:8080/console/certificates/{name}" in answer.text


def test_certificates_are_found_by_words_and_state(team: httpx.Client, office: Office) -> None:
    name = office.issue(product="Found <by> words").id

    found = team.get("/console/register", params={"find": "found <BY>", "state": "in force"}).text
    none = team.get("/console/register", params={"find": "found <BY>", "state": "expired"}).text

    assert name in found
    assert "Found &lt;by&gt; words" in found
    assert "1 certificate, newest first" in found
    assert name not in none


def test_a_challenge_is_given_and_kept(team: httpx.Client, office: Office) -> None:
    answer = send(team, "/console/register/challenges", {"for": "Acme"}, page="/console/register")

    [nonce] = re.findall(r'data-copy="([^"]+)"', answer.text)
    assert office.register.open_since(nonce) is not None


def test_a_new_version_of_a_contract_tells_whom_it_touches(
    team: httpx.Client, office: Office
) -> None:
    office.issue()
    here = (contracts_folder() / "esr" / "v1" / "bundle.json").read_bytes()
    document = orjson.loads(here)
    del document["paths"]["/positions"]
    files = {"old": ("old.json", here), "new": ("new.json", orjson.dumps(document))}

    told = send(team, "/console/register/impact", files=files)
    wrong = send(team, "/console/register/impact", files={"old": ("old.json", b"[]")})

    assert "<code>list_positions</code>" in told.text
    assert "To be run again: list_positions changed in a way that breaks." in told.text
    assert wrong.status_code == 400
    assert "old.json is no contract" in wrong.text


def test_without_a_register_the_page_says_how_to_have_one(platform: object) -> None:
    url = platform.settings.public_url  # type: ignore[attr-defined]
    with signed_in(url, OPERATOR) as client:
        page = client.get("/console/register")
        packs = client.get("/console/register/packs")

    assert "ESR_SANDBOX_REGISTER" in page.text
    assert "--trusted-keys" in packs.text
