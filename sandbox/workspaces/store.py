"""Reads and writes workspaces."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from sandbox.clock import Clock, ClockMode
from sandbox.timestamps import from_text, to_text
from sandbox.workspaces.tables import workspaces


@dataclass(frozen=True, slots=True)
class Workspace:
    """One tenant's world as it stands."""

    name: str
    seed: int
    clock: Clock
    journal_detail: str
    search_oddities: bool
    created_at: str


_find = sa.select(workspaces).where(workspaces.c.name == sa.bindparam("name"))
_next = {
    column: sa.update(workspaces)
    .where(workspaces.c.name == sa.bindparam("of_workspace"))
    .values({column: workspaces.c[column] + sa.bindparam("count")})
    .returning(workspaces.c[column])
    for column in ("last_record", "last_event")
}


def find_workspace(connection: sa.Connection, name: str) -> Workspace | None:
    """The workspace, or None."""
    row = connection.execute(_find, {"name": name}).one_or_none()
    if row is None:
        return None
    clock = Clock(
        ClockMode(row.clock_mode),
        from_text(row.clock_world),
        from_text(row.clock_wall),
        row.clock_factor,
    )
    return Workspace(
        row.name, row.seed, clock, row.journal_detail, row.search_oddities, row.created_at
    )


def list_workspaces(connection: sa.Connection) -> list[Workspace]:
    """Every workspace, by name."""
    names = connection.execute(sa.select(workspaces.c.name).order_by(workspaces.c.name)).scalars()
    found = (find_workspace(connection, name) for name in names.all())
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
            created_at=moment,
        )
    )


def set_clock(connection: sa.Connection, name: str, clock: Clock) -> None:
    """Replaces a workspace's clock."""
    connection.execute(
        sa.update(workspaces)
        .where(workspaces.c.name == name)
        .values(
            clock_mode=clock.mode,
            clock_world=to_text(clock.world),
            clock_wall=to_text(clock.wall),
            clock_factor=clock.factor,
        )
    )


def change_workspace(connection: sa.Connection, name: str, **values: object) -> None:
    """Sets columns of a workspace."""
    connection.execute(sa.update(workspaces).where(workspaces.c.name == name).values(**values))


def next_record(connection: sa.Connection, workspace: str, count: int = 1) -> int:
    """Takes `count` record numbers and answers the last of them."""
    return _take(connection, "last_record", workspace, count)


def next_event(connection: sa.Connection, workspace: str) -> int:
    """Takes the next event number. The row stays locked until the transaction ends, so events never appear out of order."""
    return _take(connection, "last_event", workspace, 1)


def _take(connection: sa.Connection, column: str, workspace: str, count: int) -> int:
    parameters = {"of_workspace": workspace, "count": count}
    return int(connection.execute(_next[column], parameters).scalar_one())
