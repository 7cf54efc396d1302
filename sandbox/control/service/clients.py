"""The clients of a workspace: who may call, with which keys, and whether it may just now."""

import secrets
from typing import Any

from sandbox.errors import Code, Place, Refusal, not_found
from sandbox.esr.service.events import end_subscriptions, withdraw_deliveries
from sandbox.identity.keys import KeysUnusable, public_key_set, read_key_set
from sandbox.identity.store import (
    ClientState,
    Registration,
    count_clients,
    find_registration_of,
    insert_client,
    list_registrations,
)
from sandbox.identity.store import change_client as store_change
from sandbox.identity.store import delete_client as store_delete
from sandbox.timestamps import to_text
from sandbox.web.call import Unit

_MOST = 1000


def list_clients(unit: Unit, token_url: str) -> dict[str, Any]:
    """The `ClientList`."""
    held = list_registrations(unit.connection, unit.workspace.name)
    return {"clients": [_shown(client, token_url) for client in held]}


def read_client(unit: Unit, client_id: str, token_url: str) -> dict[str, Any]:
    """The `Client`. Raises Refusal NOT_FOUND."""
    return _shown(_find(unit, client_id), token_url)


def create_client(unit: Unit, creation: dict[str, Any], token_url: str) -> dict[str, Any]:
    """Adds a client by a `ClientCreation`; answers it. Raises Refusal SETTING_INVALID or STATE_FORBIDS."""
    workspace = unit.workspace.name
    if count_clients(unit.connection, workspace) >= _MOST:
        raise Refusal(Code.STATE_FORBIDS, f"A workspace has {_MOST} clients at most.")
    client_id = new_client_id()
    insert_client(unit.connection, workspace, client_id, creation["name"], to_text(unit.wall))
    store_change(unit.transaction, workspace, client_id, columns_of(creation))
    return read_client(unit, client_id, token_url)


def new_client_id() -> str:
    """Drawn, not derived: who knows one client's id knows no other's."""
    return secrets.token_hex(16)


def change_client(
    unit: Unit, client_id: str, change: dict[str, Any], token_url: str
) -> dict[str, Any]:
    """Changes a client by a `ClientChange`; answers it. Raises Refusal NOT_FOUND or SETTING_INVALID."""
    _find(unit, client_id)
    store_change(unit.transaction, unit.workspace.name, client_id, columns_of(change))
    changed = _find(unit, client_id)
    is_active = changed.state == ClientState.ACTIVE
    withdraw_deliveries(unit, client_id, changed.employers if is_active else ())
    return _shown(changed, token_url)


def delete_client(unit: Unit, client_id: str) -> None:
    """Takes a client, its tokens and its subscriptions away. Raises Refusal NOT_FOUND."""
    _find(unit, client_id)
    end_subscriptions(unit, client_id)
    store_delete(unit.transaction, unit.workspace.name, client_id)


def columns_of(document: dict[str, Any]) -> dict[str, Any]:
    """The columns that a `ClientCreation`, `ClientChange` or `ClientKeys` sets. Raises Refusal SETTING_INVALID."""
    kept = ("name", "state", "employers")
    columns: dict[str, Any] = {name: document[name] for name in kept if name in document}
    if "jwks" in document and "jwksUrl" in document:
        raise _invalid("/jwksUrl", "Give the keys or their address, not both.")
    if "jwks" in document:
        try:
            columns["jwks"] = public_key_set(read_key_set(document["jwks"]))
        except KeysUnusable as problem:
            raise _invalid("/jwks", f"The key set cannot be used: {problem}.") from problem
        columns["jwks_url"] = None
    if "jwksUrl" in document:
        columns |= {"jwks": None, "jwks_url": document["jwksUrl"]}
    return columns


def _find(unit: Unit, client_id: str) -> Registration:
    found = find_registration_of(unit.connection, unit.workspace.name, client_id)
    if found is None:
        raise not_found("client", client_id)
    return found


def _shown(client: Registration, token_url: str) -> dict[str, Any]:
    shown = {
        "clientId": client.client_id,
        "name": client.name,
        "state": client.state,
        "tokenUrl": token_url,
        "jwks": client.jwks,
        "jwksUrl": client.jwks_url,
        "employers": client.employers,
        "createdAt": client.created_at,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _invalid(pointer: str, detail: str) -> Refusal:
    return Refusal(Code.SETTING_INVALID, detail, places=(Place("body", pointer, detail),))
