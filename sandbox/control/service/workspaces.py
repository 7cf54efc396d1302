"""Workspaces: created with a client and a token, listed, and their settings."""

from typing import Any

from sandbox.control.service.clocks import first_clock
from sandbox.errors import Code, Refusal, not_found
from sandbox.identity.store import ensure_client, ensure_token, new_token
from sandbox.web.call import Unit
from sandbox.workspaces.store import (
    Workspace,
    change_workspace,
    find_workspace,
    insert_workspace,
    list_workspaces,
    set_clock,
)

_MOST = 10_000


def create_workspace(
    unit: Unit, name: str, journal_detail: str, clock: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Adds a workspace with an empty world; answers it with a fresh token. `clock` is a `ClockSetting`.

    Raises Refusal ALREADY_EXISTS, STATE_FORBIDS when there are too many, or SETTING_INVALID.
    """
    if find_workspace(unit.connection, name) is not None:
        raise Refusal(Code.ALREADY_EXISTS, f"There is a workspace {name} already.")
    if len(list_workspaces(unit.connection)) >= _MOST:
        raise Refusal(Code.STATE_FORBIDS, f"A sandbox holds {_MOST} workspaces at most.")
    insert_workspace(unit.connection, name, unit.workspace.seed, journal_detail, unit.wall)
    if clock is not None:
        set_clock(unit.connection, name, first_clock(clock, unit.wall))
    token = new_token()
    client_id = f"supplier-{name}"
    ensure_client(unit.connection, client_id, name, f"Supplier of workspace {name}")
    ensure_token(unit.connection, client_id, token)
    return {**read_workspace(unit, name), "token": token}


def read_workspace(unit: Unit, name: str) -> dict[str, Any]:
    """The `Workspace`. Raises Refusal NOT_FOUND."""
    found = find_workspace(unit.connection, name)
    if found is None:
        raise not_found("workspace", name)
    return _shown(found)


def every_workspace(unit: Unit) -> dict[str, Any]:
    """The `WorkspaceList`."""
    return {"workspaces": [_shown(item) for item in list_workspaces(unit.connection)]}


def settings_of(workspace: Workspace) -> dict[str, Any]:
    """The `Settings` of a workspace."""
    return {
        "journalDetail": workspace.journal_detail,
        "searchOddities": workspace.search_oddities,
    }


def set_settings(unit: Unit, settings: dict[str, Any]) -> dict[str, Any]:
    """Replaces the settings."""
    change_workspace(
        unit.connection,
        unit.workspace.name,
        journal_detail=settings["journalDetail"],
        search_oddities=settings["searchOddities"],
    )
    return settings


def _shown(workspace: Workspace) -> dict[str, Any]:
    return {
        "name": workspace.name,
        "pathPrefix": f"/w/{workspace.name}",
        "journalDetail": workspace.journal_detail,
        "createdAt": workspace.created_at,
    }
