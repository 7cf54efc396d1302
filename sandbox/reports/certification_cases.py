"""The cases of a certification report: each with its sentence, its clauses, what was sent and answered, and what to look at."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from sandbox.conformance.case import Case
from sandbox.conformance.judge import CaseResult, covered, judge
from sandbox.conformance.operations import Operations
from sandbox.conformance.record import SELF_ATTESTED, Record, Step
from sandbox.conformance.results import Result
from sandbox.reports.certification_exchanges import ShownExchange, printable, shown
from sandbox.timestamps import from_text

_MOST_EXCHANGES = 3
_MOST_FINDINGS = 8
_PLAIN = frozenset({Result.PASS, Result.OMIT, Result.SKIP})
_LEFT_OUT: Mapping[Result, str] = {
    Result.SKIP: "It was not played.",
    Result.OMIT: "It is about something that the subject does not declare.",
}
_GAP_CLOSED = "It passes, though it is on the list of known gaps: take it off the list."


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step as it went."""

    name: str
    what: str
    went: str


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case. What is only of interest where it did not pass is empty where it did."""

    id: str
    anchor: str
    title: str
    suite: str
    file: str
    """`esr.applicants`: the file in which it is written."""
    result: Result
    sentence: str
    """Expected against actual."""
    requirements: Mapping[str, Result]
    seconds: float = 0.0
    began: str = ""
    ended: str = ""
    refuses: bool = False
    is_self_attested: bool = False
    is_known_gap: bool = False
    hint: str = ""
    more: tuple[str, ...] = ()
    """What else was found besides `sentence`."""
    notes: tuple[str, ...] = ()
    steps: tuple[StepLine, ...] = ()
    exchanges: tuple[ShownExchange, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether a line is enough for it."""
        return self.result in _PLAIN

    @property
    def curl(self) -> str:
        """The command that sends again what shows it; empty where there is none."""
        return next((item.curl for item in self.exchanges if item.curl), "")


def case_lines(
    files: Mapping[str, bytes],
    results: Mapping[str, Any],
    subject: Mapping[str, Any],
    operations: Operations,
) -> tuple[CaseLine, ...]:
    """Every case of the role, in the order of results.json."""
    cases = {item["id"]: Case.from_dump(item) for item in orjson.loads(files["cases.json"])}
    gaps = frozenset(subject.get("knownGaps", ()))
    return tuple(
        _line(
            cases[word["case"]],
            f"case-{place}",
            word,
            files.get(f"cases/{word['case']}.json"),
            subject,
            operations,
            is_known_gap=word["case"] in gaps,
        )
        for place, word in enumerate(results["cases"], start=1)
    )


def _line(
    case: Case,
    anchor: str,
    word: Mapping[str, Any],
    content: bytes | None,
    subject: Mapping[str, Any],
    operations: Operations,
    *,
    is_known_gap: bool,
) -> CaseLine:
    result = Result(word["result"])
    requirements = {name: Result(text) for name, text in word["requirements"].items()}
    about = (
        case.id,
        anchor,
        printable(case.title),
        case.suite,
        case.id.split("[", 1)[0].rpartition(".")[0],
        result,
    )
    if content is None:
        return CaseLine(
            *about,
            _LEFT_OUT.get(result, ""),
            requirements,
            refuses=case.refuses,
            is_known_gap=is_known_gap,
        )
    record = Record.from_dump(orjson.loads(content))
    judged = judge(case, record, operations)
    plain = CaseLine(
        *about,
        printable(_GAP_CLOSED if word.get("gapClosed") else judged.sentence),
        requirements,
        _seconds(record),
        record.began,
        record.ended,
        case.refuses,
        judged.self_attested,
        is_known_gap,
        notes=tuple(_notes(record.notes, judged.sentence)),
    )
    return plain if result in _PLAIN else _in_full(plain, case, record, judged, subject)


def _in_full(
    plain: CaseLine,
    case: Case,
    record: Record,
    judged: CaseResult,
    subject: Mapping[str, Any],
) -> CaseLine:
    wrong = [
        finding
        for finding in judged.findings
        if finding.result not in (Result.PASS, Result.WARN, Result.OMIT)
    ]
    more = [item.sentence for item in wrong if item.sentence != judged.sentence]
    exchanges = [item.exchange for item in wrong if item.exchange is not None]
    picked = list(_distinct(exchanges or _last(case, record.steps)))[:_MOST_EXCHANGES]
    return replace(
        plain,
        hint=printable(case.document.get("hint") or _hint(plain.result, picked, subject["role"])),
        more=tuple(printable(text) for text in dict.fromkeys(more[:_MOST_FINDINGS]) if text),
        steps=tuple(map(_step, record.steps)),
        exchanges=tuple(shown(item, subject["role"], subject["addresses"]) for item in picked),
    )


def _distinct(exchanges: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    seen: list[Mapping[str, Any]] = []
    for exchange in exchanges:
        if exchange not in seen:
            seen.append(exchange)
            yield exchange


def _last(case: Case, steps: Iterable[Step]) -> list[Mapping[str, Any]]:
    """Where no exchange shows it by itself: the last of each step that the case is about, else the last of all."""
    held = [step for step in steps if step.exchanges]
    about = covered(case)
    meant = [step for step in held if step.name in about] or held[-1:]
    return [step.exchanges[-1] for step in meant]


def _hint(result: Result, exchanges: Iterable[Mapping[str, Any]], role: str) -> str:
    """What to look at, where the case does not say."""
    if result is Result.ERROR:
        return "The suite, not the product: play the case again, and report it if it stays."
    first = next(iter(exchanges), None)
    if first is None:
        return "The steps below: the first that did not go as it was meant."
    name = first.get("operationId") or first.get("path") or "the exchange"
    where = "the first exchange below, and the subject's log of that moment"
    if first.get("system") == "control":
        return f"What the subject made of {name}, by which the other system acted: {where}."
    if first.get("system") == role:
        return f"How the subject answers {name}: {where}."
    return f"What the subject sent or took at {name}: {where}."


def _notes(notes: Iterable[Mapping[str, str]], sentence: str) -> Iterator[str]:
    for note in notes:
        if note["kind"] == SELF_ATTESTED:
            yield printable(f"Self-attested, only a person says so: {note['text']}")
        elif note["text"] != sentence:
            yield printable(f"{note['kind']}: {note['text']}")


def _step(step: Step) -> StepLine:
    names = [str(item.get("operationId") or item.get("path", "")) for item in step.exchanges]
    what = f"{step.kind} {names[0]}" if names else step.kind
    statuses = [str(item["status"] or "no answer") for item in step.exchanges]
    went = ", ".join(dict.fromkeys(statuses)) + (
        f" ({len(statuses)} times)" if len(statuses) > 1 else ""
    )
    if step.held is not None:
        came = "it came" if step.held else "it did not come"
        went = f"{came} within {step.waited:.1f} s" + (f"; answered {went}" if went else "")
    if step.outcome:
        went = f"{step.outcome}; {went}" if went else step.outcome
    return StepLine(step.name, printable(what), printable(went or "done"))


def _seconds(record: Record) -> float:
    if not record.began or not record.ended:
        return 0.0
    return max(0.0, (from_text(record.ended) - from_text(record.began)).total_seconds())
