"""Writes to the outbox and reads what is due.

Messages of one lane are sent one after another, in the order in which they were written; lanes do not wait for each
other.

A message that was given up is a dead letter. It holds up nothing: its lane goes on without it. Sent again, it goes before
whatever waits in its lane, and several go in the order in which they were written.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.database import Transaction
from sandbox.outbox.tables import outbox
from sandbox.timestamps import to_text
from sandbox.workspaces.store import next_record

WAITING, DONE, DEAD, DROPPED = "WAITING", "DONE", "DEAD", "DROPPED"
"""What has become of a message: DEAD is given up after its last attempt, DROPPED is no longer wanted."""
WALL, WORLD = "WALL", "WORLD"
"""The clocks that a message can be due by."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message that waits for its answer."""

    workspace: str
    message_id: int
    sender: str
    kind: str
    reference: str
    lane: str
    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    attempts: int
    due_clock: str
    due_at: str
    alone: bool = False
    """Whether no other message of the workspace may be under way with it."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was given up, at a moment of the clock that it was due by."""

    message_id: int
    reference: str
    body: bytes
    attempts: int
    last_answer: str
    given_up_at: str


_workspaces_waiting = sa.select(outbox.c.workspace).where(outbox.c.state == WAITING).distinct()
_heads = (
    sa.select(sa.func.min(outbox.c.message_id).label("message_id"))
    .where(outbox.c.state == WAITING, outbox.c.workspace == sa.bindparam("workspace"))
    .group_by(outbox.c.lane)
    .subquery()
)
_due = (
    sa.select(outbox)
    .join(_heads, outbox.c.message_id == _heads.c.message_id)
    .where(
        outbox.c.workspace == sa.bindparam("workspace"),
        sa.or_(
            sa.and_(outbox.c.due_clock == WALL, outbox.c.due_at <= sa.bindparam("wall")),
            sa.and_(outbox.c.due_clock == WORLD, outbox.c.due_at <= sa.bindparam("world")),
        ),
    )
    .order_by(outbox.c.message_id)
    .limit(sa.bindparam("limit"))
)


_next_delivery = (
    sa.select(sa.func.min(outbox.c.due_at))
    .join(_heads, outbox.c.message_id == _heads.c.message_id)
    .where(outbox.c.workspace == sa.bindparam("workspace"), outbox.c.due_clock == WORLD)
)

ANNOUNCEMENT = "outbox"


def enqueue(
    transaction: Transaction,
    workspace: str,
    *,
    sender: str,
    kind: str,
    reference: str,
    lane: str,
    method: str,
    url: str,
    headers: dict[str, str],
    body: Any,
    due_clock: str,
    due_at: datetime,
) -> int:
    """Writes a message and answers its number; who listens for ANNOUNCEMENT hears of it after the commit."""
    transaction.announcements.add(ANNOUNCEMENT)
    connection = transaction.connection
    message_id = next_record(connection, workspace)
    connection.execute(
        outbox.insert().values(
            workspace=workspace,
            message_id=message_id,
            sender=sender,
            kind=kind,
            reference=reference,
            lane=lane,
            method=method,
            url=url,
            headers=orjson.dumps(headers).decode(),
            body=orjson.dumps(body),
            state=WAITING,
            attempts=0,
            due_clock=due_clock,
            due_at=to_text(due_at),
        )
    )
    return message_id


def workspaces_waiting(connection: sa.Connection) -> list[str]:
    """The workspaces in which something waits."""
    return list(connection.execute(_workspaces_waiting).scalars())


def due_messages(
    connection: sa.Connection,
    workspace: str,
    wall: datetime,
    world: datetime,
    limit: int,
    *,
    alone: bool = False,
) -> list[Message]:
    """The first waiting message of each lane, of those that are due, oldest first; `limit` at most."""
    parameters = {
        "workspace": workspace,
        "wall": to_text(wall),
        "world": to_text(world),
        "limit": limit,
    }
    names = Message.__dataclass_fields__.keys() - {"alone"}
    return [
        Message(
            **{
                name: orjson.loads(row.headers) if name == "headers" else getattr(row, name)
                for name in names
            },
            alone=alone,
        )
        for row in connection.execute(_due, parameters)
    ]


def next_delivery(connection: sa.Connection, workspace: str) -> str | None:
    """The moment of the world at which the next delivery, first of its lane, is due; None when none waits."""
    due: str | None = connection.execute(_next_delivery, {"workspace": workspace}).scalar_one()
    return due


def still_waits(connection: sa.Connection, message: Message) -> bool:
    """Whether the message, as it was read, waits for its answer: a number is given again after a reset."""
    row = connection.execute(
        sa.select(outbox.c.url, outbox.c.headers, outbox.c.body).where(
            outbox.c.workspace == message.workspace,
            outbox.c.message_id == message.message_id,
            outbox.c.state == WAITING,
        )
    ).one_or_none()
    if row is None:
        return False
    held = (row.url, orjson.loads(row.headers), row.body)
    return held == (message.url, message.headers, message.body)


