"""What has changed between two schemas, and whether it breaks somebody. Pure.

It depends on who must cope. What a party *sends* may be asked less of, never more: a narrower schema breaks it. What a party
*reads* may be promised more, never less: a wider one breaks it. A new property, a new enumerated value and a new kind of object
break no reader, for our contracts ask every reader to tolerate them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import orjson

from sandbox.contracts.schema import resolve


class Side(Enum):
    """What those do with a value who must cope with the change."""

    SENDS = "sends"
    READS = "reads"


@dataclass(frozen=True, slots=True)
class Change:
    """One change: where, what, and whether it breaks."""

    place: str
    sentence: str
    breaking: bool


@dataclass(slots=True)
class Comparison:
    """Two documents whose schemas are compared. What is compared once is not compared again: schemas may go in circles."""

    old: dict[str, Any]
    new: dict[str, Any]
    _open: set[tuple[str, str, Side]] = field(default_factory=set)

    def changes(self, old: Any, new: Any, side: Side, place: str) -> Iterator[Change]:
        """What has changed from one schema to the other."""
        if not isinstance(old, dict) or not isinstance(new, dict):
            return
        pair = (str(old.get("$ref", "")), str(new.get("$ref", "")), side)
        if pair[0] and pair[1]:
            if pair in self._open:
                return
            self._open.add(pair)
        try:
            was, now = _flat(old, self.old), _flat(new, self.new)
            yield from _type_changes(was, now, side, place)
            yield from _enum_changes(was, now, side, place)
            yield from _bound_changes(was, now, side, place)
            yield from self._property_changes(was, now, side, place)
            yield from self._variant_changes(was, now, side, place)
            if "items" in was and "items" in now:
                yield from self.changes(was["items"], now["items"], side, f"{place}/*")
        finally:
            self._open.discard(pair)

    def _property_changes(
        self, was: Mapping[str, Any], now: Mapping[str, Any], side: Side, place: str
    ) -> Iterator[Change]:
        before, after = was.get("properties", {}), now.get("properties", {})
        needed, needs = set(was.get("required", ())), set(now.get("required", ()))
        for name in sorted({*before, *after}):
            where = f"{place}/{name}"
            if name not in after:
                yield Change(where, "the property is gone", breaking=True)
            elif name not in before:
                asked = side is Side.SENDS and name in needs
                text = "a new property, which must be given" if asked else "a new property"
                yield Change(where, text, breaking=asked)
            else:
                if name in needs - needed:
                    yield Change(where, "must be given now", breaking=side is Side.SENDS)
                if name in needed - needs:
                    yield Change(where, "may be absent now", breaking=side is Side.READS)
                yield from self.changes(before[name], after[name], side, where)
        for name in sorted((needs - needed) - {*before, *after}):
            yield Change(f"{place}/{name}", "must be given now", breaking=side is Side.SENDS)
        was_open, is_open = (item.get("additionalProperties", True) for item in (was, now))
        if was_open is not False and is_open is False:
            yield Change(place, "unknown properties are refused now", breaking=side is Side.SENDS)
        elif isinstance(was_open, dict) and isinstance(is_open, dict):
            yield from self.changes(was_open, is_open, side, f"{place}/*")

    def _variant_changes(
        self, was: Mapping[str, Any], now: Mapping[str, Any], side: Side, place: str
    ) -> Iterator[Change]:
        for key in ("oneOf", "anyOf"):
            before = {_name(item): item for item in was.get(key, ())}
            after = {_name(item): item for item in now.get(key, ())}
            if not before and not after:
                continue
            if not before or not after:
                breaking = (side is Side.SENDS) is bool(after)
                text = "forms are told apart now" if after else "forms are not told apart any more"
                yield Change(place, text, breaking)
                continue
            kinds = {kind for item in before.values() for kind in _types(_flat(item, self.old))}
            for name in sorted({*before, *after}):
                if name not in after:
                    yield Change(place, f"the form {name} is gone", breaking=side is Side.SENDS)
                elif name not in before:
                    is_alien = not _types(_flat(after[name], self.new)) <= kinds
                    yield Change(
                        place,
                        f"a new form, {name}",
                        breaking=side is Side.READS and is_alien,
                    )
                else:
                    yield from self.changes(before[name], after[name], side, place)


def _name(schema: Mapping[str, Any]) -> str:
    """What a form is called: the last part of its reference, else its content."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    text = orjson.dumps(schema, option=orjson.OPT_SORT_KEYS).decode()
    return text if len(text) <= 60 else f"{text[:60]}…"


