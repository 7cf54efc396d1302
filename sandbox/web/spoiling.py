"""What a fault does to a request that the sandbox serves, and to its answer."""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from sandbox.errors import Code, Refusal
from sandbox.faults.documents import with_added_property, with_new_value
from sandbox.faults.rules import FaultRule
from sandbox.timestamps import from_text
from sandbox.web.reply import Reply

Spoil = Callable[[Reply], Reply]
"""Makes of an answer what goes over the wire instead."""

CONTENT_LENGTH = "Content-Length"
NO_ANSWER = Reply(0)
"""What goes over the wire where the connection is closed instead."""

_CODES = {
    401: Code.TOKEN_INVALID,
    404: Code.NOT_FOUND,
    409: Code.STATE_FORBIDS,
    412: Code.VERSION_STALE,
    413: Code.BODY_TOO_LARGE,
    429: Code.RATE_LIMITED,
    500: Code.INTERNAL_ERROR,
}
_LONGEST_WAIT = 86_400
_NO_CONTENT = 204
_GARBAGE = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>\n"


def refusal_of(rule: FaultRule, now: datetime) -> Refusal | None:
    """What the request is refused with, where the rule has it refused; `now` is world time."""
    wanted = rule.document
    if rule.kind == "CLOSED":
        left = math.ceil((from_text(wanted["until"]) - now).total_seconds())
        wait = wanted.get("retryAfterSeconds", min(left, _LONGEST_WAIT))
        return _refusal(503, "Closed for maintenance: a fault that a test asked for.", wait)
    if rule.kind == "STATUS":
        return _refusal(
            wanted["status"], "A fault that a test asked for.", wanted.get("retryAfterSeconds")
        )
    return None


def spoil_of(rule: FaultRule) -> Spoil | None:
    """What becomes of the answer, where the rule lets the request be served and spoils its answer."""
    name = rule.document.get("property", "status")
    spoils: dict[str, Spoil] = {
        "DROP": lambda _: NO_ANSWER,
        "TRUNCATE": _truncated,
        "GARBAGE": _garbage,
        "ADD_PROPERTY": lambda reply: _changed(reply, with_added_property),
        "NEW_ENUM_VALUE": lambda reply: _changed(reply, lambda value: with_new_value(value, name)),
    }
    return spoils.get(rule.kind)


def _refusal(status: int, detail: str, retry_after: int | None) -> Refusal:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    default = Code.SERVICE_UNAVAILABLE if status >= 500 else Code.CONTRACT_VIOLATION
    return Refusal(_CODES.get(status, default), detail, headers=headers, status=status)


def _truncated(reply: Reply) -> Reply:
    if not reply.body:
        return NO_ANSWER
    headers = {**reply.headers, CONTENT_LENGTH: str(len(reply.body))}
    return Reply(reply.status, reply.body[: len(reply.body) // 2], reply.media_type, headers)


def _garbage(reply: Reply) -> Reply:
    status = 200 if reply.status >= 300 or reply.status == _NO_CONTENT else reply.status
    return Reply(status, _GARBAGE, "text/html", reply.headers)


def _changed(reply: Reply, change: Callable[[Any], Any]) -> Reply:
    if not reply.body or not reply.media_type.endswith("json"):
        return reply
    body = orjson.dumps(change(orjson.loads(reply.body)))
    return Reply(reply.status, body, reply.media_type, reply.headers)
