"""Appends to the journal and reads it."""

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.database import Transaction
from sandbox.journal.tables import exchanges
from sandbox.prepared import Prepared
from sandbox.workspaces.tables import workspaces

FLUSH = "journal"


@dataclass(slots=True)
class Exchange:
    """One request and its answer, as kept. Headers and bodies are masked already, bodies absent in LEDGER detail."""

    workspace: str
    system: str
    direction: str
    operation_id: str | None
    client: str | None
    method: str
    path: str
    query: str | None
    request_headers: str
    request_body: str | None
    request_digest: str | None
    status: int
    response_headers: str
    response_body: str | None
    response_digest: str | None
    request_id: str | None
    correlation_id: str | None
    applicant_number: str | None
    started_at: str
    duration_ms: float
    world_time: str


_head = Prepared(
    sa.select(workspaces.c.last_exchange, workspaces.c.journal_chain).where(
        workspaces.c.name == sa.bindparam("name")
    )
)
_move_head = Prepared(
    sa.update(workspaces)
    .where(workspaces.c.name == sa.bindparam("of_workspace"))
    .values(last_exchange=sa.bindparam("last"), journal_chain=sa.bindparam("chain"))
)
_append = Prepared(exchanges.insert())


def keep(transaction: Transaction, exchange: Exchange) -> None:
    """Has `exchange` appended when the transaction commits."""
    transaction.before_commit.setdefault(FLUSH, []).append(exchange)


def append(transaction: Transaction, kept: list[Exchange]) -> None:
    """Appends the exchanges in their order: numbers without a gap, each row's digest over the one before."""
    by_workspace: dict[str, list[Exchange]] = {}
    for exchange in kept:
        by_workspace.setdefault(exchange.workspace, []).append(exchange)
    for name, rows in by_workspace.items():
        head = _head.run(transaction.connection, {"name": name}).fetchone()
        if head is None:
            continue  # The workspace went while its last answer was on its way.
        number, chain = head
        values = []
        for row in rows:
            number += 1
            value = _values(row)
            value["exchange_id"] = number
            chain = link(chain, value)
            value["chain"] = chain
            values.append(value)
        _append.run_many(transaction.connection, values)
        _move_head.run(
            transaction.connection, {"of_workspace": name, "last": number, "chain": chain}
        )


_COLUMNS = tuple(column.name for column in exchanges.columns if column.name != "chain")
_FIELDS = tuple(Exchange.__dataclass_fields__)


def _values(exchange: Exchange) -> dict[str, Any]:
    values = {name: getattr(exchange, name) for name in _FIELDS}
    for name, value in values.items():
        # PostgreSQL keeps no such character, and an exchange that brought one is kept all the same.
        if isinstance(value, str) and "\x00" in value:
            values[name] = value.replace("\x00", "\ufffd")
    return values


def link(before: str, values: dict[str, Any]) -> str:
    """The digest (hex SHA-256) of a row and of the row before it."""
    content = orjson.dumps([values[name] for name in _COLUMNS])
    return hashlib.sha256(before.encode() + content).hexdigest()


def find_exchange(
    connection: sa.Connection, workspace: str, exchange_id: int
) -> dict[str, Any] | None:
    """One row as a mapping, or None."""
    row = connection.execute(
        sa.select(exchanges).where(
            exchanges.c.workspace == workspace, exchanges.c.exchange_id == exchange_id
        )
    ).one_or_none()
    return dict(row._mapping) if row else None


def list_exchanges(
    connection: sa.Connection, workspace: str, after: int, limit: int, **filters: Any
) -> list[dict[str, Any]]:
    """Rows after number `after`, oldest first, that have the given column values."""
    # Few exchanges have one request id; with their numbers in the order, the whole journal would be walked for them.
    number = exchanges.c.exchange_id + 0 if filters.get("request_id") else exchanges.c.exchange_id
    query = (
        sa.select(exchanges)
        .where(exchanges.c.workspace == workspace, number > after)
        .order_by(number)
        .limit(limit)
    )
    for name, value in filters.items():
        if value is None:
            continue
        if name == "request_id":
            # A request id is a UUID, whose letters may stand in either case.
            query = query.where(sa.func.lower(exchanges.c.request_id) == value.lower())
        else:
            query = query.where(exchanges.c[name] == value)
    return [dict(row._mapping) for row in connection.execute(query)]


def broken_link(connection: sa.Connection, workspace: str) -> int | None:
    """The number of the first row that is missing or does not follow from the one before; None when the chain holds."""
    chain, expected = "0" * 64, 1
    query = (
        sa.select(exchanges)
        .where(exchanges.c.workspace == workspace)
        .order_by(exchanges.c.exchange_id)
        .execution_options(yield_per=1000)
    )
    for row in connection.execute(query):
        values = dict(row._mapping)
        chain = link(chain, values)
        if values["exchange_id"] != expected or values["chain"] != chain:
            return int(values["exchange_id"])
        expected += 1
    head = _head.run(connection, {"name": workspace}).fetchone()
    return None if head is None or tuple(head) == (expected - 1, chain) else expected


__all__ = [
    "FLUSH",
    "Exchange",
    "append",
    "broken_link",
    "find_exchange",
    "keep",
    "link",
    "list_exchanges",
]
