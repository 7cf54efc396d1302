"""One connection of a client: what uvicorn's own leaves open to a client that is slow, greedy or malformed.

Every refusal is a problem, also that of what is not HTTP; it is sent after the answers to the requests before it. A request
line, headers, a body and the reading of an answer each have a size and a time. Nothing a client does or leaves undone holds a
connection for longer than its bounds.
"""

import asyncio
from typing import Any, cast

import httptools
import orjson
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from sandbox.errors import Code, Refusal
from sandbox.web.bounds import Bounds
from sandbox.web.reply import PROBLEM

REFUSAL = "sandbox.refusal"
"""Where a request's scope has the refusal of its own size, for the application to answer."""

_FAREWELL_SECONDS = 0.5


class Connection(HttpToolsProtocol):
    """A connection within bounds. `check` is to be called every second or oftener."""

    bounds = Bounds()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._is_excess = False
        self._in_message = False
        self._head_is_whole = False
        self._arriving = 0
        self._received = 0
        """Of the present message, what came after the piece in which it began."""
        self._since = 0.0
        self._answered_early: Any = None
        self._answered_at = 0.0
        self._unread = 0
        self._unread_since: float | None = None
        self._last_words = b""
        self._is_over = False
        self._over_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to wait for a request, where there is room."""
        super().connection_made(cast("asyncio.Transport", _Line(transport)))
        count = len(self.connections)
        if count > self.bounds.connections + self.bounds.excess_connections:
            transport.abort()
        elif count > self.bounds.connections:
            self._is_excess = True
            self.app = _no_room
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def data_received(self, data: bytes) -> None:
        """Reads what arrived; nothing of what follows a request that is no HTTP."""
        if self._is_over:
            return
        self._arriving = len(data)
        self._received += self._arriving
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # We speak no other protocol: the request is answered as it stands, and what follows it would be of that one.
            self._is_over = True
            self.cycle.keep_alive = False
        except httptools.HttpParserError as problem:
            cause = problem.__context__
            self._refuse(cause if isinstance(cause, Refusal) else _malformed(problem))
        else:
            if self._in_message and self._received > self.bounds.headers:
                self._judge_what_came()

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client has sent all that it will: what is whole is still answered, what is not is refused."""
        if self._in_message and not self._is_over:
            self._refuse(_cut_off())
        latest: RequestResponseCycle | None = self.cycle
        if latest is not None and not self._last_words:
            latest.keep_alive = False
        return self.scheme == "http" and self._is_busy()

    def on_message_begin(self) -> None:
        """A request begins."""
        if len(self.pipeline) >= self.bounds.pipelined:
            most = self.bounds.pipelined
            detail = f"No more than {most} requests may wait on one connection. Wait for answers."
            raise Refusal(Code.REQUEST_MALFORMED, detail)
        super().on_message_begin()
        self._in_message = True
        self._head_is_whole = False
        self._received = 0
        self._since = self.loop.time()
        self._unset_keepalive_if_required()

    def on_headers_complete(self) -> None:
        """The request is served from here on, its body as it comes."""
        if self._received + self._arriving > self.bounds.header or (
            len(self.headers) > self.bounds.header_count
        ):
            refusal = _too_large(self.url, self.headers, self.bounds)
            if refusal is not None:
                cast("dict[str, Any]", self.scope)[REFUSAL] = refusal
        super().on_headers_complete()
        self._head_is_whole = True
        # What stands behind the body is no header of the request (RFC 9110 section 6.5.1).
        self.headers = []
        if self._is_excess:
            self.cycle.keep_alive = False
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._in_message = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is on its way: the next request is served, or the last refusal is sent."""
        self._unread_since = None
        if self._last_words and not self.pipeline:
            self._say(self._last_words)
        else:
            super().on_response_complete()

    def shutdown(self) -> None:
        """The server ends: so does the connection, once what is being served is answered."""
        super().shutdown()
        # With TLS a client says that it has seen the end; one that lies idle may never look.
        if self.transport.is_closing() and self.scheme == "https":
            self.loop.call_later(_FAREWELL_SECONDS, self.transport.abort)

    def check(self, now: float) -> None:
        """Ends what has taken too long; `now` is the loop's time."""
        self._check_reading_of_answers(now)
        if self.transport.is_closing():
            return
        if self._over_since is not None:
            if now > self._over_since + self.bounds.linger_seconds:
                self.transport.close()
        elif self._in_message and not self._is_over:
            self._check_arrival(now)

    def _check_arrival(self, now: float) -> None:
        bounds = self.bounds
        if not self._head_is_whole:
            if now > self._since + bounds.head_seconds:
                self._refuse(_too_slow("Its head", f"{bounds.head_seconds:g} seconds"))
        elif self.cycle.response_complete:
            if self._answered_early is not self.cycle:
                self._answered_early, self._answered_at = self.cycle, now
            elif now > self._answered_at + bounds.linger_seconds:
                self.transport.close()
        elif self.flow.read_paused:
            self._since = now
        elif now > self._since + bounds.grace_seconds + self._received / bounds.rate:
            within = f"{bounds.grace_seconds:g} seconds and one more for each {bounds.rate} bytes"
            self._refuse(_too_slow("Its body", within))

    def _check_reading_of_answers(self, now: float) -> None:
        waiting = self._waiting()
        if not waiting:
            self._unread_since = None
        elif self._unread_since is None:
            self._unread_since, self._unread = now, waiting
        elif now > self._unread_since + self.bounds.grace_seconds + self._unread / self.bounds.rate:
            self.transport.abort()

    def _waiting(self) -> int:
        return self.transport.get_write_buffer_size()

    def _judge_what_came(self) -> None:
        if not self._head_is_whole:
            if not self.headers and len(self.url) > self.bounds.target:
                self._refuse(_target_too_long(self.bounds))
            else:
                self._refuse(_headers_too_large(self.bounds))
        elif self._received > (most := self._largest_body()):
            detail = f"A body may take {most} bytes on the wire at most."
            self._refuse(Refusal(Code.BODY_TOO_LARGE, detail))

    def _largest_body(self) -> int:
        is_upload = self.scope["path"] in self.bounds.uploads
        return self.bounds.upload_on_the_wire if is_upload else self.bounds.body_on_the_wire

    def _refuse(self, refusal: Refusal) -> None:
        """Answers `refusal` once the requests before it are answered, and ends the connection."""
        self._is_over = True
        words = self._words(refusal)
        is_torn = self._in_message and self._head_is_whole
        if is_torn and self.pipeline:
            # It waits behind others; the refusal takes its place.
            self.pipeline.popleft()
            self._last_words = words
        elif is_torn:
            if self.cycle.response_started:
                words = b""
            # Its handler is told that there is no more to come, and whatever it answers is not sent.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self._say(words)
        elif self._is_busy():
            self._last_words = words
        else:
            self._say(words)

    def _is_busy(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return bool(self.pipeline) or (cycle is not None and not cycle.response_complete)

    def _say(self, words: bytes) -> None:
        """Sends the last of all, and reads on until the client has seen it."""
        self._over_since = self.loop.time()
        self._unset_keepalive_if_required()
        if self.transport.is_closing():
            return
        self.transport.write(words)
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def _words(self, refusal: Refusal) -> bytes:
        body = orjson.dumps(refusal.document(None))
        is_head = self._in_message and self.parser.get_method() == b"HEAD"
        lines = [
            *self.server_state.default_headers,
            (b"content-type", PROBLEM.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        head = b"".join(b"%b: %b\r\n" % line for line in lines)
        return STATUS_LINE[refusal.status] + head + b"\r\n" + (b"" if is_head else body)


class _Line:
    """A transport that takes what is written to a client who is gone for sent, as one does who has not gone yet."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def write(self, data: bytes) -> None:
        # uvloop closes it when the client resets, and tells the protocol only on its next turn.
        if not self._transport.is_closing():
            self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


async def _no_room(_scope: Scope, _receive: Receive, send: Send) -> None:
    """The application of a connection too many."""
    refusal = Refusal(
        Code.SERVICE_UNAVAILABLE,
        "The sandbox serves as many connections as it can. Close those that you do not use, and try again.",
    )
    body = orjson.dumps(refusal.document(None))
    headers = [
        (b"content-type", PROBLEM.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"retry-after", b"1"),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _too_large(url: bytes, headers: list[tuple[bytes, bytes]], bounds: Bounds) -> Refusal | None:
    if len(url) > bounds.target:
        return _target_too_long(bounds)
    sizes = [len(name) + len(value) for name, value in headers]
    if len(sizes) > bounds.header_count or sum(sizes) > bounds.headers:
        return _headers_too_large(bounds)
    return _headers_too_large(bounds) if max(sizes, default=0) > bounds.header else None


def _target_too_long(bounds: Bounds) -> Refusal:
    detail = f"A path and its query may hold {bounds.target} bytes at most."
    return Refusal(Code.ADDRESS_TOO_LONG, detail)


def _headers_too_large(bounds: Bounds) -> Refusal:
    return Refusal(
        Code.HEADERS_TOO_LARGE,
        f"A request may have {bounds.header_count} headers at most, of {bounds.header} bytes each and {bounds.headers} together.",
    )


def _too_slow(what: str, within: str) -> Refusal:
    detail = f"{what} did not arrive within {within}. Send the request again."
    return Refusal(Code.REQUEST_TOO_SLOW, detail)


def _cut_off() -> Refusal:
    detail = "The connection closed before the request was whole."
    return Refusal(Code.BODY_MALFORMED, detail)


def _malformed(problem: httptools.HttpParserError) -> Refusal:
    said = "" if isinstance(problem, httptools.HttpParserCallbackError) else f" ({problem})"
    return Refusal(Code.REQUEST_MALFORMED, f"This is not HTTP/1.1 as RFC 9112 has it{said}.")
