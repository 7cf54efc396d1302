"""Writes to the outbox and reads what is due.

Messages of one lane are sent one after another, in the order in which they were written; lanes do not wait for each
other.

A message that was given up is a dead letter. It holds up nothing: its lane goes on without it. Sent again, it goes before
whatever waits in its lane, and several go in the order in which they were written.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.database import Transaction
from sandbox.outbox.tables import outbox, outbox_claims
from sandbox.prepared import Prepared
from sandbox.timestamps import to_text
from sandbox.workspaces.store import next_record
from sandbox.workspaces.tables import workspaces

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


_workspace = sa.bindparam("of_workspace", type_=sa.String)
_lane = sa.bindparam("of_lane", type_=sa.String)
_clock = sa.bindparam("clock", type_=sa.String)
_earliest = {
    clock: sa.select(sa.func.min(outbox.c.due_at))
    .where(
        outbox.c.is_first,
        outbox.c.workspace == workspaces.c.name,
        outbox.c.due_clock == clock,
    )
    .scalar_subquery()
    for clock in (WALL, WORLD)
}
_waiting = Prepared(
    sa.select(workspaces.c.name, _earliest[WALL], _earliest[WORLD]).where(
        sa.exists().where(outbox.c.is_first, outbox.c.workspace == workspaces.c.name)
    )
)
_waiting_in = Prepared(
    sa.select(workspaces.c.name, _earliest[WALL], _earliest[WORLD]).where(
        workspaces.c.name == _workspace
    )
)
_NAMES = tuple(name for name in Message.__dataclass_fields__ if name != "alone")
_due_now = (
    sa.select(*(outbox.c[name] for name in _NAMES))
    .where(
        outbox.c.is_first,
        outbox.c.workspace == _workspace,
        outbox.c.due_clock == _clock,
        outbox.c.due_at <= sa.bindparam("moment"),
    )
    .order_by(outbox.c.due_at, outbox.c.message_id)
    .limit(sa.bindparam("most"))
)
_unclaimed = _due_now.where(
    # A claimed message of the lane may stand behind a dead letter that is sent again, and one of a world that has ended may
    # have had the same number.
    ~sa.exists().where(
        outbox_claims.c.workspace == outbox.c.workspace,
        sa.or_(
            outbox_claims.c.lane == outbox.c.lane,
            outbox_claims.c.message_id == outbox.c.message_id,
        ),
        outbox_claims.c.claimed_until >= sa.bindparam("wall", type_=sa.String),
    )
)
ALL = Prepared(_due_now)
UNCLAIMED = Prepared(_unclaimed)
TO_CLAIM = Prepared(_unclaimed.with_for_update(of=outbox, skip_locked=True))
"""Which of the messages that are due are read: all; where several processes send, those that none is sending; and these
locked, to be claimed."""
_has_first = Prepared(
    sa.select(outbox.c.message_id)
    .where(outbox.c.is_first, outbox.c.workspace == _workspace, outbox.c.lane == _lane)
    .limit(1)
)
_insert = Prepared(outbox.insert())
_held = Prepared(
    sa.select(outbox.c.url, outbox.c.headers, outbox.c.body).where(
        outbox.c.workspace == _workspace,
        outbox.c.message_id == sa.bindparam("number"),
        outbox.c.state == WAITING,
    )
)
_end = Prepared(
    sa.update(outbox)
    .where(
        outbox.c.workspace == _workspace,
        outbox.c.message_id == sa.bindparam("number"),
        outbox.c.state == WAITING,
    )
    .values(
        state=sa.bindparam("state"),
        is_first=False,
        attempts=sa.bindparam("attempts"),
        due_at=sa.bindparam("due_at"),
        last_answer=sa.bindparam("last_answer"),
    )
)
_lead = Prepared(
    sa.update(outbox)
    .where(
        outbox.c.workspace == _workspace,
        outbox.c.message_id
        == sa.select(sa.func.min(outbox.c.message_id))
        .where(outbox.c.state == WAITING, outbox.c.workspace == _workspace, outbox.c.lane == _lane)
        .scalar_subquery(),
    )
    .values(is_first=True)
)
_step_back = Prepared(
    sa.update(outbox)
    .where(outbox.c.is_first, outbox.c.workspace == _workspace, outbox.c.lane == _lane)
    .values(is_first=False)
)

ANNOUNCEMENT = "outbox"
"""Something was written that may be due."""
CHANGED = "outbox-changed"
"""What waits was dropped, or is to go before what waited: whoever has read ahead has to read again."""


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
    # The number is taken first: with it the workspace is ours alone until the commit, and its lanes too.
    message_id = next_record(connection, workspace)
    in_lane = {"of_workspace": workspace, "of_lane": lane}
    _insert.run(
        connection,
        {
            "workspace": workspace,
            "message_id": message_id,
            "sender": sender,
            "kind": kind,
            "reference": reference,
            "lane": lane,
            "method": method,
            "url": url,
            "headers": orjson.dumps(headers).decode(),
            "body": orjson.dumps(body),
            "state": WAITING,
            "attempts": 0,
            "due_clock": due_clock,
            "due_at": to_text(due_at),
            "is_first": _has_first.run(connection, in_lane).fetchone() is None,
        },
    )
    return message_id


def earliest_due(
    connection: sa.Connection, workspace: str | None = None
) -> list[tuple[str, dict[str, str]]]:
    """(workspace, by clock the moment at which its next message is due), of every workspace in which one waits, or of one."""
    if workspace is None:
        rows = _waiting.run(connection, {}).fetchall()
    else:
        rows = _waiting_in.run(connection, {"of_workspace": workspace}).fetchall()
    return [
        (name, {clock: due for clock, due in ((WALL, wall), (WORLD, world)) if due})
        for name, wall, world in rows
    ]


def due_messages(
    connection: sa.Connection,
    workspace: str,
    clock: str,
    moment: datetime,
    limit: int,
    *,
    alone: bool = False,
    of: Prepared = ALL,
    wall: datetime | None = None,
) -> list[Message]:
    """The first waiting message of each lane, of those due by `clock`, in the order of their moments; `limit` at most.

    `of` is ALL, or with the `wall` time, at which a claim may have lapsed, UNCLAIMED or TO_CLAIM.
    """
    wanted = {
        "of_workspace": workspace,
        "clock": clock,
        "moment": to_text(moment),
        "most": limit,
        "wall": to_text(wall) if wall else None,
    }
    found = []
    for row in of.run(connection, wanted).fetchall():
        values = dict(zip(_NAMES, row, strict=True))
        headers = orjson.loads(values.pop("headers"))
        found.append(Message(**values, headers=headers, alone=alone))
    return found


def next_delivery(connection: sa.Connection, workspace: str) -> str | None:
    """The moment of the world at which the next delivery, first of its lane, is due; None when none waits."""
    [(_, due)] = earliest_due(connection, workspace) or [("", {})]
    return due.get(WORLD)


def still_waits(connection: sa.Connection, message: Message) -> bool:
    """Whether the message, as it was read, waits for its answer: a number is given again after a reset."""
    wanted = {"of_workspace": message.workspace, "number": message.message_id}
    row = _held.run(connection, wanted).fetchone()
    if row is None:
        return False
    url, headers, body = row
    return bool((url, orjson.loads(headers), body) == (message.url, message.headers, message.body))


def settle_message(connection: sa.Connection, message: Message, last_answer: str) -> None:
    """Ends a message that was answered."""
    _finish(connection, message, DONE, message.due_at, last_answer)


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
    name = message.workspace
    if lane == message.lane:
        _change(connection, message, due_at=to_text(due_at))
        return
    _change(connection, message, due_at=to_text(due_at), lane=lane, is_first=False)
    _put_in_order(connection, name, message.lane)
    _put_in_order(connection, name, lane)


def is_held_back(
    connection: sa.Connection, workspace: str, lane_prefix: str, lane_end: str, now: datetime
) -> bool:
    """Whether something waits in lanes that begin and end so for another message to overtake it."""
    found = connection.execute(
        sa.select(outbox.c.message_id)
        .where(*_held_back(workspace, lane_prefix, lane_end), outbox.c.due_at > to_text(now))
        .limit(1)
    )
    return found.one_or_none() is not None


def _held_back(workspace: str, lane_prefix: str, lane_end: str) -> list[sa.ColumnElement[bool]]:
    return [
        outbox.c.workspace == workspace,
        outbox.c.state == WAITING,
        _begins_with(lane_prefix),
        outbox.c.lane.endswith(lane_end),
        outbox.c.attempts == 0,
    ]


def release(
    connection: sa.Connection, workspace: str, lane_prefix: str, lane_end: str, now: datetime
) -> None:
    """Makes what waits in lanes that begin and end so due, where it was not yet."""
    moment = to_text(now)
    connection.execute(
        sa.update(outbox)
        .where(*_held_back(workspace, lane_prefix, lane_end), outbox.c.due_at > moment)
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
    _finish(connection, message, DEAD, to_text(now), last_answer)


def _finish(
    connection: sa.Connection, message: Message, state: str, due_at: str, last_answer: str
) -> None:
    """Ends a message, and lets the next of its lane be the first."""
    _end.run(
        connection,
        {
            "of_workspace": message.workspace,
            "number": message.message_id,
            "state": state,
            "attempts": message.attempts + 1,
            "due_at": due_at,
            "last_answer": last_answer,
        },
    )
    # While it was under way, a dead letter that goes before may have become the first: it stays so.
    _lead.run(connection, {"of_workspace": message.workspace, "of_lane": message.lane})


def _put_in_order(connection: sa.Connection, workspace: str, lane: str) -> None:
    """Makes the first message that waits in a lane, and no other, the first of it."""
    in_lane = {"of_workspace": workspace, "of_lane": lane}
    _step_back.run(connection, in_lane)
    _lead.run(connection, in_lane)


def cancel_lane(transaction: Transaction, workspace: str, lane_prefix: str) -> None:
    """Drops what waits, and what was given up, in lanes that begin with `lane_prefix`."""
    transaction.announcements.add(CHANGED)
    transaction.connection.execute(
        sa.update(outbox)
        .where(
            outbox.c.workspace == workspace,
            outbox.c.state.in_((WAITING, DEAD)),
            _begins_with(lane_prefix),
        )
        .values(state=DROPPED, is_first=False)
    )


def drop_unwanted(
    transaction: Transaction, workspace: str, lane_prefix: str, is_wanted: Callable[[bytes], bool]
) -> None:
    """Drops, of what waits and what was given up in lanes that begin with `lane_prefix`, what is not wanted by its body."""
    connection = transaction.connection
    rows = connection.execute(
        sa.select(outbox.c.message_id, outbox.c.lane, outbox.c.body).where(
            outbox.c.workspace == workspace,
            outbox.c.state.in_((WAITING, DEAD)),
            _begins_with(lane_prefix),
        )
    )
    unwanted = [(row.message_id, row.lane) for row in rows if not is_wanted(bytes(row.body))]
    for message_id, _ in unwanted:
        connection.execute(
            sa.update(outbox)
            .where(outbox.c.workspace == workspace, outbox.c.message_id == message_id)
            .values(state=DROPPED, is_first=False)
        )
    for lane in {lane for _, lane in unwanted}:
        _put_in_order(connection, workspace, lane)
    transaction.announcements.add(CHANGED)


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
    connection = transaction.connection
    transaction.announcements.add(CHANGED)
    chosen = _dead(workspace, lane_prefix)
    if references is not None:
        chosen = sa.and_(chosen, outbox.c.reference.in_(references))
    lanes = list(connection.execute(sa.select(outbox.c.lane).where(chosen).distinct()).scalars())
    revived = connection.execute(
        sa.update(outbox).where(chosen).values(state=WAITING, attempts=0, due_at=to_text(due_at))
    )
    for lane in lanes:
        _put_in_order(connection, workspace, lane)
    return revived.rowcount


def _dead(workspace: str, lane_prefix: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        outbox.c.workspace == workspace, outbox.c.state == DEAD, _begins_with(lane_prefix)
    )


def _begins_with(lane_prefix: str) -> sa.ColumnElement[bool]:
    """Lanes that begin with a text, as a range that an index serves; the text ends with a slash."""
    after = f"{lane_prefix.removesuffix('/')}{chr(ord('/') + 1)}"
    return sa.and_(outbox.c.lane >= lane_prefix, outbox.c.lane < after)
