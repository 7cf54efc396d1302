"""The outermost stage: makes a call of each request, answers every refusal, and keeps the exchange.

It also takes the path prefix `/w/<workspace>` off, mirrors X-Request-ID and X-Correlation-ID, and turns whatever went
wrong inside into a problem that says nothing of our own code.
"""

import asyncio
import logging
import re
from contextlib import suppress
from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.contracts import Contract
from sandbox.errors import Code, Place, Refusal
from sandbox.runtime import Runtime
from sandbox.settings import Level, Mode
from sandbox.web.call import VISITOR, Call
from sandbox.web.connection import REFUSAL
from sandbox.web.contract_only import PREFIXED, is_served, unmarked
from sandbox.web.misbehaving import dribble, hang_up, is_gone, send_mislabelled
from sandbox.web.operations import CALL, RESPOND
from sandbox.web.reply import Reply
from sandbox.web.spoiling import CONTENT_LENGTH

logger = logging.getLogger(__name__)

_WORKSPACE = re.compile(r"/w/([a-z0-9][a-z0-9-]{0,29})(/.*)")
_MIRRORED = {
    "x-request-id": (b"x-request-id", re.compile(r"[0-9a-fA-F-]{1,100}")),
    "x-correlation-id": (b"x-correlation-id", re.compile(r"[A-Za-z0-9-]{1,100}")),
}
# Which of two would count is a matter of luck, and a proxy before us may have read the other one (RFC 9110 section 5.3).
_ONCE = frozenset(
    {
        b"authorization",
        b"content-type",
        b"host",
        b"if-match",
        b"nhsd-end-user-organisation-ods",
        b"x-correlation-id",
        b"x-request-id",
    }
)
# What is answered may tell of a person: no browser or proxy keeps it, or takes it for a page.
_NOT_GUESSED = (b"x-content-type-options", b"nosniff")
_NOT_KEPT = (b"cache-control", b"no-store")
_SECURED = frozenset({"esr", "nhs-jobs"})
_METHODS = ("get", "put", "post", "delete", "patch")


