"""Which process sends which message, where several share the outbox.

A process claims a message before it sends it, and gives the claim back with the answer. A claim is a lease on wall time that
is renewed while the message is under way: a process that dies lets its claims lapse, and another sends the same message under
the same request id or event id. Claims are no part of a world: a message on its way when its world ends is claimed until it has
arrived.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from sandbox.clock import ClockMode
from sandbox.database import Transaction
from sandbox.outbox.store import TO_CLAIM, UNCLAIMED, WALL, WORLD, Message, due_messages
from sandbox.outbox.tables import outbox_claims
from sandbox.prepared import Prepared
from sandbox.timestamps import to_text
from sandbox.workspaces.store import find_workspace

LEASE = timedelta(seconds=6)
"""How long a claim holds that is not renewed."""
RENEWAL_SECONDS = 2.0

_workspace = sa.bindparam("of_workspace", type_=sa.String)
_process = sa.bindparam("process", type_=sa.String)
_moment = sa.bindparam("moment", type_=sa.String)
_of_workspace = outbox_claims.c.workspace == _workspace
_insert = Prepared(outbox_claims.insert())
_lapse = Prepared(
    sa.delete(outbox_claims).where(_of_workspace, outbox_claims.c.claimed_until < _moment)
)
_live = Prepared(
    sa.select(outbox_claims.c.address).where(
        _of_workspace, outbox_claims.c.claimed_until >= _moment
    )
)
_end = Prepared(
    sa.delete(outbox_claims).where(
        _of_workspace,
        outbox_claims.c.message_id == sa.bindparam("number"),
        outbox_claims.c.claimed_by == _process,
    )
)
_renew = Prepared(
    sa.update(outbox_claims)
    .where(_of_workspace, outbox_claims.c.claimed_by == _process)
    .values(claimed_until=_moment)
)
_may_send = Prepared(
    sa.select(sa.func.pg_try_advisory_xact_lock_shared(sa.bindparam("key", type_=sa.BigInteger)))
)


def claim(
    transaction: Transaction,
    process: str,
    workspace: str,
    limit: int,
    wall: datetime,
    key: int,
    address_of: Callable[[Message], str],
) -> list[Message]:
    """Claims for `process` what may be sent now, `limit` messages at most; the workspace's row is locked.

    Of each lane the first is claimed, and none while another of the lane is under way; where the clock stands still, one
    alone in the whole workspace. Nothing is claimed while somebody holds the lock `key`.
    """
    connection = transaction.connection
    found = find_workspace(connection, workspace)
    if found is None or not _may_send.run(connection, {"key": key}).fetchone()[0]:
        return []
    _lapse.run(connection, {"of_workspace": workspace, "moment": to_text(wall)})
    alone = found.clock.mode is ClockMode.FROZEN
    if alone and addresses_under_way(connection, workspace, wall):
        return []
    most = 1 if alone else limit
    waiting = [
        message
        for clock, moment in ((WALL, wall), (WORLD, found.clock.now(wall)))
        for message in due_messages(
            connection, workspace, clock, moment, most, alone=alone, of=TO_CLAIM, wall=wall
        )
    ]
    claimed = sorted(waiting, key=lambda message: message.message_id)[:most]
    until = to_text(wall + LEASE)
    for message in claimed:
        values = {
            "workspace": workspace,
            "message_id": message.message_id,
            "lane": message.lane,
            "address": address_of(message),
            "claimed_by": process,
            "claimed_until": until,
        }
        _insert.run(connection, values)
    return claimed


def may_claim(
    connection: sa.Connection,
    workspace: str,
    moments: dict[str, datetime],
    wall: datetime,
    *,
    is_frozen: bool,
) -> bool:
    """Whether it is worth trying to claim something of what is due by the clocks at their moments."""
    if is_frozen and addresses_under_way(connection, workspace, wall):
        return False
    return any(
        due_messages(connection, workspace, clock, moment, 1, of=UNCLAIMED, wall=wall)
        for clock, moment in moments.items()
    )


def addresses_under_way(connection: sa.Connection, workspace: str, wall: datetime) -> list[str]:
    """Where the messages of a workspace go that any process is sending."""
    moment = {"of_workspace": workspace, "moment": to_text(wall)}
    return [address for (address,) in _live.run(connection, moment).fetchall()]


def renew_claims(connection: sa.Connection, process: str, workspace: str, wall: datetime) -> None:
    """Has the claims of a process in a workspace hold on."""
    _renew.run(
        connection,
        {"of_workspace": workspace, "process": process, "moment": to_text(wall + LEASE)},
    )


def end_claim(connection: sa.Connection, process: str, message: Message) -> bool:
    """Gives a claim back; False where it had lapsed, and another process may be sending the message."""
    wanted = {
        "of_workspace": message.workspace,
        "number": message.message_id,
        "process": process,
    }
    return bool(_end.run(connection, wanted).rowcount == 1)
