"""Reads organisations, and lets ESR switch an employer's interfaces and rule profiles."""

from typing import Any

from sandbox.errors import not_found
from sandbox.esr.store import organisations as store
from sandbox.web.call import Unit
from sandbox.web.cursor import page_of


def list_organisations(unit: Unit, after: int, limit: int) -> dict[str, Any]:
    """A page of `Organisation`, by ODS code."""
    everyone = store.list_organisations(unit.connection, unit.workspace.name)
    rows = list(enumerate(everyone, start=1))
    return page_of("organisations", rows[after : after + limit + 1], limit)


def read_organisation(unit: Unit, ods_code: str) -> dict[str, Any]:
    """The `Organisation`. Raises Refusal NOT_FOUND."""
    found = store.find_organisation(unit.connection, unit.workspace.name, ods_code)
    if found is None:
        raise not_found("organisation", ods_code)
    return found


def change_organisation(unit: Unit, ods_code: str, changes: dict[str, Any]) -> dict[str, Any]:
    """ESR switches what `changes` names and leaves the rest. Raises Refusal NOT_FOUND."""
    organisation = read_organisation(unit, ods_code)
    changed = {
        **organisation,
        **changes,
        **{
            name: {**organisation[name], **changes.get(name, {})}
            for name in ("interfaces", "ruleProfiles")
        },
    }
    store.update_organisation(unit.connection, unit.workspace.name, changed)
    return changed
