"""The reports of a certification run: one page for people, JSON, JUnit and CTRF for machines.

    write_reports(files, decided, Path("reports/certify"), "esr")

Each is a fold over the files of the pack; none decides anything.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from sandbox.conformance.evidence.eligibility import Eligibility
from sandbox.conformance.evidence.manifest import Level
from sandbox.reports.certification_ctrf import ctrf
from sandbox.reports.certification_junit import junit
from sandbox.reports.certification_page import certification_page
from sandbox.reports.certification_report import CertificationReport, certification_report


def write_reports(
    files: Mapping[str, bytes],
    decided: Eligibility,
    out: Path,
    role: str,
    level: Level | None = None,
) -> list[Path]:
    """Writes `<role>.html`, `<role>.json`, `<role>.junit.xml` and `<role>.ctrf.json` into `out`; answers their paths."""
    report = certification_report(files, decided, level)
    out.mkdir(parents=True, exist_ok=True)
    html, data, xml, shared = (
        out / f"{role}.{ending}" for ending in ("html", "json", "junit.xml", "ctrf.json")
    )
    html.write_text(certification_page(report), "utf-8")
    data.write_bytes(to_json(report))
    junit(report).write(str(xml), pretty=True)
    shared.write_bytes(orjson.dumps(ctrf(report), option=orjson.OPT_INDENT_2))
    return [html, data, xml, shared]


def to_json(report: CertificationReport) -> bytes:
    """The JSON, indented."""
    told: dict[str, Any] = {
        "title": report.title,
        "overall": report.overall,
        "certifiable": report.decided.to_dict(),
        "subject": dict(report.subject),
        "facts": dict(report.facts),
        "seed": report.seed,
        "began": report.began,
        "ended": report.ended,
        "interrupted": report.was_interrupted,
        "suites": [asdict(suite) for suite in report.suites],
        "requirements": [
            {
                "id": item.id,
                "level": item.level,
                "actor": item.actor,
                "text": item.text,
                "source": item.source,
                "basis": item.basis,
                "result": item.word,
                "why": item.why,
                "cases": [case.id for case in item.showing],
                "traffic": item.traffic,
                "byReplay": item.by_replay,
            }
            for item in report.requirements
        ],
        "cases": [asdict(case) for case in report.cases],
        "contract": [asdict(line) for line in report.contract],
        "traffic": [asdict(line) for line in report.traffic],
        "volume": None if report.volume is None else asdict(report.volume),
    }
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(told, option=options)
