"""Reads and writes clients, tokens and spent assertions."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from sandbox.database import Transaction
from sandbox.identity.tables import clients, spent_assertions, tokens

ANNOUNCEMENT = "identity"
"""That a client or its tokens changed: whoever remembers one reads it again."""


class ClientState(StrEnum):
    """Whether a client gets tokens, and may use them: only an active one."""

    ACTIVE = "ACTIVE"
    REVOKED = "REVOKED"
    NOT_SUBSCRIBED = "NOT_SUBSCRIBED"
    COMPANY_INACTIVE = "COMPANY_INACTIVE"
    DEVELOPER_INACTIVE = "DEVELOPER_INACTIVE"
    USER_RESTRICTED = "USER_RESTRICTED"
    FAILING = "FAILING"


@dataclass(frozen=True, slots=True)
class Client:
    """A supplier's system as one of its tokens names it: it belongs to one workspace."""

    client_id: str
    workspace: str
    state: str = ClientState.ACTIVE
    is_internal: bool = False
    employers: frozenset[str] | None = None
    """The ODS codes of the employers for which it may act; None for all of its workspace."""
    expires_at: int | None = None
    """When the token expires, in milliseconds since 1970; None for one that does not."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A client as it was registered."""

    client_id: str
    workspace: str
    name: str
    state: str
    jwks: dict[str, Any] | None
    jwks_url: str | None
    employers: list[str] | None
    created_at: str | None
    is_internal: bool


_by_token = (
    sa.select(
        clients.c.client_id,
        clients.c.workspace,
        clients.c.state,
        clients.c.is_internal,
        clients.c.employers,
        tokens.c.expires_at,
    )
    .join(tokens, tokens.c.client_id == clients.c.client_id)
    .where(tokens.c.token_sha256 == sa.bindparam("digest"))
)


