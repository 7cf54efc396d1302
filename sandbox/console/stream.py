"""The live streams: server-sent events (HTML standard, 9.2) beside Flask, so that who watches uses up none of its threads."""

import asyncio
from collections.abc import AsyncIterator
from http.cookies import CookieError, SimpleCookie
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from sandbox.console.access import SESSION_SECONDS, visitor_of
from sandbox.console.live import PATH, Watch
from sandbox.runtime import Runtime
from sandbox.web.call import Visitor

_LOOK_SECONDS = 0.5
_ALIVE_SECONDS = 15.0
"""After so long with nothing to tell, a comment goes out, so that nobody between takes the connection for dead."""
_LONGEST_SECONDS = 3600.0
"""Then the browser comes back by itself, and is asked again who it is."""
_MOST = 100
"""How many watch at once in one process."""


class Stream:
    """The ASGI application of the live streams."""

    def __init__(self, runtime: Runtime, flask: Flask) -> None:
        self._runtime = runtime
        self._flask = flask
        self._watching = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        request = Request(scope, receive)
        answer = await self._answer(request)
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> PlainTextResponse | StreamingResponse:
        place = PATH.fullmatch(request.url.path)
        if place is None or request.method != "GET":
            return PlainTextResponse("There is nothing here.\n", 404)
        visitor = await asyncio.to_thread(self._visitor, request.headers.get("cookie", ""))
        if visitor is None or not visitor.may_see(place[1]):
            return PlainTextResponse("Sign in first.\n", 403)
        if self._watching >= _MOST:
            return PlainTextResponse(
                f"{_MOST} pages watch already.\n", 503, headers={"Retry-After": "30"}
            )
        watch = Watch.of(self._runtime, place[1], request)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._events(watch), 200, headers, "text/event-stream")

    def _visitor(self, cookies: str) -> Visitor | None:
        with self._flask.app_context():
            return visitor_of(self._session(cookies))

    def _session(self, cookies: str) -> dict[str, Any]:
        """What the session's cookie holds, if we have signed it."""
        interface = SecureCookieSessionInterface()
        signer = interface.get_signing_serializer(self._flask)
        try:
            held = SimpleCookie(cookies).get(self._flask.config["SESSION_COOKIE_NAME"])
            assert signer is not None
            return dict(signer.loads(held.value, max_age=SESSION_SECONDS)) if held else {}
        except (BadSignature, CookieError):
            return {}

    async def _events(self, watch: Watch) -> AsyncIterator[bytes]:
        self._watching += 1
        loop = asyncio.get_running_loop()
        began = told = loop.time()
        try:
            yield b"retry: 1000\n\n"
            while not self._runtime.is_stopping and loop.time() - began < _LONGEST_SECONDS:
                event = await watch.look()
                if event:
                    told = loop.time()
                    yield event
                elif loop.time() - told > _ALIVE_SECONDS:
                    told = loop.time()
                    yield b": nothing new\n\n"
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            self._watching -= 1
