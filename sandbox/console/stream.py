"""The live streams: server-sent events (HTML standard, 9.2) beside Flask, so that who watches uses up none of its threads."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

from flask import Flask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from sandbox.console.access import visitor_of
from sandbox.console.console import EXTENSION
from sandbox.console.live import PATH, Watch
from sandbox.console.telling import Telling
from sandbox.errors import Refusal
from sandbox.runtime import Runtime
from sandbox.web.call import Visitor

_LOOK_SECONDS = 0.5
_ALIVE_SECONDS = 15.0
"""After so long with nothing to tell, a comment goes out, so that nobody between takes the connection for dead."""
_LONGEST_SECONDS = 3600.0
"""Then the browser comes back by itself."""
_ASK_SECONDS = 15.0
"""Every so often it is asked again who watches: a session may have ended meanwhile."""
_MOST = 100
"""How many watch at once in one process."""
_MOST_OF_ONE = 20
"""And of them those of one supplier's workspace, so that none takes the places of all."""


class Stream:
    """The ASGI application of the live streams."""

    def __init__(self, runtime: Runtime, flask: Flask) -> None:
        self._runtime = runtime
        self._flask = flask
        self._watching: Counter[str | None] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        request = Request(scope, receive)
        place = PATH.fullmatch(request.url.path)
        if place is None or request.method != "GET":
            await PlainTextResponse("There is nothing here.\n", 404)(scope, receive, send)
            return
        cookies = request.headers.get("cookie", "")
        try:
            visitor = await self._watcher(place[1], cookies)
        except TimeoutError:
            await _refused("The sandbox is busy.")(scope, receive, send)
            return
        if visitor is None:
            await PlainTextResponse("Sign in first.\n", 403)(scope, receive, send)
            return
        whose = visitor.workspace
        if self._watching.total() >= _MOST:
            await _refused(f"{_MOST} pages watch already.")(scope, receive, send)
            return
        if whose is not None and self._watching[whose] >= _MOST_OF_ONE:
            await _refused(f"{_MOST_OF_ONE} pages of this workspace watch already.")(
                scope, receive, send
            )
            return
        self._watching[whose] += 1
        try:
            await self._answer(request, place[1], cookies)(scope, receive, send)
        finally:
            self._watching[whose] -= 1

    def _answer(self, request: Request, workspace: str, cookies: str) -> StreamingResponse:
        settings, console = self._runtime.settings, self._flask.extensions[EXTENSION]
        telling = Telling(console.contracts, (settings.own_url, settings.public_url))
        watch = Watch.of(self._runtime, workspace, request, telling)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._events(watch, cookies), 200, headers, "text/event-stream")

    async def _watcher(self, workspace: str, cookies: str) -> Visitor | None:
        """Who watches; None where nobody who may. Raises Refusal and TimeoutError where the database does not answer."""
        visitor = await asyncio.to_thread(self._visitor, cookies)
        return visitor if visitor is not None and visitor.may_see(workspace) else None

    def _visitor(self, cookies: str) -> Visitor | None:
        asked = self._flask.request_class({"HTTP_COOKIE": cookies})
        with self._flask.app_context():
            return visitor_of(self._flask.session_interface.open_session(self._flask, asked))

    async def _events(self, watch: Watch, cookies: str) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        began = told = asked = loop.time()
        yield b"retry: 1000\n\n"
        while not self._runtime.is_stopping and loop.time() - began < _LONGEST_SECONDS:
            if loop.time() - asked > _ASK_SECONDS:
                asked = loop.time()
                try:
                    watcher = await self._watcher(watch.workspace, cookies)
                except (Refusal, TimeoutError):
                    break  # The database does not answer; the browser comes back by itself.
                if watcher is None:
                    break
            found = await watch.look()
            if found.is_over:
                break
            if found.event:
                told = loop.time()
                yield found.event
            elif loop.time() - told > _ALIVE_SECONDS:
                told = loop.time()
                yield watch.mark
            await asyncio.sleep(0 if found.is_behind else _LOOK_SECONDS)


def _refused(sentence: str) -> PlainTextResponse:
    return PlainTextResponse(f"{sentence}\n", 503, headers={"Retry-After": "30"})
