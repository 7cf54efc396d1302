"""Translates an OpenAPI 3.0 schema into JSON Schema draft 2020-12, and compiles it.

OpenAPI 3.0 is close to JSON Schema and not the same. The differences that a validator would pass over in silence are
translated here: `nullable`, a boolean `exclusiveMinimum` or `exclusiveMaximum`, siblings of `$ref` (which 3.0 ignores)
and `pattern`, which is ECMA-262 in both. Formats are checked.
"""

import re
from datetime import UTC, date, datetime
from typing import Any

import jsonschema_rs

_SCHEMAS = "#/components/schemas/"
_DROPPED = frozenset({"example", "discriminator", "xml", "externalDocs", "nullable", "deprecated"})
_FULL_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]([01]\d|2[0-3]):\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def translate(schema: Any) -> Any:
    """The draft 2020-12 form of an OpenAPI 3.0 schema; references are kept as they are."""
    if isinstance(schema, list):
        return [translate(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _DROPPED:
            continue
        if key in {"properties", "patternProperties"}:
            result[key] = {name: translate(item) for name, item in value.items()}
        elif key in {"enum", "default", "required"}:
            result[key] = value
        else:
            result[key] = translate(value)
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        is_boolean = isinstance(result.get(exclusive), bool)
        if is_boolean and result.pop(exclusive) and bound in result:
            result[exclusive] = result.pop(bound)
    if schema.get("nullable") is True:
        return _allow_null(result)
    return result


def compile_schema(
    schema: dict[str, Any], document: dict[str, Any], mask: str | None = None
) -> jsonschema_rs.Draft202012Validator:
    """A validator for `schema`, whose local references resolve against the bundled `document`.

    With `mask`, its messages say that instead of repeating the value that they are about.
    """
    # A validator keeps all that it is given, and there is one for each place of each operation.
    named = _named_by(schema, document.get("components", {}).get("schemas", {}))
    whole = {
        **translate(schema),
        "components": {"schemas": {name: translate(item) for name, item in named.items()}},
    }
    return jsonschema_rs.Draft202012Validator(
        whole,
        validate_formats=True,
        formats=_FORMATS,
        ignore_unknown_formats=True,
        mask=mask,
    )


def _named_by(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """The schemas that `schema` refers to, those that they refer to, and so on."""
    found: dict[str, Any] = {}
    left: list[Any] = [schema]
    while left:
        value = left.pop()
        if isinstance(value, list):
            left += value
        elif isinstance(value, dict):
            left += value.values()
            reference = value.get("$ref")
            if isinstance(reference, str) and reference.startswith(_SCHEMAS):
                name = reference.removeprefix(_SCHEMAS).split("/")[0]
                if name in schemas and name not in found:
                    found[name] = schemas[name]
                    left.append(schemas[name])
    return found


def resolve(value: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """What a local reference of a bundled document leads to; anything else is answered as it is."""
    while "$ref" in value:
        target: Any = document
        for part in value["$ref"].split("/")[1:]:
            target = target[part.replace("~1", "/").replace("~0", "~")]
        value = target
    return value


def _allow_null(schema: dict[str, Any]) -> dict[str, Any]:
    if "type" in schema:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        schema["type"] = [*kinds, "null"]
    if "enum" in schema and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    if "type" in schema:
        return schema
    return {"anyOf": [schema, {"type": "null"}]}


def is_full_date(text: str) -> bool:
    """RFC 3339 `full-date`."""
    if not _FULL_DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_date_time(text: str) -> bool:
    """RFC 3339 `date-time`, without leap seconds, which the world's clock does not have."""
    if not _DATE_TIME.fullmatch(text):
        return False
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text.upper()))
        # A moment that has no UTC form (year 1 or 9999 with an offset) cannot be stored.
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return True


def is_uuid(text: str) -> bool:
    """A UUID with its four hyphens."""
    return _UUID.fullmatch(text) is not None


_FORMATS = {"date": is_full_date, "date-time": is_date_time, "uuid": is_uuid}
