"""What ESR and the supplier show after a replay: ESR's journal and feed from where they stood before, and the driver's reports.

The journal is read without bodies, so that either detail of it will do. A delivery is told by the digest of its body: that
of the event as the feed has it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

import orjson

from loadtests.errors import TargetError
from loadtests.target import PAGE, Target

_ANSWER_SECONDS = 15.0
_LOOK_SECONDS = 0.1
_RETRIED = frozenset({0, 412, 428, 429, 500, 502, 503, 504})
"""What a sender may send anew, of a stale version under another request id."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request of the supplier to ESR, however often it was tried."""

    requestId: str
    operation: str
    applicantNumber: str | None
    checkType: str | None
    at: float
    """When it first arrived: wall seconds since the epoch."""
    status: int
    """How it was answered in the end."""

    @property
    def took_effect(self) -> bool:
        """Whether ESR has done what it asks."""
        return 200 <= self.status < 300

    @property
    def is_definite(self) -> bool:
        """Whether ESR has said yes or no to it for good."""
        return self.status not in _RETRIED


@dataclass(frozen=True, slots=True)
class Event:
    """An event of ESR, and what the supplier's receiver made of it. Times are wall seconds since the epoch."""

    id: str
    sequence: str
    type: str
    data: Mapping[str, Any]
    attempts: int
    happened: float | None
    """None where it was never delivered."""
    acknowledged: float | None
    """When the first 2xx had come; None where none did."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where ESR's journal and its feed stood."""

    journal: str | None
    feed: str | None


def places(control: Target, esr: Target) -> Places:
    """Where the journal and the feed end now. Raises `TargetError`."""
    _, journal = _walk(control, "/exchanges", "exchanges", None)
    _, feed = _walk(esr, "/events", "events", None)
    return Places(journal, feed)


def requests_since(control: Target, since: Places, operations: frozenset[str]) -> list[Request]:
    """The supplier's requests of these operations, in the order in which they were first answered. Raises `TargetError`."""
    found: dict[str, Request] = {}
    for told in _exchanges(control, since):
        operation = told.get("operationId")
        if told["direction"] != "IN" or operation not in operations:
            continue
        request_id = str(told.get("requestId", told["exchangeId"])).lower()
        first = found.get(request_id)
        last = told["path"].rpartition("/")[2]
        found[request_id] = Request(
            requestId=request_id,
            operation=operation,
            applicantNumber=told.get("applicantNumber"),
            checkType=last if operation == "record_employment_check" else None,
            at=first.at if first else _moment(told["startedAt"]),
            status=first.status if first and first.took_effect else told["status"],
        )
    return list(found.values())


def events_since(
    control: Target, esr: Target, since: Places, receivers: frozenset[str]
) -> list[Event]:
    """ESR's events in their order, each beside its deliveries to these addresses. Raises `TargetError`."""
    deliveries: dict[str, list[dict[str, Any]]] = {}
    for told in _exchanges(control, since):
        if told["direction"] == "OUT" and told["path"] in receivers:
            deliveries.setdefault(told.get("requestDigest", ""), []).append(told)
    feed, _ = _walk(esr, "/events", "events", since.feed)
    return [_event(told, deliveries.get(_digest(told), [])) for told in feed]


def _event(told: dict[str, Any], deliveries: list[dict[str, Any]]) -> Event:
    happened = acknowledged = None
    for each in deliveries:
        begun = _moment(each["startedAt"])
        if happened is None:
            # The two clocks go alike; where the world's is ahead, the first delivery shows by how much.
            happened = begun - (_moment(each["worldTime"]) - _moment(told["time"]))
        if 200 <= each["status"] < 300:
            ended = begun + each["durationMilliseconds"] / 1000
            acknowledged = min(ended, acknowledged or ended)
    return Event(
        id=told["id"],
        sequence=told["sequence"],
        type=told["type"],
        data=told["data"],
        attempts=len(deliveries),
        happened=happened,
        acknowledged=acknowledged,
    )


def _digest(event: dict[str, Any]) -> str:
    return sha256(orjson.dumps(event)).hexdigest()


def _exchanges(control: Target, since: Places) -> list[dict[str, Any]]:
    found, _ = _walk(control, "/exchanges", "exchanges", since.journal, system="esr")
    return found


def _walk(
    target: Target, path: str, items: str, cursor: str | None, **filters: str
) -> tuple[list[dict[str, Any]], str | None]:
    """What a list has from a place on, to its present end, and that end."""
    found: list[dict[str, Any]] = []
    while True:
        place = {"cursor": cursor} if cursor else {}
        page = target.get(path, {**filters, "limit": PAGE, **place})
        found += page[items]
        cursor = page.get("next", cursor)
        if not page["more"]:
            return found, cursor


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


class NotDone(TargetError):
    """The supplier does not carry out an order."""


class Reports:
    """What a supplier says of itself, by its driver."""

    def __init__(self, driver: Target) -> None:
        self._driver = driver

    def hooks(self) -> frozenset[str]:
        """The hooks that it offers. Raises `TargetError`."""
        return frozenset(self._driver.get("/driver")["hooks"])

    def perform(self, hook: str, **arguments: str) -> dict[str, Any]:
        """The result of an order. Raises `NotDone` where it is not done within some seconds, else `TargetError`."""
        action = {"actionId": str(uuid4()), "hook": hook, "arguments": arguments}
        deadline = time.monotonic() + _ANSWER_SECONDS
        while True:
            answer = self._driver.call("POST", "/actions", orjson.dumps(action))
            told = answer.body if isinstance(answer.body, dict) else {}
            if told.get("state") == "DONE":
                return dict(told.get("result", {}))
            if told.get("state") != "RUNNING" or time.monotonic() > deadline:
                said = told.get("reason") or told.get("detail") or f"status {answer.status}"
                raise NotDone(f"The driver at {self._driver.base_url} did not do {hook}: {said}")
            time.sleep(_LOOK_SECONDS)

    def view(self, reference: str) -> dict[str, Any] | None:
        """What it holds of an application; None where it says that it holds none. Raises `TargetError`."""
        try:
            return self.perform("REPORT_VIEW", supplierReference=reference)
        except NotDone:
            return None
