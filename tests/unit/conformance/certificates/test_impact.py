"""What breaks depends on who sends and who reads; what is touched is told by operation."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.conformance.certificates.certificate import Certificate
from sandbox.conformance.certificates.compatibility import compare_contracts
from sandbox.conformance.certificates.impact import impact
from sandbox.contracts import CONTRACT_NAMES, load_contract
from sandbox.contracts.requirements import Requirement

SCHEMAS = {
    "Thing": {
        "type": "object",
        "required": ["id", "status"],
        "additionalProperties": False,
        "properties": {
            "id": {"type": "string", "maxLength": 10},
            "status": {"type": "string", "enum": ["OPEN", "CLOSED"]},
            "note": {"type": "string", "nullable": True},
            "count": {"type": "integer", "maximum": 9},
            "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
        },
    },
    "Part": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "pattern": "^a"},
            "whole": {"$ref": "#/components/schemas/Thing"},
        },
    },
}
THING = {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}
OLD: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Things", "version": "1.0.0"},
    "servers": [{"url": "/esr/v1"}],
    "security": [{"bearer": []}],
    "paths": {
        "/things/{thingId}": {
            "parameters": [
                {"name": "thingId", "in": "path", "required": True, "schema": {"type": "string"}}
            ],
            "get": {
                "operationId": "read_thing",
                "parameters": [{"name": "deep", "in": "query", "schema": {"type": "boolean"}}],
                "responses": {
                    "200": {"content": THING, "headers": {"ETag": {"schema": {"type": "string"}}}},
                    "404": {"description": "None."},
                },
            },
            "put": {
                "operationId": "replace_thing",
                "requestBody": {"required": True, "content": THING},
                "responses": {"204": {"description": "Done."}},
            },
        }
    },
    "components": {"schemas": SCHEMAS},
}


def changed(alter: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    document = copy.deepcopy(OLD)
    alter(document)
    return document


def thing(document: dict[str, Any]) -> Any:
    return document["components"]["schemas"]["Thing"]


def properties(document: dict[str, Any]) -> Any:
    return thing(document)["properties"]


def reading(document: dict[str, Any]) -> Any:
    return document["paths"]["/things/{thingId}"]["get"]


def replacing(document: dict[str, Any]) -> Any:
    return document["paths"]["/things/{thingId}"]["put"]


def breaks(alter: Callable[[dict[str, Any]], Any], **how: Any) -> dict[str, bool]:
    """By operation: whether the change breaks it. `read_thing` reads a Thing, `replace_thing` sends one."""
    return {item.name: item.breaking for item in compare_contracts(OLD, changed(alter), **how)}


READS, SENDS, BOTH, NEITHER = (
    {"read_thing": True, "replace_thing": False},
    {"read_thing": False, "replace_thing": True},
    {"read_thing": True, "replace_thing": True},
    {"read_thing": False, "replace_thing": False},
)
SCHEMA_CHANGES: list[tuple[str, Callable[[dict[str, Any]], Any], dict[str, bool]]] = [
    ("property gone", lambda d: properties(d).pop("note"), BOTH),
    ("property new", lambda d: properties(d).update(more={"type": "string"}), NEITHER),
    ("required, new", lambda d: (properties(d).update(more={}), thing(d)["required"].append("more")), SENDS),
    ("required now", lambda d: thing(d)["required"].append("note"), SENDS),
    ("not required now", lambda d: thing(d)["required"].remove("status"), READS),
    ("enum narrowed", lambda d: properties(d)["status"]["enum"].pop(), SENDS),
    ("enum widened", lambda d: properties(d)["status"]["enum"].append("LOST"), NEITHER),
    ("enum gone", lambda d: properties(d)["status"].pop("enum"), READS),
    ("enum new", lambda d: properties(d)["id"].update(enum=["a"]), SENDS),
    ("type changed", lambda d: properties(d)["id"].update(type="integer"), BOTH),
    ("integer to number", lambda d: properties(d)["count"].update(type="number"), READS),
    ("type told", lambda d: properties(d)["note"].pop("type"), READS),
    ("null no more", lambda d: properties(d)["note"].pop("nullable"), SENDS),
    ("null now", lambda d: properties(d)["id"].update(nullable=True), READS),
    ("shorter", lambda d: properties(d)["id"].update(maxLength=5), SENDS),
    ("longer", lambda d: properties(d)["id"].update(maxLength=50), READS),
    ("no bound", lambda d: properties(d)["count"].pop("maximum"), READS),
    ("a lower bound", lambda d: properties(d)["count"].update(minimum=1), SENDS),
    ("format new", lambda d: properties(d)["id"].update(format="uuid"), SENDS),
    ("pattern gone", lambda d: d["components"]["schemas"]["Part"]["properties"]["name"].pop("pattern"), READS),
    ("pattern other", lambda d: d["components"]["schemas"]["Part"]["properties"]["name"].update(pattern="^b"), BOTH),
    ("open now", lambda d: thing(d).pop("additionalProperties"), {}),
    ("closed now", lambda d: d["components"]["schemas"]["Part"].update(additionalProperties=False), SENDS),
]  # fmt: skip


@pytest.mark.parametrize(
    ("alter", "expected"),
    [row[1:] for row in SCHEMA_CHANGES],
    ids=[row[0] for row in SCHEMA_CHANGES],
)
def test_a_change_of_a_schema_breaks_who_sends_or_who_reads(
    alter: Callable[[dict[str, Any]], Any], expected: dict[str, bool]
) -> None:
    assert breaks(alter) == expected


def test_where_the_subject_offers_the_contract_it_is_the_other_way_round() -> None:
    shorter = SCHEMA_CHANGES[14][1]

    assert breaks(shorter, offered_by_subject=True) == READS


LIST_NEW: dict[str, Any] = {"operationId": "list_new", "responses": {}}


def ask(document: dict[str, Any], **how: Any) -> None:
    reading(document)["parameters"].append({"name": "x", "in": "header", **how})


OPERATION_CHANGES: list[tuple[str, Callable[[dict[str, Any]], Any], str, bool]] = [
    ("gone", lambda d: d["paths"]["/things/{thingId}"].pop("get"), "read_thing", True),
    ("moved", lambda d: d["paths"].update({"/a/{id}": {"get": d["paths"]["/things/{thingId}"].pop("get")}}), "read_thing", True),
    ("renamed", lambda d: reading(d).update(operationId="get_thing"), "read_thing", False),
    ("deprecated", lambda d: reading(d).update(deprecated=True), "read_thing", False),
    ("parameter gone", lambda d: reading(d)["parameters"].pop(), "read_thing", True),
    ("parameter required", lambda d: reading(d)["parameters"][0].update(required=True), "read_thing", True),
    ("parameter new", ask, "read_thing", False),
    ("parameter new and required", lambda d: ask(d, required=True), "read_thing", True),
    ("answer gone", lambda d: reading(d)["responses"].pop("200"), "read_thing", True),
    ("refusal gone", lambda d: reading(d)["responses"].pop("404"), "read_thing", False),
    ("refusal new", lambda d: reading(d)["responses"].update({"409": {}}), "read_thing", False),
    ("success new", lambda d: reading(d)["responses"].update({"202": {}}), "read_thing", True),
    ("header gone", lambda d: reading(d)["responses"]["200"].pop("headers"), "read_thing", True),
    ("media type gone", lambda d: reading(d)["responses"]["200"].update(content={"text/plain": {}}), "read_thing", True),
    ("media type new", lambda d: reading(d)["responses"]["200"].update(content={**THING, "text/plain": {}}), "read_thing", False),
    ("body optional", lambda d: replacing(d)["requestBody"].update(required=False), "replace_thing", False),
    ("body gone", lambda d: replacing(d).pop("requestBody"), "replace_thing", True),
    ("credentials", lambda d: reading(d).update(security=[{"key": []}]), "read_thing", True),
    ("new operation", lambda d: d["paths"].update({"/new": {"get": LIST_NEW}}), "list_new", False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("alter", "name", "breaking"),
    [row[1:] for row in OPERATION_CHANGES],
    ids=[row[0] for row in OPERATION_CHANGES],
)
def test_a_change_of_an_operation(
    alter: Callable[[dict[str, Any]], Any], name: str, breaking: bool
) -> None:
    assert breaks(alter) == {name: breaking}


def test_another_base_path_breaks_every_operation() -> None:
    found = breaks(lambda document: document["servers"][0].update(url="/esr/v2"))

    assert found == BOTH


def test_the_name_of_a_path_parameter_means_nothing() -> None:
    def rename(document: dict[str, Any]) -> None:
        item = document["paths"].pop("/things/{thingId}")
        item["parameters"][0]["name"] = "number"
        document["paths"]["/things/{number}"] = item

    assert breaks(rename) == {}


def test_what_is_put_together_is_compared_as_one() -> None:
    def split(document: dict[str, Any]) -> None:
        schemas = document["components"]["schemas"]
        whole = schemas["Thing"]
        part = {"properties": {"id": whole["properties"].pop("id")}, "required": ["id"]}
        schemas["Base"] = part
        whole["required"] = ["status"]
        schemas["Thing"] = {"allOf": [{"$ref": "#/components/schemas/Base"}, whole]}

    assert breaks(split) == {}


def test_a_new_kind_of_object_is_tolerated_and_another_type_is_not() -> None:
    def forms(*types: str) -> dict[str, Any]:
        return changed(
            lambda d: properties(d).update(
                any={"anyOf": [{"type": kind, "title": str(n)} for n, kind in enumerate(types)]}
            )
        )

    def read(old: dict[str, Any], new: dict[str, Any]) -> bool:
        return {item.name: item.breaking for item in compare_contracts(old, new)}["read_thing"]

    assert not read(forms("object"), forms("object", "object"))
    assert read(forms("object"), forms("object", "string"))


@pytest.mark.parametrize("name", CONTRACT_NAMES)
def test_a_contract_has_not_changed_from_itself(name: str) -> None:
    document = load_contract(name).document

    assert compare_contracts(document, copy.deepcopy(document)) == ()


REQUIREMENTS = (
    Requirement("ESR-APP-001", "MUST", "recruitment-system", "t", "s", "assumed", operations=("read_thing",)),
    Requirement("ESR-APP-002", "MUST", "esr", "t", "s", "assumed", operations=("replace_thing",)),
)  # fmt: skip
CASES = [
    ("supplier.a", ["read_thing"], ["ESR-APP-001"]),
    ("supplier.b", [], ["ESR-APP-001"]),
    ("esr.c", ["replace_thing"], ["ESR-APP-002"]),
]


def certificate(name: str, role: str, **contracts: str) -> Certificate:
    given = dict.fromkeys(Certificate.__dataclass_fields__, "x")
    return Certificate(
        **{**given, "id": name, "role": role, "contracts": contracts, "features": ()}  # type: ignore[arg-type]
    )


HELD = [
    certificate("SUPPLIER", "recruitment-system", esr="1.0.0"),
    certificate("ESR", "esr", esr="1.0.0"),
    certificate("OTHER", "nhs-jobs", **{"nhs-jobs": "1.0.0"}),
]


def told(new: dict[str, Any]) -> dict[str, tuple[bool, tuple[str, ...]]]:
    found = impact("esr", OLD, new, REQUIREMENTS, CASES, HELD)
    return {item.certificate.id: (item.stands, item.run_again) for item in found.certificates}


def test_what_breaks_touches_certificates_by_role() -> None:
    new = changed(lambda d: reading(d)["responses"].pop("200"))

    found = impact("esr", OLD, new, REQUIREMENTS, CASES, HELD)

    assert found.breaking
    assert found.touched[0].requirements == ("ESR-APP-001",)
    assert found.run_again == ("supplier.a", "supplier.b")
    assert told(new) == {"SUPPLIER": (False, ("supplier.a", "supplier.b")), "ESR": (False, ())}


def test_what_is_added_touches_only_those_who_offer_the_contract() -> None:
    new = changed(lambda d: properties(d).update(more={"type": "string"}))

    assert told(new) == {
        "SUPPLIER": (True, ("supplier.a", "supplier.b")),
        "ESR": (False, ("esr.c",)),
    }


def test_a_new_major_version_ends_certificates() -> None:
    new = changed(lambda d: d["info"].update(version="2.0.0"))

    assert {name: stands for name, (stands, _) in told(new).items()} == {
        "SUPPLIER": False,
        "ESR": False,
    }


def test_nothing_changed_touches_nothing() -> None:
    found = impact("esr", OLD, OLD, REQUIREMENTS, CASES, HELD)

    assert not found.breaking
    assert found.run_again == ()
    assert all(item.stands for item in found.certificates)
