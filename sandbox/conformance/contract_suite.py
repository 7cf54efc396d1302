"""The contract suite's exchanges, judged again: the fuzzer generates and explores, this decides. Pure.

Each exchange is kept as one JSON line with the mode in which it was made and the rules that the fuzzer says were broken.
The judge here decides from request, answer and contract alone; where the two disagree about a rule that both can decide, the
suite is in error.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from sandbox.conformance.fuzz_results import ENOUGH_SUCCESSES
from sandbox.conformance.fuzz_rules import POSITIVE, expected_statuses
from sandbox.conformance.operations import BODY, HEADER, MEDIA_TYPE, STATUS, Operations
from sandbox.conformance.record import json_of
from sandbox.conformance.results import Result, rolled_up
from sandbox.journal.masking import masked_body, masked_headers

_BY_KIND = {
    STATUS: "ESR-FUZ-002",
    MEDIA_TYPE: "ESR-FUZ-003",
    HEADER: "ESR-FUZ-004",
    BODY: "ESR-FUZ-005",
}
_SERVER_ERROR, _BROKEN_TAKEN, _SOUND_REFUSED = "ESR-FUZ-001", "ESR-FUZ-006", "ESR-FUZ-007"
_DECIDED_BY_BOTH = frozenset({_SERVER_ERROR, "ESR-FUZ-002", "ESR-FUZ-003", "ESR-FUZ-005"})
# Whether a delivery that is not well signed is refused is for the behaviour suite to tell: on its way the proxy signs again.
_NOT_OF_SIGNED = frozenset({"ESR-FUZ-008", "ESR-FUZ-011"})
_SIGNED = "receive_event"
_MOST_TOLD = 20


def kept(explored: Mapping[str, Any], mask_key: str) -> dict[str, Any]:
    """An exchange of the fuzzer as a line of the pack: credentials masked, and personal data of the answer.

    What was sent was generated, so it is kept as it is: only so can it be judged again.
    """
    parts = urlsplit(explored["url"])
    headers = {name.lower(): text for name, text in explored["responseHeaders"].items()}
    media = headers.get("content-type", "").split(";")[0]
    answer = masked_body(explored["responseBody"], mask_key.encode(), media)
    return {
        **{name: explored[name] for name in ("operationId", "phase", "mode", "method", "status")},
        "path": parts.path,
        "query": _whole(parts.query),
        "requestHeaders": masked_headers(dict(explored["requestHeaders"])),
        "requestBody": _whole(explored["requestBody"]),
        "responseHeaders": masked_headers(headers),
        "responseBody": answer,
        "broken": explored["broken"],
    }


def _whole(text: str | None) -> str | None:
    """The text with half characters, which JSON cannot hold, replaced."""
    return text if text is None else text.encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class ContractVerdict:
    """What the contract suite says of a subject's API, operation by operation."""

    operations: Mapping[str, Result]
    sentences: tuple[str, ...] = ()
    """What was found, the first of each kind."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """By operation: the exchanges."""

    @property
    def result(self) -> Result:
        """The suite's result."""
        return rolled_up(self.operations.values())


def broken_rules(line: Mapping[str, Any], base: str, operations: Operations) -> dict[str, str]:
    """The rules that an exchange breaks by our own judgement, each with a sentence."""
    name, status = line["operationId"], line["status"]
    if status == 0:
        return {}
    told: dict[str, str] = {}
    if status >= 500:
        told[_SERVER_ERROR] = f"{name} answered {status}"
    if line["method"] != operations[name].method:
        return told
    headers = line["responseHeaders"]
    text = line["responseBody"]
    body = json_of(text)
    for kind, sentence in operations.answer_faults_by_kind(
        name,
        status,
        headers.get("content-type", ""),
        body if body is not None or not text else text,
        headers,
    ):
        told.setdefault(_BY_KIND[kind], f"{name} answered {status}: {sentence}")
    wrong = operations.request_fault(name, line, base)
    if wrong is not None and 200 <= status < 300:
        told[_BROKEN_TAKEN] = f"{name} took a request that breaks the contract: {wrong}"
    if wrong is None and not _may_answer(name, status, line):
        told[_SOUND_REFUSED] = f"{name} answered {status} to a request that keeps the contract"
    return told


def _may_answer(name: str, status: int, line: Mapping[str, Any]) -> bool:
    """Whether a request that keeps the contract may be answered so; a made-up cursor may be refused, a token may be wrong."""
    expected = expected_statuses(POSITIVE, name)
    if str(status) in expected or f"{status // 100}xx" in expected:
        return True
    made_up = "cursor=" in line.get("query", "") or "since=" in line.get("query", "")
    # The generator alone knows whether the address was meant to exist, and whether the token was the right one.
    return status in (401, 404, 405) or (status == 400 and made_up)


def judge_contract(
    lines: Iterable[Mapping[str, Any]], base: str, expected: Iterable[str], operations: Operations
) -> ContractVerdict:
    """The verdict on what was explored. `expected` names the operations that must have been."""
    failed: dict[str, dict[str, str]] = {}
    disputed: dict[str, str] = {}
    successes: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for line in lines:
        name = line["operationId"]
        counts[name] += 1
        successes[name] += 200 <= line["status"] < 300
        ours = broken_rules(line, base, operations)
        theirs = set(line["broken"]) - (_NOT_OF_SIGNED if name == _SIGNED else set())
        for rule, sentence in ours.items():
            failed.setdefault(name, {}).setdefault(rule, sentence)
        for rule in theirs - ours.keys():
            if rule in _DECIDED_BY_BOTH:
                disputed.setdefault(name, f"{name}: the fuzzer says {rule}, the judge does not")
            else:
                failed.setdefault(name, {}).setdefault(rule, f"{name} broke {rule}")
        for rule in (ours.keys() & _DECIDED_BY_BOTH) - theirs:
            if rule != "ESR-FUZ-002" or line["method"] == operations[name].method:
                disputed.setdefault(name, f"{name}: the judge says {rule}, the fuzzer does not")
    results = {name: _result(name, failed, disputed, successes) for name in dict.fromkeys(expected)}
    sentences = [f"{rule}: {text}" for told in failed.values() for rule, text in told.items()]
    sentences += disputed.values()
    sentences += [
        f"{name} succeeded {successes[name]} times, fewer than {ENOUGH_SUCCESSES}"
        for name, result in results.items()
        if result is Result.INCONCLUSIVE
    ]
    return ContractVerdict(results, tuple(sentences[:_MOST_TOLD]), dict(counts))


def _result(
    name: str,
    failed: Mapping[str, Any],
    disputed: Mapping[str, str],
    successes: Mapping[str, int],
) -> Result:
    if name in disputed:
        return Result.ERROR
    if name in failed:
        return Result.FAIL
    return Result.PASS if successes.get(name, 0) >= ENOUGH_SUCCESSES else Result.INCONCLUSIVE


def read_lines(content: bytes) -> list[dict[str, Any]]:
    """The exchanges of a file of the pack. Raises ValueError when a line is no JSON."""
    return [orjson.loads(line) for line in content.splitlines() if line]
