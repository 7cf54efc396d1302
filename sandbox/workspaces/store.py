"""Reads and writes workspaces."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import sqlalchemy as sa

from sandbox.clock import Clock, ClockMode
from sandbox.prepared import Prepared
from sandbox.timestamps import from_text, to_text
from sandbox.workspaces.quota import Quota
from sandbox.workspaces.tables import workspaces

DEFAULT_WORKSPACE = "default"
"""The one in which a call is that names none."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One tenant's world as it stands."""

    name: str
    seed: int
    clock: Clock
    clock_target: datetime | None
    """Where a move that is under way is to end."""
    journal_detail: str
    search_oddities: bool
    created_at: str
    held: Quota
    """What was taken so far of each kind; of snapshots nothing, which are counted where they are made."""
    quota: Quota
    """How much of each kind there may be."""


_COLUMNS = (
    "name",
    "seed",
    "clock_mode",
    "clock_world",
    "clock_wall",
    "clock_factor",
    "clock_target",
    "journal_detail",
)
_find = Prepared(
    sa.select(
        *(workspaces.c[column] for column in _COLUMNS),
        workspaces.c.search_oddities,
        workspaces.c.created_at,
        *(workspaces.c[column] for column in ("last_record", "last_event", "last_exchange")),
        *(workspaces.c[f"most_{kind}"] for kind in Quota._fields),
    ).where(workspaces.c.name == sa.bindparam("name"))
)
_names = sa.select(workspaces.c.name).order_by(workspaces.c.name)
_set_clock = Prepared(
    sa.update(workspaces)
    .where(workspaces.c.name == sa.bindparam("of_workspace"))
    .values({name: sa.bindparam(name) for name in _COLUMNS if name.startswith("clock_")})
)
_next = {
    column: Prepared(
        sa.update(workspaces)
        .where(workspaces.c.name == sa.bindparam("of_workspace"))
        .values({column: workspaces.c[column] + sa.bindparam("count")})
        .returning(workspaces.c[column])
    )
    for column in ("last_record", "last_event")
}

_policy_version = Prepared(
    sa.select(workspaces.c.policy_version).where(workspaces.c.name == sa.bindparam("name"))
)


def find_workspace(connection: sa.Connection, name: str) -> Workspace | None:
    """The workspace, or None."""
    row = _find.run(connection, {"name": name}).fetchone()
    if row is None:
        return None
    name, seed, mode, world, wall, factor, target, detail, oddities, created_at, *counts = row
    clock = _clock(mode, world, wall, factor)
    ends = from_text(target) if target else None
    record, event, exchange, *most = counts
    held, quota = Quota(record, event, exchange, snapshots=0), _quota(*most)
    return Workspace(name, seed, clock, ends, detail, bool(oddities), created_at, held, quota)


@lru_cache(maxsize=1024)
def _quota(
    records: int | None, events: int | None, exchanges: int | None, snapshots: int | None
) -> Quota:
    most = {"records": records, "events": events, "exchanges": exchanges, "snapshots": snapshots}
    return Quota(**{kind: number for kind, number in most.items() if number is not None})


def set_quota(connection: sa.Connection, name: str, quota: Quota) -> None:
    """Sets how much a workspace may hold."""
    values = {f"most_{kind}": most for kind, most in quota._asdict().items()}
    change_workspace(connection, name, **values)


@lru_cache(maxsize=1024)
def _clock(mode: str, world: str, wall: str, factor: float) -> Clock:
    # Every request reads its workspace's clock, which changes seldom: its texts are parsed once.
    return Clock(ClockMode(mode), from_text(world), from_text(wall), factor)


def workspace_names(connection: sa.Connection) -> list[str]:
    """The name of every workspace, in order."""
    return list(connection.execute(_names).scalars())


def list_workspaces(connection: sa.Connection) -> list[Workspace]:
    """Every workspace, by name."""
    found = (find_workspace(connection, name) for name in workspace_names(connection))
    return [workspace for workspace in found if workspace]


def insert_workspace(
    connection: sa.Connection, name: str, seed: int, journal_detail: str, wall: datetime
) -> None:
    """Adds an empty workspace whose clock is real."""
    moment = to_text(wall)
    connection.execute(
        workspaces.insert().values(
            name=name,
            seed=seed,
            clock_mode=ClockMode.REAL,
            clock_world=moment,
            clock_wall=moment,
            clock_factor=1.0,
            journal_detail=journal_detail,
            search_oddities=False,
            last_record=0,
            last_event=0,
            last_exchange=0,
            journal_chain="0" * 64,
            policy_version=0,
            limit_mode="DEFAULT",
            created_at=moment,
        )
    )


def set_clock(
    connection: sa.Connection, name: str, clock: Clock, target: datetime | None = None
) -> None:
    """Replaces a workspace's clock; `target` is where a move that begins or goes on is to end."""
    _set_clock.run(
        connection,
        {
            "of_workspace": name,
            "clock_mode": str(clock.mode),
            "clock_world": to_text(clock.world),
            "clock_wall": to_text(clock.wall),
            "clock_factor": clock.factor,
            "clock_target": to_text(target) if target else None,
        },
    )


def change_workspace(connection: sa.Connection, name: str, **values: object) -> None:
    """Sets columns of a workspace."""
    connection.execute(sa.update(workspaces).where(workspaces.c.name == name).values(**values))


def policy_version(connection: sa.Connection, name: str) -> int | None:
    """How often what the workspace has set was changed, or None where there is no such workspace."""
    row = _policy_version.run(connection, {"name": name}).fetchone()
    return None if row is None else int(row[0])


def raise_policy_version(connection: sa.Connection, name: str) -> None:
    """Tells whoever has read what the workspace has set to read it again."""
    change_workspace(connection, name, policy_version=workspaces.c.policy_version + 1)


def next_record(connection: sa.Connection, workspace: str, count: int = 1) -> int:
    """Takes `count` record numbers and answers the last of them."""
    return _take(connection, "last_record", workspace, count)


def next_event(connection: sa.Connection, workspace: str) -> int:
    """Takes the next event number. The row stays locked until the transaction ends, so events never appear out of order."""
    return _take(connection, "last_event", workspace, 1)


def heads(connection: sa.Connection, workspace: str) -> tuple[int, int]:
    """The last record number and the last event number that were given out."""
    row = connection.execute(
        sa.select(workspaces.c.last_record, workspaces.c.last_event).where(
            workspaces.c.name == workspace
        )
    ).one()
    return row.last_record, row.last_event


def _take(connection: sa.Connection, column: str, workspace: str, count: int) -> int:
    parameters = {"of_workspace": workspace, "count": count}
    return int(_next[column].run(connection, parameters).fetchone()[0])
