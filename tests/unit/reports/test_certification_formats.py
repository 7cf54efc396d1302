"""The JUnit and CTRF reports of a certification run."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
from certification_run import FAILS, LEFT_OUT, PASSES, Outcome
from junitparser import Error, Failure, JUnitXml, Skipped

from sandbox.conformance.results import Result
from sandbox.reports.certification import write_reports
from sandbox.reports.certification_ctrf import ctrf
from sandbox.reports.certification_items import Item
from sandbox.reports.certification_junit import junit
from sandbox.reports.certification_traffic import TrafficLine

_TEXT, _NUMBER = {"type": "string"}, {"type": "integer", "minimum": 0}
_TEXTS = {"type": "array", "items": _TEXT}
_STATUSES = ("passed", "failed", "skipped", "pending", "other")


def _closed(required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required.split(),
        "properties": properties,
    }


CTRF = _closed(
    "reportFormat specVersion results",
    reportFormat={"const": "CTRF"},
    specVersion={"pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$"},
    timestamp={**_TEXT, "format": "date-time"},
    generatedBy=_TEXT,
    results=_closed(
        "tool summary tests",
        tool=_closed("name", name={**_TEXT, "minLength": 1}, version=_TEXT),
        summary=_closed(
            "tests passed failed skipped pending other start stop",
            **dict.fromkeys(("tests", "suites", "start", "stop", *_STATUSES), _NUMBER),
            extra={"type": "object"},
        ),
        tests={
            "type": "array",
            "items": _closed(
                "name status duration",
                name={**_TEXT, "minLength": 1},
                status={"enum": list(_STATUSES)},
                rawStatus=_TEXT,
                duration=_NUMBER,
                start=_NUMBER,
                stop=_NUMBER,
                suite={**_TEXTS, "minItems": 1},
                message=_TEXT,
                trace=_TEXT,
                tags=_TEXTS,
            ),
        },
        environment=_closed(
            "",
            reportName=_TEXT,
            appName=_TEXT,
            appVersion=_TEXT,
            buildName=_TEXT,
            testEnvironment=_TEXT,
        ),
    ),
)
"""The part of https://github.com/ctrf-io/ctrf/blob/main/schema/ctrf.schema.json that the report uses."""


def _junit(outcome: Outcome, folder: Path) -> dict[str, JUnitXml]:
    write_reports(outcome.files, outcome.decided, folder, "esr")
    return {suite.name: suite for suite in JUnitXml.fromfile(str(folder / "esr.junit.xml"))}


def _result(suite: JUnitXml, name: str) -> Failure | Error | Skipped | None:
    case = next(case for case in suite if case.name == name)
    return case.result[0] if case.result else None


def test_each_suite_is_a_test_suite(played: Outcome, tmp_path: Path) -> None:
    suites = _junit(played, tmp_path)

    assert set(suites) == {"contract", "behaviour", "traffic", "resilience"}
    behaviour = suites["behaviour"]
    assert (behaviour.tests, behaviour.failures, behaviour.skipped) == (3, 1, 1)


def test_failure_tells_the_sentence_the_clause_and_the_command(
    played: Outcome, tmp_path: Path
) -> None:
    failure = _result(_junit(played, tmp_path)["behaviour"], FAILS)

    assert isinstance(failure, Failure)
    assert "expected status 418, was answered 201" in failure.message
    assert "ESR-APP-002 (MUST): ESR answers an applicant" in failure.text
    assert "curl --include" in failure.text


def test_pass_and_skip_are_told_apart(played: Outcome, tmp_path: Path) -> None:
    behaviour = _junit(played, tmp_path)["behaviour"]

    assert _result(behaviour, PASSES) is None
    assert isinstance(_result(behaviour, LEFT_OUT), Skipped)


