"""A recording as rules look at it: the subject's calls, and the deliveries to the subject, each in the order of its beginning."""

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

from sandbox.conformance.operations import EMPLOYER, Operations
from sandbox.conformance.record import json_of
from sandbox.conformance.traffic.facts import UNSIGNED, TrafficFacts
from sandbox.timestamps import from_text

_LATE_SECONDS = 5.0
"""An answer that takes longer may have found nobody who still waited for it."""
_SLACK = 0.5
_SIGNATURE = ("content-digest", "signature-input", "signature")
_AGE_SECONDS = 330.0  # The five minutes of the contract, and some seconds between the clocks.
_PARAMETER = re.compile(r";(created|expires)=(\d{1,12})")
_UNSEEN: Any = object()


class Outcome(StrEnum):
    """What an answer tells its caller about sending the same again."""

    GOOD = "done"
    REFUSED = "refused for good"
    AGAIN = "to be sent again"
    """No answer, 408, 429 or 5xx."""
    UNCLEAR = "unclear"
    """The caller may not have been able to make anything of it, or was only asked for another token (401)."""


class Call:
    """One exchange of the subject as the rules look at it. Times are seconds since the epoch."""

    __slots__ = (
        "_answer",
        "_sent",
        "answer_headers",
        "applicant",
        "client",
        "digest",
        "ended",
        "exchange",
        "headers",
        "id",
        "method",
        "operation",
        "path",
        "query",
        "request_id",
        "spoilt",
        "started",
        "status",
        "system",
    )

    def __init__(self, exchange: Mapping[str, Any], place: int) -> None:
        self.exchange = exchange
        self.id: int = exchange.get("exchangeId", place)
        self.system: str = exchange["system"]
        self.operation: str | None = exchange.get("operationId")
        self.method: str = exchange["method"]
        self.path: str = exchange["path"]
        self.query: str = exchange.get("query") or ""
        self.headers = _lower(exchange.get("requestHeaders"))
        self.answer_headers = _lower(exchange.get("responseHeaders"))
        self.status: int = exchange["status"]
        self.started = from_text(exchange["startedAt"]).timestamp()
        self.ended = self.started + exchange.get("durationMilliseconds", 0) / 1000
        request_id = exchange.get("requestId") or self.headers.get("x-request-id")
        self.request_id: str | None = request_id.lower() if request_id else None
        self.applicant: str | None = exchange.get("applicantNumber")
        self.client: str | None = exchange.get("client")
        self.digest: str | None = exchange.get("requestDigest") or exchange.get("requestBody")
        self.spoilt = False
        """Whether the answer is known not to have arrived whole."""
        self._sent = self._answer = _UNSEEN

    @property
    def employer(self) -> str | None:
        """The ODS code of the employer who is named; None where none is, or no header was kept."""
        return self.headers.get(EMPLOYER.lower())

    @property
    def sent(self) -> Any:
        """The body that was sent, as JSON."""
        if self._sent is _UNSEEN:
            self._sent = json_of(self.exchange.get("requestBody"))
        return self._sent

    @property
    def answer(self) -> Any:
        """The body that was answered, as JSON."""
        if self._answer is _UNSEEN:
            self._answer = json_of(self.exchange.get("responseBody"))
        return self._answer

    @property
    def problem(self) -> Mapping[str, Any]:
        """The problem that a refusal tells; empty where it tells none."""
        return self.answer if self.status >= 400 and isinstance(self.answer, dict) else {}

    @property
    def succeeded(self) -> bool:
        """Whether it was answered 2xx."""
        return 200 <= self.status < 300

    @property
    def reference(self) -> str | None:
        """The supplier's reference in what was sent."""
        found = self.sent.get("supplierReference") if isinstance(self.sent, dict) else None
        return found if isinstance(found, str) else None

    @property
    def names(self) -> frozenset[str | int]:
        """All by which a suite may have told that it provoked the exchange."""
        found = (self.id, self.request_id, self.applicant, self.reference)
        return frozenset(
            name.lower() if isinstance(name, str) else name for name in found if name is not None
        )

    @property
    def outcome(self) -> Outcome:
        """What the answer told the caller."""
        if self.status == 0 or self.status in (408, 429) or self.status >= 500:
            return Outcome.AGAIN
        is_late = self.ended - self.started > _LATE_SECONDS
        if self.spoilt or is_late or self.status == 401 or self.status < 200 or self._is_garbage:
            return Outcome.UNCLEAR
        if self.status < 300:
            return Outcome.GOOD
        return Outcome.REFUSED if self.status >= 400 else Outcome.UNCLEAR

    @property
    def _is_garbage(self) -> bool:
        body = self.exchange.get("responseBody")
        return isinstance(body, str) and body.startswith("[not JSON,")

    @property
    def retry_after(self) -> float | None:
        """How many seconds of wall time the answer asks to wait; None where it does not say."""
        told = self.answer_headers.get("retry-after")
        if told is None:
            return None
        if told.isascii() and told.isdigit():
            return float(told)
        try:
            moment = parsedate_to_datetime(told)
        except (ValueError, OverflowError):
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        left: float = moment.timestamp() - self.ended
        return max(0.0, left)

    def __str__(self) -> str:
        return f"{self.operation or f'{self.method} {self.path}'} (exchange {self.id})"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of an event to the subject."""

    call: Call
    event: Mapping[str, Any]
    altered: str | None
    """How its signature was spoilt; None where it is as ESR makes it, as far as can be told."""

    @property
    def key(self) -> tuple[str, str]:
        """What makes the event one."""
        return str(self.event.get("source")), str(self.event.get("id"))

    @property
    def is_refused(self) -> bool:
        """Whether the answer refuses it: 4xx, but those that ask to send it again."""
        return 400 <= self.call.status < 500 and self.call.status not in (408, 429)


@dataclass(frozen=True, slots=True)
class Recording:
    """The subject's part of a recording."""

    calls: list[Call] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    end: float = 0.0

    @classmethod
    def of(
        cls, exchanges: Iterable[Mapping[str, Any]], facts: TrafficFacts, operations: Operations
    ) -> "Recording":
        """Takes out what is the subject's. Raises KeyError or ValueError where an exchange is none."""
        wanted = [
            Call(exchange, place)
            for place, exchange in enumerate(exchanges, start=1)
            if not facts.workspace or exchange.get("workspace", facts.workspace) == facts.workspace
        ]
        wanted.sort(key=lambda call: (call.started, call.id))
        calls = _subjects(wanted, facts)
        _mark_spoilt(calls, wanted, facts)
        last = max((call.ended for call in wanted), default=0.0)
        end = from_text(facts.closed).timestamp() if facts.closed else last
        return cls(calls, _deliveries(wanted, facts, operations), end)


