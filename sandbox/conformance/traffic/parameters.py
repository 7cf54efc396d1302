"""Which parameters each operation of a contract describes, as far as rules over traffic ask."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.conformance.operations import Operation, Operations
from sandbox.contracts.schema import resolve


@dataclass(frozen=True, slots=True)
class Parameters:
    """Names of an operation's parameters."""

    query: frozenset[str]
    required_headers: frozenset[str]
    """In lower case."""


def parameters(operations: Operations) -> Mapping[str, Parameters]:
    """By operation of ESR and NHS Jobs."""
    return {
        operation.name: _parameters(operation, operations)
        for system in ("esr", "nhs-jobs")
        for operation in operations.of(system)
    }


def _parameters(operation: Operation, operations: Operations) -> Parameters:
    document = operations.contracts[operation.system].document
    written = (
        *document["paths"][operation.path].get("parameters", []),
        *operation.definition.get("parameters", []),
    )
    described = [resolve(item, document) for item in written]
    return Parameters(
        frozenset(item["name"] for item in described if item["in"] == "query"),
        frozenset(
            item["name"].lower()
            for item in described
            if item["in"] == "header" and item.get("required")
        ),
    )
