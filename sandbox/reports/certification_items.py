"""Everything that a certification judged as one flat list, which the formats for machines share."""

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.conformance.evidence.eligibility import VOLUME
from sandbox.conformance.results import Result
from sandbox.reports.certification_cases import CaseLine
from sandbox.reports.certification_contract import ContractLine
from sandbox.reports.certification_report import CertificationReport
from sandbox.reports.certification_traffic import TrafficLine
from sandbox.reports.certification_volume import VolumeFinding


@dataclass(frozen=True, slots=True)
class Item:
    """One case, one operation of a contract, one rule over the traffic, or one finding of the replay."""

    suite: str
    group: str
    """Within the suite: the file of the case, or the contract."""
    name: str
    result: Result
    message: str
    """Expected against actual, in one sentence; a known gap is marked."""
    details: str
    """The clauses, what to look at, and the command that sends it again."""
    seconds: float = 0.0
    began: str = ""
    ended: str = ""
    requirements: tuple[str, ...] = ()
    counts: bool = True
    """Whether it bears on the result of its suite."""
    marks: tuple[str, ...] = ()
    """`self-attested`, `known-gap`, `refuses`."""

    @property
    def remark(self) -> str:
        """What is to be said of something that passed all the same."""
        told = [f"warning: {self.message}"] if self.result is Result.WARN else []
        told += ["self-attested: only a person says so"] if "self-attested" in self.marks else []
        return "\n".join(told)


def items(report: CertificationReport) -> list[Item]:
    """Everything that was judged, suite by suite."""
    clauses = {item.id: f"{item.id} ({item.level}): {item.text}" for item in report.requirements}
    return [
        *(_of_operation(line) for line in report.contract),
        *(_of_case(line, clauses) for line in report.cases),
        *(_of_traffic(line, report.subject["role"]) for line in report.traffic),
        *(_of_volume(item, clauses) for item in (report.volume.findings if report.volume else ())),
        *_empty_suites(report),
    ]


def _of_case(line: CaseLine, clauses: dict[str, str]) -> Item:
    marks = {
        "self-attested": line.is_self_attested,
        "known-gap": line.is_known_gap,
        "refuses": line.refuses,
    }
    is_known = line.is_known_gap and line.result is Result.FAIL
    details = [] if line.is_plain else [clauses.get(name, name) for name in line.requirements]
    details += [f"What to look at: {line.hint}"] if line.hint else []
    details += [line.curl] if line.curl else []
    return Item(
        line.suite,
        line.file,
        line.id,
        line.result,
        f"known gap: {line.sentence}" if is_known else line.sentence,
        "\n\n".join(details),
        line.seconds,
        line.began,
        line.ended,
        tuple(line.requirements),
        marks=tuple(name for name, holds in marks.items() if holds),
    )


def _of_operation(line: ContractLine) -> Item:
    details = [
        f"{found.rule}: {found.sentence}\n{found.exchange.curl}".strip() for found in line.found
    ]
    return Item(
        "contract", line.contract, line.operation, line.result, line.told, "\n\n".join(details)
    )


def _of_traffic(line: TrafficLine, role: str) -> Item:
    numbers = f"\nExchanges {', '.join(map(str, line.numbers))}" if line.numbers else ""
    return Item(
        "traffic",
        "traffic",
        line.requirement,
        line.result,
        line.found,
        f"{line.text}{numbers}",
        requirements=(line.requirement,),
        counts=line.counts_for(role),
    )


def _of_volume(finding: VolumeFinding, clauses: dict[str, str]) -> Item:
    details = "\n".join(clauses.get(name, name) for name in finding.requirements)
    return Item(
        VOLUME,
        VOLUME,
        finding.name,
        finding.result,
        finding.told,
        details,
        requirements=finding.requirements,
        counts=finding.result is not Result.OMIT,
    )


def _empty_suites(report: CertificationReport) -> Iterator[Item]:
    """A suite of which nothing is told is itself something that was left out, or not seen."""
    told = {
        *(line.suite for line in report.cases),
        *(["contract"] if report.contract else []),
        *(["traffic"] if report.traffic else []),
        *([VOLUME] if report.volume else []),
    }
    for suite in report.suites:
        if suite.name not in told:
            yield Item(
                suite.name, suite.name, "the whole suite", suite.result, "Nothing was seen.", ""
            )
