"""Keep-alive HTTP/1.1 to one server on loopback, and no more than that.

A general client spends more time on a request than the sandbox does on its answer; on a machine that both share, what is
measured would be the client.
"""

import asyncio
from typing import Self
from urllib.parse import urlencode, urlsplit

from httptools import HttpParserError, HttpResponseParser

_ANSWER_SECONDS = 60.0


class ConnectionBroken(Exception):
    """There was no whole answer."""


class Connections:
    """At most `most` connections to the server at `url`, opened when they are needed."""

    def __init__(self, url: str, most: int) -> None:
        address = urlsplit(url)
        assert address.hostname is not None
        self._host, self._port = address.hostname, address.port or 80
        self._idle: list[_Connection] = []
        self._all: list[_Connection] = []
        self._free = asyncio.Semaphore(most)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        for connection in self._all:
            connection.close()

    async def request(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        query: dict[str, str | int] | None = None,
        content: bytes | None = None,
    ) -> tuple[int, bytes]:
        """The status and the body of the answer. Raises ConnectionBroken."""
        target = f"{path}?{urlencode(query)}" if query else path
        held = {**headers, "Host": f"{self._host}:{self._port}"}
        if content is not None:
            held["Content-Length"] = str(len(content))
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {held[name]}" for name in held)]
        data = "\r\n".join([*lines, "", ""]).encode("ascii") + (content or b"")
        async with self._free:
            connection = await self._take()
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    answer = await connection.exchange(data)
            except (TimeoutError, OSError) as problem:
                connection.close()
                raise ConnectionBroken(type(problem).__name__) from problem
            except BaseException:
                connection.close()
                raise
            self._idle.append(connection)
            return answer

    async def _take(self) -> "_Connection":
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(_Connection, self._host, self._port)
        except OSError as problem:
            raise ConnectionBroken(type(problem).__name__) from problem
        self._all.append(connection)
        return connection


class _Connection(asyncio.Protocol):
    """One connection; it takes one request after the other."""

    def __init__(self) -> None:
        self.is_open = False
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self._parser = HttpResponseParser(self)
        self._body = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self.is_open = True

    def connection_lost(self, problem: Exception | None) -> None:
        self.is_open = False
        self._fail(problem or ConnectionResetError())

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserError as problem:
            self.close()
            self._fail(ConnectionBroken(str(problem)))

    def on_body(self, body: bytes) -> None:
        """A part of the answer's body."""
        self._body += body

    def on_message_complete(self) -> None:
        """The answer is whole."""
        status, body = self._parser.get_status_code(), bytes(self._body)
        if not self._parser.should_keep_alive():
            self.close()
        self._body.clear()
        self._parser = HttpResponseParser(self)
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result((status, body))

    def exchange(self, data: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        """Sends a request; its answer comes in the future."""
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(data)
        return self._waiting

    def close(self) -> None:
        """Ends it."""
        self.is_open = False
        self._transport.close()

    def _fail(self, problem: Exception) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(problem)
