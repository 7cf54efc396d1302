"""Faults of a workspace, and the scenarios that one request may ask for."""

import re
from typing import Any

from flask import render_template

from sandbox.console.acts import control_operations
from sandbox.console.console import console
from sandbox.console.forms import entries_of
from sandbox.console.pages.world.blueprint import HOME, page
from sandbox.contracts.schema import resolve
from sandbox.control.service.faults import list_faults
from sandbox.control.service.scenarios import list_scenarios

_ROW = re.compile(r"^\| `([A-Z_0-9]+)` \| ([a-z]+) \| (.*) \|$", re.MULTILINE)
_OWN = frozenset({"faultId", "system", "kind", "hits", "createdAt", "operationId", "eventType"})


@page.get(f"{HOME}/faults")
def faults() -> str:
    """The faults that are set, every kind that there is, and the scenarios."""
    listed = console().read(list_faults)["faults"]
    scenarios = list_scenarios()
    operation = control_operations()["add_fault"]
    schemas = operation.contract.document["components"]["schemas"]
    return render_template(
        "console/world/faults.html.j2",
        listed=[(fault, _rest(fault)) for fault in listed],
        kinds=_ROW.findall(schemas["FaultKind"]["description"]),
        examples=_examples(operation.document, operation.contract.document),
        header_name=scenarios["header"],
        scenarios=scenarios["scenarios"],
        address=f"{console().settings.public_url}/esr/v1/organisations",
    )


def _rest(fault: dict[str, Any]) -> str:
    """What else narrows a fault, in the contract's names."""
    told = {name: value for name, value in fault.items() if name not in _OWN}
    return ", ".join(
        f"{name} {value if not isinstance(value, dict) else ': '.join(map(str, value.values()))}"
        for name, value in told.items()
    )


def _examples(
    operation: dict[str, Any], document: dict[str, Any]
) -> list[tuple[str, dict[str, str]]]:
    """(what it does, how it is entered) of each example of the contract."""
    body = resolve(operation["requestBody"], document)["content"]["application/json"]
    found = (resolve(item, document) for item in body["examples"].values())
    return [
        (item["summary"], entries_of(body["schema"], document, item["value"])) for item in found
    ]
