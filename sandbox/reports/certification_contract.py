"""What a certification report says of the contract suite, operation by operation."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sandbox.conformance.contract_suite import broken_rules, read_lines
from sandbox.conformance.fuzz_results import ENOUGH_SUCCESSES
from sandbox.conformance.fuzz_rules import RULES, UNKNOWN_RULE
from sandbox.conformance.operations import Operations
from sandbox.conformance.results import Result
from sandbox.reports.certification_exchanges import ShownExchange, printable, shown

_MOST_FINDINGS = 6
_MEANINGS = {rule.id: rule.meaning for rule in (*RULES, UNKNOWN_RULE)}


@dataclass(frozen=True, slots=True)
class ContractFinding:
    """A rule that was broken, and the first exchange that shows it."""

    rule: str
    sentence: str
    exchange: ShownExchange


@dataclass(frozen=True, slots=True)
class ContractLine:
    """One operation of a contract that the subject serves."""

    contract: str
    operation: str
    result: Result
    exchanges: int
    statuses: Mapping[int, int]
    """How often each status was answered; 0 where no answer came."""
    told: str
    """What was found, in a sentence."""
    found: tuple[ContractFinding, ...] = ()

    @property
    def anchor(self) -> str:
        """Its place in the page."""
        return f"operation-{self.operation}"


def contract_lines(
    files: Mapping[str, bytes],
    told: Mapping[str, Mapping[str, Any]],
    subject: Mapping[str, Any],
    operations: Operations,
) -> tuple[ContractLine, ...]:
    """Every operation of each contract that was explored."""
    return tuple(
        line
        for name, verdict in told.items()
        if f"contract/{name}.ndjson" in files
        for line in _of_contract(
            name, verdict, read_lines(files[f"contract/{name}.ndjson"]), subject, operations
        )
    )


def _of_contract(
    name: str,
    verdict: Mapping[str, Any],
    exchanges: Iterable[Mapping[str, Any]],
    subject: Mapping[str, Any],
    operations: Operations,
) -> Iterator[ContractLine]:
    by_operation: dict[str, list[Mapping[str, Any]]] = {}
    for exchange in exchanges:
        by_operation.setdefault(exchange["operationId"], []).append(exchange)
    for operation, word in verdict["operations"].items():
        held = by_operation.get(operation, [])
        result = Result(word)
        statuses = Counter(exchange["status"] for exchange in held)
        is_broken = result in (Result.FAIL, Result.ERROR)
        found = tuple(_findings(name, held, subject, operations)) if is_broken else ()
        yield ContractLine(
            name,
            operation,
            result,
            len(held),
            dict(sorted(statuses.items())),
            printable(_told(operation, result, statuses, verdict["found"], found)),
            found[:_MOST_FINDINGS],
        )


def _findings(
    name: str,
    exchanges: Iterable[Mapping[str, Any]],
    subject: Mapping[str, Any],
    operations: Operations,
) -> Iterator[ContractFinding]:
    base = urlsplit(subject["addresses"].get(name, "")).path
    seen: set[str] = set()
    for exchange in exchanges:
        ours = broken_rules(exchange, base, operations)
        theirs = {
            rule: f"{exchange['operationId']} answered {exchange['status']}, against: {_MEANINGS.get(rule, rule)}"
            for rule in exchange["broken"]
        }
        for rule, sentence in (theirs | ours).items():
            if rule not in seen:
                seen.add(rule)
                yield ContractFinding(
                    rule,
                    printable(sentence),
                    shown({**exchange, "system": name}, subject["role"], subject["addresses"]),
                )


def _told(
    operation: str,
    result: Result,
    statuses: Mapping[int, int],
    sentences: Iterable[str],
    found: Iterable[ContractFinding],
) -> str:
    own = [item.sentence for item in found]
    if result is Result.ERROR:
        disputes = [text for text in sentences if text.startswith(f"{operation}: ")]
        return disputes[0] if disputes else "The fuzzer and the judge do not agree on an exchange."
    if own:
        more = f" ({len(own) - 1} more below)" if len(own) > 1 else ""
        return f"{own[0]}{more}"
    succeeded = sum(count for status, count in statuses.items() if 200 <= status < 300)
    if result is Result.INCONCLUSIVE:
        return (
            f"It succeeded {succeeded} times, fewer than {ENOUGH_SUCCESSES}: too little was seen."
        )
    return f"It succeeded {succeeded} times, and kept the contract each time it answered."
