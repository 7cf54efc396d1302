"""Makes a journal row of one exchange: masked, digested, in the detail that the workspace asks for."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

import orjson

from sandbox.database import Transaction
from sandbox.journal.masking import masked_body, masked_headers, masked_query
from sandbox.journal.store import Exchange, keep
from sandbox.timestamps import to_text
from sandbox.workspaces.store import Workspace

IN, OUT = "IN", "OUT"
_FULL = "FULL"
_APPLICANT = re.compile(
    r'/applicants/([0-9]{8})(?:/|$)|"applicantNumber":"([0-9]{8})"|"subject":"applicants/([0-9]{8})["/]'
)
# What the contract of the journal and its columns have room for (`Exchange`, `HeaderMap`): of what is longer, the beginning
# is kept. PostgreSQL would refuse it, and with it all that is committed together.
_METHOD = 10
_PATH, _NAME, _HEADER, _HEADERS, _BODY = 8192, 100, 16_384, 200, 1_048_576


@dataclass(frozen=True, slots=True)
class Half:
    """A request or an answer as it went over the wire."""

    headers: Mapping[str, str]
    body: bytes = b""
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said, between whom, and when."""

    direction: str
    system: str
    method: str
    path: str
    request: Half
    status: int
    """Of the answer; 0 where none came."""
    answer: Half
    started: datetime
    """Wall time."""
    duration_ms: float
    world: datetime
    query: str | None = None
    operation_id: str | None = None
    client: str | None = None
    applicant_number: str | None = None
    names: Mapping[str, str | None] = field(default_factory=dict)
    """`request_id` and `correlation_id`, as sent."""


def applicant_in(*texts: str) -> str | None:
    """The number of the applicant whom the first of some texts that names one names: a path, or JSON without spaces."""
    for text in texts:
        found = _APPLICANT.search(text)
        if found:
            return str(next(filter(None, found.groups())))
    return None


def record(transaction: Transaction, workspace: Workspace, spoken: Spoken) -> None:
    """Has the exchange appended to the journal when the transaction commits."""
    full = workspace.journal_detail == _FULL
    key = f"{workspace.name}/{workspace.seed}".encode()
    request, answer = spoken.request, spoken.answer
    answered = {"content-type": answer.media_type, **answer.headers}
    exchange = Exchange(
        workspace=workspace.name,
        system=spoken.system,
        direction=spoken.direction,
        operation_id=spoken.operation_id,
        client=spoken.client,
        method=spoken.method[:_METHOD],
        path=spoken.path[:_PATH],
        query=masked_query(spoken.query, key)[:_PATH] if spoken.query else None,
        request_headers=_json(masked_headers(dict(request.headers)) if full else {}),
        request_body=_fitting(masked_body(request.body, key)) if full else None,
        request_digest=_sha256(request.body),
        status=spoken.status,
        response_headers=_json(answered if full and spoken.status else {}),
        response_body=masked_body(answer.body, key, answer.media_type) if full else None,
        response_digest=_sha256(answer.body),
        request_id=_cut(spoken.names.get("request_id")),
        correlation_id=_cut(spoken.names.get("correlation_id")),
        applicant_number=spoken.applicant_number,
        started_at=to_text(spoken.started),
        duration_ms=round(spoken.duration_ms, 3),
        world_time=to_text(spoken.world),
    )
    keep(transaction, exchange)


def _json(headers: Mapping[str, str]) -> str:
    held = {name: value[:_HEADER] for name, value in islice(headers.items(), _HEADERS)}
    return orjson.dumps(held).decode()


def _cut(name: str | None) -> str | None:
    return name[:_NAME] if name else name


def _fitting(body: str | None) -> str | None:
    # Masks can be longer than what they stand for, and a part of a JSON text is no JSON.
    return body if body is None or len(body) <= _BODY else f"[too long once masked: {len(body)}]"


def _sha256(body: bytes) -> str | None:
    return hashlib.sha256(body).hexdigest() if body else None
