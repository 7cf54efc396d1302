"""A workspace's world as a whole: seeded, reset, kept and restored."""

import base64
import zlib
from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.database import SCHEMA_VERSION, metadata
from sandbox.errors import Code, Refusal, not_found
from sandbox.esr.store.organisations import insert_organisations
from sandbox.esr.store.positions import insert_positions
from sandbox.esr.store.vacancies import insert_vacancies
from sandbox.esr.tables import organisations
from sandbox.timestamps import to_text
from sandbox.web.call import Unit
from sandbox.workspaces.store import change_workspace
from sandbox.workspaces.tables import snapshots, workspaces

# What outlives a world: the workspace itself, who may call, what was said, and the worlds that were kept.
_NOT_OF_THE_WORLD = frozenset({"workspaces", "snapshots", "exchanges", "clients"})
_WORLD_COLUMNS = (
    "seed",
    "clock_mode",
    "clock_world",
    "clock_wall",
    "clock_factor",
    "last_record",
    "last_event",
)
_MOST = 100


def seed_world(unit: Unit, seed: int, world: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Fills an empty world and answers the `SeededWorld`. Raises Refusal STATE_FORBIDS when it is not empty."""
    name = unit.workspace.name
    held = unit.connection.execute(
        sa.select(sa.func.count())
        .select_from(organisations)
        .where(organisations.c.workspace == name)
    ).scalar_one()
    if held:
        raise Refusal(
            Code.STATE_FORBIDS, "The world has organisations already; reset the workspace first."
        )
    moment = to_text(unit.now)
    change_workspace(unit.connection, name, seed=seed)
    insert_organisations(unit.connection, name, world["organisations"])
    insert_positions(
        unit.connection, name, [{**item, "updatedAt": moment} for item in world["positions"]]
    )
    insert_vacancies(
        unit.connection,
        name,
        [{**item, "createdAt": moment, "updatedAt": moment} for item in world["vacancies"]],
    )
    return {
        "seed": seed,
        "organisations": len(world["organisations"]),
        "positions": len(world["positions"]),
    }


def reset_workspace(unit: Unit) -> None:
    """Empties the world and lets the clock follow wall time again; settings, tokens, snapshots and journal stay."""
    name = unit.workspace.name
    _empty(unit.connection, name)
    moment = to_text(unit.wall)
    change_workspace(
        unit.connection,
        name,
        clock_mode="REAL",
        clock_world=moment,
        clock_wall=moment,
        clock_factor=1.0,
        last_record=0,
        last_event=0,
    )


def create_snapshot(unit: Unit, name: str, faults: list[dict[str, Any]]) -> dict[str, Any]:
    """Keeps the world as it is and answers the `Snapshot`.

    Raises Refusal ALREADY_EXISTS for a name in use, STATE_FORBIDS when there are too many.
    """
    held = list_snapshots(unit)
    if any(item["name"] == name for item in held):
        raise Refusal(Code.ALREADY_EXISTS, f"There is a snapshot {name!r} already.")
    if len(held) >= _MOST:
        raise Refusal(Code.STATE_FORBIDS, f"A workspace keeps {_MOST} snapshots at most.")
    connection, workspace = unit.connection, unit.workspace.name
    head = connection.execute(
        sa.select(*(workspaces.c[column] for column in _WORLD_COLUMNS)).where(
            workspaces.c.name == workspace
        )
    ).one()
    content = {
        "workspace": {f"{name}": value for name, value in head._mapping.items()},
        "faults": faults,
        # The name of a table or a column is a kind of str of its own, which JSON does not take.
        "tables": {f"{table.name}": _rows(connection, table, workspace) for table in _tables()},
    }
    snapshot_id = max((item["snapshotId"] for item in held), default=0) + 1
    values = {
        "workspace": workspace,
        "snapshot_id": snapshot_id,
        "name": name,
        "schema_version": SCHEMA_VERSION,
        "taken_at": to_text(unit.wall),
        "world_time": to_text(unit.now),
        "content": zlib.compress(orjson.dumps(content)),
    }
    connection.execute(snapshots.insert().values(values))
    return _shown(values)


def list_snapshots(unit: Unit) -> list[dict[str, Any]]:
    """Every `Snapshot` of the workspace, oldest first."""
    columns = [column for column in snapshots.c if column.name != "content"]
    rows = unit.connection.execute(
        sa.select(*columns)
        .where(snapshots.c.workspace == unit.workspace.name)
        .order_by(snapshots.c.snapshot_id)
    )
    return [_shown(dict(row._mapping)) for row in rows]


def restore_snapshot(unit: Unit, snapshot_id: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Puts the world back as it was kept; answers the `Snapshot` and the faults that it holds.

    Raises Refusal NOT_FOUND, or SNAPSHOT_OF_ANOTHER_VERSION, with nothing changed.
    """
    connection, workspace = unit.connection, unit.workspace.name
    row = connection.execute(
        sa.select(snapshots).where(
            snapshots.c.workspace == workspace, snapshots.c.snapshot_id == snapshot_id
        )
    ).one_or_none()
    if row is None:
        raise not_found("snapshot", snapshot_id)
    if row.schema_version != SCHEMA_VERSION:
        raise Refusal(
            Code.SNAPSHOT_OF_ANOTHER_VERSION,
            f"The snapshot was taken by another version of the sandbox (schema {row.schema_version}, this one has "
            f"{SCHEMA_VERSION}); restore it there.",
        )
    content = orjson.loads(zlib.decompress(row.content))
    _empty(connection, workspace)
    for table in _tables():
        rows = [_thawed(values) for values in content["tables"].get(table.name, [])]
        if rows:
            connection.execute(table.insert(), rows)
    change_workspace(connection, workspace, **content["workspace"])
    return _shown(dict(row._mapping)), content["faults"]


def _tables() -> list[sa.Table]:
    return [
        table
        for table in metadata.sorted_tables
        if "workspace" in table.c and table.name not in _NOT_OF_THE_WORLD
    ]


def _empty(connection: sa.Connection, workspace: str) -> None:
    for table in reversed(_tables()):
        connection.execute(sa.delete(table).where(table.c.workspace == workspace))


def _rows(connection: sa.Connection, table: sa.Table, workspace: str) -> list[dict[str, Any]]:
    rows = connection.execute(sa.select(table).where(table.c.workspace == workspace))
    return [
        {f"{name}": _frozen(value) for name, value in row._mapping.items()} for row in rows
    ]


def _frozen(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _thawed(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: base64.b64decode(value["base64"]) if isinstance(value, dict) else value
        for name, value in values.items()
    }


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    return {
        "snapshotId": values["snapshot_id"],
        "name": values["name"],
        "worldTime": values["world_time"],
        "createdAt": values["taken_at"],
    }
