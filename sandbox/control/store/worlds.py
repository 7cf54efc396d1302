"""The rows of one world, whatever tables they stand in, and the snapshots that keep them."""

import base64
from typing import Any

import sqlalchemy as sa

from sandbox.database import metadata
from sandbox.identity.tables import clients, tokens
from sandbox.workspaces.tables import snapshots, workspaces

# What outlives a world: the workspace itself, who may call, what was said, and the worlds that were kept.
_NOT_OF_THE_WORLD = frozenset(
    {
        "workspaces",
        "snapshots",
        "exchanges",
        "clients",
        "request_counts",
        "esr_signing_keys",
        "outbox_claims",
    }
)
_HEAD = (
    "seed",
    "clock_mode",
    "clock_world",
    "clock_wall",
    "clock_factor",
    "clock_target",
    "last_record",
    "last_event",
)


def empty_world(connection: sa.Connection, workspace: str) -> None:
    """Deletes every row of the world."""
    for table in reversed(_tables()):
        connection.execute(sa.delete(table).where(table.c.workspace == workspace))


def delete_everything(connection: sa.Connection, workspace: str) -> None:
    """Deletes a workspace with every row that is its own."""
    its_clients = sa.select(clients.c.client_id).where(clients.c.workspace == workspace)
    connection.execute(sa.delete(tokens).where(tokens.c.client_id.in_(its_clients)))
    for table in reversed(metadata.sorted_tables):
        if "workspace" in table.c:
            connection.execute(sa.delete(table).where(table.c.workspace == workspace))
    connection.execute(sa.delete(workspaces).where(workspaces.c.name == workspace))


def world_rows(connection: sa.Connection, workspace: str) -> dict[str, Any]:
    """Every row of the world by table, and the columns of the workspace that belong to it; all of it fit for JSON."""
    head = connection.execute(
        sa.select(*(workspaces.c[name] for name in _HEAD)).where(workspaces.c.name == workspace)
    ).one()
    # The name of a table or a column is a kind of str of its own, which JSON does not take.
    return {
        "workspace": {f"{name}": value for name, value in head._mapping.items()},
        "tables": {f"{table.name}": _rows(connection, table, workspace) for table in _tables()},
    }


def put_world(connection: sa.Connection, workspace: str, rows: dict[str, Any]) -> None:
    """Replaces the world by one that `world_rows` gave."""
    empty_world(connection, workspace)
    for table in _tables():
        held = [_thawed(values) for values in rows["tables"].get(table.name, [])]
        if held:
            connection.execute(table.insert(), held)
    connection.execute(
        sa.update(workspaces).where(workspaces.c.name == workspace).values(**rows["workspace"])
    )


def insert_snapshot(connection: sa.Connection, values: dict[str, Any]) -> None:
    """Adds a snapshot, by column."""
    connection.execute(snapshots.insert().values(values))


def find_snapshot(
    connection: sa.Connection, workspace: str, snapshot_id: int
) -> dict[str, Any] | None:
    """A snapshot with its content, by column, or None."""
    row = connection.execute(
        sa.select(snapshots).where(
            snapshots.c.workspace == workspace, snapshots.c.snapshot_id == snapshot_id
        )
    ).one_or_none()
    return dict(row._mapping) if row else None


def list_snapshots(connection: sa.Connection, workspace: str) -> list[dict[str, Any]]:
    """Every snapshot without its content, by column, oldest first."""
    columns = [column for column in snapshots.c if column.name != "content"]
    rows = connection.execute(
        sa.select(*columns)
        .where(snapshots.c.workspace == workspace)
        .order_by(snapshots.c.snapshot_id)
    )
    return [dict(row._mapping) for row in rows]


def _tables() -> list[sa.Table]:
    return [
        table
        for table in metadata.sorted_tables
        if "workspace" in table.c and table.name not in _NOT_OF_THE_WORLD
    ]


def _rows(connection: sa.Connection, table: sa.Table, workspace: str) -> list[dict[str, Any]]:
    rows = connection.execute(sa.select(table).where(table.c.workspace == workspace))
    return [{f"{name}": _frozen(value) for name, value in row._mapping.items()} for row in rows]


def _frozen(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _thawed(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: base64.b64decode(value["base64"]) if isinstance(value, dict) else value
        for name, value in values.items()
    }
