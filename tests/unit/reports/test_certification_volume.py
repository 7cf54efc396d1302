"""What the reports of a certification say of its replay."""

import orjson
import pytest
from certification_run import Outcome, operations
from volume_packs import lines_of, volume_files

from loadtests.discrepancies import Discrepancy, Reconciliation
from sandbox.conformance.results import Result
from sandbox.conformance.verdict import verdicts
from sandbox.conformance.volume.files import LEDGER, PLAN
from sandbox.reports.certification import to_json
from sandbox.reports.certification_ctrf import ctrf
from sandbox.reports.certification_items import items
from sandbox.reports.certification_junit import junit
from sandbox.reports.certification_page import certification_page
from sandbox.reports.certification_report import CertificationReport

SEED = 1
HOSTILE = "<script>alert(1)</script>"


def with_volume(played: Outcome, files: dict[str, bytes]) -> CertificationReport:
    whole = {**played.files, **files}
    whole["results.json"] = orjson.dumps(verdicts(whole, operations()))
    return Outcome(whole).report()


@pytest.fixture(scope="module")
def replayed(played: Outcome) -> CertificationReport:
    return with_volume(played, volume_files(SEED))


@pytest.fixture(scope="module")
def lossy(played: Outcome) -> CertificationReport:
    sound = volume_files(SEED)
    count = sum("n" in line or "vacancy" in line for line in lines_of(sound))
    number = next(line["n"] for line in lines_of(sound) if "n" in line)
    lost = Discrepancy(
        f"ESR holds no {HOSTILE}.", "check", number, "R-0000001", "req-1", "00000002"
    )
    return with_volume(
        played, volume_files(SEED, found=Reconciliation(count, count - 1, lost=[lost]))
    )


def test_page_says_what_was_replayed_and_every_finding(replayed: CertificationReport) -> None:
    page = certification_page(replayed)

    assert "The busiest day of a year, every employer together (day), of 3,500 applicants" in page
    assert replayed.volume is not None
    for finding in replayed.volume.findings:
        assert f'<th scope="row">{finding.name}' in page.replace("&#39;", "'")
    assert 'href="#requirement-ESR-VOL-002"' in page


def test_page_says_how_large_the_ledger_is_how_long_to_keep_it_and_what_it_proves(
    replayed: CertificationReport,
) -> None:
    page = certification_page(replayed)

    assert f"{LEDGER}, {len(volume_files(SEED)[LEDGER]):,} bytes" in page
    assert "Keep the pack as long as the certificate" in page
    assert "taken as the run recorded them" in page


def test_requirement_that_a_replay_shows_leads_to_it(replayed: CertificationReport) -> None:
    told = {item.id: item for item in replayed.requirements}

    assert told["ESR-VOL-001"].by_replay
    assert told["ESR-VOL-001"].word == "pass"
    assert told["ESR-VOL-003"].why == "only a replay shows it"


def test_run_without_a_replay_has_no_part_about_one(played: Outcome) -> None:
    report = played.report()

    assert report.volume is None
    assert 'id="volume"' not in certification_page(report)
    assert "volume" not in {suite.name for suite in report.suites}


def test_messages_that_were_lost_are_listed_and_cannot_do_harm(lossy: CertificationReport) -> None:
    page = certification_page(lossy)

    assert "<h3>Lost</h3>" in page
    assert "R-0000001" in page
    assert "applicant 00000002" in page
    assert HOSTILE not in page


def test_findings_are_items_of_the_formats_for_machines(lossy: CertificationReport) -> None:
    told = {item.name: item for item in items(lossy) if item.suite == "volume"}
    suite = next(each for each in junit(lossy) if each.name == "volume")
    tests = [each for each in ctrf(lossy)["results"]["tests"] if each["suite"] == ["volume"]]

    assert told["lost"].result is Result.FAIL
    assert told["lost"].message == "lost: 1 (limit: 0)"
    assert told["lost"].requirements == ("ESR-VOL-001",)
    assert (suite.tests, suite.failures) == (len(told), 2)
    assert {each["name"] for each in tests if each["status"] == "failed"} == {
        "lost",
        "acknowledged messages found once, unaltered",
    }
    assert orjson.loads(to_json(lossy))["volume"]["findings"][1]["result"] == "fail"


def test_replay_that_was_not_begun_is_told_as_left_out(played: Outcome) -> None:
    sound = volume_files(SEED)
    asked = {**orjson.loads(sound[PLAN]), "scope": None, "planned": None}
    files = {name: sound[name] for name in sound if name.endswith(".toml")}
    report = with_volume(played, {**files, PLAN: orjson.dumps(asked)})

    volume = next(suite for suite in report.suites if suite.name == "volume")

    assert volume.result is Result.SKIP
    assert "the replay was not begun" in certification_page(report)
