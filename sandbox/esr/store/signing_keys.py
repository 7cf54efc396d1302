"""Rows of the keys with which deliveries are signed. They outlive a reset and a restore, and no snapshot holds them."""

from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from sandbox.esr.tables import signing_keys
from sandbox.timestamps import to_text


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key; `created_at` and `retired_at` are wall time, in the contract's form."""

    key_id: str
    private_key: str = field(repr=False)
    """PEM. It goes nowhere but into signatures."""
    created_at: str
    retired_at: str | None


_of_workspace = (
    sa.select(
        signing_keys.c.key_id,
        signing_keys.c.private_key,
        signing_keys.c.created_at,
        signing_keys.c.retired_at,
    )
    .where(signing_keys.c.workspace == sa.bindparam("workspace"))
    .order_by(sa.func.coalesce(signing_keys.c.retired_at, "9").desc(), signing_keys.c.key_id)
)


def list_keys(connection: sa.Connection, workspace: str) -> list[SigningKey]:
    """Every key that is held, the one in use first."""
    rows = connection.execute(_of_workspace, {"workspace": workspace})
    return [SigningKey(*row) for row in rows]


def insert_key(connection: sa.Connection, workspace: str, key: SigningKey) -> None:
    """Adds a key."""
    connection.execute(
        signing_keys.insert().values(
            workspace=workspace,
            key_id=key.key_id,
            private_key=key.private_key,
            created_at=key.created_at,
            retired_at=key.retired_at,
        )
    )


def retire_key(connection: sa.Connection, workspace: str, key_id: str, wall: datetime) -> None:
    """Notes that nothing is signed with a key any more."""
    connection.execute(
        sa.update(signing_keys)
        .where(signing_keys.c.workspace == workspace, signing_keys.c.key_id == key_id)
        .values(retired_at=to_text(wall))
    )


def delete_retired_before(connection: sa.Connection, workspace: str, wall: datetime) -> None:
    """Deletes the keys that were retired before a moment."""
    connection.execute(
        sa.delete(signing_keys).where(
            signing_keys.c.workspace == workspace, signing_keys.c.retired_at < to_text(wall)
        )
    )
