"""Workspaces: created with a client and a token, listed, and their settings."""

from typing import Any

from sandbox.control.service.clients import columns_of
from sandbox.control.service.clocks import first_clock
from sandbox.control.store.worlds import delete_everything, list_snapshots
from sandbox.errors import Code, Refusal, not_found
from sandbox.esr.service.signing_keys import SIGNING_KEYS
from sandbox.identity.store import ANNOUNCEMENT as IDENTITY
from sandbox.identity.store import change_client, ensure_client, ensure_token, new_token
from sandbox.limits.documents import limits_in, limits_shown
from sandbox.limits.store import load_limits, set_limits
from sandbox.limits.windows import Limits
from sandbox.policies import changed
from sandbox.web.call import Unit
from sandbox.workspaces.quota import Quota, quota_in, shown
from sandbox.workspaces.store import (
    Workspace,
    change_workspace,
    find_workspace,
    insert_workspace,
    list_workspaces,
    set_clock,
    set_quota,
)

DEFAULT = "default"
"""The workspace that is always there."""
_MOST = 10_000


def create_workspace(
    unit: Unit,
    name: str,
    journal_detail: str,
    clock: dict[str, Any] | None = None,
    limits: dict[str, Any] | None = None,
    client: dict[str, Any] | None = None,
    quota: dict[str, int] | None = None,
    client_id: str | None = None,
) -> dict[str, Any]:
    """Adds a workspace with an empty world and a client; answers it with the client's id, that is `client_id` where it is given.

    `clock` is a `ClockSetting`, `limits` are `RequestLimits`, `client` are the `ClientKeys`, `quota` is a `Quota`.
    Raises Refusal ALREADY_EXISTS, STATE_FORBIDS when there are too many, or SETTING_INVALID.
    """
    if find_workspace(unit.connection, name) is not None:
        raise Refusal(Code.ALREADY_EXISTS, f"There is a workspace {name} already.")
    if len(list_workspaces(unit.connection)) >= _MOST:
        raise Refusal(Code.STATE_FORBIDS, f"A sandbox holds {_MOST} workspaces at most.")
    insert_workspace(unit.connection, name, unit.workspace.seed, journal_detail, unit.wall)
    if clock is not None:
        set_clock(unit.connection, name, first_clock(clock, unit.wall))
    if limits is not None:
        set_limits(unit.connection, name, limits_in(limits, None))
    if quota is not None:
        set_quota(unit.connection, name, quota_in(quota, Quota()))
    client_id = client_id or f"supplier-{name}"
    ensure_client(unit.connection, client_id, name, f"Supplier of workspace {name}")
    if client:
        change_client(unit.transaction, name, client_id, columns_of(client))
    made = find_workspace(unit.connection, name)
    assert made is not None
    return {**_shown(made), "clientId": client_id}


def give_token(unit: Unit, client_id: str) -> str:
    """A fresh token of the client, which does not expire."""
    token = new_token()
    ensure_token(unit.connection, client_id, token)
    return token


def check_removable(unit: Unit, name: str) -> None:
    """Raises Refusal NOT_FOUND, or STATE_FORBIDS for a workspace that stays."""
    if find_workspace(unit.connection, name) is None:
        raise not_found("workspace", name)
    if name == DEFAULT:
        raise Refusal(Code.STATE_FORBIDS, f"The workspace {DEFAULT} stays; reset it instead.")
    if name == unit.workspace.name:
        raise Refusal(
            Code.STATE_FORBIDS,
            f"A workspace is not taken away from within. Send the request without the path prefix /w/{name}.",
        )


def delete_workspace(unit: Unit, name: str) -> None:
    """Takes a workspace away with all that is its own in the database. Raises as `check_removable` does."""
    check_removable(unit, name)
    # First, so that whoever writes into it waits for the end, and finds nothing.
    changed(unit.transaction, name)
    delete_everything(unit.connection, name)
    unit.transaction.announcements |= {IDENTITY, SIGNING_KEYS}


def read_workspace(unit: Unit, name: str) -> dict[str, Any]:
    """The `Workspace`. Raises Refusal NOT_FOUND."""
    found = find_workspace(unit.connection, name)
    if found is None:
        raise not_found("workspace", name)
    kept = len(list_snapshots(unit.connection, name))
    held = shown(found.held._replace(snapshots=kept))
    return {**_shown(found), "held": held, "quota": shown(found.quota)}


def every_workspace(unit: Unit) -> dict[str, Any]:
    """The `WorkspaceList`."""
    return {"workspaces": [_shown(item) for item in list_workspaces(unit.connection)]}


def settings_of(unit: Unit) -> dict[str, Any]:
    """The `Settings` of the workspace."""
    held = find_workspace(unit.connection, unit.workspace.name) or unit.workspace
    return {
        "journalDetail": held.journal_detail,
        "searchOddities": held.search_oddities,
        "limits": limits_shown(load_limits(unit.connection, held.name)),
        "quota": shown(held.quota),
    }


def changes(unit: Unit, settings: dict[str, Any], name: str) -> bool:
    """Whether `settings` has something else under `name` than what is set."""
    return name in settings and settings[name] != settings_of(unit)[name]


def set_settings(unit: Unit, settings: dict[str, Any], most: Limits | None) -> dict[str, Any]:
    """Replaces the settings; limits may be `most` at most, where that is given. Raises Refusal SETTING_INVALID."""
    name = unit.workspace.name
    if changes(unit, settings, "limits"):
        set_limits(unit.connection, name, limits_in(settings["limits"], most))
        changed(unit.transaction, name)
    if "quota" in settings:
        set_quota(unit.connection, name, quota_in(settings["quota"], unit.workspace.quota))
    change_workspace(
        unit.connection,
        name,
        journal_detail=settings["journalDetail"],
        search_oddities=settings["searchOddities"],
    )
    return settings_of(unit)


def _shown(workspace: Workspace) -> dict[str, Any]:
    return {
        "name": workspace.name,
        "pathPrefix": f"/w/{workspace.name}",
        "journalDetail": workspace.journal_detail,
        "createdAt": workspace.created_at,
    }
