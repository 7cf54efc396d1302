"""The reports of a replay: what they say, what they leave out, and that nothing in them is markup of somebody else's."""

import json
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml
from replays import (
    NOTHING,
    after_a_closure,
    lost,
    measurements,
    nothing_to_draw,
    result,
    with_a_capped_pace,
)

from loadtests.discrepancies import Difference, Reconciliation
from loadtests.measurements import Distribution, Latency
from loadtests.results import ReplayResult
from loadtests.verdict import Finding, Outcome
from sandbox.reports.replay import (
    RETENTION,
    TWO_KINDS,
    WRONG,
    headline,
    replay_report,
    write_replay,
)
from sandbox.reports.replay_json import replay_document, summary

PHASES = {"setting up": 2.0, "replaying": 9.0}
HOSTILE = "<script>alert(1)</script>\x1b[31m\x00"


def written(given: ReplayResult, folder: Path) -> tuple[str, dict[str, Any], JUnitXml]:
    """The page, the JSON and the JUnit document of a replay."""
    report = replay_report(given, PHASES, {"Target": "http://127.0.0.1:8080/esr/v1"})
    html, data, xml = write_replay(report, folder)
    return html.read_text("utf-8"), json.loads(data.read_bytes()), JUnitXml.fromfile(str(xml))


def rows_of(page: str, heading: str) -> int:
    """How many rows the body of the first table after a heading has."""
    body = page[page.index("<tbody>", page.index(heading)) :]
    return body[: body.index("</tbody>")].count("<tr>")


# -- the page


