"""Answers as no server should, where a fault asks for it: late, piece by piece, of another length than it says, or not at all."""

import asyncio
import socket
import struct
from typing import Any

from starlette.types import Receive, Send

_AT_ONCE = struct.pack("ii", 1, 0)
_PIECES = 40


async def is_gone(receive: Receive, seconds: float) -> bool:
    """Waits, for as long as the client does; whether it went away."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


async def dribble(send: Send, receive: Receive, body: bytes, seconds: float) -> None:
    """Sends the body in small pieces at even intervals, the last of them after `seconds`, unless the client goes away."""
    size = max(1, -(-len(body) // _PIECES))
    pieces = [body[begin : begin + size] for begin in range(0, len(body), size)]
    for piece in pieces:
        if await is_gone(receive, seconds / len(pieces)):
            return
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})


async def send_mislabelled(send: Send, receive: Receive, body: bytes, said: int) -> None:
    """Sends a body of which the headers say that it is `said` bytes long, and closes the connection."""
    await send({"type": "http.response.body", "body": body[:said], "more_body": True})
    if body[said:]:
        # The server would not send more than it has announced.
        _transport(send).write(body[said:])
    await hang_up(send, receive, reset=False)


async def hang_up(send: Send, receive: Receive, *, reset: bool) -> None:
    """Ends the connection and waits until it has ended: what was sent arrives before, unless it is `reset`."""
    transport = _transport(send)
    if reset:
        # A connection that is closed without lingering is reset (RST), so that no client takes it for an end in order.
        found = transport.get_extra_info("socket")
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        transport.abort()
    else:
        transport.close()
    # While it lasts, the server would answer for us.
    while (await receive())["type"] != "http.disconnect":
        pass


def _transport(send: Send) -> Any:
    # ASGI has no word for it; uvicorn's `send` belongs to an object that holds the connection.
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise RuntimeError("this server does not hand out the connection of a request")
    return transport
