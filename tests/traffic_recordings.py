"""Recordings built by hand: what a recruitment system might have sent, one exchange after the other."""

import base64
import hashlib
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from sandbox.conformance.operations import EMPLOYER, Operations
from sandbox.conformance.traffic import RuleResult, TrafficFacts, judge_traffic
from sandbox.contracts import load_contract
from sandbox.timestamps import to_text

BEGIN = datetime(2030, 1, 7, 8, 0, tzinfo=UTC)
ODS = "X0A1B"
CLIENT = "acme"
APPLICANT = "10000017"
OPERATIONS = Operations([load_contract(name) for name in ("esr", "nhs-jobs", "receiver")])
_WHERE = {
    "applicantNumber": APPLICANT,
    "checkType": "dbs",
    "vacancyReference": "901-1",
    "applicationId": 7,
}


def request_id(number: int) -> str:
    """The request id of message `number`."""
    return str(UUID(int=number, version=4))


class Recording:
    """Exchanges in the order in which they are added. Times are seconds after the beginning."""

    def __init__(self) -> None:
        self.exchanges: list[dict[str, Any]] = []
        self._numbers = itertools.count(1)
        self._messages = itertools.count(1000)

    def call(
        self,
        operation: str | None,
        status: int = 200,
        *,
        at: float = 0.0,
        took: float = 0.01,
        message: int | str | None = None,
        body: Any = None,
        answer: Any = None,
        headers: dict[str, str] | None = None,
        answered: dict[str, str] | None = None,
        **more: Any,
    ) -> int:
        """Adds a call of the subject; answers its exchange id. `message` numbers the message; a new one when left out."""
        known = OPERATIONS[operation] if operation else None
        sent = {"authorization": "[masked]", "user-agent": "acme/1"}
        if known is not None and known.writes:
            sent[EMPLOYER.lower()] = ODS
            number = message if message is not None else next(self._messages)
            sent["x-request-id"] = number if isinstance(number, str) else request_id(number)
        if body is not None and known is not None and known.media_type:
            sent["content-type"] = known.media_type
        sent |= headers or {}
        sent = {name: text for name, text in sent.items() if text != ""}
        exchange = {
            "system": known.system if known else "esr",
            "direction": "IN",
            "operationId": operation,
            "method": known.method if known else "GET",
            "path": f"/{known.system if known else 'esr'}/v1"
            + (known.path.format(**_WHERE, subscriptionId="s", positionId=1) if known else "/no"),
            "client": CLIENT,
            "requestId": sent.get("x-request-id"),
            "requestHeaders": sent,
            "status": status,
            "responseHeaders": answered or {},
            "applicantNumber": APPLICANT if known and "applicantNumber" in known.path else None,
        }
        return self._add(exchange, at, took, body, answer, more)

    def deliver(
        self,
        status: int = 202,
        *,
        event: str = "e1",
        kind: str = "ping",
        at: float = 0.0,
        took: float = 0.01,
        headers: dict[str, str] | None = None,
        key: str = "key-1",
        **more: Any,
    ) -> int:
        """Adds a delivery of ESR to the subject; answers its exchange id."""
        body = {"specversion": "1.0", "id": event, "source": "/esr/v1", "type": kind, "data": {}}
        digest = base64.b64encode(hashlib.sha256(orjson.dumps(body)).digest()).decode()
        made = int((BEGIN + timedelta(seconds=at)).timestamp())
        sent = {
            "content-type": "application/cloudevents+json",
            "content-digest": f"sha-256=:{digest}:",
            "signature-input": f'sig1=();created={made};keyid="{key}";expires={made + 300}',
            "signature": "sig1=:AAAA:",
            **(headers or {}),
        }
        exchange = {
            "system": "esr",
            "direction": "OUT",
            "method": "POST",
            "path": "http://127.0.0.1:9000/events",
            "requestHeaders": {name: text for name, text in sent.items() if text != ""},
            "status": status,
        }
        return self._add(exchange, at, took, body, None, more)

    def _add(
        self, exchange: dict[str, Any], at: float, took: float, body: Any, answer: Any, more: Any
    ) -> int:
        number = next(self._numbers)
        began = to_text(BEGIN + timedelta(seconds=at))
        whole = {
            "exchangeId": number,
            "workspace": "default",
            "startedAt": began,
            "worldTime": began,
            "durationMilliseconds": took * 1000,
            **exchange,
        }
        if body is not None:
            whole["requestBody"] = orjson.dumps(body).decode()
            whole["requestDigest"] = hashlib.sha256(orjson.dumps(body)).hexdigest()
        if answer is not None:
            whole["responseBody"] = orjson.dumps(answer).decode()
        whole |= more
        self.exchanges.append({name: item for name, item in whole.items() if item is not None})
        return number

    def judged(self, **facts: Any) -> dict[str, RuleResult]:
        """The verdicts by requirement; the recording ends with its last exchange unless `closed` says how many seconds later."""
        if "closed" in facts:
            facts["closed"] = to_text(BEGIN + timedelta(seconds=facts["closed"]))
        told = TrafficFacts(**{"client": CLIENT, **facts})
        return {item.requirement: item for item in judge_traffic(self.exchanges, told, OPERATIONS)}

    def result(self, requirement: str, **facts: Any) -> str:
        """The word of one verdict."""
        return str(self.judged(**facts)[requirement].result)


def refusal(code: str, **more: Any) -> dict[str, Any]:
    """A problem as ESR answers it."""
    return {
        "type": "about:blank",
        "title": "No",
        "status": 422,
        "code": code,
        "detail": "No.",
        **more,
    }
