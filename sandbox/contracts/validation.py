"""Judges a bundled contract: by OpenAPI 3.0, by its examples, and by the house rules that a linter cannot know."""

import re
from collections.abc import Iterator
from typing import Any

from openapi_spec_validator import OpenAPIV30SpecValidator

from sandbox.contracts.bundle import Bundle, operations
from sandbox.contracts.faults import Fault
from sandbox.contracts.schema import compile_schema
from sandbox.contracts.sources import Pointer

_BASES = ("public", "modelled", "assumed")


def contract_faults(bundle: Bundle) -> list[Fault]:
    """Every fault of the contract, each with file and line; an empty list when it may be used."""
    if not str(bundle.document.get("openapi", "")).startswith("3.0."):
        return [_fault(bundle, ("openapi",), "a contract here is OpenAPI 3.0.x")]
    faults = [
        _fault(bundle, tuple(error.absolute_path), _first_line(error.message))
        for error in OpenAPIV30SpecValidator(bundle.document).iter_errors()
    ]
    if faults:
        # House rules and examples are worth judging only in a document that is OpenAPI at all.
        return faults
    return [*_house_faults(bundle), *_example_faults(bundle)]


def _house_faults(bundle: Bundle) -> Iterator[Fault]:
    servers = bundle.document.get("servers") or [{}]
    if not str(servers[0].get("url", "")).startswith("/"):
        yield _fault(
            bundle, ("servers",), "the first server says under which path the contract is served"
        )
    seen: dict[str, Pointer] = {}
    for path, method, operation in operations(bundle.document):
        pointer: Pointer = ("paths", path, method)
        name = operation.get("operationId", "")
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            yield _fault(bundle, pointer, "operationId is the handler's name in snake_case")
        if name in seen:
            yield _fault(bundle, pointer, f"the operationId {name!r} stands here twice")
        seen[name] = pointer
        if operation.get("x-basis") not in _BASES:
            yield _fault(bundle, pointer, f"x-basis is one of {', '.join(_BASES)}")
        if not operation.get("x-source"):
            yield _fault(bundle, pointer, "x-source says where the operation comes from")


def _example_faults(bundle: Bundle) -> Iterator[Fault]:
    """Examples that their own schema refuses."""
    for pointer, holder in _media_types(bundle.document):
        schema = holder.get("schema")
        if schema is None or str(pointer[-1]).endswith("xml"):
            continue
        examples: dict[Pointer, Any] = {
            (*pointer, "examples", name, "value"): example.get("value")
            for name, example in holder.get("examples", {}).items()
            if "$ref" not in example
        }
        if "example" in holder:
            examples[(*pointer, "example")] = holder["example"]
        if not examples:
            continue
        judge = compile_schema(schema, bundle.document)
        for where, value in examples.items():
            for error in judge.iter_errors(value):
                inside = "/".join(str(part) for part in error.instance_path)
                yield _fault(
                    bundle, where, f"the example breaks its schema at /{inside}: {error.message}"
                )


def _media_types(value: Any, pointer: Pointer = ()) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    if isinstance(value, dict):
        if "schema" in value and ("examples" in value or "example" in value):
            yield pointer, value
        for key, item in value.items():
            if key not in {"example", "examples"}:
                yield from _media_types(item, (*pointer, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _media_types(item, (*pointer, position))


def _fault(bundle: Bundle, pointer: Pointer, message: str) -> Fault:
    path, line = bundle.locate(pointer)
    place = "/".join(str(part) for part in pointer)
    return Fault(path, line, f"{message} (at #/{place})")


def _first_line(message: str) -> str:
    text = message.strip().splitlines()[0] if message.strip() else "not valid OpenAPI 3.0"
    return text if len(text) <= 300 else text[:297] + "..."
