"""Reads what a workspace has set of its limits, and counts requests in the database."""

import sqlalchemy as sa

from sandbox.limits.tables import request_counts
from sandbox.limits.windows import Key, Limits, Window
from sandbox.prepared import Prepared
from sandbox.workspaces.store import change_workspace
from sandbox.workspaces.tables import workspaces

_set = Prepared(
    sa.select(
        workspaces.c.limit_mode, workspaces.c.limit_per_second, workspaces.c.limit_per_minute
    ).where(workspaces.c.name == sa.bindparam("name"))
)
_now, _length = (
    sa.bindparam("now", type_=sa.BigInteger),
    sa.bindparam("length", type_=sa.BigInteger),
)
# A window that ends later than one that begins now was opened by a clock that has been set back since.
_is_over = sa.or_(request_counts.c.ends_at <= _now, request_counts.c.ends_at > _now + _length)
_count = (
    sa.update(request_counts)
    .where(
        request_counts.c.workspace == sa.bindparam("of_workspace"),
        request_counts.c.client_id == sa.bindparam("of_client"),
        request_counts.c.api == sa.bindparam("of_api"),
        request_counts.c.seconds == sa.bindparam("of_seconds"),
    )
    .values(
        requests=sa.case((_is_over, 1), else_=request_counts.c.requests + 1),
        ends_at=sa.case((_is_over, _now + _length), else_=request_counts.c.ends_at),
    )
    .returning(request_counts.c.requests, request_counts.c.ends_at)
)


def load_limits(connection: sa.Connection, workspace: str) -> Limits | str:
    """What the workspace has set: limits of its own, or `DEFAULT` or `OFF`."""
    row = _set.run(connection, {"name": workspace}).fetchone()
    if row is None:
        return "OFF"
    mode, per_second, per_minute = row
    return Limits(per_second, per_minute) if mode == "SET" else str(mode)


def set_limits(connection: sa.Connection, workspace: str, limits: Limits | str) -> None:
    """Sets what `load_limits` gives."""
    own = limits if isinstance(limits, Limits) else None
    change_workspace(
        connection,
        workspace,
        limit_mode="SET" if own else limits,
        limit_per_second=own.per_second if own else None,
        limit_per_minute=own.per_minute if own else None,
    )


def count_request(connection: sa.Connection, key: Key, seconds: int, now: int) -> Window:
    """Counts one more request in the window that holds `now` (wall time, in milliseconds), or in one that begins with it."""
    workspace, client_id, api = key
    values = {
        "of_workspace": workspace,
        "of_client": client_id,
        "of_api": api,
        "of_seconds": seconds,
        "now": now,
        "length": seconds * 1000,
    }
    row = connection.execute(_count, values).one_or_none()
    if row is not None:
        return Window(row.requests, row.ends_at)
    window = Window(1, now + seconds * 1000)
    # The workspace's row is locked, so nobody else finds that it is missing.
    connection.execute(
        request_counts.insert().values(
            workspace=workspace,
            client_id=client_id,
            api=api,
            seconds=seconds,
            ends_at=window.ends_at,
            requests=window.requests,
        )
    )
    return window
