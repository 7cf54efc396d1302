"""Tells of each request, once it is answered, to whoever counts and logs. It is only there where somebody does."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.observability.meter import Exchange, Meter
from sandbox.web.call import Call
from sandbox.web.operations import CALL
from sandbox.web.token_door import BASE as TOKEN_DOOR

Tell = Callable[[Exchange], None]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Only what has this form is told: anything else that a supplier puts there may say something of a person.
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# W3C Trace Context section 3.2.
_TRACE = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"
)
_LONGEST_TOKEN_ANSWER = 8192


@dataclass(slots=True)
class _Seen:
    """What went over the wire."""

    status: int = 0
    body: bytes = b""


class Watched:
    """The ASGI application around all others."""

    def __init__(self, app: ASGIApp, meter: Meter, tells: tuple[Tell, ...]) -> None:
        self._app = app
        self._meter = meter
        self._tells = tells

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        seen = _Seen()
        keeps_body = scope["path"].startswith(TOKEN_DOOR)

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
            elif keeps_body and len(seen.body) < _LONGEST_TOKEN_ANSWER:
                seen.body += message.get("body", b"")
            await send(message)

        self._meter.request_began()
        try:
            await self._app(scope, receive, watch)
        finally:
            exchange = _exchange(scope, seen, time.perf_counter() - began)
            self._meter.request_ended(exchange)
            for tell in self._tells:
                tell(exchange)


def _exchange(scope: Scope, seen: _Seen, seconds: float) -> Exchange:
    call: Call | None = scope.get(CALL)
    headers = call.headers if call is not None else {}
    caller = scope.get("client")
    return Exchange(
        system=call.system if call is not None else "",
        operation=(call.operation_id or "") if call is not None else "",
        method=scope["method"] if scope["method"] in _METHODS else "OTHER",
        status=seen.status,
        seconds=seconds,
        code=call.code if call is not None else "",
        workspace=call.workspace if call is not None and call.operation_id else "",
        client=call.client if call is not None else None,
        caller=caller[0] if caller else "",
        request_id=_of_form(_ID, headers.get("x-request-id")),
        correlation_id=_of_form(_ID, headers.get("x-correlation-id")),
        trace_id=trace_id_of(headers),
        token_error=_token_error(call, seen),
    )


def _of_form(form: re.Pattern[str], value: str | None) -> str | None:
    return value if value is not None and form.fullmatch(value) else None


def trace_id_of(headers: dict[str, str]) -> str | None:
    """The trace that a request belongs to, where its header is as W3C Trace Context has it."""
    found = _TRACE.fullmatch(headers.get("traceparent", ""))
    return found[1] if found else None


def _token_error(call: Call | None, seen: _Seen) -> str | None:
    if call is None or call.operation_id != "issue_token":
        return None
    try:
        document: Any = json.loads(seen.body)
        return str(document.get("error", ""))
    except (ValueError, AttributeError):
        return "UNREADABLE"
