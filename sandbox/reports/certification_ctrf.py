"""A certification report in the Common Test Report Format (https://ctrf.io). Its statuses are fewer: `rawStatus` keeps ours."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sandbox import __version__
from sandbox.conformance.results import Result
from sandbox.reports.certification_items import Item, items
from sandbox.reports.certification_report import CertificationReport
from sandbox.timestamps import from_text

SPEC_VERSION = "0.0.0"
_STATUS: Mapping[Result, str] = {
    Result.PASS: "passed",
    Result.WARN: "passed",
    Result.FAIL: "failed",
    Result.SKIP: "skipped",
    Result.OMIT: "skipped",
    Result.REVIEW: "pending",
    # Neither says anything of the product, for or against.
    Result.INCONCLUSIVE: "other",
    Result.ERROR: "other",
}
_STATUSES = ("passed", "failed", "skipped", "pending", "other")


def ctrf(report: CertificationReport) -> dict[str, Any]:
    """The document."""
    told = items(report)
    counted = Counter(_status(item) for item in told)
    subject = report.subject
    return {
        "reportFormat": "CTRF",
        "specVersion": SPEC_VERSION,
        "timestamp": report.ended,
        "generatedBy": f"esr-sandbox {__version__}",
        "results": {
            "tool": {"name": "esr-sandbox certify", "version": __version__},
            "summary": {
                "tests": len(told),
                **{status: counted[status] for status in _STATUSES},
                "suites": len(report.suites),
                "start": _milliseconds(report.began),
                "stop": _milliseconds(report.ended),
                "extra": {
                    "overall": str(report.overall),
                    "certifiable": report.decided.to_dict(),
                    "suites": {line.name: str(line.result) for line in report.suites},
                    "seed": report.seed,
                },
            },
            "tests": [_test(item) for item in told],
            "environment": {
                "reportName": report.title,
                "appName": subject["product"],
                "appVersion": subject["version"],
                "buildName": subject["build"],
                "testEnvironment": subject["environment"],
            },
        },
    }


def _test(item: Item) -> dict[str, Any]:
    test: dict[str, Any] = {
        "name": item.name,
        "status": _status(item),
        "rawStatus": str(item.result),
        "duration": round(item.seconds * 1000),
        "suite": list(dict.fromkeys([item.suite, item.group])),
        "tags": [*item.requirements, *item.marks],
    }
    if item.began and item.ended:
        test |= {"start": _milliseconds(item.began), "stop": _milliseconds(item.ended)}
    if item.message:
        test["message"] = item.message
    if item.details:
        test["trace"] = item.details
    return test


def _status(item: Item) -> str:
    return _STATUS[item.result] if item.counts else "skipped"


def _milliseconds(moment: str) -> int:
    return round(from_text(moment).timestamp() * 1000)
