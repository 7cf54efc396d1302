"""Writes a report as HTML, JSON and JUnit."""

from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined
from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

from sandbox.conformance.results import Result
from sandbox.reports.verdicts import Line, Report

_environment = Environment(
    loader=PackageLoader("sandbox.reports"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def write_report(report: Report, folder: Path) -> list[Path]:
    """Writes `report.html`, `report.json` and `junit.xml` into the folder; answers their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    html, data, xml = (folder / name for name in ("report.html", "report.json", "junit.xml"))
    html.write_text(page("report.html.j2", report=report), "utf-8")
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    data.write_bytes(orjson.dumps(report.to_dict(), option=options))
    junit(report).write(str(xml), pretty=True)
    return [html, data, xml]


def page(template: str, **values: Any) -> str:
    """A page from one of the templates."""
    return _environment.get_template(template).render(**values)


def junit(report: Report) -> JUnitXml:
    """A test suite for each section, a test case for each line; what was not concluded is an error."""
    document = JUnitXml(report.title)
    for section in report.sections:
        suite = TestSuite(section.title)
        for line in section.lines:
            case = TestCase(line.what, section.title)
            outcome = _outcome(line)
            if outcome is not None:
                case.result = [outcome]
            suite.add_testcase(case)
        document.add_testsuite(suite)
    return document


def _outcome(line: Line) -> Failure | Error | None:
    sentence = f"expected {line.expected or 'to hold'}, found {line.measured}"
    match line.result:
        case Result.PASS:
            return None
        case Result.FAIL:
            return Failure(sentence)
        case Result.INCONCLUSIVE:
            # A pipeline must not read "nothing was concluded" as "passed".
            return Error(f"inconclusive: {sentence}")
        case _:
            return Error(sentence)
