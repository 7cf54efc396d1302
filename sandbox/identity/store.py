"""Reads and writes clients and tokens."""

import hashlib
import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from sandbox.identity.tables import clients, tokens


@dataclass(frozen=True, slots=True)
class Client:
    """A supplier's system: it belongs to one workspace."""

    client_id: str
    workspace: str


_by_token = (
    sa.select(clients.c.client_id, clients.c.workspace)
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
    """The client whose token has this digest, or None."""
    row = connection.execute(_by_token, {"digest": digest}).one_or_none()
    return Client(row.client_id, row.workspace) if row else None


def ensure_client(connection: sa.Connection, client_id: str, workspace: str, name: str) -> None:
    """Adds the client unless it is there."""
    known = connection.execute(
        sa.select(clients.c.client_id).where(clients.c.client_id == client_id)
    ).one_or_none()
    if known is None:
        connection.execute(
            clients.insert().values(client_id=client_id, workspace=workspace, name=name)
        )


def ensure_token(connection: sa.Connection, client_id: str, token: str) -> None:
    """Makes `token` one of the client's, unless it is."""
    digest = digest_of(token)
    if find_client(connection, digest) is None:
        connection.execute(tokens.insert().values(token_sha256=digest, client_id=client_id))
