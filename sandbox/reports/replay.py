"""What came of a replay, as one HTML page, as JSON and as JUnit XML.

report = replay_report(result, phases, facts)
paths = write_replay(report, Path("reports/replay"))
"""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from loadtests.measurements import Distribution
from loadtests.results import ReplayResult
from loadtests.verdict import Outcome
from sandbox import __version__
from sandbox.conformance.results import Result
from sandbox.reports.certification_exchanges import printable
from sandbox.reports.replay_calendar import arrivals_charts, factor_chart, local
from sandbox.reports.replay_charts import answer_charts
from sandbox.reports.replay_json import replay_document
from sandbox.reports.verdicts import Figure, Line, Report, Section
from sandbox.reports.writing import junit, page

_MOST_SHOWN = 200
"""Messages of a table of the page; the JSON has them all."""
_MOMENT = "%d %B %Y %H:%M"
TWO_KINDS = (
    "A replay at one constant factor is judged by its latency too; one with a capped pace, which skips idle hours and "
    "stretches busy ones, is judged by reconciliation, growth and throughput, and its latency is only told."
)
RETENTION = (
    "Keep the ledger for as long as the certificate that it supports: with it every count and latency here can be worked out "
    "again and ESR be reconciled anew. It holds numbers, digests, times and statuses, no token and no personal data."
)
WRONG: Mapping[str, tuple[str, str]] = {
    "lost": ("Lost", "ESR acknowledged these and does not hold them."),
    "duplicated": ("Duplicated", "ESR holds or applied these more than once."),
    "altered": ("Altered", "ESR holds these otherwise than they were sent. Personal values are masked."),
    "reordered": ("Out of order", "These took effect in another order than they were given in."),
    "contradicted": ("Held against ESR's own answer", "ESR refused these, or never got them, and holds them."),
}  # fmt: skip
"""What a reconciliation can find wrong, by its name in the JSON: a heading, and what it means."""


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """Everything that the reports of one replay show."""

    result: ReplayResult
    verdict: Report
    """The findings line by line, the charts and the facts."""
    document: Mapping[str, Any]
    """What the JSON holds."""


def replay_report(
    result: ReplayResult,
    phases: Mapping[str, float],
    facts: Mapping[str, str],
) -> ReplayReport:
    """The report of a replay.

    `phases` says how many wall seconds each phase took; `facts` what the caller knows besides, such as the target's
    address.
    """
    told = {**_facts(result, phases), **facts}
    lines = replay_lines(result)
    title = f"Replay: {printable(result.title)}"
    section = Section(f"Replay of {printable(result.profile)}", lines, seconds=result.seconds)
    return ReplayReport(
        result=result,
        verdict=Report(title, (section,), told, replay_figures(result)),
        document=replay_document(result, phases, told),
    )


def replay_lines(result: ReplayResult) -> tuple[Line, ...]:
    """The findings as lines of a verdict."""
    return tuple(
        Line(item.name, Result(item.outcome), printable(item.measured), item.limit)
        for item in result.findings
    )


def replay_figures(result: ReplayResult) -> tuple[Figure, ...]:
    """Every chart that has something to show."""
    measured = result.measurements
    return (
        *(arrivals_charts(measured.arrivals) if measured.arrivals else ()),
        *((factor_chart(result.legs),) if result.legs else ()),
        *answer_charts(measured),
    )


def write_replay(report: ReplayReport, folder: Path) -> list[Path]:
    """Writes `replay.html`, `replay.json` and `replay.junit.xml` into the folder; answers their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    html, data, xml = (folder / f"replay.{ending}" for ending in ("html", "json", "junit.xml"))
    html.write_text(_page(report), "utf-8")
    data.write_bytes(orjson.dumps(report.document, option=orjson.OPT_INDENT_2))
    junit(report.verdict).write(str(xml), pretty=True)
    return [html, data, xml]


def _page(report: ReplayReport) -> str:
    return page(
        "replay.html.j2",
        report=report.verdict,
        result=report.result,
        document=report.document,
        says=headline(report.result),
        two_kinds=TWO_KINDS,
        retention=RETENTION,
        wrong=WRONG,
        most=_MOST_SHOWN,
        latency=_latency_rows(report.result),
    )


def headline(result: ReplayResult) -> str:
    """The verdict in a sentence."""
    named = "; ".join(
        f"{line.what} ({line.measured}, limit {line.expected})"
        for line in replay_lines(result)
        if line.result is Result(result.outcome)
    )
    if result.outcome is Outcome.PASS:
        return (
            f"Every message was sent, ESR holds each of the {result.counts.acknowledged:,} that it acknowledged exactly once "
            "and as it was sent, and every limit was kept."
        )
    if result.outcome is Outcome.FAIL:
        return f"Not so: {named}."
    return f"Nothing is concluded, for too little was seen: {named or 'nothing was judged'}."


def _latency_rows(result: ReplayResult) -> list[tuple[str, str, Distribution]]:
    rows = []
    for kind, found in result.measurements.latency.items():
        if found.intended.count:
            rows += [
                (kind, "from intended time", found.intended),
                (kind, "service time", found.service),
            ]
    rows.append(("all", "held back by the driver", result.measurements.lateness))
    if result.propagation is not None:
        rows.append(("events", "from the change to the receiver", result.propagation))
    return rows


def _facts(result: ReplayResult, phases: Mapping[str, float]) -> dict[str, str]:
    scope = result.scope
    world = scope["world"]
    began = datetime.fromtimestamp(result.started, UTC)
    facts = {
        "Profile": printable(result.profile),
        "Part of the year": _window(scope["window"]),
        "ESR closed": _window(scope["closed"]) if scope["closed"] else "",
        "Arrivals": "each hour's messages at its end, all at once" if scope["hourly"] else "",
        "Applicants in the year": f"{scope['applicants']:,}, from number {scope['first_applicant']:,}",
        "Seed": f"{result.seed}",
        "World": f"seed {world['seed']}, {world['organisations']} employers with {world['positions_per_organisation']} "
        "positions each",
        "Dates": f"shifted to {scope['sent_on']}, for ESR's clock was left alone"
        if scope["sent_on"]
        else "",
        "Run": f"{result.run}; every supplier reference begins with it",
        "Senders": f"{result.senders}"
        + (f", of which {result.lost_senders} were lost" if result.lost_senders else ""),
        "Began": f"{began:%Y-%m-%d %H:%M:%S} UTC",
        "Took": f"{result.seconds:,.0f} s"
        + "".join(f"; {phase} {seconds:,.0f} s" for phase, seconds in phases.items()),
        "Sandbox": __version__,
        "Locust": version("locust"),
        "Python": platform.python_version(),
        "Machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "Digest of the messages": result.messages_digest,
        "Digest of the state": result.state_digest or "ESR was not read back",
    }
    return {name: value for name, value in facts.items() if value}


def _window(moments: tuple[int, int] | None) -> str:
    if moments is None:
        return "all of it"
    begins, ends = (local(moment / 1_000_000) for moment in moments)
    return f"{begins.strftime(_MOMENT)} to {ends.strftime(_MOMENT)}, UK time"