def test_the_page_says_what_a_reader_has_to_know(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.ndjson"
    ledger.write_bytes(b"x" * 12_345)

    page, _, _ = written(result(ledger=ledger), tmp_path)

    for said in (
        "<title>Replay: A morning: pass</title>",
        " 10,800</dd>",
        TWO_KINDS,
        "This one ran at one constant factor.",
        "212 vacancies, and 1,234 earlier",
        "Nothing is sent on Sundays (assumed).",
        "01 September 2026 08:00 to 01 September 2026 11:00, UK time",
        "seed 1, 40 employers with 60 positions each",
        "R0123456789; every supplier reference begins with it",
        "12 s; setting up 2 s; replaying 9 s",
        "http://127.0.0.1:8080/esr/v1",
        "d1" * 32,
        f"{2**255:064x}",
        f"<code>{ledger}</code>, 12,345 bytes",
        RETENTION,
    ):
        assert said in unescape(page)


def test_each_chart_has_a_text_alternative_and_the_table_behind_it(tmp_path: Path) -> None:
    page, _, _ = written(after_a_closure(), tmp_path)

    titles = [
        "Messages by hour",
        "Latency over the year's calendar",
        "How long answers took",
        "Rate and service time over wall time",
        "What had waited while ESR was closed",
    ]
    assert page.count("<svg") == page.count("<details>") == page.count('role="img"') == len(titles)
    for title in titles:
        assert f'aria-label="{title}. ' in unescape(page)
        assert rows_of(unescape(page), f"<h3>{title}</h3>") > 0


def test_arrivals_stand_in_the_hours_of_the_united_kingdom_beside_the_plan(tmp_path: Path) -> None:
    page, _, _ = written(result(measurements=measurements()), tmp_path)

    assert "<td>Tue 01 Sep 2026 10:00</td><td class=\"number\">1</td><td class=\"number\">2</td>" in page  # fmt: skip
    assert "5 of 6 planned messages were sent, 1 were not." in page


def test_without_a_closure_there_is_no_backlog_to_draw(tmp_path: Path) -> None:
    page, _, _ = written(result(measurements=measurements()), tmp_path)

    assert "<svg" in page
    assert "What had waited" not in page


def test_a_capped_pace_shows_its_factors_and_is_not_said_to_be_judged_by_latency(
    tmp_path: Path,
) -> None:
    page, _, _ = written(with_a_capped_pace(), tmp_path)

    assert " 360,000 to 720,000</dd>" in page
    assert "This one had a capped pace." in page
    assert "The pace was capped, so nothing here is judged" in page
    assert "take 500 messages a second; no hour was sent faster" in page
    assert "4,380 hours had messages; 4,368 idle hours between them were skipped." in page
    assert "1.25 times that of the second tenth" in page


def test_a_year_is_told_by_months_and_stays_small(tmp_path: Path) -> None:
    page, data, _ = written(with_a_capped_pace(), tmp_path)

    assert rows_of(page, "<h3>Messages by hour of the day</h3>") == 24
    assert rows_of(page, "<h3>Messages by month</h3>") == 12
    assert rows_of(page, "passed</h3>") == 12
    assert len(page) < 500_000
    assert len(data["legs"]) == len(data["measurements"]["arrivals"]) == 4_380
    assert {leg["factor"] for leg in data["legs"]} == {360_000.0, 720_000.0}


@pytest.mark.parametrize("name", WRONG)
def test_each_thing_that_is_wrong_is_listed_with_its_ids(tmp_path: Path, name: str) -> None:
    found = Reconciliation(acknowledged=9, confirmed=8, **{name: [lost(7)]})

    page, data, _ = written(result(reconciliation=found), tmp_path)

    heading, meaning = WRONG[name]
    assert f"<h2>{heading}: 1</h2>" in unescape(page)
    assert meaning in unescape(page)
    for said in (
        "R0123456789-0000007",
        "00000007-0000-4000",
        "IDENTITY, number 7",
        "00000007</td>",
    ):
        assert said in page
    assert data["reconciliation"][name][0]["requestId"] == lost(7).requestId


def test_the_first_two_hundred_stand_on_the_page_and_all_in_the_json(tmp_path: Path) -> None:
    found = Reconciliation(acknowledged=250, lost=[lost(number) for number in range(250)])

    page, data, _ = written(result(reconciliation=found), tmp_path)

    assert "The first 200 of 250; replay.json has them all." in page
    assert rows_of(page, "Lost: 250") == 200
    assert len(data["reconciliation"]["lost"]) == 250


def test_personal_values_that_differ_are_masked_and_others_are_shown(tmp_path: Path) -> None:
    differences = (
        Difference("/person/lastName", "Featherstonehaugh", "Cholmondeley"),
        Difference("/startDate", "2026-09-07", None),
        Difference("/person", {"firstName": "Zebedee"}, float("nan")),
    )
    found = Reconciliation(altered=[replace(lost(7), differences=differences)])

    page, data, _ = written(result(reconciliation=found), tmp_path)

    for name in ("Featherstonehaugh", "Cholmondeley", "Zebedee"):
        assert name not in page
        assert name not in json.dumps(data)
    name, start, person = data["reconciliation"]["altered"][0]["differences"]
    assert name["sent"] != name["held"]
    assert start == {"pointer": "/startDate", "sent": '"2026-09-07"', "held": "nothing"}
    assert "masked" in person["sent"]
    assert "<code>/startDate</code>: sent &#34;2026-09-07&#34;, held nothing" in page


def test_hostile_text_is_text(tmp_path: Path) -> None:
    wrong = replace(
        lost(7),
        what=HOSTILE,
        supplierReference=HOSTILE,
        applicantNumber=HOSTILE,
        differences=(Difference(f"/{HOSTILE}", HOSTILE, {"a": "\ud800"}),),
    )
    given = result(
        outcome=Outcome.INCONCLUSIVE,
        findings=(Finding("every message sent", Outcome.INCONCLUSIVE, HOSTILE, "all"),),
        reconciliation=Reconciliation(lost=[wrong]),
        interrupted=HOSTILE,
        title=HOSTILE,
        profile=HOSTILE,
        assumptions=(HOSTILE,),
    )

    page, data, junit = written(given, tmp_path)

    assert "<script>" not in page
    assert "\x1b" not in page
    assert "\x00" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[31m\\x00") >= 8
    assert data["interrupted"] == "<script>alert(1)</script>\\x1b[31m\\x00"
    assert "alert(1)" in next(iter(next(iter(junit)))).result[0].message


def test_a_replay_that_saw_nothing_is_reported_all_the_same(tmp_path: Path) -> None:
    nothing = replace(
        nothing_to_draw(),
        latency={"all": Latency(NOTHING, NOTHING)},
        lateness=NOTHING,
        wall_seconds=0.0,
    )
    given = result(
        outcome=Outcome.INCONCLUSIVE,
        findings=(),
        measurements=nothing,
        reconciliation=None,
        interrupted="stopped by Ctrl-C",
    )

    page, data, _ = written(given, tmp_path)

    assert "It ended early: stopped by Ctrl-C." in page
    assert "Nothing was sent, so there is nothing to draw." in page
    assert "not read back" in page
    assert "<svg" not in page
    assert data["reconciliation"] is None
    assert data["ledger"] == {"path": "reports/replay/ledger.ndjson", "bytes": None}


def test_a_capped_replay_that_ended_in_its_calibration_has_no_factors_to_show(
    tmp_path: Path,
) -> None:
    page, _, _ = written(result(factor=None), tmp_path)

    assert "stretched hour" not in page
    assert "This one had a capped pace." in page


def test_what_an_event_took_to_its_receiver_stands_beside_the_latencies(tmp_path: Path) -> None:
    page, _, _ = written(result(propagation=Distribution(80, 1.5, 2.25, 3.0, 4.0)), tmp_path)

    assert "from the change to the receiver</td><td class=\"number\">80</td><td class=\"number\">1.5</td>" in page  # fmt: skip


# -- the verdict in a sentence


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome.PASS, "ESR holds each of the 4,321 that it acknowledged exactly once"),
        (Outcome.FAIL, "Not so: lost (2, limit 0)."),
        (Outcome.INCONCLUSIVE, "for too little was seen: every message sent (1 of 2, limit all)."),
    ],
)
def test_the_verdict_is_a_sentence_that_names_what_decided_it(outcome: Outcome, said: str) -> None:
    findings = (
        Finding("every message sent", Outcome.INCONCLUSIVE, "1 of 2", "all"),
        Finding("lost", Outcome.FAIL, "2", "0"),
    )

    assert said in headline(result(outcome=outcome, findings=findings))


