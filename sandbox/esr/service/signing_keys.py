"""The keys with which ESR signs what it delivers: one in use for each workspace, made when it is first needed.

A key that was replaced is served for another 24 hours of wall time, longer than any signature lives, so that what is on
its way can still be verified. Keys belong to the workspace and not to its world: a reset or a restore leaves them as they are.
"""

import asyncio
from base64 import b64decode
from datetime import datetime, timedelta
from typing import Any

from sandbox.clock import wall_now
from sandbox.database import Database, Transaction
from sandbox.errors import Code, Refusal
from sandbox.esr.store import signing_keys as store
from sandbox.esr.store.signing_keys import SigningKey
from sandbox.outbox.spoiling import WELL, Signing
from sandbox.outbox.store import Message
from sandbox.signatures import (
    PrivateKey,
    key_set,
    new_private_key,
    read_private_key,
    sign_request,
    thumbprint,
)
from sandbox.timestamps import to_text
from sandbox.web.call import Unit, open_unit

SIGNING_KEYS = "esr-signing-keys"
"""Announced when a key was replaced."""

DELIVERED_AS = "application/cloudevents+json"
"""The Content-Type of a delivery."""

_SERVED_AFTER_RETIREMENT = timedelta(hours=24)
_MOST = 100
_THUMBPRINT_LETTERS = 8


def read_event_signing_keys(unit: Unit) -> dict[str, Any]:
    """The `SigningKeySet`: the key in use, then those that were retired within 24 hours. Empty until one was needed."""
    return key_set({key.key_id: key.private_key for key in _served(unit)})


def ensure_signing_key(unit: Unit) -> SigningKey:
    """The key in use, made now if there is none."""
    held = store.list_keys(unit.connection, unit.workspace.name)
    return held[0] if held else _add(unit, 1)


def rotate_signing_key(unit: Unit) -> dict[str, Any]:
    """Replaces the key in use and answers the `SigningKeyRotation`. Raises Refusal STATE_FORBIDS after too many at once."""
    name = unit.workspace.name
    former = ensure_signing_key(unit)
    store.delete_retired_before(unit.connection, name, _oldest(unit.wall))
    if len(store.list_keys(unit.connection, name)) >= _MOST:
        raise Refusal(
            Code.STATE_FORBIDS,
            f"{_MOST} keys are served, of which each stays for a day after it was retired. Wait until some are gone.",
        )
    store.retire_key(unit.connection, name, former.key_id, unit.wall)
    key = _add(unit, int(former.key_id.split("-")[1]) + 1)
    unit.transaction.announcements.add(SIGNING_KEYS)
    return {
        "keyId": key.key_id,
        "createdAt": key.created_at,
        "retiredKeyId": former.key_id,
        "servedUntil": to_text(unit.wall + _SERVED_AFTER_RETIREMENT),
    }


def sign_delivery(unit: Unit, wanted: dict[str, Any]) -> dict[str, Any]:
    """The `DeliverySignature` of a delivery that somebody makes up, as ESR signs its own.

    Raises Refusal CONTRACT_VIOLATION where the body is not in base64.
    """
    try:
        body = b64decode(wanted["body"], validate=True)
    except ValueError as problem:
        raise Refusal(Code.CONTRACT_VIOLATION, "`body` is not in base64.") from problem
    key = ensure_signing_key(unit)
    key_id, pem = key.key_id, key.private_key
    if wanted.get("key") == "UNKNOWN":
        key_id, pem = _stranger()
    moment = wall_now() - timedelta(seconds=wanted.get("createdSecondsAgo", 0))
    headers = {"Content-Type": wanted.get("contentType", DELIVERED_AS)}
    try:
        signed = sign_request(
            "POST", wanted["url"], headers, body, key_id, read_private_key(pem), moment
        )
    except ValueError as problem:
        raise Refusal(Code.CONTRACT_VIOLATION, "`url` is no address.") from problem
    sent = {name.lower(): text for name, text in {**headers, **signed}.items()}
    return {"keyId": key_id, "headers": sent}


class Signer:
    """Signs deliveries, each at the moment at which it is sent. Remembers the keys in use, so that a delivery reads no row."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._in_use: dict[str, tuple[str, PrivateKey]] = {}
        self._rotations = 0

    async def sign(self, message: Message, url: str, signing: Signing = WELL) -> dict[str, str]:
        """The headers that sign one attempt to send `message` to `url`."""
        if signing.with_unknown_key:
            key_id, pem = _stranger()
            private_key = read_private_key(pem)
        else:
            key_id, private_key = await self._key(message.workspace)
        moment = wall_now() - signing.age
        return sign_request(
            message.method, url, message.headers, message.body, key_id, private_key, moment
        )

    def forget(self) -> None:
        """Has the keys in use looked up again; may be called from any thread."""
        self._rotations += 1
        self._in_use.clear()

    async def _key(self, workspace: str) -> tuple[str, PrivateKey]:
        found = self._in_use.get(workspace)
        # Another process may have replaced the key.
        if found is not None and not self._database.is_shared:
            return found
        rotations = self._rotations

        def look(transaction: Transaction) -> list[SigningKey]:
            return store.list_keys(transaction.connection, workspace)

        def ensure(transaction: Transaction) -> SigningKey:
            return ensure_signing_key(open_unit(transaction, workspace, wall_now()))

        held = await asyncio.wrap_future(self._database.read(look)) if found else None
        if found and held and held[0].key_id == found[0]:
            return found
        key: SigningKey = await self._database.written(ensure, workspace)
        found = key.key_id, read_private_key(key.private_key)
        if rotations == self._rotations:
            self._in_use[workspace] = found
        return found


def _served(unit: Unit) -> list[SigningKey]:
    oldest = to_text(_oldest(unit.wall))
    held = store.list_keys(unit.connection, unit.workspace.name)
    return [key for key in held if key.retired_at is None or key.retired_at >= oldest]


def _oldest(wall: datetime) -> datetime:
    """When a key that is still served may have been retired, at the earliest."""
    return wall - _SERVED_AFTER_RETIREMENT


def _stranger() -> tuple[str, str]:
    """A key that is in no key set, under an id of ESR's form."""
    pem = new_private_key()
    return _key_id(1, pem), pem


def _key_id(number: int, pem: str) -> str:
    # Part of the id tells which key it is: one who has remembered the first key of another sandbox takes no other for it.
    return f"esr-{number}-{thumbprint(pem)[:_THUMBPRINT_LETTERS]}"


def _add(unit: Unit, number: int) -> SigningKey:
    pem = new_private_key()
    key_id = _key_id(number, pem)
    key = SigningKey(key_id, pem, to_text(unit.wall), None)
    store.insert_key(unit.connection, unit.workspace.name, key)
    return key
