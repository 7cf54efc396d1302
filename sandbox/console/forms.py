"""Forms made from the contract: the fields of a request's JSON schema, and back from what was entered to a JSON body.

A field is named by its JSON pointer in the body, so a fault that the contract finds is shown where it was entered. What cannot be
read as the schema asks (a number in letters) goes on as it was entered: the contract says what is wrong with it, as to anybody.

>>> schema = {"type": "object", "properties": {"hours": {"type": "number"}}}
>>> body_of(fields_of(schema, {}, {}), {"/hours": "37.5"})
{'hours': 37.5}
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.contracts.schema import resolve
from sandbox.esr.reference import code_lists

Entries = Mapping[str, str]
"""What stands in a form: the name of each input with its text."""


class Kind(StrEnum):
    """How a value is entered."""

    TEXT = "text"
    LONG_TEXT = "long-text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    DATE = "date"
    MOMENT = "moment"
    LINES = "lines"
    JSON = "json"
    GROUP = "group"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Option:
    """One of the values of a choice."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form, or several that belong together."""

    pointer: str
    kind: Kind
    label: str
    hint: str
    is_required: bool
    options: tuple[Option, ...] = ()
    default: str = ""
    """What holds where nothing is entered, if the contract says so."""
    fields: tuple["Field", ...] = ()
    """Of a GROUP its fields, of a LIST its items."""
    most: int = 1
    """How many items a LIST may have."""

    @property
    def name(self) -> str:
        """The last part of the pointer."""
        return _unescaped(self.pointer.rsplit("/", 1)[-1])

    @property
    def id(self) -> str:
        """The id of its first input, to which a fault leads."""
        first = self.fields[0].id if self.fields else "field" + self.pointer.replace("/", "-")
        return f"{first}-day" if self.kind is Kind.DATE else first


_LONG_TEXT = 200
_ITEMS = 20
"""How many items a list has at most where its schema does not say."""
_ITEM = re.compile(r"[0-9]{1,3}(?=/)")
_TELLING_BOUND = 1_000_000
"""A number that may be larger than this has no bound that anybody meets."""
_PARTS = ("day", "month", "year")
_AUTHORS_WORDS = {
    "ni": "NI",
    "ods": "ODS",
    "dbs": "DBS",
    "iat": "IAT",
    "api": "API",
    "jwks": "JWKS",
    "esr": "ESR",
    "id": "ID",
    "url": "URL",
}
_WITHOUT_ZONE = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?")


def fields_of(
    schema: dict[str, Any],
    document: dict[str, Any],
    entries: Entries,
    *,
    without: Collection[str] = (),
) -> tuple[Field, ...]:
    """The fields of an object's schema, in the order of the contract `document`, without those of the pointers `without`.

    A list has as many items as `entries` fill, and one at least.
    """
    return _Maker(document, entries, frozenset(without)).group(plain(schema, document), "")


def parameter_fields(
    parameters: Iterable[Mapping[str, Any]], document: dict[str, Any]
) -> tuple[Field, ...]:
    """The fields of what stands in a path, each named as the parameter is."""
    maker = _Maker(document, {}, frozenset())
    told = ("description", "example")
    return tuple(
        maker.field(
            plain(each["schema"], document) | {name: each[name] for name in told if name in each},
            str(each["name"]),
            True,
        )
        for each in parameters
    )


def body_of(fields: tuple[Field, ...], entries: Entries) -> dict[str, Any]:
    """The JSON body that was entered; what was left empty is left out."""
    body = {}
    for field in fields:
        value = _value(field, entries)
        if value is not _NOTHING:
            body[field.name] = value
    return body


def entries_of(schema: dict[str, Any], document: dict[str, Any], body: Any) -> dict[str, str]:
    """How a body would be entered: the other way round."""
    entries: dict[str, str] = {}
    _enter(plain(schema, document), document, body, "", entries)
    return entries


