"""Operations are compiled at their first request, so each is compiled here; and what Connexion routes by."""

from typing import Any

import pytest

from sandbox.contracts import load_contract
from sandbox.contracts.bundle import operations
from sandbox.errors import Code, Refusal
from sandbox.web.routes import routes_of
from sandbox.web.validation import RequestRules

_CONTRACTS = [load_contract(name) for name in ("esr", "nhs-jobs", "receiver", "control")]
_OPERATIONS = [
    pytest.param(contract.document, path, operation, id=operation["operationId"])
    for contract in _CONTRACTS
    for path, _, operation in operations(contract.document)
]


@pytest.mark.parametrize(("document", "path", "operation"), _OPERATIONS)
def test_every_operation_compiles_and_refuses_a_parameter_that_it_does_not_know(
    document: dict[str, Any], path: str, operation: dict[str, Any]
) -> None:
    rules = RequestRules(document["paths"][path], operation, document)

    with pytest.raises(Refusal) as refused:
        rules.parameters({}, "unheard-of=1", {})

    assert refused.value.code is Code.CONTRACT_VIOLATION
    assert any(place.pointer == "unheard-of" for place in refused.value.places)


@pytest.mark.parametrize("contract", _CONTRACTS, ids=lambda contract: contract.name)
def test_routes_have_every_operation_of_a_contract(contract: Any) -> None:
    found = routes_of(contract.document)

    assert [item["operationId"] for _, _, item in operations(found)] == list(contract.operation_ids)


def test_routes_have_the_parameters_of_a_path_with_their_types_and_no_others() -> None:
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Things", "version": "1.0.0"},
        "paths": {
            "/things/{thingId}/{part}": {
                "parameters": [{"$ref": "#/components/parameters/ThingId"}],
                "get": {
                    "operationId": "read_part",
                    "parameters": [
                        {
                            "name": "part",
                            "in": "path",
                            "schema": {"type": "string", "maxLength": 3},
                        },
                        {"name": "limit", "in": "query", "schema": {"type": "integer"}},
                    ],
                },
            }
        },
        "components": {
            "parameters": {
                "ThingId": {
                    "name": "thingId",
                    "in": "path",
                    "schema": {"$ref": "#/components/schemas/ThingId"},
                }
            },
            "schemas": {"ThingId": {"type": "integer", "minimum": 1}},
        },
    }

    [(_, _, operation)] = operations(routes_of(document))

    assert [(item["name"], item["schema"]) for item in operation["parameters"]] == [
        ("thingId", {"type": "integer"}),
        ("part", {"type": "string"}),
    ]
