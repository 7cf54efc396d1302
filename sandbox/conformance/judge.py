"""Decides what a record shows: a pure function of the case, the record and the contracts.

    result = judge(case, record, operations)

The runner only records; this decides, while a run goes on and again when a pack is verified. Rules kept here:
- Nothing seen is nothing proven: a step that was not reached, and an answer that did not come, make the case inconclusive.
- What was arranged and did not come about is no failure of what the case is about: that too is inconclusive.
- Each answer of the subject is held against its contract, whatever the case expects of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.conformance.case import Case
from sandbox.conformance.expectations import equality
from sandbox.conformance.judgements import JUDGES, awaited_in_words
from sandbox.conformance.operations import Operations
from sandbox.conformance.record import (
    BROKE,
    INTERRUPTED,
    NOT_OFFERED,
    SELF_ATTESTED,
    UNBOUND,
    Record,
    Step,
    json_of,
)
from sandbox.conformance.results import Result, rolled_up
from sandbox.conformance.values import Scope, Unresolved, resolve

ANSWERS_AS_PROMISED = {"esr": "ESR-CON-001", "nhs-jobs": "NHSJ-CON-001"}
"""By role: the requirement that each answer is what the contract describes."""
_CALLER = "recruitment-system"


@dataclass(frozen=True, slots=True)
class Finding:
    """One expectation, and what was seen."""

    result: Result
    sentence: str
    """Expected against actual; empty where it held."""
    requirements: tuple[str, ...]
    exchange: Mapping[str, Any] | None = None
    """The exchange that shows it."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """The verdict on one case."""

    case: str
    result: Result
    sentence: str
    findings: tuple[Finding, ...] = ()
    by_requirement: Mapping[str, Result] = field(default_factory=dict)
    self_attested: bool = False

    def words(self) -> dict[str, Any]:
        """The verdict as JSON: what two runs, or a run and its verifier, must agree on."""
        return {
            "case": self.case,
            "result": str(self.result),
            "requirements": {name: str(result) for name, result in self.by_requirement.items()},
        }


def judge(case: Case, record: Record, operations: Operations) -> CaseResult:
    """The verdict on a case."""
    noted = {note["kind"]: note["text"] for note in reversed(record.notes)}
    attested = SELF_ATTESTED in noted
    for kind, result in (
        (BROKE, Result.ERROR),
        (INTERRUPTED, Result.INCONCLUSIVE),
        (UNBOUND, Result.INCONCLUSIVE),
        (NOT_OFFERED, Result.INCONCLUSIVE),
    ):
        if kind in noted:
            return _whole(case, result, noted[kind], attested)
    if case.role == _CALLER and not _did_anything(record):
        refused = next((text for text in map(_refused_order, record.steps) if text), "")
        sentence = f"The subject did nothing at all.{refused}"
        return _whole(case, Result.INCONCLUSIVE, sentence, attested)
    missed = _not_arranged(case, record)
    findings = [
        # What never came about cannot be counted: that nothing was seen is no failure then.
        Finding(Result.INCONCLUSIVE, missed, case.requirements)
        if missed and expectation.keys() & {"journal", "deliveries"}
        else _judged(case, expectation, record)
        for expectation in case.then
    ]
    findings += _promises(case, record, operations)
    if missed and not any(finding.result is Result.FAIL for finding in findings):
        return _whole(case, Result.INCONCLUSIVE, missed, attested)
    result = rolled_up(finding.result for finding in findings)
    return CaseResult(
        case.id,
        result,
        next((finding.sentence for finding in findings if finding.result is result), ""),
        tuple(findings),
        _by_requirement(case, findings),
        attested,
    )


def _did_anything(record: Record) -> bool:
    """Whether a subject that calls others called, answered a delivery, or told anything of itself."""
    return any(exchange["direction"] == "IN" for exchange in record.journal) or any(
        step.view or any(exchange["status"] for exchange in step.exchanges)
        for step in record.steps
        if step.kind in ("drive", "deliver")
    )


def _whole(case: Case, result: Result, sentence: str, attested: bool) -> CaseResult:
    by_requirement = dict.fromkeys(case.requirements, result)
    finding = Finding(result, sentence, case.requirements)
    return CaseResult(case.id, result, sentence, (finding,), by_requirement, attested)


def _by_requirement(case: Case, findings: Iterable[Finding]) -> dict[str, Result]:
    found: dict[str, list[Result]] = {name: [] for name in case.requirements}
    for finding in findings:
        for name in finding.requirements:
            found.setdefault(name, []).append(finding.result)
    return {name: rolled_up(results) for name, results in found.items()}


def covered(case: Case) -> frozenset[str]:
    """The steps that some expectation is about: of all others it is taken for granted that they come about."""
    return frozenset(
        expectation[kind]
        for expectation in case.then
        for kind in ("answer", "tally", "view", "held")
        if kind in expectation
    )


def came_about(step: Step) -> str:
    """Empty where a step came about as an arrangement should; else why it did not, in a sentence."""
    if step.kind == "await":
        return "" if step.held else f"{step.name}: what was waited for did not come"
    if step.outcome and step.outcome != "DONE":
        return f"{step.name}: the order was answered {step.outcome}"
    for exchange in step.exchanges:
        if not 200 <= exchange["status"] < 300:
            what = exchange.get("operationId") or exchange["path"]
            code = (json_of(exchange.get("responseBody")) or {}).get("code", "")
            return f"{step.name}: {what} was answered {exchange['status']} {code}".rstrip()
    return ""


def _refused_order(step: Step) -> str:
    """Told where an order to the subject was not carried out: most often the reason why it did nothing."""
    missed = came_about(step) if step.kind == "drive" else ""
    return f" {missed[:1].upper()}{missed[1:]}." if missed else ""


def _not_arranged(case: Case, record: Record) -> str:
    """Why the case says nothing: what it rests on did not come about. Empty where it did."""
    about = covered(case)
    for step in record.steps:
        if step.name not in about:
            missed = came_about(step)
            if missed:
                return f"It could not be arranged. {missed}."
    return ""


def _judged(case: Case, expectation: Mapping[str, Any], record: Record) -> Finding:
    names = (
        (expectation["requirement"],) if "requirement" in expectation else tuple(case.requirements)
    )
    scope = record.scope()
    kind = next(kind for kind in JUDGES if kind in expectation)
    try:
        wanted = resolve(dict(expectation), scope)
    except Unresolved as problem:
        return Finding(Result.INCONCLUSIVE, f"It was not reached: {problem}.", names)
    if kind == "held":
        wanted["awaited"] = _awaited(case, wanted["held"], scope)
    result, sentence, exchange = JUDGES[kind](wanted, record, equality(record.mask_key))
    return Finding(result, sentence, names, exchange)


def _awaited(case: Case, name: str, scope: Scope) -> str:
    """What the step of this name waits for, in words; nothing where what it refers to was not reached."""
    awaited: dict[str, Any] = next(
        (step.get("await", {}) for step in case.when if step.get("as") == name), {}
    )
    try:
        return awaited_in_words(resolve(dict(awaited), scope))
    except Unresolved:
        return ""


def _promises(case: Case, record: Record, operations: Operations) -> list[Finding]:
    """Holds each answer of the subject against its contract."""
    name = ANSWERS_AS_PROMISED.get(case.role)
    if name is None:
        return []
    answered = False
    for step in record.steps:
        for exchange in step.exchanges:
            answered = answered or (exchange["system"] == case.role and exchange["status"] > 0)
            faults = broken_promises(exchange, case.role, operations)
            if faults:
                what = f"{exchange['operationId']} answered {exchange['status']}"
                sentence = f"{step.name}: {what}; {'; '.join(faults)}"
                return [Finding(Result.FAIL, sentence, (name,), exchange)]
    return [Finding(Result.PASS, "", (name,))] if answered else []


def broken_promises(exchange: Mapping[str, Any], system: str, operations: Operations) -> list[str]:
    """What of an answer is not what the contract of `system` promises; nothing where no answer came."""
    operation_id = str(exchange.get("operationId"))
    if (
        exchange["system"] != system
        or operation_id not in operations
        or exchange["status"] == 0
        or exchange.get("method") != operations[operation_id].method
    ):
        return []
    headers = {name.lower(): text for name, text in exchange.get("responseHeaders", {}).items()}
    text = exchange.get("responseBody")
    body = json_of(text)
    return operations.answer_faults(
        operation_id,
        exchange["status"],
        headers.get("content-type", ""),
        body if body is not None or not text else text,
        headers,
    )
