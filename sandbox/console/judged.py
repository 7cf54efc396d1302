"""One exchange held against the contract and the register: what was expected, what came, and which requirements it is about."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sandbox.conformance.operations import Operations
from sandbox.conformance.record import json_of
from sandbox.conformance.results import Result
from sandbox.conformance.traffic import RuleResult, TrafficFacts, judge_traffic
from sandbox.console.pointers import sent_at
from sandbox.contracts import Contract
from sandbox.contracts.codes import Meaning, meanings
from sandbox.contracts.library import load_contract
from sandbox.contracts.requirements import Requirement, load_requirements

_TOLD = 10
_BY_CODE = "Expected an answer without"
_JUDGED = ("esr", "nhs-jobs", "receiver")
"""The contracts that the rules over traffic are about."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that an answer says of the request."""

    kind: str
    """ERROR, WARNING or INFORMATION."""
    place: str
    """The part of the request and the place in it; empty where none is named."""
    text: str
    code: str
    sent: str
    """What stood there, masked."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """A requirement that an exchange is about."""

    requirement: Requirement
    result: str
    """`fail` or `warn`: the exchange breaks it; `pass`: it keeps it; empty: the answer names it."""
    found: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What is to be said of one exchange."""

    expected: str
    """Empty where nothing else was expected than what came."""
    came: str
    said: list[Said]
    meanings: list[Meaning]
    """Of each code in the answer."""
    concerned: list[Concerned]
    """What is broken first, then what the answer names, then what is kept."""
    answer_faults: list[str]
    """What of the answer is not as the contract describes it, the first ten."""
    answer_fault_count: int
    is_described: bool
    """Whether the answer was held against a contract."""


def judged(
    exchange: Mapping[str, Any], beside: Sequence[Mapping[str, Any]], operations: Operations
) -> Judged:
    """The verdict on `exchange` (of the control contract); `beside` are others under its request id."""
    answer = json_of(exchange.get("responseBody"))
    problem = answer if exchange["status"] >= 400 and isinstance(answer, dict) else {}
    faults, is_described = _answer_faults(exchange, answer, operations)
    verdicts = _verdicts(exchange, beside, operations)
    said = list(_said(exchange, answer))
    concerned = list(_concerned(verdicts, problem))
    codes = [str(problem.get("code", "")), *(item.code for item in said)]
    known = meanings()
    expected, came = _sentences(exchange, problem, concerned, faults, said)
    return Judged(
        expected,
        came,
        said,
        [known[code] for code in dict.fromkeys(codes) if code in known],
        concerned,
        faults[:_TOLD],
        len(faults),
        is_described,
    )


def operations_of(contracts: Iterable[Contract]) -> Operations:
    """The operations of the contracts that are served, and of those that the rules need besides."""
    served = {contract.name: contract for contract in contracts}
    for name in _JUDGED:
        if name not in served:
            served[name] = load_contract(name)
    return Operations(list(served.values()))


@cache
def register() -> Mapping[str, Requirement]:
    """Every requirement by its id."""
    return {item.id: item for item in load_requirements()}


def _answer_faults(
    exchange: Mapping[str, Any], answer: Any, operations: Operations
) -> tuple[list[str], bool]:
    name, headers = exchange.get("operationId"), exchange.get("responseHeaders")
    is_held = name in operations and exchange["status"] and headers is not None
    if not is_held or exchange["direction"] != "IN":
        return [], False
    body = exchange.get("responseBody") if answer is None else answer
    media_type = headers.get("content-type", "") if headers else ""
    faults = operations.answer_faults(
        str(name), exchange["status"], media_type, body, headers or {}
    )
    return faults, True


