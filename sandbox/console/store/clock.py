"""What lies ahead of a world's clock, and what has happened since a moment of it."""

from collections import Counter
from dataclasses import dataclass

import orjson
import sqlalchemy as sa

from sandbox.esr.tables import events
from sandbox.jobs.tables import jobs
from sandbox.outbox.store import WORLD
from sandbox.outbox.tables import outbox
from sandbox.workspaces.tables import workspaces

_MOST_EVENTS = 2_000


@dataclass(frozen=True, slots=True)
class Due:
    """Something that waits for a moment of the world."""

    at: str
    kind: str
    """The kind of a job, or `delivery`."""
    subject: str
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Heads:
    """The last numbers that were given out."""

    event: int
    exchange: int


def next_due(connection: sa.Connection, workspace: str, most: int) -> list[Due]:
    """What is due next in the world's time, soonest first, `most` at most."""
    work = connection.execute(
        sa.select(jobs.c.due_at, jobs.c.kind, jobs.c.reference)
        .where(jobs.c.workspace == workspace)
        .order_by(jobs.c.due_at, jobs.c.job_id)
        .limit(most)
    )
    deliveries = connection.execute(
        sa.select(outbox.c.due_at, outbox.c.url, outbox.c.attempts)
        .where(outbox.c.is_first, outbox.c.workspace == workspace, outbox.c.due_clock == WORLD)
        .order_by(outbox.c.due_at, outbox.c.message_id)
        .limit(most)
    )
    found = [Due(row.due_at, row.kind, row.reference) for row in work]
    found += [Due(row.due_at, "delivery", row.url, row.attempts) for row in deliveries]
    return sorted(found, key=lambda due: due.at)[:most]


def heads(connection: sa.Connection, workspace: str) -> Heads:
    """The last event and the last exchange."""
    row = connection.execute(
        sa.select(workspaces.c.last_event, workspaces.c.last_exchange).where(
            workspaces.c.name == workspace
        )
    ).one()
    return Heads(row.last_event, row.last_exchange)


def events_between(
    connection: sa.Connection, workspace: str, after: int, last: int
) -> dict[str, int]:
    """How many events of each type there are with a number above `after` up to `last`, of the first two thousand."""
    rows = connection.execute(
        sa.select(events.c.document)
        .where(
            events.c.workspace == workspace,
            events.c.sequence > after,
            events.c.sequence <= last,
        )
        .order_by(events.c.sequence)
        .limit(_MOST_EVENTS)
    )
    return dict(Counter(orjson.loads(text)["type"] for text in rows.scalars()))
