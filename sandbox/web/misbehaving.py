"""Closes the connection of a request instead of answering it, or in the middle of the answer."""

import socket
import struct

from starlette.types import Receive, Send

_AT_ONCE = struct.pack("ii", 1, 0)


async def hang_up(send: Send, receive: Receive, *, reset: bool) -> None:
    """Ends the connection and waits until it has ended: what was sent arrives before, unless it is `reset`."""
    # ASGI has no word for it; uvicorn's `send` belongs to an object that holds the connection.
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise RuntimeError("this server does not hand out the connection of a request")
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
