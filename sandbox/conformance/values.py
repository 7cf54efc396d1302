"""References into what a case has at hand: `${vacancy/vacancyReference}`, `${sent.answer/applicantNumber}`, `${today+28d}`.

A reference is resolved twice and in the same way: by the recorder, while the case plays, and by the judge, from the record.

    resolve("${today+28d}", scope)            a date
    resolve("${sent.answer/status}", scope)   what the step `sent` was answered, by JSON pointer
    resolve("a ${ref} b", scope)              put into a text
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

_REFERENCE = re.compile(r"\$\{([^}]+)\}")
_DAY = re.compile(r"today(?:([+-])(\d{1,5})d)?")
_PART = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)\.(answer|sent|header|status|view|text)(/.*)?")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)(/.*)?")


class Unresolved(Exception):
    """A reference leads to nothing; the message says which."""


@dataclass(slots=True)
class Scope:
    """What references may lead to."""

    today: date
    bindings: Mapping[str, Any]
    """What the case was given, by name."""
    steps: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """What each step that was played left: `sent`, `answer`, `header`, `status`, `view`, `text`."""
    made: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    """What is made anew at each mention, by name, such as `uuid`."""


def resolve(value: Any, scope: Scope) -> Any:
    """`value` with every reference replaced, at any depth. Raises Unresolved."""
    if isinstance(value, dict):
        return {name: resolve(item, scope) for name, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, scope) for item in value]
    if not isinstance(value, str) or "${" not in value:
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return look_up(whole[1], scope)
    return _REFERENCE.sub(lambda found: str(look_up(found[1], scope)), value)


def look_up(reference: str, scope: Scope) -> Any:
    """What one reference leads to. Raises Unresolved."""
    day = _DAY.fullmatch(reference)
    if day:
        sign = -1 if day[1] == "-" else 1
        return (scope.today + timedelta(days=sign * int(day[2] or 0))).isoformat()
    part = _PART.fullmatch(reference)
    if part and part[1] in scope.steps:
        left = scope.steps[part[1]]
        if part[2] not in left:
            raise Unresolved(f"${{{reference}}}: the step {part[1]} left no {part[2]}")
        return _pointed(left[part[2]], part[3] or "", reference)
    if reference in scope.made:
        return scope.made[reference]()
    name = _NAME.fullmatch(reference)
    if name and name[1] in scope.bindings:
        return _pointed(scope.bindings[name[1]], name[2] or "", reference)
    raise Unresolved(f"${{{reference}}} leads to nothing")


def _pointed(value: Any, pointer: str, reference: str) -> Any:
    found = pick(value, pointer)
    if not found:
        raise Unresolved(f"${{{reference}}}: there is nothing at {pointer}")
    return found[0]


def pick(document: Any, pointer: str) -> list[Any]:
    """Every value at a JSON pointer in which `*` stands for each item of a list or object; none where there is nothing."""
    found = [document]
    for raw in pointer.split("/")[1:]:
        part = raw.replace("~1", "/").replace("~0", "~")
        further: list[Any] = []
        for value in found:
            if part == "*":
                further += value.values() if isinstance(value, dict) else _items(value)
            elif isinstance(value, dict):
                further += [value[part]] if part in value else []
            elif isinstance(value, list) and re.fullmatch(r"-?\d+", part):
                place = int(part)
                further += value[place : place + 1] if place != -1 else value[-1:]
        found = further
    return found


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def merged(document: Any, patch: Any) -> Any:
    """The document after a JSON merge patch (RFC 7396): null takes away."""
    if not isinstance(patch, dict):
        return patch
    result = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
