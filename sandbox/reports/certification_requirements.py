"""The requirements of a certification report: each with its clause, its result, and the cases that show it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.conformance.evidence.eligibility import VOLUME
from sandbox.conformance.results import Result
from sandbox.reports.certification_cases import CaseLine
from sandbox.reports.certification_exchanges import printable
from sandbox.reports.certification_traffic import TrafficLine

NOT_JUDGED = "not judged"
_CONCLUSIVE = frozenset({Result.PASS, Result.WARN, Result.FAIL, Result.ERROR})


@dataclass(frozen=True, slots=True)
class RequirementLine:
    """One record of the register that is about the subject."""

    id: str
    level: str
    actor: str
    text: str
    source: str
    basis: str
    condition: str
    word: str
    """A `Result`, or `not judged`."""
    why: str
    """Why it was not judged, where the register says so."""
    showing: tuple[CaseLine, ...]
    """The cases that show the result: those that did not pass first."""
    traffic: str
    """What the subject's own traffic says of it; empty where nothing."""
    by_replay: bool = False
    """Whether the replay was judged for it."""

    @property
    def anchor(self) -> str:
        """Its place in the page."""
        return f"requirement-{self.id}"


def requirement_lines(
    results: Mapping[str, Any],
    register: Iterable[Mapping[str, Any]],
    subject: Mapping[str, Any],
    cases: Iterable[CaseLine],
    traffic: Iterable[TrafficLine],
) -> tuple[RequirementLine, ...]:
    """Every requirement that was judged, and those of the role that were not, in the order of their ids."""
    about: dict[str, list[CaseLine]] = {}
    for case in cases:
        for name in case.requirements:
            about.setdefault(name, []).append(case)
    told = {line.requirement: line for line in traffic}
    words: Mapping[str, str] = results["requirements"]
    known = {item["id"]: item for item in register}
    findings = results.get(VOLUME, {}).get("findings", ())
    replayed = {name for item in findings for name in item["requirements"]}
    return tuple(
        _line(
            known.get(name, {"id": name}),
            words.get(name),
            about.get(name, ()),
            told.get(name),
            name in replayed,
        )
        for name in sorted({*words, *_of_role(known.values(), subject)})
    )


def _of_role(register: Iterable[Mapping[str, Any]], subject: Mapping[str, Any]) -> Iterator[str]:
    for item in register:
        applies = item.get("feature") is None or item["feature"] in subject["features"]
        if item["actor"] == subject["role"] and applies:
            yield item["id"]


def _line(
    item: Mapping[str, Any],
    word: str | None,
    cases: Iterable[CaseLine],
    traffic: TrafficLine | None,
    by_replay: bool,
) -> RequirementLine:
    showing = sorted(cases, key=lambda case: case.requirements[item["id"]] in _PASSED)
    has_spoken = traffic is not None and traffic.result in _CONCLUSIVE
    return RequirementLine(
        item["id"],
        item.get("level", ""),
        item.get("actor", ""),
        item.get("text", "It is not in the register."),
        item.get("source", ""),
        item.get("basis", ""),
        item.get("condition") or "",
        word or NOT_JUDGED,
        _why(item) if word is None else "",
        tuple(showing),
        printable(traffic.found) if traffic is not None and (has_spoken or not showing) else "",
        by_replay,
    )


_PASSED = frozenset({Result.PASS, Result.WARN, Result.OMIT})


def _why(item: Mapping[str, Any]) -> str:
    only_replay = "only a replay shows it" if item.get("suite") == VOLUME else ""
    return str(item.get("uncertified") or item.get("untested") or only_replay)
