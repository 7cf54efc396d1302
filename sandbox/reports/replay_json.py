"""A replay as JSON: the whole of it, and a summary without series and ids.

Keys are in camelCase. What ESR said is printable, and personal values in differences are masked: within one document equal
masks stand for equal values.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from secrets import token_bytes
from typing import Any

import orjson

from loadtests.discrepancies import Difference, Discrepancy, Reconciliation
from loadtests.results import ReplayResult
from sandbox.journal.masking import masked_body
from sandbox.reports.certification_exchanges import printable

FORMAT = 1
"""Rises when a key changes its meaning or goes."""
_LONGEST_VALUE = 200
_SERIES = ("arrivals", "latencyOverTime", "rateOverTime", "histogram")


def replay_document(
    result: ReplayResult, phases: Mapping[str, float], facts: Mapping[str, str]
) -> dict[str, Any]:
    """Everything that is known of a replay, as JSON takes it.

    `phases` says how long each phase took in wall seconds, `facts` what a reader has to know besides.
    """
    told = _plain(result)
    measurements = {
        **told["measurements"],
        "messagesPerSecond": result.measurements.messages_per_second,
        "compression": result.measurements.compression,
    }
    return {
        "format": FORMAT,
        **told,
        "scope": _camel_case(result.scope),
        "calibration": _camel_case(result.calibration) if result.calibration else None,
        "legs": [{**_plain(leg), "factor": leg.factor} for leg in result.legs],
        "measurements": measurements,
        "reconciliation": _reconciliation(result.reconciliation),
        "ledger": {"path": str(result.ledger), "bytes": size_of(result.ledger)},
        "stateDigest": result.state_digest,
        "phases": dict(phases),
        "facts": dict(facts),
    }


def summary(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document of `replay_document` without its series; discrepancies are counted."""
    measurements = {
        name: value for name, value in document["measurements"].items() if name not in _SERIES
    }
    if measurements["recovery"] is not None:
        measurements["recovery"] = {
            name: value for name, value in measurements["recovery"].items() if name != "drain"
        }
    found = document["reconciliation"]
    counted = found and {
        name: len(value) if isinstance(value, list) else value for name, value in found.items()
    }
    kept = {name: value for name, value in document.items() if name != "legs"}
    return {**kept, "measurements": measurements, "reconciliation": counted}


def size_of(path: Path) -> int | None:
    """Bytes of a file; None when it cannot be read."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def _reconciliation(found: Reconciliation | None) -> dict[str, Any] | None:
    if found is None:
        return None
    key = token_bytes(32)
    told: dict[str, Any] = {}
    for each in fields(found):
        value = getattr(found, each.name)
        told[_camel(each.name)] = (
            [_discrepancy(item, key) for item in value] if isinstance(value, list) else value
        )
    # Its text is `stateDigest`; the number is greater than JSON's readers take.
    told.pop("state")
    return {**told, "clean": found.clean}


def _discrepancy(item: Discrepancy, key: bytes) -> dict[str, Any]:
    return {**_plain(item), "differences": [_difference(each, key) for each in item.differences]}


def _difference(item: Difference, key: bytes) -> dict[str, str]:
    return {
        "pointer": printable(item.pointer),
        "sent": _shown(item.sent, item.pointer, key),
        "held": _shown(item.held, item.pointer, key),
    }


def _shown(value: Any, pointer: str, key: bytes) -> str:
    """A value as text: masked where it is personal, cut where it is long."""
    if value is None:
        return "nothing"
    names = pointer.split("/")[1:]
    for name in reversed(names):
        value = {name: value}
    text = masked_body(json.dumps(value).encode(), key) or ""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text  # the mask of what no reader of JSON takes
    for name in names:
        document = document[name]
    shown = printable(json.dumps(document, ensure_ascii=False))
    return shown if len(shown) <= _LONGEST_VALUE else f"{shown[:_LONGEST_VALUE]}…"


def _plain(value: Any) -> Any:
    """Values as JSON takes them: fields in camelCase, other keys as they stand."""
    if is_dataclass(value):
        return {
            _camel(each.name): _plain(getattr(value, each.name))
            for each in fields(value)
            # Told on its own, and too deep to be walked through blindly: it holds what ESR answered.
            if each.name not in ("reconciliation", "differences")
        }
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return printable(value)
    return str(value) if isinstance(value, Path) else value


def _camel_case(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        _camel(name): _camel_case(item) if isinstance(item, Mapping) else _plain(item)
        for name, item in told.items()
    }


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)