def settle_message(connection: sa.Connection, message: Message, last_answer: str) -> None:
    """Ends a message that was answered."""
    _change(connection, message, state=DONE, attempts=message.attempts + 1, last_answer=last_answer)


def put_off(
    connection: sa.Connection, message: Message, now: datetime, wait: timedelta, last_answer: str
) -> None:
    """Has a message tried again `wait` after `now`, on the clock that it is due by."""
    _change(
        connection,
        message,
        attempts=message.attempts + 1,
        due_at=to_text(now + wait),
        last_answer=last_answer,
    )


def hold_back(connection: sa.Connection, message: Message, due_at: datetime, lane: str) -> None:
    """Has a message that was not sent wait until `due_at` in another lane, or in its own."""
    _change(connection, message, due_at=to_text(due_at), lane=lane)


def release(
    connection: sa.Connection, workspace: str, lane_prefix: str, lane_end: str, now: datetime
) -> None:
    """Makes what waits in lanes that begin and end so due, where it was not yet."""
    moment = to_text(now)
    connection.execute(
        sa.update(outbox)
        .where(
            outbox.c.workspace == workspace,
            outbox.c.state == WAITING,
            _begins_with(lane_prefix),
            outbox.c.lane.endswith(lane_end),
            outbox.c.attempts == 0,
            outbox.c.due_at > moment,
        )
        .values(due_at=moment)
    )


def _change(connection: sa.Connection, message: Message, **values: Any) -> None:
    connection.execute(
        sa.update(outbox)
        .where(
            outbox.c.workspace == message.workspace,
            outbox.c.message_id == message.message_id,
            outbox.c.state == WAITING,
        )
        .values(**values)
    )


def give_up(connection: sa.Connection, message: Message, now: datetime, last_answer: str) -> None:
    """Ends a message that was refused or not answered to the last: it is a dead letter, due no more since `now`."""
    _change(
        connection,
        message,
        state=DEAD,
        attempts=message.attempts + 1,
        due_at=to_text(now),
        last_answer=last_answer,
    )


def cancel_lane(connection: sa.Connection, workspace: str, lane_prefix: str) -> None:
    """Drops what waits, and what was given up, in lanes that begin with `lane_prefix`."""
    connection.execute(
        sa.update(outbox)
        .where(
            outbox.c.workspace == workspace,
            outbox.c.state.in_((WAITING, DEAD)),
            _begins_with(lane_prefix),
        )
        .values(state=DROPPED)
    )


def list_dead(
    connection: sa.Connection, workspace: str, lane_prefix: str, after: int, limit: int
) -> list[DeadLetter]:
    """The dead letters of lanes that begin with `lane_prefix`, oldest first, after message `after`."""
    rows = connection.execute(
        sa.select(
            outbox.c.message_id,
            outbox.c.reference,
            outbox.c.body,
            outbox.c.attempts,
            outbox.c.last_answer,
            outbox.c.due_at,
        )
        .where(_dead(workspace, lane_prefix), outbox.c.message_id > after)
        .order_by(outbox.c.message_id)
        .limit(limit)
    )
    return [DeadLetter(*row) for row in rows]


def known_dead(
    connection: sa.Connection, workspace: str, lane_prefix: str, references: list[str]
) -> set[str]:
    """Which of `references` name dead letters of these lanes."""
    found = connection.execute(
        sa.select(outbox.c.reference).where(
            _dead(workspace, lane_prefix), outbox.c.reference.in_(references)
        )
    )
    return set(found.scalars())


def revive(
    transaction: Transaction,
    workspace: str,
    lane_prefix: str,
    due_at: datetime,
    references: list[str] | None = None,
) -> int:
    """Has dead letters, all of them or those named, tried again from the first attempt on; answers how many."""
    transaction.announcements.add(ANNOUNCEMENT)
    chosen = _dead(workspace, lane_prefix)
    if references is not None:
        chosen = sa.and_(chosen, outbox.c.reference.in_(references))
    revived = transaction.connection.execute(
        sa.update(outbox).where(chosen).values(state=WAITING, attempts=0, due_at=to_text(due_at))
    )
    return revived.rowcount


def _dead(workspace: str, lane_prefix: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        outbox.c.workspace == workspace, outbox.c.state == DEAD, _begins_with(lane_prefix)
    )


def _begins_with(lane_prefix: str) -> sa.ColumnElement[bool]:
    """Lanes that begin with a text, as a range that an index serves; the text ends with a slash."""
    after = f"{lane_prefix.removesuffix('/')}{chr(ord('/') + 1)}"
    return sa.and_(outbox.c.lane >= lane_prefix, outbox.c.lane < after)
