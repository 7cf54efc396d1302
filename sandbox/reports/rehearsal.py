"""What came of the rehearsal of a migration, as JSON and as one HTML page."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from sandbox.conformance.results import Result
from sandbox.rehearsal.comparison import LEFT_OUT
from sandbox.rehearsal.conversation import SHARES
from sandbox.rehearsal.cutover import CutoverResult
from sandbox.rehearsal.intentions import Verdict
from sandbox.rehearsal.parity import ParityResult
from sandbox.rehearsal.run import RehearsalResult
from sandbox.reports.rehearsal_charts import conversation_by_hour, from_event_to_esr
from sandbox.reports.verdicts import Line, Report, Section
from sandbox.reports.writing import page

_MOST_SHOWN = 200
"""Rows of a table of the page; the JSON has them all."""


def rehearsal_report(result: RehearsalResult, facts: dict[str, str]) -> Report:
    """The verdict, line by line. `facts` are what a reader has to know besides."""
    return Report(
        title="Rehearsal of a migration: hourly files and the API",
        sections=(
            _parity(result.parity, result.parity_seconds),
            *(
                _cutover(cutover, seconds)
                for cutover, seconds in zip(result.cutovers, result.cutover_seconds, strict=True)
            ),
        ),
        facts=facts,
        figures=(
            from_event_to_esr(result.parity.timing),
            conversation_by_hour(result.parity.hours),
        ),
        details=_details(result),
    )


def write_rehearsal(report: Report, folder: Path) -> list[Path]:
    """Writes `rehearsal.html` and `rehearsal.json` into the folder; answers their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    html, data = folder / "rehearsal.html", folder / "rehearsal.json"
    html.write_text(page("rehearsal.html.j2", report=report, most=_MOST_SHOWN), "utf-8")
    data.write_bytes(to_json(report))
    return [html, data]


def to_json(report: Report) -> bytes:
    """The JSON, indented."""
    return orjson.dumps(report.to_dict(), option=orjson.OPT_INDENT_2)


def _parity(parity: ParityResult, seconds: float) -> Section:
    compared = parity.comparison
    messages = sum(parity.messages.values())
    return Section(
        "Parity: the same conversation by files and by the API",
        (
            _seen("applicants compared", compared.applicants),
            _seen("employment checks compared", compared.checks),
            _seen("inter-authority transfers compared", compared.transfers),
            _seen("fields compared", compared.fields),
            _none("fields and records that differ", len(compared.differences)),
            _none("applicants whose answers differ", len(parity.answer_differences)),
        ),
        notes=(
            (
                f"{messages:,} messages through each door: "
                f"{', '.join(f'{count:,} {kind}s' for kind, count in parity.messages.items())}."
            ),
            (
                f"By files: {parity.files_sent:,}, of which {parity.files_split:,} only because a file holds no more than 40 "
                "applicants for one position."
            ),
            (
                "Assumed, in a hundred of those concerned: "
                f"{'; '.join(f'{share:g} {what}' for what, share in SHARES.items())}."
            ),
        ),
        seconds=seconds,
    )


def _cutover(cutover: CutoverResult, seconds: float) -> Section:
    regular = [item for item in cutover.unexpected if item.overlap is None]
    lines = [
        _seen("applicants in flight", cutover.in_flight),
        *(_none(f"records {verdict}", cutover.count(verdict)) for verdict in Verdict),
        _none("messages without an overlap that were refused", len(regular)),
    ]
    for kind in cutover.kinds:
        result = Result.PASS if kind.seen == kind.as_defined else Result.FAIL
        lines.append(
            Line(
                kind.name,
                result if kind.seen else Result.INCONCLUSIVE,
                f"{kind.as_defined:,} of {kind.seen:,}",
                "; ".join(kind.defined),
            )
        )
    by_door = ", ".join(f"{count:,} by {door}" for door, count in cutover.messages.items())
    return Section(
        f"Cutover: an employer moves {cutover.direction}",
        tuple(lines),
        notes=(
            f"{cutover.applicants:,} applicants, {by_door}; {cutover.regular:,} of these messages met no overlap.",
            "Two hours with the old door alone, two with both, three with the new one alone; the clock of the world.",
            "What has to be TAKEN is what the supplier means to hold in the end, in that order.",
        ),
        seconds=seconds,
    )


def _seen(what: str, count: int) -> Line:
    return Line(what, Result.PASS if count else Result.INCONCLUSIVE, f"{count:,}", "some")


def _none(what: str, count: int) -> Line:
    return Line(what, Result.FAIL if count else Result.PASS, f"{count:,}", "0")


def _details(result: RehearsalResult) -> dict[str, Any]:
    parity = result.parity
    return {
        "count": result.plan.count,
        "seed": result.plan.seed,
        "timing": parity.timing.to_dict(),
        "parity": {
            "agrees": parity.agrees,
            "messages": parity.messages,
            "filesSent": parity.files_sent,
            "filesSplit": parity.files_split,
            "answers": parity.answers,
            "applicants": parity.comparison.applicants,
            "checks": parity.comparison.checks,
            "transfers": parity.comparison.transfers,
            "fields": parity.comparison.fields,
            "differences": [asdict(item) for item in parity.comparison.differences],
            "answerDifferences": [asdict(item) for item in parity.answer_differences],
            "leftOut": [asdict(item) for item in LEFT_OUT],
        },
        "cutovers": [
            {
                "agrees": cutover.agrees,
                "direction": cutover.direction,
                "applicants": cutover.applicants,
                "inFlight": cutover.in_flight,
                "messages": cutover.messages,
                **{str(verdict): cutover.count(verdict) for verdict in Verdict},
                "overlaps": [asdict(item) for item in cutover.kinds],
                "unexpected": [asdict(item) for item in cutover.unexpected],
                "faults": [asdict(item) for item in cutover.faults],
            }
            for cutover in result.cutovers
        ],
    }