def plain(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """A schema without references and `allOf`: what stands beside a part goes before what the part says."""
    found = dict(resolve(schema, document))
    for part in found.pop("allOf", ()):
        found = plain(part, document) | found
    return found


def label_of(name: str) -> str:
    """`hiredDate` as `Hired date`."""
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[0-9]+|[A-Z]+(?![a-z])", name)]
    told = " ".join(_AUTHORS_WORDS.get(word, word) for word in words)
    return told[:1].upper() + told[1:]


@dataclass(frozen=True, slots=True)
class _Maker:
    document: dict[str, Any]
    entries: Entries
    without: frozenset[str]

    def group(self, schema: dict[str, Any], pointer: str) -> tuple[Field, ...]:
        required = schema.get("required", ())
        return tuple(
            self.field(plain(part, self.document), f"{pointer}/{_escaped(name)}", name in required)
            for name, part in schema.get("properties", {}).items()
            if f"{pointer}/{_escaped(name)}" not in self.without
        )

    def field(
        self, schema: dict[str, Any], pointer: str, is_required: bool, label: str = ""
    ) -> Field:
        kind = _kind(schema, self.document)
        name = _unescaped(pointer.rsplit("/", 1)[-1])
        fields: tuple[Field, ...] = ()
        if kind is Kind.GROUP:
            fields = self.group(schema, pointer)
        elif kind is Kind.LIST:
            item, each = plain(schema["items"], self.document), label_of(name)
            fields = tuple(
                self.field(item, f"{pointer}/{place}", False, f"{each} {place + 1}")
                for place in range(min(self._filled(pointer), schema.get("maxItems", _ITEMS)))
            )
        return Field(
            pointer,
            kind,
            label or label_of(name),
            _hint(schema),
            is_required,
            _options(schema, name) if kind is Kind.CHOICE else (),
            str(schema.get("default", "")),
            fields,
            int(schema.get("maxItems", 1)),
        )

    def _filled(self, pointer: str) -> int:
        places = [
            name[len(pointer) + 1 :] for name in self.entries if name.startswith(f"{pointer}/")
        ]
        numbers = [found[0] for place in places if (found := _ITEM.match(place))]
        return max(map(int, numbers), default=0) + 1


def _kind(schema: dict[str, Any], document: dict[str, Any]) -> Kind:
    named = schema.get("type", "string")
    if named == "object":
        # What may hold anything cannot be laid out as fields.
        return Kind.JSON if schema.get("additionalProperties", True) else Kind.GROUP
    if named == "array":
        items = plain(schema["items"], document)
        return Kind.LIST if _kind(items, document) is Kind.GROUP else _plain_list(items)
    return _kind_of_text(schema) if named == "string" else Kind(named)


def _kind_of_text(schema: dict[str, Any]) -> Kind:
    if "enum" in schema:
        return Kind.CHOICE
    if schema.get("format") in ("date", "date-time"):
        return Kind.DATE if schema["format"] == "date" else Kind.MOMENT
    return Kind.LONG_TEXT if schema.get("maxLength", 0) > _LONG_TEXT else Kind.TEXT


def _plain_list(items: dict[str, Any]) -> Kind:
    return Kind.LINES if items.get("type") == "string" else Kind.JSON


def _hint(schema: dict[str, Any]) -> str:
    """What the contract says of a value, without the table that may follow."""
    told = str(schema.get("description", "")).split("\n\n")[0].strip()
    for value in schema.get("enum", ()):
        # What each value means stands beside the value.
        told = re.sub(rf"\s*(?<![A-Z_]){_quoted(value)}: [^.]*\.", "", told)
        told = re.sub(rf"(?<=\.) ?{re.escape(str(value))} [A-Z][^.]*, [^.]*\.", "", told)
    bounds = [schema[name] for name in ("minimum", "maximum") if name in schema]
    if len(bounds) == 2 and bounds[1] <= _TELLING_BOUND:
        told += f" From {bounds[0]:,} to {bounds[1]:,}."
    if "example" in schema:
        told += f" For instance {schema['example']}."
    return told.strip()


def _options(schema: dict[str, Any], name: str) -> tuple[Option, ...]:
    description = str(schema.get("description", ""))
    known = code_lists().get(re.sub(r"(?<!^)([A-Z])", r"-\1", name).lower(), {}).get("codes", ())
    labels = {code["code"]: code["label"] for code in known}
    return tuple(
        Option(value, _label_of_value(value, labels, description), _meaning(value, description))
        for value in schema["enum"]
        if value is not None
    )


def _label_of_value(value: str, labels: Mapping[str, str], description: str) -> str:
    if value in labels:
        return f"{value} {labels[value]}"
    if len(value) <= 2:
        # "1 Male, 2 Female": how the contract names the codes of a short list.
        found = re.search(rf"(?:^|[ ,.]){re.escape(value)} ([A-Z][^,.]*)", description)
        return f"{value} {found[1]}" if found else value
    is_word = re.fullmatch(r"[A-Z][A-Z_]+", value)
    return value.replace("_", " ").capitalize() if is_word else value


def _meaning(value: str, description: str) -> str:
    """What the contract says of a value, in the form `VALUE: this.`"""
    found = re.search(rf"(?<![A-Z_]){_quoted(value)}: ([^.]*)\.", description)
    told = found[1] if found else ""
    return f"{told[:1].upper()}{told[1:]}." if told else ""


def _quoted(value: object) -> str:
    """How a value may stand in a description, as an expression."""
    return f"`?{re.escape(str(value))}`?"


_NOTHING = object()


def _value(field: Field, entries: Entries) -> Any:
    match field.kind:
        case Kind.GROUP:
            body = body_of(field.fields, entries)
            return body or _NOTHING
        case Kind.LIST:
            items = [_value(item, entries) for item in field.fields]
            held = [item for item in items if item is not _NOTHING]
            return held or _NOTHING
        case Kind.DATE:
            return _date(field, entries)
    text = entries.get(field.pointer, "").strip()
    return _NOTHING if not text else _read(field.kind, text)


def _read(kind: Kind, text: str) -> Any:
    match kind:
        case Kind.INTEGER | Kind.NUMBER:
            return _number(text)
        case Kind.BOOLEAN:
            return {"true": True, "false": False}.get(text, text)
        case Kind.MOMENT:
            found = _WITHOUT_ZONE.fullmatch(text)
            return f"{found[1]}T{found[2]}{found[3] or ':00'}Z" if found else text
        case Kind.LINES:
            return None if text == "null" else [line.strip() for line in text.split("\n")]
        case Kind.JSON:
            return _json(text)
    return text


def _number(text: str) -> int | float | str:
    plainly = text.replace(",", "")
    if re.fullmatch(r"-?[0-9]{1,20}", plainly):
        return int(plainly)
    return float(plainly) if re.fullmatch(r"-?[0-9]{1,20}\.[0-9]{1,20}", plainly) else text


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _date(field: Field, entries: Entries) -> Any:
    given = {part: entries.get(f"{field.pointer}.{part}", "").strip() for part in _PARTS}
    if not any(given.values()):
        return _NOTHING
    return f"{given['year']}-{given['month']:0>2}-{given['day']:0>2}"


def _enter(
    schema: dict[str, Any],
    document: dict[str, Any],
    value: Any,
    pointer: str,
    entries: dict[str, str],
) -> None:
    kind = _kind(schema, document)
    if kind is Kind.GROUP and isinstance(value, dict):
        for name, part in schema.get("properties", {}).items():
            if name in value:
                place = f"{pointer}/{_escaped(name)}"
                _enter(plain(part, document), document, value[name], place, entries)
    elif kind is Kind.LIST and isinstance(value, list):
        for number, item in enumerate(value):
            _enter(plain(schema["items"], document), document, item, f"{pointer}/{number}", entries)
    elif kind is Kind.DATE:
        year, month, day = (*str(value).split("-", 2), "", "")[:3]
        entries |= {
            f"{pointer}.{part}": text for part, text in zip(_PARTS, (day, month, year), strict=True)
        }
    elif kind is Kind.LINES and isinstance(value, list):
        entries[pointer] = "\n".join(map(str, value))
    elif kind in (Kind.JSON, Kind.BOOLEAN) or value is None:
        entries[pointer] = json.dumps(value, indent=2, ensure_ascii=False)
    else:
        entries[pointer] = str(value)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _unescaped(name: str) -> str:
    return name.replace("~1", "/").replace("~0", "~")
