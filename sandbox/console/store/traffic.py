"""Looks for exchanges in the journal: newest first for a page, oldest first for who watches.

What has no index of its own is looked for among so many exchanges that a page is bounded however long the journal is; the next
page goes on where the look ended.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sandbox.journal.tables import ABOUT_SOMEBODY, REFUSED, exchanges

LOOKED_AT = 10_000
"""How many exchanges one page looks at for what has no index."""
_SHOWN = (
    "exchange_id",
    "system",
    "direction",
    "operation_id",
    "client",
    "method",
    "path",
    "status",
    "request_id",
    "applicant_number",
    "started_at",
    "duration_ms",
    "world_time",
)
_SUMMARY = tuple(exchanges.c[name] for name in _SHOWN)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which exchanges: all that is given must hold."""

    systems: tuple[str, ...] = ()
    operation: str | None = None
    statuses: tuple[int, int] | None = None
    """The least and the greatest status; 0 is that of an exchange without an answer."""
    is_refused: bool = False
    """Whether it was refused, failed or not answered."""
    applicant: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One page of exchanges, newest first."""

    rows: list[Row]
    before: int | None = None
    """The next page begins before this number; None where this is the end."""
    is_partial: bool = False
    """Whether the look ended before the page was full; there may be more further back."""


def newest(
    connection: sa.Connection, workspace: str, wanted: Wanted, before: int | None, limit: int
) -> Found:
    """The newest exchanges that are wanted, of those before number `before`."""
    statement = _among(workspace, wanted)
    # Few exchanges have one request id; with their numbers in the order, the whole journal would be walked for them.
    number = exchanges.c.exchange_id + 0 if wanted.request_id else exchanges.c.exchange_id
    if before is not None:
        statement = statement.where(number < before)
    asked = _asked(wanted)
    most = LOOKED_AT if asked else limit + 1
    among = statement.order_by(number.desc()).limit(most).subquery("among")
    query = (
        sa.select(among)
        .where(*(criterion(among) for criterion in asked))
        .order_by(among.c.exchange_id.desc())
        .limit(limit + 1)
    )
    rows = [dict(row._mapping) for row in connection.execute(query)]
    if len(rows) > limit:
        return Found(rows[:limit], rows[limit - 1]["exchange_id"])
    if asked:
        ended = sa.select(sa.func.count(), sa.func.min(among.c.exchange_id)).select_from(among)
        many, last = connection.execute(ended).one()
        if many == most:
            return Found(rows, last, is_partial=True)
    return Found(rows)


def newer(
    connection: sa.Connection, workspace: str, wanted: Wanted, after: int, last: int, limit: int
) -> list[Row]:
    """The wanted exchanges after number `after` up to `last`, oldest first."""
    among = (
        sa.select(*_SUMMARY)
        .where(
            exchanges.c.workspace == workspace,
            exchanges.c.exchange_id > after,
            exchanges.c.exchange_id <= last,
        )
        .order_by(exchanges.c.exchange_id)
        .limit(last - after)
        .subquery("among")
    )
    criteria = _asked(wanted)
    for given, name in ((wanted.applicant, "applicant_number"), (wanted.request_id, "request_id")):
        if given is not None:
            criteria.append(_is(name, given))
    if wanted.is_refused:
        criteria.append(lambda rows: sa.or_(rows.c.status >= 400, rows.c.status == 0))
    query = (
        sa.select(among)
        .where(*(criterion(among) for criterion in criteria))
        .order_by(among.c.exchange_id)
        .limit(limit)
    )
    return [dict(row._mapping) for row in connection.execute(query)]


def of_request_id(
    connection: sa.Connection, workspace: str, request_id: str, limit: int
) -> list[Row]:
    """The exchanges under a request id, newest first."""
    return newest(connection, workspace, Wanted(request_id=request_id), None, limit).rows


def last_refused(connection: sa.Connection, workspace: str, limit: int) -> list[Row]:
    """The newest exchanges that were refused, failed or not answered, each with the body of its answer."""
    rows = connection.execute(
        sa.select(*_SUMMARY, exchanges.c.response_body)
        .where(exchanges.c.workspace == workspace, sa.text(f"({REFUSED})"))
        .order_by(exchanges.c.exchange_id.desc())
        .limit(limit)
    )
    return [dict(row._mapping) for row in rows]


def _among(workspace: str, wanted: Wanted) -> sa.Select[Any]:
    """The exchanges that an index leads to."""
    statement = sa.select(*_SUMMARY).where(exchanges.c.workspace == workspace)
    if wanted.request_id is not None:
        lower = sa.func.lower(exchanges.c.request_id)
        statement = statement.where(lower == wanted.request_id.lower())
    if wanted.applicant is not None:
        statement = statement.where(
            exchanges.c.applicant_number == wanted.applicant, sa.text(ABOUT_SOMEBODY)
        )
    elif wanted.is_refused:
        statement = statement.where(sa.text(f"({REFUSED})"))
    return statement


def _asked(wanted: Wanted) -> list[Any]:
    """What is asked of each of them."""
    asked: list[Any] = []
    if wanted.systems:
        asked.append(lambda rows: rows.c.system.in_(wanted.systems))
    if wanted.operation is not None:
        asked.append(lambda rows: rows.c.operation_id == wanted.operation)
    if wanted.statuses is not None:
        least, greatest = wanted.statuses
        asked.append(lambda rows: rows.c.status.between(least, greatest))
    if wanted.is_refused and wanted.applicant is not None:
        asked.append(lambda rows: sa.or_(rows.c.status >= 400, rows.c.status == 0))
    return asked


def _is(name: str, value: str) -> Any:
    if name == "request_id":
        return lambda rows: sa.func.lower(rows.c[name]) == value.lower()
    return lambda rows: rows.c[name] == value
