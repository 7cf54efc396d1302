"""A certification report as JUnit XML: one test suite for each suite of the run, one test case for each thing that was judged."""

from collections.abc import Mapping

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from sandbox.conformance.results import Result
from sandbox.reports.certification_items import Item, items
from sandbox.reports.certification_report import CertificationReport


def junit(report: CertificationReport) -> JUnitXml:
    """The document. What was not concluded is an error, so that no pipeline reads it as passed."""
    document = JUnitXml(report.title)
    told = items(report)
    for line in report.suites:
        suite = TestSuite(line.name)
        suite.timestamp = report.began.removesuffix("Z")
        for name, text in _properties(report, line.result).items():
            suite.add_property(name, text)
        for item in told:
            if item.suite == line.name:
                suite.add_testcase(_case(item))
        document.add_testsuite(suite)
    return document


def _properties(report: CertificationReport, result: Result) -> dict[str, str]:
    return {
        "result": str(result),
        "overall": str(report.overall),
        "certifiable": str(report.decided.kind),
        "product": report.subject["product"],
        "version": report.subject["version"],
        "build": report.subject["build"],
        "seed": str(report.seed),
    }


def _case(item: Item) -> TestCase:
    case = TestCase(item.name, item.group, item.seconds)
    outcome = _outcome(item)
    if outcome is not None:
        outcome.text = item.details
        case.result = [outcome]
    if item.remark:
        case.system_out = item.remark
    return case


def _outcome(item: Item) -> Failure | Error | Skipped | None:
    if not item.counts:
        return Skipped(f"not exercised: {item.message}")
    kind, words = _OUTCOMES[item.result]
    return None if kind is None else kind(f"{words}{item.message}", str(item.result))


_OUTCOMES: Mapping[Result, tuple[type[Failure | Error | Skipped] | None, str]] = {
    Result.PASS: (None, ""),
    Result.WARN: (None, ""),
    Result.FAIL: (Failure, ""),
    Result.ERROR: (Error, "the suite broke: "),
    Result.INCONCLUSIVE: (Error, "inconclusive: "),
    Result.REVIEW: (Skipped, "review: a named reviewer decides. "),
    Result.SKIP: (Skipped, "skipped: "),
    Result.OMIT: (Skipped, "omitted: "),
}