def _verdicts(
    exchange: Mapping[str, Any], beside: Sequence[Mapping[str, Any]], operations: Operations
) -> list[RuleResult]:
    if exchange["direction"] == "IN" and exchange["system"] not in ("esr", "nhs-jobs"):
        return []
    number = exchange["exchangeId"]
    facts = TrafficFacts(complete=False)
    results = judge_traffic(
        [*beside, exchange], facts, operations, requirements=register().values()
    )
    bad = [item for item in results if number in item.exchanges]
    alone = judge_traffic([exchange], facts, operations, requirements=register().values())
    return bad + [item for item in alone if item.result is Result.PASS]


def _said(exchange: Mapping[str, Any], answer: Any) -> Iterator[Said]:
    if not isinstance(answer, dict):
        return
    told = set()
    for item in _documents(answer.get("errors")):
        location, pointer = str(item.get("location", "")), str(item.get("pointer", ""))
        code = str(item.get("code", ""))
        told.add((pointer, code))
        place = f"{location} {pointer}".strip()
        sent = sent_at(exchange, location, pointer)
        yield Said("ERROR", place, str(item.get("detail", "")), code, sent)
    messages = answer.get("messages") or (answer.get("confirmation") or {}).get("messages")
    for item in _documents(messages):
        pointer, code = str(item.get("pointer", "")), str(item.get("messageCode", ""))
        if (pointer, code) in told:
            continue
        place = f"body {pointer}" if pointer else ""
        sent = sent_at(exchange, "body", pointer) if pointer else ""
        text = str(item.get("messageText", ""))
        yield Said(str(item.get("messageType", "")), place, text, code, sent)


def _documents(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _concerned(verdicts: list[RuleResult], problem: Mapping[str, Any]) -> Iterator[Concerned]:
    bad = [item for item in verdicts if item.result is not Result.PASS]
    # One that says what was wrong stands before one that only repeats the code.
    bad.sort(key=lambda item: item.found.startswith(_BY_CODE))
    good = [item for item in verdicts if item.result is Result.PASS]
    shown = {item.requirement for item in verdicts}
    known = register()
    for place, verdict in enumerate(bad):
        # A code that several requirements name does not tell which of them is broken; what was seen to be wrong does.
        is_sure = place == 0 or not verdict.found.startswith(_BY_CODE)
        yield Concerned(
            known[verdict.requirement],
            verdict.result.value if is_sure else "",
            "" if verdict.found.startswith(_BY_CODE) else verdict.found,
        )
    clauses = problem.get("clauses")
    for name in clauses if isinstance(clauses, list) else ():
        if name in known and name not in shown:
            yield Concerned(known[name], "", "")
    for verdict in good:
        yield Concerned(known[verdict.requirement], verdict.result.value, verdict.found)


def _sentences(
    exchange: Mapping[str, Any],
    problem: Mapping[str, Any],
    concerned: list[Concerned],
    faults: list[str],
    said: list[Said],
) -> tuple[str, str]:
    """(what was expected, what came), a sentence each."""
    status, is_out = exchange["status"], exchange["direction"] == "OUT"
    if not status:
        expected = "The receiver answers 2xx." if is_out else "The sandbox answers."
        return expected, "No answer: the connection could not be made, was closed, or was cut."
    if faults:
        more = f" (and {len(faults) - 1:,} more)" if len(faults) > 1 else ""
        return "An answer as the contract describes it.", f"{faults[0]}{more}."
    if status < 400:
        return "", ""
    if is_out:
        return "The receiver answers 2xx.", f"{status}. {problem.get('detail', '')}".strip()
    first = next((item for item in concerned if item.result != "pass"), None)
    codes = first.requirement.codes if first is not None else ()
    detail = str(problem.get("detail") or f"The answer {status}.")
    if len(said) > 1 and problem.get("errors"):
        # What came is told of the same rule as what was expected, where the answer tells of several.
        told = next((item for item in said if item.code in codes), said[0])
        detail = f"At {told.place}: {told.text.rstrip('.')} (and {len(said) - 1:,} more)."
    return first.requirement.text if first is not None else "The request is served.", detail
