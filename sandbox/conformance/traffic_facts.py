"""What the judge of traffic has to be told of a run: what the suite itself brought about, by the cases played. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.conformance.case import Case

_SPOILT = frozenset(
    {
        "DROP",
        "EMPTY_BODY",
        "GARBAGE",
        "MALFORMED",
        "MISSING_PROPERTY",
        "PROXY_ERROR",
        "RESET",
        "TRUNCATE",
        "WRONG_LENGTH",
        "WRONG_MEDIA_TYPE",
    }
)
_RECEIVER = "receiver"


def facts_from(
    own: Mapping[str, Mapping[str, Any]],
    cases: Mapping[str, Case],
    records: Iterable[Mapping[str, Any]],
) -> dict[str, dict[str, Any]]:
    """The facts by recording: what the stage knows (`own`), and of each record what its case provoked, spoilt or altered."""
    facts = {name: dict(value) for name, value in own.items()}
    for record in records:
        case = cases.get(record["case"])
        if case is None:
            continue
        for exchange in record["journal"]:
            found = facts.get(record["case"], facts.get(exchange.get("workspace", "")))
            if found is not None:
                _add(found, case, exchange)
    return facts


def _add(facts: dict[str, Any], case: Case, exchange: Mapping[str, Any]) -> None:
    number = exchange["exchangeId"]
    faults = [step["fault"] for step in case.when if "fault" in step]
    if case.refuses or case.document.get("provokes"):
        facts.setdefault("provoked", []).append(number)
    if any(
        fault.get("kind") in _SPOILT
        and fault.get("operationId") in (None, exchange.get("operationId"))
        for fault in faults
    ):
        facts.setdefault("unclear", []).append(number)
    altered = [fault["kind"] for fault in faults if fault.get("system") == _RECEIVER]
    if altered and exchange["direction"] == "OUT" and exchange["status"] in (400, 401):
        facts.setdefault("altered", {})[str(number)] = altered[0]
