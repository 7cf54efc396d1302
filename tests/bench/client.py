"""A load generator for one keep-alive HTTP/1.1 server: N connections, each sends its next request when it is answered.

A closed loop measures what a server can do at most; it says nothing about latency under a given load.
"""

import asyncio
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

_HEAD_END = b"\r\n\r\n"


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], tally: "_Tally") -> None:
        self._requests = requests
        self._tally = tally
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        self._tally.count(int(self._buffer[9:12]))
        self._buffer = b""
        self._next()

    def connection_lost(self, _problem: Exception | None) -> None:
        self._tally.closed()

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
        else:
            self._transport.write(request)


class _Tally:
    def __init__(self, connections: int, finished: "asyncio.Future[None]") -> None:
        self.statuses: dict[int, int] = {}
        self._open = connections
        self._finished = finished

    def count(self, status: int) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1

    def closed(self) -> None:
        self._open -= 1
        if self._open == 0 and not self._finished.done():
            self._finished.set_result(None)


async def drive(url: str, requests: list[bytes], connections: int) -> tuple[float, dict[int, int]]:
    """Sends every request once; answers (requests a second, answers by status)."""
    address = urlsplit(url)
    loop = asyncio.get_running_loop()
    finished: asyncio.Future[None] = loop.create_future()
    tally = _Tally(connections, finished)
    shared = iter(requests)
    began = time.perf_counter()
    for _ in range(connections):
        await loop.create_connection(
            lambda: _Connection(shared, tally), address.hostname, address.port
        )
    await asyncio.wait_for(finished, 120)
    return len(requests) / (time.perf_counter() - began), tally.statuses
