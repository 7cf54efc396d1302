"""OpenAPI 3.0 is not JSON Schema: what differs is translated, and formats are checked."""

from typing import Any

import pytest

from sandbox.contracts.schema import compile_schema, translate

DOCUMENT = {"components": {"schemas": {"Name": {"type": "string", "maxLength": 3}}}}


def accepts(schema: dict[str, Any], value: Any) -> bool:
    return compile_schema(schema, DOCUMENT).is_valid(value)


def test_a_nullable_type_takes_null() -> None:
    assert accepts({"type": "string", "nullable": True}, None)
    assert accepts({"type": "string", "nullable": True}, "text")
    assert not accepts({"type": "string", "nullable": True}, 1)


@pytest.mark.parametrize("schema", [{"type": "string"}, {"type": "string", "nullable": False}])
def test_a_type_that_is_not_nullable_refuses_null(schema: dict[str, Any]) -> None:
    assert not accepts(schema, None)


def test_a_nullable_list_of_values_takes_null_and_nothing_new_besides() -> None:
    schema = {"type": "string", "enum": ["A", "B"], "nullable": True}

    assert accepts(schema, None)
    assert accepts(schema, "A")
    assert not accepts(schema, "C")


def test_a_property_may_be_named_as_a_keyword() -> None:
    schema = {
        "type": "object",
        "properties": {"nullable": {"type": "string"}, "example": {"type": "integer"}},
    }

    assert accepts(schema, {"nullable": "yes", "example": 1})
    assert not accepts(schema, {"example": "one"})


@pytest.mark.parametrize(
    ("bound", "exclusive", "inside"),
    [("minimum", "exclusiveMinimum", 6), ("maximum", "exclusiveMaximum", 4)],
)
def test_a_boolean_exclusive_bound_leaves_the_bound_out(
    bound: str, exclusive: str, inside: int
) -> None:
    assert accepts({bound: 5}, 5)
    assert accepts({bound: 5, exclusive: False}, 5)
    assert not accepts({bound: 5, exclusive: True}, 5)
    assert accepts({bound: 5, exclusive: True}, inside)


def test_what_stands_beside_a_reference_is_left_out() -> None:
    schema = {"$ref": "#/components/schemas/Name", "maxLength": 1, "nullable": True}

    assert translate(schema) == {"$ref": "#/components/schemas/Name"}
    assert accepts(schema, "abc")
    assert not accepts(schema, "abcd")
    assert not accepts(schema, None)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "integer", "minimum": 0, "exclusiveMinimum": True}},
        {"allOf": [{"items": {"minimum": 0, "exclusiveMinimum": True}}]},
    ],
)
def test_the_translation_reaches_nested_schemas(schema: dict[str, Any]) -> None:
    assert accepts(schema, [1])
    assert not accepts(schema, [0])


def test_values_of_an_enumeration_are_not_taken_for_schemas() -> None:
    assert accepts({"enum": [{"example": 1}]}, {"example": 1})


GOOD = {
    "date": ["2026-02-28", "2024-02-29", "0001-01-01"],
    "date-time": [
        "2026-02-28T23:59:59Z",
        "2026-02-28t23:59:59z",
        "2026-02-28T23:59:59.123456789+01:00",
        "2026-02-28T00:00:00-23:59",
    ],
    "uuid": ["f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"],
}
BAD = {
    "date": ["2026-02-29", "2026-2-28", "20260228", "2026-02-28T00:00:00Z", "2026-W09-6", "", "٢٠٢٦-٠٢-٢٨"],
    "date-time": [
        "2026-02-28",
        "2026-02-28T23:59:59",
        "2026-02-28 23:59:59Z",
        "2026-02-28T24:00:00Z",
        "2026-02-28T23:60:00Z",
        "2026-02-28T23:59:59+24:00",
        "2026-02-28T23:59Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
    ],
    "uuid": [
        "f81d4fae7dec11d0a76500a0c91e6bf6",
        "----f81d4fae7dec11d0a76500a0c91e6bf6",
        "f81d4fa_-7dec-11d0-a765-00a0c91e6bf6",
        "{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}",
        "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "f81d4fag-7dec-11d0-a765-00a0c91e6bf6",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, text) for name in GOOD for text in GOOD[name]])
def test_a_format_takes_what_it_names(name: str, value: str) -> None:
    assert accepts({"type": "string", "format": name}, value)


@pytest.mark.parametrize(("name", "value"), [(name, text) for name in BAD for text in BAD[name]])
def test_a_format_refuses_what_it_does_not_name(name: str, value: str) -> None:
    assert not accepts({"type": "string", "format": name}, value)
