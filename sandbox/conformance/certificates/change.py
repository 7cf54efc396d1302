"""A change of a contract from one file to another: what it is of, and what it touches here."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import orjson

from sandbox.conformance.case import Case, load_cases
from sandbox.conformance.certificates.certificate import State
from sandbox.conformance.certificates.impact import CaseReference, Impact, impact
from sandbox.conformance.certificates.register import Issued
from sandbox.contracts.bundle import operations
from sandbox.contracts.requirements import load_requirements


class NoContract(Exception):
    """A document is no contract, or two are not of one contract; the text says why."""


def read_bundle(content: bytes, called: str) -> dict[str, Any]:
    """The contract in a `bundle.json`, which messages call `called`. Raises NoContract."""
    try:
        document = orjson.loads(content)
        list(operations(document))
        return {**document, "info": {"version": str(document["info"]["version"])}}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise NoContract(f"{called} is no contract: {problem}.") from problem


def contract_name(document: Mapping[str, Any]) -> str:
    """`esr`, of a contract that is served under `/esr/v1`."""
    servers = document.get("servers") or [{}]
    return str(servers[0].get("url", "")).strip("/").split("/")[0]


def impact_of_change(
    before: dict[str, Any], after: dict[str, Any], issued: Iterable[Issued], today: date
) -> Impact:
    """What a change touches of the requirements and cases known here, and of those `issued` certificates that are in force.

    Raises NoContract where the two documents are of different contracts, or cannot be compared.
    """
    name = contract_name(after)
    if contract_name(before) != name:
        raise NoContract(
            f"The older one is the contract {contract_name(before)}, and the newer one is {name}."
        )
    names = {item["operationId"] for held in (before, after) for *_, item in operations(held)}
    cases = [_reference(case, names) for case in load_cases()]
    in_force = [
        item.certificate
        for item in issued
        if item.certificate.state(today, item.revoked is not None, {}) is State.IN_FORCE
    ]
    try:
        return impact(name, before, after, load_requirements(), cases, in_force)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise NoContract(f"The two cannot be compared: {problem!r}.") from problem


def _reference(case: Case, names: set[str]) -> CaseReference:
    """A case with those operations that its data name anywhere."""
    found: set[str] = set()
    level: list[Any] = [case.document]
    while level:
        item = level.pop()
        if isinstance(item, dict):
            level += item.values()
        elif isinstance(item, list):
            level += item
        elif item in names:
            found.add(item)
    return case.id, sorted(found), case.requirements
