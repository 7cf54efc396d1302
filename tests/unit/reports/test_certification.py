"""The page and the JSON of a certification run."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from certification_run import FAILS, LEFT_OUT, PASSES, Outcome
from jinja2 import Environment

from sandbox.conformance.case import load_cases
from sandbox.conformance.evidence.eligibility import Eligibility, Kind
from sandbox.conformance.evidence.known import cases_file
from sandbox.conformance.evidence.manifest import Level
from sandbox.conformance.results import Result
from sandbox.reports.certification import write_reports
from sandbox.reports.certification_cases import CaseLine
from sandbox.reports.certification_page import certification_page
from sandbox.reports.certification_report import CertificationReport, certification_report

MEGABYTE = 1_000_000
HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>\x00\x1b[31m\u202e'


class _Page(HTMLParser):
    """The tags of a page, the levels of its headings, and its anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.unscoped = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.tags.append(tag)
        self.ids += [held["id"] or ""] if "id" in held else []
        self.links += [held["href"] or ""] if tag == "a" else []
        self.loaded += [str(held[name]) for name in ("src", "srcset", "data") if name in held]
        self.unscoped += tag == "th" and "scope" not in held

    @property
    def headings(self) -> list[int]:
        return [int(tag[1]) for tag in self.tags if re.fullmatch("h[1-6]", tag)]


@pytest.fixture
def html(played: Outcome) -> str:
    return certification_page(played.report())


def test_four_files_are_written(played: Outcome, tmp_path: Path) -> None:
    written = write_reports(played.files, played.decided, tmp_path / "new", "esr")

    assert [path.name for path in written] == [
        "esr.html",
        "esr.json",
        "esr.junit.xml",
        "esr.ctrf.json",
    ]
    assert all(path.stat().st_size for path in written)


def test_page_names_the_subject_and_the_run(html: str) -> None:
    for text in ("Mock ESR 1.2", "Build 7 of Tests", "reference", "none declared", "<dt>seed</dt>"):
        assert text in html
    assert "esr 1.0.0" in html


def test_verdict_stands_with_every_reason(html: str, played: Outcome) -> None:
    assert "Not certifiable" in html
    assert len(played.decided.reasons) > 12
    environment = Environment(autoescape=True)
    for reason in played.decided.reasons:
        assert environment.from_string("{{ text }}").render(text=reason) in html


def test_what_failed_is_the_first_reason_after_the_whole(html: str) -> None:
    verdict = html[html.index('id="verdict"') : html.index("more reasons")]

    assert f"The case {FAILS}" in verdict


def test_certifiable_run_says_so_and_names_its_kind(played: Outcome) -> None:
    report = certification_report(played.files, Eligibility(Kind.FUNCTIONAL), Level.SELF_RUN)

    html = certification_page(report)

    assert "Certifiable: functional" in html
    assert "Not certifiable" not in html
    assert "signed the evidence alone" in html


def test_failed_case_is_told_with_clause_exchange_and_commands(html: str) -> None:
    case = html[html.index('<article class="case"') :].split("</article>", maxsplit=1)[0]

    assert "expected status 418, was answered 201" in case
    assert "ESR answers an applicant whom it loads with a confirmation SUCCESS" in case
    assert "https://hee-tis.atlassian.net/" in case
    assert "&#34;applicantNumber&#34;" in case
    assert "[masked " in case
    assert "curl --include" in case
    assert "Authorization: Bearer $ESR_SANDBOX_TOKEN" in case
    assert "What to look at" in case
    assert f"--only {FAILS} --seed 1" in case


def test_hint_of_the_case_is_what_to_look_at(played: Outcome) -> None:
    cases = played.document("cases.json")
    for case in cases:
        case["case"]["hint"] = "Look at the moon."

    report = played.with_file("cases.json", cases).report()

    assert _case(report, FAILS).hint == "Look at the moon."


def test_requirements_stand_worst_first_with_their_cases(played: Outcome, html: str) -> None:
    words = re.findall(r'<tbody id="requirements-([a-z-]+)"', html)
    line = next(item for item in played.report().requirements if item.id == "ESR-APP-002")

    assert words[0] == "fail"
    assert words[-1] == "pass"
    assert [case.id for case in line.showing] == [FAILS, PASSES]
    assert line.word == "fail"


def test_requirement_that_no_case_judged_says_why(played: Outcome) -> None:
    lines = [item for item in played.report().requirements if item.word == "not judged"]

    assert lines
    assert all(item.actor == "esr" for item in lines)
    assert any(item.why for item in lines)


def test_case_that_passed_is_a_line_of_its_file(html: str) -> None:
    passed = html[html.index('<section id="passed">') : html.index('<section id="left-out">')]

    assert "esr.applicants: 1" in passed
    assert PASSES in passed
    assert FAILS not in passed


def test_case_that_was_not_played_is_left_out(played: Outcome, html: str) -> None:
    case = _case(played.report(), LEFT_OUT)

    assert case.result is Result.SKIP
    assert "Cases left out" in html


