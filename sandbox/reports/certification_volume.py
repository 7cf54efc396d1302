"""What a certification report says of the replay: every finding, what was replayed, and what is to be kept of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox.conformance.evidence.eligibility import VOLUME
from sandbox.conformance.results import Result
from sandbox.conformance.volume.files import FOLDER, LEDGER, RECONCILIATION
from sandbox.conformance.volume.telling import replayed
from sandbox.reports.certification_exchanges import printable

RETENTION = (
    "Keep the pack as long as the certificate that rests on it and the time in which that can be appealed. The ledger holds "
    "numbers, digests, times and statuses, and nothing about a person; its messages are made again from its scope."
)
PROVES = (
    "A verifier makes every message anew and computes counts, latencies and findings from the ledger. What reading the subject "
    "back found, and the wall times within what is possible, are taken as the run recorded them."
)
_MOST_SHOWN = 50
_WRONG = ("lost", "duplicated", "altered", "reordered", "contradicted")


@dataclass(frozen=True, slots=True)
class VolumeFinding:
    """One limit, or one rule of reconciliation."""

    name: str
    result: Result
    measured: str
    limit: str
    requirements: tuple[str, ...]
    """The ids of those that rest on it."""

    @property
    def told(self) -> str:
        """Measured against the limit, in a sentence."""
        limit = f" (limit: {self.limit})" if self.limit else ""
        return f"{self.name}: {self.measured}{limit}"


@dataclass(frozen=True, slots=True)
class VolumeReport:
    """The suite of volume of a run."""

    replayed: str
    """What was replayed, in a sentence."""
    facts: Mapping[str, str]
    findings: tuple[VolumeFinding, ...]
    wrong: Mapping[str, tuple[str, ...]]
    """By what is wrong (lost, duplicated ...): the first messages in a line each."""
    more_wrong: Mapping[str, int]
    """By the same: how many more there are."""


def volume_report(files: Mapping[str, bytes], results: Mapping[str, Any]) -> VolumeReport | None:
    """The report of the replay; None where none was asked for."""
    words = results.get(VOLUME)
    if words is None:
        return None
    wrong, more = _wrong(files)
    return VolumeReport(
        printable(replayed(words)),
        {name: printable(text) for name, text in _facts(files, words).items()},
        tuple(
            VolumeFinding(
                printable(item["finding"]),
                Result(item["result"]),
                printable(item["measured"]),
                printable(item["limit"]),
                tuple(item["requirements"]),
            )
            for item in words["findings"]
        ),
        wrong,
        more,
    )


def _facts(files: Mapping[str, bytes], words: Mapping[str, Any]) -> dict[str, str]:
    sizes = {name: len(content) for name, content in files.items() if name.startswith(FOLDER)}
    facts = {"applicants of the year": f"{words['applicants']:,}"}
    if "counts" in words:
        counts = words["counts"]
        intended, service = words["latency"]["intended"], words["latency"]["service"]
        facts |= {
            "messages": f"{counts['sent']:,} of {counts['planned']:,}, {counts['acknowledged']:,} acknowledged, "
            f"{counts['retries']:,} retries; {counts['caughtUp']:,} before the window",
            "latency from intended time": _percentiles(intended),
            "service time": _percentiles(service),
            "the driver's own lateness": _percentiles(words["lateness"]),
            "wall time": f"{words['wallSeconds']:,.1f} s",
            "run": words["run"],
            "digest of the messages": words["messagesDigest"],
        }
    if words.get("stateDigest"):
        facts["digest of the state read back"] = words["stateDigest"]
    if LEDGER in sizes:
        facts["ledger"] = f"{LEDGER}, {sizes[LEDGER]:,} bytes"
    facts["in the pack"] = f"{sum(sizes.values()):,} bytes below {FOLDER}"
    return facts


def _percentiles(told: Mapping[str, float]) -> str:
    shown = ", ".join(f"{name} {told[name]:,.1f} ms" for name in ("p50", "p95", "p99", "max"))
    return f"{shown} (of {told['count']:,})"


def _wrong(
    files: Mapping[str, bytes],
) -> tuple[dict[str, tuple[str, ...]], dict[str, int]]:
    found = orjson.loads(files.get(RECONCILIATION, b"{}")).get("found")
    if not found:
        return {}, {}
    told = {name: tuple(map(_line, found[name]["shown"][:_MOST_SHOWN])) for name in _WRONG}
    more = {
        name: sum(map(len, found[name]["numbers"].values())) - len(lines)
        for name, lines in told.items()
    }
    return {name: lines for name, lines in told.items() if lines}, more


def _line(item: Mapping[str, Any]) -> str:
    about: Iterable[tuple[str, Any]] = (
        ("message", item["number"]),
        ("", item["supplierReference"]),
        ("applicant", item["applicantNumber"]),
        ("check", item["checkType"]),
        ("request", item["requestId"]),
        ("at", ", ".join(item["pointers"])),
    )
    named = "; ".join(f"{name} {value}".strip() for name, value in about if value not in (None, ""))
    return printable(f"{item['what']} ({named})")
