"""A load generator for one keep-alive HTTP/1.1 server: N connections, each sends its next request when it is answered.

A closed loop measures what a server can do at most; it says nothing about latency under a given load.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

_HEAD_END = b"\r\n\r\n"
_LONGEST_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Driven:
    """What came of sending requests."""

    per_second: float
    statuses: Counter[int]
    bodies: list[bytes]
    """The body of each answer, in the order of the requests."""


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[tuple[int, bytes]], tally: "_Tally") -> None:
        self._requests = requests
        self._tally = tally
        self._buffer = b""
        self._place = 0

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
        self._tally.count(self._place, int(self._buffer[9:12]), self._buffer[end + 4 :])
        self._buffer = b""
        self._next()

    def connection_lost(self, _problem: Exception | None) -> None:
        self._tally.closed()

    def _next(self) -> None:
        following = next(self._requests, None)
        if following is None:
            self._transport.close()
        else:
            self._place, request = following
            self._transport.write(request)


class _Tally:
    def __init__(self, requests: int, connections: int, finished: "asyncio.Future[None]") -> None:
        self.statuses: Counter[int] = Counter()
        self.bodies = [b""] * requests
        self._open = connections
        self._finished = finished

    def count(self, place: int, status: int, body: bytes) -> None:
        self.statuses[status] += 1
        self.bodies[place] = body

    def closed(self) -> None:
        self._open -= 1
        if self._open == 0 and not self._finished.done():
            self._finished.set_result(None)


def drive(url: str, requests: Sequence[bytes], connections: int) -> Driven:
    """Sends every request once, in their order, to the server at `url`. Raises TimeoutError after two minutes."""
    return asyncio.run(_drive(url, requests, connections))


async def _drive(url: str, requests: Sequence[bytes], connections: int) -> Driven:
    address = urlsplit(url)
    host, port = address.hostname or "", address.port or 80
    loop = asyncio.get_running_loop()
    finished: asyncio.Future[None] = loop.create_future()
    tally = _Tally(len(requests), connections, finished)
    shared = iter(enumerate(requests))
    began = time.perf_counter()
    for _ in range(connections):
        await loop.create_connection(lambda: _Connection(shared, tally), host, port)
    await asyncio.wait_for(finished, _LONGEST_SECONDS)
    return Driven(len(requests) / (time.perf_counter() - began), tally.statuses, tally.bodies)