def test_hostile_answer_never_becomes_markup(played: Outcome) -> None:
    outcome = played.with_answer(FAILS, status=500, responseBody=HOSTILE)

    html = certification_page(outcome.report())

    assert "&lt;script&gt;" in html
    assert "\\x00\\x1b[31m\\u202e" in html
    assert not {"script", "img"} & set(_Page(html).tags)


def test_characters_that_nobody_sees_are_written_out(played: Outcome, tmp_path: Path) -> None:
    record = played.document(f"cases/{FAILS}.json")
    record["notes"].append({"kind": "self-attested", "text": "\ufffe\ufeff"})
    outcome = played.with_file(f"cases/{FAILS}.json", record)

    write_reports(outcome.files, outcome.decided, tmp_path, "esr")

    assert "\\ufffe\\ufeff" in (tmp_path / "esr.html").read_text("utf-8")


def test_page_needs_nothing_else_and_its_links_lead_somewhere(html: str) -> None:
    page = _Page(html)

    assert not page.loaded
    assert not {"script", "link", "iframe", "img", "object"} & set(page.tags)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert all(link.startswith(("#", "https://", "http://")) for link in page.links)


def test_page_can_be_read_aloud(html: str) -> None:
    page = _Page(html)
    levels = page.headings

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.unscoped == 0
    assert '<html lang="en-GB">' in html


def test_self_attested_result_is_marked(played: Outcome) -> None:
    outcome = played.with_note(PASSES, "self-attested", "Jo Smith saw it in the system")

    html = certification_page(outcome.report())

    assert "SELF-ATTESTED" in html
    assert "only a person says so: Jo Smith saw it in the system" in html


def test_known_gap_is_marked_and_a_closed_one_says_what_to_do(played: Outcome) -> None:
    subject = {**played.document("subject.json"), "knownGaps": [PASSES, FAILS]}

    report = played.with_file("subject.json", subject).report()

    assert _case(report, FAILS).is_known_gap
    assert _case(report, PASSES).result is Result.FAIL
    assert "take it off the list" in _case(report, PASSES).sentence


def test_page_of_a_role_whose_every_case_fails_stays_small(played: Outcome) -> None:
    cases = load_cases("esr")
    record = played.document(f"cases/{FAILS}.json")
    record["steps"][0]["exchanges"][0].update(status=500, responseBody=HOSTILE * 500)
    files = {
        **played.files,
        "cases.json": cases_file(cases),
        **{f"cases/{case.id}.json": orjson.dumps({**record, "case": case.id}) for case in cases},
    }
    outcome = Outcome(files).with_file("events.ndjson", files["events.ndjson"])
    results = outcome.document("results.json")
    for word in results["cases"]:
        word["result"] = "fail"
    outcome = replace(outcome, files={**outcome.files, "results.json": orjson.dumps(results)})

    html = certification_page(outcome.report())

    assert len(cases) > 1_200
    assert len(html.encode()) < 3 * MEGABYTE
    assert all(case.id in html for case in cases)


def test_json_holds_what_the_page_shows(played: Outcome, tmp_path: Path) -> None:
    write_reports(played.files, played.decided, tmp_path, "esr")
    told = orjson.loads((tmp_path / "esr.json").read_bytes())

    assert told["overall"] == played.document("results.json")["overall"]
    assert told["certifiable"]["kind"] == "none"
    case = next(item for item in told["cases"] if item["id"] == FAILS)
    assert case["result"] == "fail"
    assert case["exchanges"][0]["status"] == 201


def test_contract_suite_is_told_operation_by_operation(played: Outcome) -> None:
    lines = [
        _contract_line("list_organisations", "/esr/v1/organisations", 500, "ESR-FUZ-001"),
        _contract_line("list_organisations", "/esr/v1/organisations", 200, "ESR-FUZ-011"),
        _contract_line("list_organisations", "/esr/v1/organisations", 0),
    ]
    outcome = played.with_file("contract/esr.ndjson", b"\n".join(map(orjson.dumps, lines)))

    report = outcome.report()
    html = certification_page(report)

    line = next(item for item in report.contract if item.operation == "list_organisations")
    assert line.result in (Result.FAIL, Result.ERROR)
    assert line.exchanges == 3
    assert dict(line.statuses) == {0: 1, 200: 1, 500: 1}
    assert line.found[0].rule == "ESR-FUZ-001"
    assert "list_organisations answered 500" in html
    assert "is refused without one and with a wrong one" in html
    assert "no answer \N{MULTIPLICATION SIGN} 1" in html
    unseen = next(item for item in report.contract if item.operation == "submit_applicant")
    assert unseen.result is Result.INCONCLUSIVE
    assert "succeeded 0 times" in unseen.told


def _contract_line(operation: str, path: str, status: int, *broken: str) -> dict[str, object]:
    return {
        "operationId": operation,
        "phase": "examples",
        "mode": "positive",
        "method": "GET",
        "path": path,
        "query": "",
        "status": status,
        "requestHeaders": {"Authorization": "[masked]"},
        "requestBody": None,
        "responseHeaders": {"content-type": "text/html"} if status else {},
        "responseBody": "<b>no</b>" if status else None,
        "broken": list(broken),
    }


def _case(report: CertificationReport, name: str) -> CaseLine:
    return next(case for case in report.cases if case.id == name)
