"""Whether a value is what a case expects: plain equality, or one operator. Pure.

check("/status", document, "HIRED")                 equal
check("/niNumber", document, {"absent": True})
check("/messages/*/messageCode", document, {"includes": "MATCHED_EMPLOYEE"})
check("/messages", document, {"holds": [{"/messageCode": "CODE_RETIRED", "/pointer": "/jobRole"}]})
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.conformance.values import pick
from sandbox.journal.masking import is_mask, masked_text

OPERATORS = (
    "equals",
    "not",
    "absent",
    "present",
    "includes",
    "excludes",
    "holds",
    "oneOf",
    "matches",
    "count",
    "atLeast",
    "atMost",
    "before",
    "after",
    "distinct",
)

Equal = Callable[[Any, Any], bool]


def equality(mask_key: str) -> Equal:
    """Equality that knows masks: what is masked is equal to the text whose mask it is."""
    key = mask_key.encode()

    def equal(actual: Any, expected: Any) -> bool:
        if isinstance(actual, str) and is_mask(actual) and isinstance(expected, str):
            return actual == expected or actual == masked_text(expected, key)
        if isinstance(actual, dict) and isinstance(expected, dict):
            return actual.keys() == expected.keys() and all(
                equal(actual[name], expected[name]) for name in actual
            )
        if isinstance(actual, list) and isinstance(expected, list):
            return len(actual) == len(expected) and all(map(equal, actual, expected))
        # True is not 1, and a number is the same whether or not it has a point.
        if isinstance(actual, bool) is not isinstance(expected, bool):
            return False
        return bool(actual == expected)

    return equal


def check(pointer: str, document: Any, expected: Any, equal: Equal) -> str | None:
    """None where what stands at `pointer` is what is expected; else the two against each other, in a sentence."""
    found = pick(document, pointer)
    place = pointer or "the whole"
    if not isinstance(expected, Mapping):
        expected = {"equals": expected}
    for operator, wanted in expected.items():
        if not _OPERATORS[operator](found, wanted, equal):
            return f"expected {place} {_told(operator, wanted)}, found {_shown(found)}"
    return None


def _told(operator: str, wanted: Any) -> str:
    words = {
        "equals": "to be",
        "not": "not to be",
        "absent": "to be absent",
        "present": "to be present",
        "includes": "to include",
        "excludes": "not to include",
        "holds": "to hold",
        "oneOf": "to be one of",
        "matches": "to match",
        "count": "to occur this often:",
        "atLeast": "to be at least",
        "atMost": "to be at most",
        "before": "to be before",
        "after": "to be after",
        "distinct": "to be distinct",
    }[operator]
    return words if operator in ("absent", "present", "distinct") else f"{words} {wanted!r}"


def _shown(found: list[Any]) -> str:
    if not found:
        return "nothing"
    text = repr(found[0]) if len(found) == 1 else repr(found)
    return text if len(text) <= 300 else f"{text[:300]} …"


def _members(found: list[Any]) -> list[Any]:
    """The values to look among: those found, or the items of the one list that was found."""
    return found[0] if len(found) == 1 and isinstance(found[0], list) else found


def _all(found: list[Any], holds: Callable[[Any], bool]) -> bool:
    return bool(found) and all(holds(value) for value in found)


def _wanted_members(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


def _comparable(left: Any, right: Any) -> bool:
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    return numbers or (isinstance(left, str) and isinstance(right, str))


_OPERATORS: dict[str, Callable[[list[Any], Any, Equal], bool]] = {
    "equals": lambda found, wanted, equal: _all(found, lambda value: equal(value, wanted)),
    "not": lambda found, wanted, equal: _all(found, lambda value: not equal(value, wanted)),
    "absent": lambda found, wanted, _equal: (not found) is bool(wanted),
    "present": lambda found, wanted, _equal: bool(found) is bool(wanted),
    "includes": lambda found, wanted, equal: all(
        any(equal(value, item) for value in _members(found)) for item in _wanted_members(wanted)
    ),
    "excludes": lambda found, wanted, equal: (
        not any(equal(value, item) for value in _members(found) for item in _wanted_members(wanted))
    ),
    "holds": lambda found, wanted, equal: all(
        any(
            all(check(part, item, expected, equal) is None for part, expected in each.items())
            for item in _members(found)
        )
        for each in _wanted_members(wanted)
    ),
    "oneOf": lambda found, wanted, equal: _all(
        found, lambda value: any(equal(value, item) for item in wanted)
    ),
    "matches": lambda found, wanted, _equal: _all(
        found, lambda value: isinstance(value, str) and re.fullmatch(wanted, value) is not None
    ),
    "count": lambda found, wanted, _equal: len(_members(found)) == wanted,
    "atLeast": lambda found, wanted, _equal: _all(
        found, lambda value: _comparable(value, wanted) and value >= wanted
    ),
    "atMost": lambda found, wanted, _equal: _all(
        found, lambda value: _comparable(value, wanted) and value <= wanted
    ),
    "before": lambda found, wanted, _equal: _all(
        found, lambda value: _comparable(value, wanted) and value < wanted
    ),
    "after": lambda found, wanted, _equal: _all(
        found, lambda value: _comparable(value, wanted) and value > wanted
    ),
    "distinct": lambda found, _wanted, _equal: (
        len({repr(value) for value in _members(found)}) == len(_members(found))
    ),
}
