"""What a certification run found, as plain values: a pure fold over the files of a pack.

    report = certification_report(files, decided)

The words of results.json stand as they are. The sentences and the exchanges behind them come from the same judge that the run
and the verifier ask.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox import __version__
from sandbox.conformance.evidence.eligibility import VOLUME, Eligibility
from sandbox.conformance.evidence.manifest import LIMITS, Level
from sandbox.conformance.operations import Operations
from sandbox.conformance.results import Result
from sandbox.contracts import CONTRACT_NAMES, load_contract
from sandbox.reports.certification_cases import CaseLine, case_lines
from sandbox.reports.certification_contract import ContractLine, contract_lines
from sandbox.reports.certification_exchanges import printable
from sandbox.reports.certification_requirements import RequirementLine, requirement_lines
from sandbox.reports.certification_traffic import TrafficLine, traffic_lines
from sandbox.reports.certification_volume import VolumeReport, volume_report

SUITES: Mapping[str, str] = {
    "contract": "The subject's API, or its receiver, against the contract: sound, broken and random requests.",
    "behaviour": "Cases: what is given, what is done, and what must then be seen.",
    "traffic": "What the subject itself sent while the run went on.",
    "resilience": "Cases with faults: nothing lost, nothing doubled, recovered in time.",
    "volume": "A replay of the busiest part of a year: nothing lost, doubled or altered, and every answer in time.",
}
ORDER = (
    Result.ERROR,
    Result.FAIL,
    Result.INCONCLUSIVE,
    Result.REVIEW,
    Result.SKIP,
    Result.WARN,
    Result.PASS,
    Result.OMIT,
)
"""Worst first, as a reader wants to see them."""


@dataclass(frozen=True, slots=True)
class SuiteLine:
    """One suite, and how many of what it counts came to what."""

    name: str
    says: str
    noun: str
    """What it counts: cases, operations, requirements, findings."""
    result: Result
    counts: Mapping[Result, int]

    @property
    def total(self) -> int:
        """Of everything that it counts."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class CertificationReport:
    """Everything that a report of a certification shows."""

    subject: Mapping[str, Any]
    overall: Result
    decided: Eligibility
    facts: Mapping[str, str]
    """What a reader has to know to judge it."""
    level_says: str
    """What the level of the run cannot prove; empty where the level is not known."""
    began: str
    ended: str
    seed: int
    was_interrupted: bool
    suites: tuple[SuiteLine, ...]
    requirements: tuple[RequirementLine, ...]
    cases: tuple[CaseLine, ...]
    contract: tuple[ContractLine, ...]
    traffic: tuple[TrafficLine, ...]
    volume: VolumeReport | None

    @property
    def title(self) -> str:
        """The heading."""
        return f"Certification of {self.subject['product']} {self.subject['version']}"

    @property
    def verdict(self) -> str:
        """The verdict in two words."""
        return "Certifiable" if self.decided.is_certifiable else "Not certifiable"


def certification_report(
    files: Mapping[str, bytes], decided: Eligibility, level: Level | None = None
) -> CertificationReport:
    """The report of the run that left `files`. Raises whatever a malformed file raises.

    `level` stands in the manifest only; where it is not given the report leaves it to the pack.
    """
    subject = _printable(orjson.loads(files["subject.json"]))
    results = orjson.loads(files["results.json"])
    register = orjson.loads(files["requirements.json"])
    events = [orjson.loads(line) for line in files["events.ndjson"].splitlines()]
    contracts = [load_contract(name) for name in CONTRACT_NAMES]
    operations = Operations(contracts)
    cases = case_lines(files, results, subject, operations)
    contract = contract_lines(files, results["contract"], subject, operations)
    traffic = traffic_lines(files, results["traffic"], register, subject)
    began, ended = events[0]["at"], events[-1]["at"]
    seed = events[0]["seed"]
    facts = {
        "product": subject["product"],
        "from": subject["name"],
        "version": subject["version"],
        "build": subject["build"],
        "environment": subject["environment"],
        "role": subject["role"],
        "features": ", ".join(subject["features"]) or "none declared",
        "driven": subject.get("driving", ""),
        "seed": str(seed),
        "level": "as the pack's manifest says" if level is None else str(level),
        "began": began,
        "ended": ended,
        "suites selected": ", ".join(events[0]["suites"]),
        "suite version": __version__,
        "contracts": ", ".join(f"{item.name} {item.version}" for item in contracts),
    }
    return CertificationReport(
        subject,
        Result(results["overall"]),
        decided,
        {name: text for name, text in facts.items() if text},
        "" if level is None else LIMITS[level],
        began,
        ended,
        seed,
        any(event["event"] == "run.interrupted" for event in events),
        _suites(results),
        requirement_lines(results, register, subject, cases, traffic),
        cases,
        contract,
        traffic,
        volume_report(files, results),
    )


def _printable(subject: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: printable(value) if isinstance(value, str) else value
        for name, value in subject.items()
    }


def _suites(results: Mapping[str, Any]) -> tuple[SuiteLine, ...]:
    return tuple(
        SuiteLine(
            name, SUITES.get(name, ""), noun, Result(word), {word: counted[word] for word in ORDER}
        )
        for name, word in results["suites"].items()
        for noun, counted in [_counted(name, results)]
    )


def _counted(suite: str, results: Mapping[str, Any]) -> tuple[str, Counter[Result]]:
    if suite == "contract":
        told = results["contract"].values()
        words = [word for contract in told for word in contract["operations"].values()]
        return "operations", Counter(map(Result, words))
    if suite == "traffic":
        return "requirements", Counter(
            Result(item["result"]) for item in results["traffic"].values()
        )
    if suite == VOLUME:
        findings = results.get(VOLUME, {}).get("findings", ())
        return "findings", Counter(Result(item["result"]) for item in findings)
    words = [item["result"] for item in results["cases"] if item["suite"] == suite]
    return "cases", Counter(map(Result, words))
