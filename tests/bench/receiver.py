"""A receiver of events that takes whatever comes and does nothing with it, so that what is measured is the sender.

`python tests/bench/receiver.py 4000` prints its address, and, once it has taken so many events, the seconds between the
first and the last; or ends without a word when they do not come.
"""

import asyncio
import json
import sys
import time

_LONGEST_SECONDS = 300
_HEAD_END = b"\r\n\r\n"
_ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


class _Arrivals:
    def __init__(self, expected: int) -> None:
        self._left = expected
        self._first = 0.0
        self.done: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def one(self) -> None:
        now = time.perf_counter()
        self._first = self._first or now
        self._left -= 1
        if self._left == 0:
            self.done.set_result(now - self._first)


class _Connection(asyncio.Protocol):
    def __init__(self, arrivals: _Arrivals) -> None:
        self._arrivals = arrivals
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            return
        head = self._buffer[:end].lower()
        length = int(head[head.index(b"content-length:") + 15 :].split(b"\r\n", 1)[0])
        if len(self._buffer) < end + 4 + length:
            return
        self._buffer = b""
        self._transport.write(_ACCEPTED)
        self._arrivals.one()


async def _serve(expected: int) -> None:
    arrivals = _Arrivals(expected)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(arrivals), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/events", flush=True)
    seconds = await asyncio.wait_for(arrivals.done, _LONGEST_SECONDS)
    print(json.dumps({"seconds": seconds}), flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(_serve(int(sys.argv[1])))
    except TimeoutError:
        sys.exit(1)
