"""Serves what stands below /console: the live stream as ASGI, and the pages by Flask in threads of their own."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.console.powers import Powers
from sandbox.contracts import Contract
from sandbox.identity.bearer import check_page
from sandbox.runtime import Runtime
from sandbox.web.operations import CALL

BASE = "/console"
STREAM = "/stream"
"""How the path of a live stream ends."""
_THREADS = 8

_Served = tuple[ASGIApp, ASGIApp, Callable[[], None]]


class ConsoleDoor:
    """The ASGI application in front of another one: what is not below /console goes on to it."""

    def __init__(self, app: ASGIApp, runtime: Runtime, contracts: list[Contract]) -> None:
        self._app = app
        self._runtime = runtime
        self._contracts = contracts
        self._front: ASGIApp | None = None
        self._served: _Served | None = None
        self._making = asyncio.Lock()

    def ask_through(self, front: ASGIApp) -> None:
        """Hands in the whole application, through which the console asks for what it is to do."""
        self._front = front

    async def prepare(self) -> None:
        """Makes the pages ready, where the settings ask for it."""
        if self._runtime.settings.prepares_console:
            _, _, load = await self._made()
            await asyncio.to_thread(load)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request. Raises Refusal TOKEN_MISSING for a page of another site where nobody signs in."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not (path == BASE or path.startswith(f"{BASE}/")):
            await self._app(scope, receive, send)
            return
        if not self._runtime.settings.signs_in:
            check_page(scope[CALL].headers, self._runtime.settings)
        pages, stream, _ = await self._made()
        # The pages stand at their full paths; nothing is mounted, so that addresses in them are what they say.
        await (stream if path.endswith(STREAM) else pages)(scope, receive, send)

    async def _made(self) -> _Served:
        """The pages, the live streams, and what reads ahead for both."""
        if self._served is None:
            async with self._making:
                if self._served is None:
                    assert self._front is not None
                    powers = Powers(self._front, asyncio.get_running_loop())
                    # Flask and the templates are imported when they are asked for: no start waits for them.
                    self._served = await asyncio.to_thread(
                        _make, self._runtime, self._contracts, powers
                    )
        return self._served


def _make(runtime: Runtime, contracts: list[Contract], powers: Powers) -> _Served:
    from a2wsgi import WSGIMiddleware

    from sandbox.console.application import load_pages, make_console
    from sandbox.console.carrying import Carried
    from sandbox.console.stream import Stream

    flask = make_console(runtime, contracts, powers)
    # The queue has no end: a page is as large as it is, and no thread waits for whoever reads it.
    pages: Any = WSGIMiddleware(flask, workers=_THREADS, send_queue_size=0)  # type: ignore[arg-type]
    return Carried(pages), Stream(runtime, flask), partial(load_pages, flask)