class Front:
    """The ASGI application that a server runs."""

    def __init__(self, app: ASGIApp, runtime: Runtime, contracts: list[Contract]) -> None:
        self._app = app
        self._runtime = runtime
        self._is_bare = runtime.settings.mode is Mode.CONTRACT_ONLY
        self._bases = [(contract.base_path, contract.name) for contract in contracts]
        self._allowed = [
            (_path_pattern(contract.base_path + path), item)
            for contract in contracts
            for path, item in contract.document["paths"].items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._runtime.settings.level is Level.OPEN and not self._is_bare:
            send = _marked_open(send)
        call = self._call(scope)
        answered = False

        async def respond(reply: Reply) -> None:
            nonlocal answered
            answered = True
            if not call.journalled and call.system and _is_kept(call):
                call.journal(reply)
            await _send(call, reply, send, receive)

        scope[CALL] = call
        scope[RESPOND] = respond
        # Starlette's routers raise for a method that is not allowed only where an application is named.
        scope["app"] = self._app
        try:
            _check_head(scope, call.headers)
            if self._is_bare and not is_served(call.path, self._is_operation):
                raise Refusal(Code.NOT_FOUND, f"There is nothing at {call.path}.")
            if call.path.endswith("/") and self._is_operation(call.path.rstrip("/")):
                # The routers would redirect it, which no contract describes.
                raise Refusal(Code.NOT_FOUND, f"There is nothing at {call.path}.")
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            # The server ends, and this took longer than it waits.
            if not answered:
                await respond(call.refused(self._refusal(call, _stopping())))
            raise
        except Exception as problem:
            if answered:
                raise
            refusal = self._refusal(call, problem)
            await _recognise(call)
            await respond(call.refused(refusal))
        finally:
            if call.leave is not None:
                call.leave()

    def _call(self, scope: Scope) -> Call:
        workspace, is_placed = "default", False
        prefixed = _WORKSPACE.fullmatch(scope["path"])
        if prefixed and not (self._is_bare and not prefixed[2].startswith(PREFIXED)):
            workspace, path = prefixed.groups()
            is_placed = True
            scope["path"] = path
            scope["raw_path"] = path.encode()
        headers = _headers(scope["headers"])
        return Call(
            runtime=self._runtime,
            method=scope["method"],
            path=scope["path"],
            query_text=scope.get("query_string", b"").decode("latin-1"),
            headers=unmarked(headers) if self._is_bare else headers,
            workspace=workspace,
            is_placed=is_placed,
            visitor=scope.get(VISITOR),
        )

    def _refusal(self, call: Call, problem: Exception) -> Refusal:
        if not call.system:
            call.system = next(
                (name for base, name in self._bases if call.path.startswith(f"{base}/")), ""
            )
        if isinstance(problem, Refusal):
            return problem
        if isinstance(problem, HTTPException):
            if problem.status_code == 405:
                return self._method_not_allowed(call)
            return Refusal(Code.NOT_FOUND, f"There is nothing at {call.path}.")
        logger.error(
            "%s %s failed",
            call.method,
            call.operation_id or "without an operation",
            exc_info=problem,
        )
        return Refusal(
            Code.INTERNAL_ERROR,
            "The sandbox failed to serve this request. Send it again with the same X-Request-ID; if it fails again, "
            "the sandbox's log says why.",
        )

    def _is_operation(self, path: str) -> bool:
        return any(pattern.fullmatch(path) for pattern, _ in self._allowed)

    def _method_not_allowed(self, call: Call) -> Refusal:
        for pattern, item in self._allowed:
            if pattern.fullmatch(call.path):
                methods = [method.upper() for method in _METHODS if method in item]
                return Refusal(
                    Code.METHOD_NOT_ALLOWED,
                    f"{call.path} takes {', '.join(methods)}.",
                    headers={"Allow": ", ".join(methods)},
                )
        return Refusal(Code.NOT_FOUND, f"There is nothing at {call.path}.")


def _marked_open(send: Send) -> Send:
    """Says on every answer that nobody was asked for a token."""

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            mark = (b"x-sandbox-level", b"open")
            message = {**message, "headers": [*message.get("headers", []), mark]}
        await send(message)

    return marked


async def _recognise(call: Call) -> None:
    """Finds out who sent what no contract describes, so that it stands in the journal of whoever goes astray."""
    if call.operation_id or call.system not in _SECURED or "authorization" not in call.headers:
        return
    with suppress(Refusal):
        await call.runtime.identity.authenticate(call)


def _is_kept(call: Call) -> bool:
    """Whether an exchange that changed nothing is put into the journal: where strangers may call, only that of a known client.

    Nobody writes into a tenant's journal by naming it.
    """
    if call.is_the_operators:
        return False
    return call.client is not None or call.runtime.settings.level != Level.PLATFORM


def _stopping() -> Refusal:
    return Refusal(
        Code.SERVICE_UNAVAILABLE,
        "The sandbox is stopping and could not wait for this to end; what it began goes on at the next start. Send the request "
        "again then, with the same X-Request-ID.",
        headers={"Retry-After": "5"},
    )


async def _send(call: Call, reply: Reply, send: Send, receive: Receive) -> None:
    """Sends an answer, or what a fault leaves of it."""
    reply = call.on_the_wire(reply)
    if call.hold_seconds and await is_gone(receive, call.hold_seconds):
        return
    if not reply.status:
        await hang_up(send, receive, reset=True)
        return
    is_whole = CONTENT_LENGTH not in reply.headers
    headers: list[tuple[bytes, bytes]] = [
        (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in reply.headers.items()
    ]
    headers.append(_NOT_GUESSED)
    if "Cache-Control" not in reply.headers:
        headers.append(_NOT_KEPT)
    if call.quota:
        headers += [(name.lower().encode(), value.encode()) for name, value in call.quota.items()]
    if reply.body:
        headers.append((b"content-type", reply.media_type.encode("latin-1")))
    if reply.status != 204 and is_whole:
        headers.append((b"content-length", str(len(reply.body)).encode()))
    for name, (mirrored, pattern) in _MIRRORED.items():
        value = call.headers.get(name)
        if value is not None and pattern.fullmatch(value):
            headers.append((mirrored, value.encode("latin-1")))
    start: dict[str, Any] = {
        "type": "http.response.start",
        "status": reply.status,
        "headers": headers,
    }
    await send(start)
    if not is_whole:
        await send_mislabelled(send, receive, reply.body, int(reply.headers[CONTENT_LENGTH]))
        return
    if call.spread_seconds:
        await dribble(send, receive, reply.body, call.spread_seconds)
        return
    await send({"type": "http.response.body", "body": reply.body})


def _headers(sent: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers by their names in lower case; one that came more than once is joined (RFC 9110 section 5.3)."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in sent:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _check_head(scope: Scope, headers: dict[str, str]) -> None:
    """Raises Refusal where the head of a request is too large, or leaves room for two readings."""
    if REFUSAL in scope:
        raise scope[REFUSAL]
    if len(headers) < len(scope["headers"]):
        _check_headers(scope["headers"])
    if scope["http_version"] != "1.1" or "host" not in headers:
        _check_version(scope["http_version"])
    if "transfer-encoding" in headers:
        _check_framing(headers["transfer-encoding"], scope["http_version"])


def _check_headers(headers: list[tuple[bytes, bytes]]) -> None:
    """Raises Refusal CONTRACT_VIOLATION for a header that says one thing and is there twice."""
    names = [name.lower() for name, _ in headers]
    for name in sorted(_ONCE):
        if names.count(name) > 1:
            detail = f"The header {name.decode()} stands here twice."
            raise Refusal(
                Code.CONTRACT_VIOLATION, detail, places=(Place("header", name.decode(), detail),)
            )


def _check_version(version: str) -> None:
    """Raises Refusal REQUEST_MALFORMED, but for HTTP/1.0, which knows no Host (RFC 9112 section 3.2)."""
    if version == "1.1":
        raise Refusal(Code.REQUEST_MALFORMED, "A request of HTTP/1.1 has a header Host.")
    if version != "1.0":
        raise Refusal(Code.REQUEST_MALFORMED, "Send HTTP/1.1.")


def _check_framing(coding: str, version: str) -> None:
    """Raises Refusal REQUEST_MALFORMED where one who forwards the request may read another end of it (RFC 9112 section 6.1)."""
    if coding.lower() != "chunked" or version != "1.1":
        raise Refusal(
            Code.REQUEST_MALFORMED, "The only transfer coding is chunked, and that in HTTP/1.1."
        )


def _path_pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]*\}", template)
    return re.compile("[^/]+".join(re.escape(part) for part in parts))


async def nothing_here(scope: Scope, _receive: Receive, _send: Send) -> None:
    """The last application of all: there is nothing at this path."""
    raise Refusal(Code.NOT_FOUND, f"There is nothing at {scope['path']}.")
