"""Writes jobs and reads which is due next."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.database import Transaction
from sandbox.jobs.tables import jobs
from sandbox.timestamps import to_text
from sandbox.workspaces.store import next_record

ANNOUNCEMENT = "jobs"


@dataclass(frozen=True, slots=True)
class Job:
    """Work for one moment of a workspace's world. `due_at` is a timestamp of the contract's form."""

    workspace: str
    job_id: int
    due_at: str
    kind: str
    reference: str
    payload: dict[str, Any]


_next = (
    sa.select(jobs)
    .where(jobs.c.workspace == sa.bindparam("workspace"))
    .order_by(jobs.c.due_at, jobs.c.job_id)
    .limit(1)
)
_workspaces = sa.select(jobs.c.workspace).distinct()


def schedule(
    transaction: Transaction,
    workspace: str,
    *,
    kind: str,
    reference: str,
    due_at: datetime,
    payload: dict[str, Any] | None = None,
) -> int:
    """Sets a job for a moment of the world's time and answers its number."""
    transaction.announcements.add(ANNOUNCEMENT)
    job_id = next_record(transaction.connection, workspace)
    transaction.connection.execute(
        jobs.insert().values(
            workspace=workspace,
            job_id=job_id,
            due_at=to_text(due_at),
            kind=kind,
            reference=reference,
            payload=orjson.dumps(payload or {}).decode(),
        )
    )
    return job_id


def is_scheduled(connection: sa.Connection, workspace: str, kind: str, reference: str) -> bool:
    """Whether such a job waits."""
    found = connection.execute(
        sa.select(jobs.c.job_id)
        .where(jobs.c.workspace == workspace, jobs.c.kind == kind, jobs.c.reference == reference)
        .limit(1)
    )
    return found.first() is not None


def cancel(connection: sa.Connection, workspace: str, kind: str, reference: str) -> None:
    """Drops the jobs of a kind that wait for `reference`."""
    connection.execute(
        sa.delete(jobs).where(
            jobs.c.workspace == workspace, jobs.c.kind == kind, jobs.c.reference == reference
        )
    )


def next_job(connection: sa.Connection, workspace: str) -> Job | None:
    """The job that is due first, whether its moment has come or not."""
    row = connection.execute(_next, {"workspace": workspace}).one_or_none()
    if row is None:
        return None
    return Job(
        row.workspace, row.job_id, row.due_at, row.kind, row.reference, orjson.loads(row.payload)
    )


def take(connection: sa.Connection, job: Job) -> bool:
    """Removes a job that is about to be done; False when it waits no longer, or has become another."""
    removed = connection.execute(
        sa.delete(jobs).where(
            jobs.c.workspace == job.workspace,
            jobs.c.job_id == job.job_id,
            jobs.c.kind == job.kind,
            jobs.c.reference == job.reference,
            jobs.c.due_at == job.due_at,
        )
    )
    return removed.rowcount == 1


def workspaces_with_jobs(connection: sa.Connection) -> set[str]:
    """The workspaces in which a job waits."""
    return set(connection.execute(_workspaces).scalars())