def digest_of(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    """A fresh token: 256 random bits. A credential is the one thing here that is never derived from a seed."""
    return secrets.token_urlsafe(32)


def find_client(connection: sa.Connection, digest: str) -> Client | None:
    """The client whose token has this digest, or None. Whether the token is still good is for the caller to judge."""
    row = connection.execute(_by_token, {"digest": digest}).one_or_none()
    if row is None:
        return None
    employers = None if row.employers is None else frozenset(json.loads(row.employers))
    return Client(
        row.client_id, row.workspace, row.state, bool(row.is_internal), employers, row.expires_at
    )


def ensure_client(
    connection: sa.Connection,
    client_id: str,
    workspace: str,
    name: str,
    *,
    is_internal: bool = False,
) -> None:
    """Adds the client unless it is there."""
    if find_registration(connection, client_id) is None:
        values = {"name": name, "is_internal": is_internal}
        connection.execute(
            clients.insert().values(client_id=client_id, workspace=workspace, **values)
        )


def ensure_token(connection: sa.Connection, client_id: str, token: str) -> None:
    """Makes `token` one of the client's that does not expire, unless it is one already."""
    digest = digest_of(token)
    if find_client(connection, digest) is None:
        connection.execute(tokens.insert().values(token_sha256=digest, client_id=client_id))


def insert_token(connection: sa.Connection, client_id: str, token: str, expires_at: int) -> None:
    """Adds a token of the client that expires, in milliseconds since 1970."""
    connection.execute(
        tokens.insert().values(
            token_sha256=digest_of(token), client_id=client_id, expires_at=expires_at
        )
    )


def find_registration(connection: sa.Connection, client_id: str) -> Registration | None:
    """The client of this id in whichever workspace, or None."""
    row = connection.execute(
        sa.select(clients).where(clients.c.client_id == client_id)
    ).one_or_none()
    return None if row is None else _registration(row)


def list_registrations(connection: sa.Connection, workspace: str) -> list[Registration]:
    """Every client of a supplier in the workspace, by id."""
    rows = connection.execute(
        sa.select(clients)
        .where(clients.c.workspace == workspace, clients.c.is_internal == sa.false())
        .order_by(clients.c.client_id)
    )
    return [_registration(row) for row in rows]


def count_clients(connection: sa.Connection, workspace: str) -> int:
    """How many clients the workspace has, ours included."""
    counted = sa.select(sa.func.count()).where(clients.c.workspace == workspace)
    return int(connection.execute(counted).scalar_one())


def find_registration_of(
    connection: sa.Connection, workspace: str, client_id: str
) -> Registration | None:
    """The supplier's client of this id in the workspace, or None."""
    row = connection.execute(
        sa.select(clients).where(
            clients.c.client_id == client_id,
            clients.c.workspace == workspace,
            clients.c.is_internal == sa.false(),
        )
    ).one_or_none()
    return None if row is None else _registration(row)


def insert_client(
    connection: sa.Connection,
    workspace: str,
    client_id: str,
    name: str,
    created_at: str,
) -> None:
    """Adds an active client without keys that may act for every employer."""
    connection.execute(
        clients.insert().values(
            client_id=client_id, workspace=workspace, name=name, created_at=created_at
        )
    )


def change_client(
    transaction: Transaction, workspace: str, client_id: str, values: dict[str, Any]
) -> None:
    """Sets columns of a client; `jwks` and `employers` as documents."""
    held = {
        name: json.dumps(value) if name in {"jwks", "employers"} and value is not None else value
        for name, value in values.items()
    }
    if held:
        transaction.connection.execute(
            sa.update(clients)
            .where(clients.c.client_id == client_id, clients.c.workspace == workspace)
            .values(**held)
        )
    transaction.announcements.add(ANNOUNCEMENT)


def delete_client(transaction: Transaction, workspace: str, client_id: str) -> None:
    """Takes the client away, and every token of it."""
    connection = transaction.connection
    connection.execute(sa.delete(tokens).where(tokens.c.client_id == client_id))
    connection.execute(
        sa.delete(clients).where(clients.c.client_id == client_id, clients.c.workspace == workspace)
    )
    transaction.announcements.add(ANNOUNCEMENT)


def is_spent(connection: sa.Connection, identity: str, now: int) -> bool:
    """Whether an assertion of this subject and jti was seen before."""
    row = connection.execute(
        sa.select(spent_assertions.c.kept_until).where(
            spent_assertions.c.assertion_sha256 == identity
        )
    ).one_or_none()
    return row is not None and row.kept_until >= now


def spend(connection: sa.Connection, identity: str, kept_until: int, now: int) -> bool:
    """Spends an assertion; False where it was spent before.

    Two that arrive at one moment meet the constraint, and the unit of the later one is run again.
    """
    if is_spent(connection, identity, now):
        return False
    connection.execute(
        sa.delete(spent_assertions).where(spent_assertions.c.assertion_sha256 == identity)
    )
    connection.execute(
        spent_assertions.insert().values(assertion_sha256=identity, kept_until=kept_until)
    )
    return True


def keep_spent(connection: sa.Connection, identity: str, kept_until: int) -> None:
    """Remembers a spent assertion for longer."""
    connection.execute(
        sa.update(spent_assertions)
        .where(spent_assertions.c.assertion_sha256 == identity)
        .values(kept_until=kept_until)
    )


def forget_expired(connection: sa.Connection, now: int) -> None:
    """Deletes what nobody can use any more: spent assertions and tokens that have expired, `now` in seconds since 1970."""
    connection.execute(sa.delete(spent_assertions).where(spent_assertions.c.kept_until < now))
    connection.execute(sa.delete(tokens).where(tokens.c.expires_at < now * 1000))


def _registration(row: Any) -> Registration:
    return Registration(
        client_id=row.client_id,
        workspace=row.workspace,
        name=row.name,
        state=row.state,
        jwks=None if row.jwks is None else json.loads(row.jwks),
        jwks_url=row.jwks_url,
        employers=None if row.employers is None else json.loads(row.employers),
        created_at=row.created_at,
        is_internal=bool(row.is_internal),
    )
