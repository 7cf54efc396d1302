"""The HTTP server: one configuration and one kind of connection, wherever a sandbox is served."""

import asyncio
import os
import resource
import socket
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from sandbox.web.bounds import BOUNDS, Bounds
from sandbox.web.connection import Connection

_TICKS = 5
"""Every how many tenths of a second the connections are looked through for what has taken too long."""
_DESCRIPTORS_A_CONNECTION = 4
"""Room for those that are no connections yet, and for what requests open."""


class Server(uvicorn.Server):
    """A server whose clients cannot hold it (see `sandbox.web.bounds`), and that ends in order at the first signal.

    It then refuses connections, answers what is under way within the bounds of uvicorn's `timeout_graceful_shutdown`, and ends
    the application. A second signal ends the process at once, as a crash would.
    """

    drain_seconds = 0.0
    """How long requests are still taken after the first signal."""
    on_stop: Callable[[], None] | None = None
    """Called when the first signal was seen."""
    handshake_seconds = BOUNDS.head_seconds
    """How long TLS may take to be agreed upon."""
    _stop_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to listen. A client that stalls while TLS is agreed upon is no connection yet, which `check` would end."""
        loop: Any = asyncio.get_running_loop()
        if self.config.ssl is None:
            await super().startup(sockets)
            return
        # uvicorn has no setting for it, and the event loop waits for a minute.
        loop.create_server = partial(
            loop.create_server, ssl_handshake_timeout=self.handshake_seconds
        )
        try:
            await super().startup(sockets)
        finally:
            del loop.create_server

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        if counter % _TICKS == 0:
            for connection in list(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.check(connection.loop.time())
        if not await super().on_tick(counter):
            return False
        now = asyncio.get_running_loop().time()
        if self._stop_at is None:
            self._stop_at = now + self.drain_seconds
            if self.on_stop is not None:
                self.on_stop()
        return now >= self._stop_at

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Hears SIGINT and SIGTERM."""
        if self.should_exit:
            os._exit(128 + sig)
        super().handle_exit(sig, frame)


def server_of(app: ASGIApp, bounds: Bounds = BOUNDS, **options: Any) -> Server:
    """The server of an application; `options` are uvicorn's, for what is said otherwise than here."""

    class Bounded(Connection):
        """A connection within the bounds of this server."""

    Bounded.bounds = bounds
    _take_descriptors(bounds)
    settings: dict[str, Any] = {
        "http": Bounded,
        "log_level": "warning",
        "access_log": False,
        "lifespan": "on",
        "ws": "none",
        "server_header": False,
        # Believed of the proxies that the settings name, and of nobody else: `sandbox.server.server_options`.
        "proxy_headers": False,
        "timeout_graceful_shutdown": 5,
        "timeout_keep_alive": bounds.idle_seconds,
    }
    server = Server(uvicorn.Config(app, **(settings | options)))
    server.handshake_seconds = bounds.head_seconds
    return server


def _take_descriptors(bounds: Bounds) -> None:
    """Lets the process open as many files as it is allowed to: connections must not leave the database without."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, _DESCRIPTORS_A_CONNECTION * (bounds.connections + bounds.excess_connections))
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
