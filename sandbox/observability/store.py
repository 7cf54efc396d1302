"""What the database says of the state of a sandbox. No person and no workspace is named."""

from dataclasses import dataclass

import sqlalchemy as sa

from sandbox.clock import wall_now
from sandbox.database import SCHEMA_VERSION, Transaction
from sandbox.database.schema import schema_version
from sandbox.jobs.tables import jobs
from sandbox.outbox.store import DEAD, WAITING, WALL, WORLD
from sandbox.outbox.tables import outbox
from sandbox.timestamps import from_text
from sandbox.workspaces.store import find_workspace, workspace_names


@dataclass(frozen=True, slots=True)
class State:
    """How much there is, and how late the earliest of what is due is: in seconds, by the clock that it is due by."""

    workspaces: int
    messages: dict[str, int]
    """By what has become of them: those that wait, and the dead letters."""
    message_lateness: float
    jobs: int
    job_lateness: float


def probe(transaction: Transaction) -> bool:
    """Writes; whether the schema is the one that this version works with."""
    table = schema_version
    transaction.connection.execute(sa.update(table).values(version=table.c.version))
    return transaction.connection.scalar(sa.select(table.c.version)) == SCHEMA_VERSION


def read_state(transaction: Transaction) -> State:
    """What there is now."""
    connection, wall = transaction.connection, wall_now()
    names = workspace_names(connection)
    counted = {
        state: connection.scalar(
            sa.select(sa.func.count()).select_from(outbox).where(outbox.c.state == state)
        )
        for state in (WAITING, DEAD)
    }
    first_jobs = {
        row.workspace: row
        for row in connection.execute(
            sa.select(
                jobs.c.workspace,
                sa.func.count().label("many"),
                sa.func.min(jobs.c.due_at).label("first"),
            ).group_by(jobs.c.workspace)
        )
    }
    first_messages = connection.execute(
        sa.select(
            outbox.c.workspace, outbox.c.due_clock, sa.func.min(outbox.c.due_at).label("first")
        )
        .where(outbox.c.is_first)
        .group_by(outbox.c.workspace, outbox.c.due_clock)
    ).all()
    clocks = {}
    for name in {*first_jobs, *(row.workspace for row in first_messages)}:
        workspace = find_workspace(connection, name)
        if workspace is not None:
            clocks[name] = {WALL: wall, WORLD: workspace.clock.now(wall)}

    def late(name: str, clock: str, first: str) -> float:
        moments = clocks.get(name)
        return (moments[clock] - from_text(first)).total_seconds() if moments else 0.0

    return State(
        len(names),
        {state: count or 0 for state, count in counted.items()},
        max((late(row.workspace, row.due_clock, row.first) for row in first_messages), default=0.0),
        sum(row.many for row in first_jobs.values()),
        max((late(name, WORLD, row.first) for name, row in first_jobs.items()), default=0.0),
    )
