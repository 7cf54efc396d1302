"""The journal as the control contract shows it."""

from typing import Any

import orjson

from sandbox.errors import not_found
from sandbox.journal import store
from sandbox.web.call import Unit
from sandbox.web.cursor import feed_page_of

_NAMES = {
    "exchange_id": "exchangeId",
    "workspace": "workspace",
    "system": "system",
    "direction": "direction",
    "operation_id": "operationId",
    "method": "method",
    "path": "path",
    "query": "query",
    "request_digest": "requestDigest",
    "status": "status",
    "response_digest": "responseDigest",
    "started_at": "startedAt",
    "duration_ms": "durationMilliseconds",
    "world_time": "worldTime",
    "request_id": "requestId",
    "correlation_id": "correlationId",
    "client": "client",
    "applicant_number": "applicantNumber",
    "chain": "chain",
}
_FULL = {"request_body": "requestBody", "response_body": "responseBody"}
_HEADERS = {"request_headers": "requestHeaders", "response_headers": "responseHeaders"}


def list_exchanges(unit: Unit, after: int, limit: int, **filters: Any) -> dict[str, Any]:
    """A page of `ExchangeSummary`, oldest first; `next` is always there."""
    rows = store.list_exchanges(unit.connection, unit.workspace.name, after, limit + 1, **filters)
    shown = [(row["exchange_id"], _summary(row)) for row in rows]
    return feed_page_of("exchanges", shown, limit, after)


def read_exchange(unit: Unit, exchange_id: int) -> dict[str, Any]:
    """The `Exchange`. Raises Refusal NOT_FOUND."""
    row = store.find_exchange(unit.connection, unit.workspace.name, exchange_id)
    if row is None:
        raise not_found("exchange", exchange_id)
    exchange = _summary(row)
    for column, name in _FULL.items():
        if row[column] is not None:
            exchange[name] = row[column]
    for column, name in _HEADERS.items():
        headers = orjson.loads(row[column])
        if headers:
            exchange[name] = headers
    return exchange


def _summary(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[column] for column, name in _NAMES.items() if row[column] is not None}
