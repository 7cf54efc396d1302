"""Reads organisations, and lets ESR switch an employer's interfaces and rule profiles."""

from typing import Any

from sandbox.errors import not_found
from sandbox.esr.store import organisations as store
from sandbox.web.call import Unit
from sandbox.web.cursor import page_of


def list_organisations(unit: Unit, after: int, limit: int) -> dict[str, Any]:
    """A page of `Organisation`, by ODS code: the employers for whom the caller may act."""
    everyone = store.list_organisations(unit.connection, unit.workspace.name)
    own = [item for item in everyone if _is_own(unit, item["odsCode"])]
    rows = list(enumerate(own, start=1))
    return page_of("organisations", rows[after : after + limit + 1], limit)


def read_organisation(unit: Unit, ods_code: str) -> dict[str, Any]:
    """The `Organisation`. Raises Refusal NOT_FOUND when unknown or none for whom the caller may act."""
    found = store.find_organisation(unit.connection, unit.workspace.name, ods_code)
    if found is None or not _is_own(unit, ods_code):
        raise not_found("organisation", ods_code)
    return found


def _is_own(unit: Unit, ods_code: str) -> bool:
    return unit.employers is None or ods_code in unit.employers


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