# -- JUnit


def test_each_finding_is_a_test_case_and_what_was_not_concluded_is_an_error(tmp_path: Path) -> None:
    findings = (
        Finding("every message sent", Outcome.PASS, "5 of 5 sent", "all"),
        Finding("lost", Outcome.FAIL, "2", "0"),
        Finding("altered", Outcome.FAIL, "1", "0"),
        Finding("error rate", Outcome.INCONCLUSIVE, "nothing sent", "0.00%"),
    )

    _, _, junit = written(result(outcome=Outcome.FAIL, findings=findings), tmp_path)

    [suite] = list(junit)
    assert (suite.tests, suite.failures, suite.errors) == (4, 2, 1)
    assert [case.name for case in suite] == [finding.name for finding in findings]
    assert [case.result[0].message for case in suite if case.result] == [
        "expected 0, found 2",
        "expected 0, found 1",
        "inconclusive: expected 0.00%, found nothing sent",
    ]


# -- JSON


def keys_of(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(keys_of, value.values()))
    return set().union(*map(keys_of, value)) if isinstance(value, list) else set()


def test_the_json_has_one_way_to_write_keys_and_no_number_too_great_for_its_readers(
    tmp_path: Path,
) -> None:
    given = result(factor=None, calibration={"per_second": 500.0, "cap": 425.0})

    _, data, _ = written(given, tmp_path)

    assert [key for key in keys_of(data) if "_" in key] == []
    assert data["setUp"] == {"vacancies": 212, "caughtUp": 1_234}
    assert data["scope"]["world"]["positionsPerOrganisation"] == 60
    assert data["calibration"] == {"perSecond": 500.0, "cap": 425.0}
    assert data["counts"]["byKind"] == {"applicant": 1, "check": 4320}
    assert data["stateDigest"] == f"{2**255:064x}"
    assert "state" not in data["reconciliation"]
    assert data["phases"] == PHASES


def test_a_summary_counts_what_the_json_lists() -> None:
    given = replace(
        with_a_capped_pace(),
        reconciliation=Reconciliation(acknowledged=9, lost=[lost(7), lost(8)]),
        measurements=after_a_closure().measurements,
    )
    document = replay_document(given, PHASES, {})

    told = summary(document)

    assert told["reconciliation"]["lost"] == 2
    assert told["reconciliation"]["clean"] is False
    assert told["measurements"]["latency"] == document["measurements"]["latency"]
    assert told["measurements"]["recovery"] == {
        "waited": 3,
        "seconds": 0.3,
        "simulatedSeconds": 3_240.0,
        "opened": 10.0,
    }
    assert document["measurements"]["recovery"]["drain"]
    series = {"legs", "arrivals", "latencyOverTime", "rateOverTime", "histogram", "drain"}
    assert keys_of(told) & series == set()