def _lower(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {name.lower(): text for name, text in (headers or {}).items()}


def _subjects(wanted: list[Call], facts: TrafficFacts) -> list[Call]:
    """The calls of the subject to ESR and NHS Jobs.

    A call without a valid token names no client: it is the subject's where its request id is, or a User-Agent that only the
    subject has.
    """
    calls = [
        call
        for call in wanted
        if call.exchange["direction"] == "IN"
        and call.system in ("esr", "nhs-jobs")
        and call.operation != "hourly_file"
    ]
    if facts.client is None:
        return calls
    own = [call for call in calls if call.client == facts.client]
    ids = {call.request_id for call in own} - {None}
    others = {
        call.headers.get("user-agent") for call in calls if call.client not in (None, facts.client)
    }
    agents = ({call.headers.get("user-agent") for call in own} - others) | facts.agents
    agents.discard(None)
    return [
        call
        for call in calls
        if call.client == facts.client
        or (
            call.client is None
            and (call.request_id in ids or call.headers.get("user-agent") in agents)
        )
    ]


def _mark_spoilt(calls: list[Call], wanted: list[Call], facts: TrafficFacts) -> None:
    """Marks the answers that did not arrive: those that the facts name, and those that the caller's own journal misses."""
    by_id: dict[str, list[Call]] = {}
    for call in calls:
        call.spoilt = call.id in facts.unclear
        if call.request_id:
            by_id.setdefault(call.request_id, []).append(call)
    for seen in wanted:
        if seen.exchange["direction"] != "OUT" or not seen.request_id:
            continue
        within = [
            call
            for call in by_id.get(seen.request_id, ())
            if seen.started - _SLACK <= call.started <= seen.ended
        ]
        # Where the caller's client tried twice for one answer, the first answer was lost.
        for call in within if seen.status == 0 else within[:-1]:
            call.spoilt = True


def _deliveries(wanted: list[Call], facts: TrafficFacts, operations: Operations) -> list[Delivery]:
    """The deliveries as their sender saw them; where nobody kept that, as the receiver did."""
    sent = [call for call in wanted if _is_sent_delivery(call)]
    if not sent:
        sent = [
            call
            for call in wanted
            if call.operation == "receive_event" and call.exchange["direction"] == "IN"
        ]
    elif facts.receiver is not None:
        sent = [call for call in sent if call.path.startswith(facts.receiver)]
    found = []
    for call in sent:
        call.spoilt = call.id in facts.unclear
        event = call.sent if isinstance(call.sent, dict) else {}
        if "id" in event or call.operation in operations:
            found.append(Delivery(call, event, facts.altered.get(call.id) or _alteration(call)))
    return found


def _is_sent_delivery(call: Call) -> bool:
    if call.exchange["direction"] != "OUT" or call.method != "POST":
        return False
    if call.operation == "receive_event":
        return True
    media = call.headers.get("content-type", "").split(";")[0].strip().lower()
    return call.system == "esr" and media == "application/cloudevents+json"


def _alteration(call: Call) -> str | None:
    """What can be seen to be wrong with the signature of a delivery without verifying it."""
    if not call.headers:
        return None
    if any(name not in call.headers for name in _SIGNATURE):
        return UNSIGNED
    told = re.search(r"sha-256=:([A-Za-z0-9+/=]+):", call.headers["content-digest"])
    held = call.exchange.get("requestDigest")
    if told and held and base64.b64encode(bytes.fromhex(held)).decode() != told[1]:
        return "BODY_ALTERED"
    made = {name: int(text) for name, text in _PARAMETER.findall(call.headers["signature-input"])}
    created, expires = made.get("created", call.started), made.get("expires", call.started)
    if call.started - created > _AGE_SECONDS or call.started - expires > _AGE_SECONDS - 300:
        return "EXPIRED_SIGNATURE"
    return None
