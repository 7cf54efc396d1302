"""Every body that the control contract shows can be entered in its form, and comes out as it was."""

from typing import Any

import pytest

from sandbox.console.acts import Operation, operations_of
from sandbox.console.forms import (
    Field,
    Kind,
    body_of,
    entries_of,
    fields_of,
    label_of,
    parameter_fields,
)
from sandbox.contracts.library import load_contract
from sandbox.contracts.schema import resolve

CONTROL = load_contract("control")
OPERATIONS = operations_of(CONTROL)
WITH_BODY = [operation for operation in OPERATIONS.values() if operation.schema is not None]
EVERYTHING: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["day"],
    "properties": {
        "day": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "date-time"},
        "count": {"type": "integer"},
        "share": {"type": "number"},
        "isSure": {"type": "boolean"},
        "names": {"type": "array", "items": {"type": "string"}},
        "inner": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"word": {"type": "string", "enum": ["ONE", "OTHER_ONE"]}},
        },
        "many": {
            "type": "array",
            "maxItems": 3,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"number": {"type": "string"}},
            },
        },
        "anything": {"type": "object", "additionalProperties": True},
    },
}


def examples(operation: Operation) -> dict[str, Any]:
    """The bodies that the contract shows of an operation, by name."""
    body = resolve(operation.document["requestBody"], CONTROL.document)
    shown = body["content"]["application/json"]["examples"]
    return {name: resolve(item, CONTROL.document)["value"] for name, item in shown.items()}


def entered(schema: dict[str, Any], entries: dict[str, str]) -> dict[str, Any]:
    return body_of(fields_of(schema, CONTROL.document, entries), entries)


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: str(operation.id))
def test_every_body_that_the_contract_shows_can_be_entered(operation: Operation) -> None:
    assert operation.schema is not None
    shown = examples(operation)

    came_out = {
        name: entered(operation.schema, entries_of(operation.schema, CONTROL.document, body))
        for name, body in shown.items()
    }

    assert shown
    assert came_out == shown


def test_every_kind_of_value_comes_out_as_it_was() -> None:
    body = {
        "day": "2026-03-27",
        "at": "2026-06-01T08:00:00Z",
        "count": -3,
        "share": 0.25,
        "isSure": False,
        "names": ["one", "two words"],
        "inner": {"word": "OTHER_ONE"},
        "many": [{"number": "1"}, {"number": "2"}],
        "anything": {"keys": [{"kty": "RSA"}], "more": None},
    }

    assert entered(EVERYTHING, entries_of(EVERYTHING, {}, body)) == body


def test_what_is_left_empty_is_left_out() -> None:
    blank = {"/day.day": "", "/count": " ", "/isSure": "", "/inner/word": "", "/many/0/number": ""}

    assert entered(EVERYTHING, blank) == {}


def test_what_cannot_be_read_goes_on_as_it_was_entered() -> None:
    """The contract says what is wrong with it, at its pointer."""
    wrong = {"/count": "three", "/share": "0,5x", "/isSure": "perhaps", "/anything": "{"}

    assert entered(EVERYTHING, wrong) == {name[1:]: text for name, text in wrong.items()}


def test_a_list_has_no_more_items_than_the_contract_allows() -> None:
    entries = {"/many/999/number": "x", f"/many/{'9' * 5000}/number": "x"}

    [many] = [field for field in fields_of(EVERYTHING, {}, entries) if field.name == "many"]

    assert len(many.fields) == 3


def test_an_argument_does_not_lead_out_of_its_place() -> None:
    path = OPERATIONS["hire_applicant"].place({"applicantNumber": "../.."})

    assert path == "/esr/applicants/%2E%2E%2F%2E%2E/hire"


def test_a_moment_may_be_written_as_people_do() -> None:
    assert entered(EVERYTHING, {"/at": "2026-06-01 08:00"}) == {"at": "2026-06-01T08:00:00Z"}


def test_a_date_is_made_of_three_numbers() -> None:
    entries = {"/day.day": "7", "/day.month": "3", "/day.year": "2026"}

    assert entered(EVERYTHING, entries) == {"day": "2026-03-07"}


def test_the_names_of_codes_and_what_values_mean_stand_beside_them() -> None:
    by_pointer: dict[str, Field] = {}
    for name in ("make_offer", "decide_match", "apply_for_advert"):
        schema = OPERATIONS[name].schema
        assert schema is not None
        for field in fields_of(schema, CONTROL.document, {}):
            by_pointer[field.pointer] = field

    contract_type, decision = by_pointer["/contractType"], by_pointer["/decision"]

    assert contract_type.options[4].label == "05 Permanent"
    assert decision.options[1].label == "New person"
    assert decision.options[1].hint == "Nobody whom ESR knew."
    assert "NEW_PERSON" not in decision.hint
    assert by_pointer["/recruitmentSource"].options[0].label == "01 NHS Organisation"
    assert decision.is_required
    assert not by_pointer["/personId"].is_required


def test_every_operation_has_its_place_in_the_form() -> None:
    for operation in OPERATIONS.values():
        places = parameter_fields(operation.parameters, CONTROL.document)
        arguments = {place.name: "a/b" for place in places}

        path = operation.place(arguments)

        assert "{" not in path
        assert path.count("a%2Fb") == len(places)
        assert all(place.kind is not Kind.JSON for place in places)


def test_labels_are_words() -> None:
    assert label_of("hiredDate") == "Hired date"
    assert label_of("niNumber") == "NI number"
    assert label_of("right-to-work") == "Right to work"
    assert label_of("dbs") == "DBS"
