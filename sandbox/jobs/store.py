"""Writes jobs and reads which is due next."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.database import Transaction
from sandbox.jobs.tables import jobs
from sandbox.prepared import Prepared
from sandbox.timestamps import to_text
from sandbox.workspaces.store import find_workspace, next_record
from sandbox.workspaces.tables import workspaces

ANNOUNCEMENT = "jobs"
STANDING = 0
"""The number of the job that a workspace has for good: before any that is given out, so it comes first at its moment."""


def time_lock(workspace: str) -> str:
    """What only one process has at a time: it keeps the workspace's time, or puts another world in its place."""
    return f"time/{workspace}"


@dataclass(frozen=True, slots=True)
class Job:
    """Work for one moment of a workspace's world. `due_at` is a timestamp of the contract's form."""

    workspace: str
    job_id: int
    due_at: str
    kind: str
    reference: str
    payload: dict[str, Any]


_next = Prepared(
    sa.select(jobs)
    .where(jobs.c.workspace == sa.bindparam("workspace"))
    .order_by(jobs.c.due_at, jobs.c.job_id)
    .limit(1)
)
_first_due = sa.select(sa.func.min(jobs.c.due_at)).where(jobs.c.workspace == workspaces.c.name)
_ahead = Prepared(
    sa.select(workspaces.c.name, _first_due.scalar_subquery()).where(
        sa.or_(
            workspaces.c.clock_target.is_not(None),
            sa.exists().where(jobs.c.workspace == workspaces.c.name),
        )
    )
)
_insert = Prepared(jobs.insert())
_take = Prepared(
    sa.delete(jobs).where(
        *(
            jobs.c[name] == sa.bindparam(name)
            for name in ("workspace", "job_id", "kind", "reference", "due_at")
        )
    )
)
_scheduled = Prepared(
    sa.select(jobs.c.job_id)
    .where(
        jobs.c.workspace == sa.bindparam("workspace"),
        jobs.c.kind == sa.bindparam("kind"),
        jobs.c.reference == sa.bindparam("reference"),
    )
    .limit(1)
)


def schedule(
    transaction: Transaction,
    workspace: str,
    *,
    kind: str,
    reference: str,
    due_at: datetime,
    payload: dict[str, Any] | None = None,
) -> int:
    """Sets a job for a moment of the world's time and answers its number.

    Nobody is woken for it: the timekeeper looks twice a second, and at every step of a move.
    """
    job_id = next_record(transaction.connection, workspace)
    _insert.run(
        transaction.connection,
        {
            "workspace": workspace,
            "job_id": job_id,
            "due_at": to_text(due_at),
            "kind": kind,
            "reference": reference,
            "payload": orjson.dumps(payload or {}).decode(),
        },
    )
    return job_id


def set_standing(
    transaction: Transaction,
    workspace: str,
    *,
    kind: str,
    due_at: datetime,
    payload: dict[str, Any] | None = None,
) -> None:
    """Sets or moves the standing job. It takes no record number, so how often it was done shows nowhere else."""
    transaction.announcements.add(ANNOUNCEMENT)
    values = {
        "due_at": to_text(due_at),
        "kind": kind,
        "reference": "",
        "payload": orjson.dumps(payload or {}).decode(),
    }
    moved = transaction.connection.execute(
        sa.update(jobs)
        .where(jobs.c.workspace == workspace, jobs.c.job_id == STANDING)
        .values(**values)
    )
    if moved.rowcount == 0:
        transaction.connection.execute(
            jobs.insert().values(workspace=workspace, job_id=STANDING, **values)
        )


def has_standing(connection: sa.Connection, workspace: str) -> bool:
    """Whether the workspace has a standing job."""
    found = connection.execute(
        sa.select(jobs.c.job_id).where(jobs.c.workspace == workspace, jobs.c.job_id == STANDING)
    )
    return found.first() is not None


def next_due(connection: sa.Connection, workspace: str) -> str | None:
    """When the first job is due, the standing one left aside."""
    found = connection.execute(
        sa.select(sa.func.min(jobs.c.due_at)).where(
            jobs.c.workspace == workspace, jobs.c.job_id != STANDING
        )
    )
    text: str | None = found.scalar_one()
    return text


def is_scheduled(connection: sa.Connection, workspace: str, kind: str, reference: str) -> bool:
    """Whether such a job waits."""
    parameters = {"workspace": workspace, "kind": kind, "reference": reference}
    return _scheduled.run(connection, parameters).fetchone() is not None


def cancel(connection: sa.Connection, workspace: str, kind: str, reference: str) -> None:
    """Drops the jobs of a kind that wait for `reference`."""
    connection.execute(
        sa.delete(jobs).where(
            jobs.c.workspace == workspace, jobs.c.kind == kind, jobs.c.reference == reference
        )
    )


def workspaces_with_work(connection: sa.Connection, wall: datetime) -> list[str]:
    """The workspaces in which a job is due, or whose clock is on its way."""
    found = []
    for name, due_at in _ahead.run(connection, {}).fetchall():
        workspace = find_workspace(connection, name)
        if workspace is None:
            continue
        is_due = due_at is not None and due_at <= to_text(workspace.clock.now(wall))
        if is_due or workspace.clock_target is not None:
            found.append(name)
    return found


def next_job(connection: sa.Connection, workspace: str) -> Job | None:
    """The job that is due first, whether its moment has come or not."""
    row = _next.run(connection, {"workspace": workspace}).fetchone()
    if row is None:
        return None
    of_workspace, job_id, due_at, kind, reference, payload = row
    return Job(of_workspace, job_id, due_at, kind, reference, orjson.loads(payload))


def take(connection: sa.Connection, job: Job) -> bool:
    """Removes a job that is about to be done; False when it waits no longer, or has become another."""
    wanted = {
        "workspace": job.workspace,
        "job_id": job.job_id,
        "kind": job.kind,
        "reference": job.reference,
        "due_at": job.due_at,
    }
    return bool(_take.run(connection, wanted).rowcount == 1)