def test_inconclusive_is_an_error_and_never_a_pass(played: Outcome, tmp_path: Path) -> None:
    outcome = played.with_note(PASSES, "unbound", "there is no such vacancy")

    found = _result(_junit(outcome, tmp_path)["behaviour"], PASSES)

    assert isinstance(found, Error)
    assert found.message == "inconclusive: there is no such vacancy"


def test_broken_suite_is_told_as_one(played: Outcome, tmp_path: Path) -> None:
    outcome = played.with_note(PASSES, "broke", "KeyError: x")

    found = _result(_junit(outcome, tmp_path)["behaviour"], PASSES)

    assert isinstance(found, Error)
    assert found.message == "the suite broke: KeyError: x"


def test_known_gap_is_marked(played: Outcome, tmp_path: Path) -> None:
    subject = {**played.document("subject.json"), "knownGaps": [FAILS]}

    outcome = played.with_file("subject.json", subject)
    found = _result(_junit(outcome, tmp_path)["behaviour"], FAILS)

    assert found is not None
    assert found.message.startswith("known gap: ")
    test = next(
        item for item in ctrf(outcome.report())["results"]["tests"] if item["name"] == FAILS
    )
    assert "known-gap" in test["tags"]


def test_suite_that_was_not_run_is_not_empty(played: Outcome, tmp_path: Path) -> None:
    contract = _junit(played, tmp_path)["contract"]

    assert (contract.tests, contract.skipped) == (1, 1)


def test_answer_that_xml_cannot_hold_is_written_out(played: Outcome, tmp_path: Path) -> None:
    body = {"code": "\x00\x1b]]><b>", "messages": []}
    outcome = played.with_answer(FAILS, status=418, responseBody=orjson.dumps(body).decode())

    suites = _junit(outcome.with_note(FAILS, "broke", "\x00\x0b\ufffe]]>"), tmp_path)

    found = _result(suites["behaviour"], FAILS)
    assert found is not None
    assert "\\x00\\x0b\\ufffe]]>" in found.message


def test_ctrf_keeps_its_schema(played: Outcome) -> None:
    wrong = jsonschema_rs.Draft202012Validator(CTRF, validate_formats=True)

    report = orjson.loads(orjson.dumps(ctrf(played.report())))

    assert [error.message for error in wrong.iter_errors(report)] == []


def test_ctrf_counts_what_it_lists(played: Outcome) -> None:
    results = ctrf(played.report())["results"]
    summary, tests = results["summary"], results["tests"]

    assert summary["tests"] == len(tests)
    for status in _STATUSES:
        assert summary[status] == sum(test["status"] == status for test in tests)
    assert summary["failed"] == 1
    assert summary["start"] <= summary["stop"]


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (Result.PASS, "passed"),
        (Result.WARN, "passed"),
        (Result.FAIL, "failed"),
        (Result.SKIP, "skipped"),
        (Result.OMIT, "skipped"),
        (Result.REVIEW, "pending"),
        (Result.INCONCLUSIVE, "other"),
        (Result.ERROR, "other"),
    ],
)
def test_every_result_has_a_status(
    played: Outcome, monkeypatch: pytest.MonkeyPatch, result: Result, status: str
) -> None:
    item = Item("behaviour", "esr.x", "esr.x.y", result, "so it is", "")
    monkeypatch.setattr("sandbox.reports.certification_ctrf.items", lambda _: [item])
    monkeypatch.setattr("sandbox.reports.certification_junit.items", lambda _: [item])

    test = ctrf(played.report())["results"]["tests"][0]
    behaviour = next(suite for suite in junit(played.report()) if suite.name == "behaviour")

    assert (test["status"], test["rawStatus"]) == (status, result.value)
    assert (_result(behaviour, "esr.x.y") is None) is (status == "passed")


def test_duty_of_another_role_that_was_not_exercised_counts_against_nobody() -> None:
    line = TrafficLine("ESR-APP-009", "", Result.INCONCLUSIVE, "nothing seen", ())

    assert line.counts_for("recruitment-system")
    assert not line.counts_for("nhs-jobs")