def _flat(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """The schema with its reference followed and all of its `allOf` put together."""
    whole = dict(resolve(schema, document))
    for part in whole.pop("allOf", ()):
        held = _flat(part, document)
        for key, value in held.items():
            if key == "properties":
                whole[key] = {**value, **whole.get(key, {})}
            elif key == "required":
                whole[key] = [*whole.get(key, ()), *value]
            else:
                whole.setdefault(key, value)
    return whole


def _types(schema: Mapping[str, Any]) -> frozenset[str]:
    return frozenset({str(schema["type"])} if "type" in schema else ())


def _type_changes(
    was: Mapping[str, Any], now: Mapping[str, Any], side: Side, place: str
) -> Iterator[Change]:
    before, after = was.get("type"), now.get("type")
    if before != after:
        widened = after is None or (before, after) == ("integer", "number")
        narrowed = before is None or (before, after) == ("number", "integer")
        harmless = widened if side is Side.SENDS else narrowed
        yield Change(
            place, f"the type {before or 'any'} became {after or 'any'}", breaking=not harmless
        )
    could, can = bool(was.get("nullable")), bool(now.get("nullable"))
    if can and not could:
        yield Change(place, "may be null now", breaking=side is Side.READS)
    if could and not can:
        yield Change(place, "may not be null any more", breaking=side is Side.SENDS)


def _enum_changes(
    was: Mapping[str, Any], now: Mapping[str, Any], side: Side, place: str
) -> Iterator[Change]:
    if ("enum" in was) is not ("enum" in now):
        narrower = "enum" in now
        text = "only some values are taken now" if narrower else "any value may come now"
        yield Change(place, text, breaking=narrower is (side is Side.SENDS))
        return
    before, after = was.get("enum", ()), now.get("enum", ())
    gone = [value for value in before if value not in after]
    new = [value for value in after if value not in before]
    if gone:
        yield Change(place, f"values are gone: {_listed(gone)}", breaking=side is Side.SENDS)
    if new:
        yield Change(place, f"new values: {_listed(new)}", breaking=False)


def _listed(values: list[Any]) -> str:
    return ", ".join(str(value) for value in values[:8]) + (", …" if len(values) > 8 else "")


_UPPER = ("maxLength", "maximum", "maxItems", "maxProperties")
_LOWER = ("minLength", "minimum", "minItems", "minProperties")
_FORMS = ("pattern", "format", "multipleOf", "uniqueItems", "exclusiveMinimum", "exclusiveMaximum")


def _bound_changes(
    was: Mapping[str, Any], now: Mapping[str, Any], side: Side, place: str
) -> Iterator[Change]:
    for key in (*_UPPER, *_LOWER):
        before, after = was.get(key), now.get(key)
        if before == after:
            continue
        is_narrower = before is None or (
            after is not None and (after < before if key in _UPPER else after > before)
        )
        yield Change(
            place,
            f"{key} {_or_none(before)} became {_or_none(after)}",
            breaking=is_narrower is (side is Side.SENDS),
        )
    for key in _FORMS:
        before, after = was.get(key) or None, now.get(key) or None
        if before != after:
            only_added, only_gone = before is None, after is None
            harmless = only_gone if side is Side.SENDS else only_added
            yield Change(
                place,
                f"{key} {_or_none(before)} became {_or_none(after)}",
                breaking=not harmless,
            )


def _or_none(value: Any) -> str:
    return "none" if value is None else str(value)
