"""All that the page of one exchange tells."""

from collections.abc import Mapping
from typing import Any

import orjson
from flask import current_app, url_for

from sandbox.conformance.operations import Operations
from sandbox.conformance.record import json_of
from sandbox.console.console import console
from sandbox.console.judged import judged, operations_of
from sandbox.console.repeating import curl, masked_places
from sandbox.console.store.traffic import Row, of_request_id
from sandbox.console.telling import HOURLY_FILE, Telling, outcome
from sandbox.contracts.bundle import operations
from sandbox.control.service.exchanges import read_exchange
from sandbox.journal.store import find_exchange
from sandbox.settings import Level
from sandbox.web.call import Unit
from sandbox.workspaces.store import DEFAULT_WORKSPACE

_OPERATIONS = "esr-sandbox-operations"
_BESIDE = 20
_SHOWN = 100_000
"""Characters of a body."""
_PREFIXED = frozenset({"control", "receiver"})
"""Contracts whose calls name their workspace in the address; the others' tokens name it."""


def told(number: int, telling: Telling) -> dict[str, Any]:
    """What the template of one exchange shows. Raises Refusal NOT_FOUND."""

    def look(unit: Unit) -> tuple[dict[str, Any], Row, list[Row], list[dict[str, Any]], int]:
        exchange = read_exchange(unit, number)
        name = unit.workspace.name
        row = find_exchange(unit.connection, name, number)
        assert row is not None
        rows: list[Row] = []
        if row["request_id"]:
            rows = of_request_id(unit.connection, name, row["request_id"], _BESIDE + 1)
        rows = [item for item in rows if item["exchange_id"] != number]
        beside = [read_exchange(unit, item["exchange_id"]) for item in rows]
        return exchange, row, rows, beside, unit.workspace.held.exchanges

    exchange, row, rows, beside, last = console().read(look)
    found = judged(exchange, beside, _operations())
    name = exchange["workspace"]
    sent, answered = exchange.get("requestBody"), exchange.get("responseBody")
    return {
        "exchange": exchange,
        "row": telling.row(row, name),
        "asker": telling.asker(row, name),
        "asked": telling.asked(row),
        "what": _what(telling, row, sent),
        "came_of_it": outcome(row["status"]),
        "judged": found,
        "sent": _pretty(sent),
        "answered": _pretty(answered),
        "is_full": "requestHeaders" in exchange,
        "curl": _commands(exchange),
        "masked": sorted(set(masked_places(json_of(sent)))),
        "beside": [telling.row(item, name) for item in rows],
        "contract_page": _contract_page(exchange),
        "before": url_for("traffic.exchange", number=number - 1) if number > 1 else "",
        "after": url_for("traffic.exchange", number=number + 1) if number < last else "",
    }


def _operations() -> Operations:
    """Made once for an application: schemas of answers are compiled when they are first needed."""
    held = current_app.extensions
    if _OPERATIONS not in held:
        held[_OPERATIONS] = operations_of(console().contracts)
    found: Operations = held[_OPERATIONS]
    return found


def _what(telling: Telling, row: Row, sent: str | None) -> str:
    what = telling.what(row)
    event = json_of(sent)
    if row["direction"] == "OUT" and isinstance(event, dict) and "specversion" in event:
        return f"{what}: {event.get('type')}"
    return what


def _pretty(body: str | None) -> str:
    text, document = body or "", json_of(body)
    if document is not None:
        text = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    if len(text) <= _SHOWN:
        return text
    return f"{text[:_SHOWN]}\n… and {len(text) - _SHOWN:,} characters more"


def _commands(exchange: Mapping[str, Any]) -> dict[str, str]:
    """The commands that repeat it: under a new request id, and under the same where it had one."""
    if exchange.get("operationId") == HOURLY_FILE:
        return {}
    has_token = "authorization" in exchange.get("requestHeaders", {})
    address = _address(exchange)
    commands = {"new": curl(exchange, address, has_token=has_token)}
    if exchange.get("requestId"):
        commands["same"] = curl(exchange, address, has_token=has_token, same_id=True)
    return commands


def _address(exchange: Mapping[str, Any]) -> str:
    query = f"?{exchange['query']}" if exchange.get("query") else ""
    if exchange["direction"] == "OUT":
        return f"{exchange['path']}{query}"
    settings, name = console().settings, exchange["workspace"]
    is_prefixed = exchange["system"] in _PREFIXED or settings.level is Level.OPEN
    prefix = f"/w/{name}" if is_prefixed and name != DEFAULT_WORKSPACE else ""
    return f"{settings.public_url}{prefix}{exchange['path']}{query}"


def _contract_page(exchange: Mapping[str, Any]) -> str:
    """The address of the operation in the rendered contract."""
    for contract in console().contracts:
        for _, _, item in operations(contract.document):
            if item["operationId"] == exchange.get("operationId"):
                tag = item.get("tags", ["default"])[0]
                return f"{contract.base_path}/ui/#/{tag}/{item['operationId']}"
    return ""
