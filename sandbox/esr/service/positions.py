"""Reads positions, and lets ESR change and delete them."""

from typing import Any

from sandbox.errors import Code, Refusal, not_found
from sandbox.esr.service.events import announce
from sandbox.esr.store import positions as store
from sandbox.timestamps import to_text
from sandbox.web.call import Unit
from sandbox.web.cursor import encode_cursor, page_of


def list_positions(
    unit: Unit, since: int | None, limit: int, ods_code: str | None, cost_centre: str | None
) -> dict[str, Any]:
    """A page of `Position` in the order of the last change, after `since`; `next` is always there.

    Without `since` it is the beginning of a full load, which has no use for what was deleted before.
    """
    rows = store.list_positions(
        unit.connection,
        unit.workspace.name,
        since or 0,
        limit + 1,
        ods_code,
        cost_centre,
        with_deleted=since is not None,
    )
    page = page_of("positions", rows, limit)
    last = rows[:limit][-1][0] if rows else since or 0
    return {**page, "next": encode_cursor(last)}


def read_position(unit: Unit, position_id: int, ods_code: str | None) -> dict[str, Any]:
    """The `Position`. Raises Refusal NOT_FOUND when unknown or not the employer's."""
    found = store.find_position(unit.connection, unit.workspace.name, position_id)
    if found is None or ods_code not in (None, found["odsCode"]):
        raise not_found("position", position_id)
    return found


def change_position(unit: Unit, position_id: int, changes: dict[str, Any]) -> dict[str, Any]:
    """ESR changes a position and announces it.

    Raises Refusal NOT_FOUND, STATE_FORBIDS when it was deleted, or END_BEFORE_START.
    """
    position = read_position(unit, position_id, None)
    if position["changeDeleteIndicator"] == "D":
        raise Refusal(Code.STATE_FORBIDS, f"The position {position_id} was deleted.")
    changed = {**position, **changes, "updatedAt": to_text(unit.now)}
    if changed.get("effectiveTo", changed["effectiveFrom"]) < changed["effectiveFrom"]:
        raise Refusal(
            Code.END_BEFORE_START, "The position would end before the day from which it holds."
        )
    return _store(unit, changed, "position.changed")


def delete_position(unit: Unit, position_id: int) -> dict[str, Any]:
    """ESR deletes a position and announces it. Raises Refusal NOT_FOUND, or STATE_FORBIDS when it was before."""
    position = read_position(unit, position_id, None)
    if position["changeDeleteIndicator"] == "D":
        raise Refusal(Code.STATE_FORBIDS, f"The position {position_id} was deleted before.")
    deleted = {
        **position,
        "changeDeleteIndicator": "D",
        "hiringStatus": "DELETED",
        "updatedAt": to_text(unit.now),
    }
    return _store(unit, deleted, "position.deleted")


def _store(unit: Unit, position: dict[str, Any], kind: str) -> dict[str, Any]:
    store.update_position(unit.connection, unit.workspace.name, position)
    announce(unit, kind, f"positions/{position['positionId']}", position["odsCode"], position)
    return position
