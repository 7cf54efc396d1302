"""What a fault does to a request that the sandbox serves, and to its answer."""

from collections.abc import Callable
from typing import Any

import orjson

from sandbox.errors import Code, Refusal
from sandbox.faults.documents import with_added_property, with_new_value, without_property
from sandbox.faults.rules import Strike
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
_UNAUTHORISED = 401
_HTML = "text/html"
_GARBAGE = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>\n"
_PROXY_PAGES = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}
_GATEWAY_TIMED_OUT = 504


def reply_instead(strike: Strike) -> Reply | None:
    """What is answered with nothing done, where the fault has it so. Raises Refusal where that is a refusal of ours."""
    wanted = strike.document
    if strike.kind == "CLOSED":
        wait = wanted.get("retryAfterSeconds", min(strike.seconds_left, _LONGEST_WAIT))
        raise _refusal(503, "Closed for maintenance: a fault that a test asked for.", wait)
    if strike.kind == "STATUS":
        raise _refusal(
            wanted["status"], "A fault that a test asked for.", wanted.get("retryAfterSeconds")
        )
    if strike.kind == "PROXY_ERROR" and _proxy_status(strike) != _GATEWAY_TIMED_OUT:
        return _proxy_page(_proxy_status(strike))
    return NO_ANSWER if strike.kind == "RESET" else None


def spoil_of(strike: Strike) -> Spoil | None:
    """What becomes of the answer, where the fault lets the request be served and spoils its answer."""
    name = strike.document.get("property")
    spoils: dict[str, Spoil] = {
        "DROP": lambda _: NO_ANSWER,
        "PROXY_ERROR": lambda _: _proxy_page(_proxy_status(strike)),
        "TRUNCATE": lambda reply: _cut(reply, len(reply.body)),
        "WRONG_LENGTH": _longer_than_said,
        "MALFORMED": lambda reply: _cut(reply, len(reply.body) // 2),
        "EMPTY_BODY": _emptied,
        "WRONG_MEDIA_TYPE": lambda reply: _with_body(reply, reply.body, _HTML),
        "GARBAGE": _garbage,
        "ADD_PROPERTY": lambda reply: _changed(reply, with_added_property),
        "MISSING_PROPERTY": lambda reply: _changed(
            reply, lambda value: without_property(value, name)
        ),
        "NEW_ENUM_VALUE": lambda reply: _changed(
            reply, lambda value: with_new_value(value, name or "status")
        ),
    }
    return spoils.get(strike.kind)


def _refusal(status: int, detail: str, retry_after: int | None) -> Refusal:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if status == _UNAUTHORISED:
        headers["WWW-Authenticate"] = "Bearer"  # as every 401 has it (RFC 9110 section 11.6.1)
    default = Code.SERVICE_UNAVAILABLE if status >= 500 else Code.CONTRACT_VIOLATION
    return Refusal(_CODES.get(status, default), detail, headers=headers, status=status)


def _proxy_status(strike: Strike) -> int:
    return int(strike.document.get("status", 502))


def _proxy_page(status: int) -> Reply:
    title = f"{status} {_PROXY_PAGES[status]}"
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return Reply(status, page.encode(), _HTML)


def _cut(reply: Reply, said: int) -> Reply:
    """The first half of the body, of which the headers say that it is `said` bytes long."""
    if not reply.body:
        return NO_ANSWER
    half = reply.body[: len(reply.body) // 2]
    headers = reply.headers if said == len(half) else {**reply.headers, CONTENT_LENGTH: str(said)}
    return Reply(reply.status, half, reply.media_type, headers)


def _longer_than_said(reply: Reply) -> Reply:
    if not reply.body:
        return NO_ANSWER
    headers = {**reply.headers, CONTENT_LENGTH: str(len(reply.body) // 2)}
    return Reply(reply.status, reply.body, reply.media_type, headers)


def _emptied(reply: Reply) -> Reply:
    headers = {**reply.headers, "Content-Type": reply.media_type} if reply.body else reply.headers
    return Reply(reply.status, b"", reply.media_type, headers)


def _garbage(reply: Reply) -> Reply:
    status = 200 if reply.status >= 300 or reply.status == _NO_CONTENT else reply.status
    return Reply(status, _GARBAGE, _HTML, reply.headers)


def _changed(reply: Reply, change: Callable[[Any], Any]) -> Reply:
    if not reply.body or not reply.media_type.endswith("json"):
        return reply
    return _with_body(reply, orjson.dumps(change(orjson.loads(reply.body))), reply.media_type)


def _with_body(reply: Reply, body: bytes, media_type: str) -> Reply:
    return Reply(reply.status, body, media_type, reply.headers)
