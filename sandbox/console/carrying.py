"""Carries requests to the pages and their answers back, so that whoever sends or reads slowly holds none of their threads.

A form is read whole before a thread begins with it, and a file goes out from here: a page only says which.
"""

import asyncio
import re
from collections.abc import MutableMapping
from typing import Any, BinaryIO

from flask import Response, request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.web.bounds import BOUNDS

FORM_BYTES = 1_048_576
"""The largest form; a page that takes files says so for itself (`access.takes_files`)."""
_FILE = "console.file"
"""Where, in the scope of a request, the path stands of the file that answers it."""
_CHUNK = 65_536
_RANGE = re.compile(rb"bytes ([0-9]+)-")


class Carried:
    """The ASGI application of the pages."""

    def __init__(self, pages: ASGIApp) -> None:
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        await self._pages(scope, await _ahead(scope, receive), _sending(scope, send))


def hand_over(answer: Response) -> Response:
    """Has the file that an answer names (`X-Sendfile`) go out from here."""
    path = answer.headers.pop("X-Sendfile", None)
    if path is not None:
        request.environ["asgi.scope"][_FILE] = path
    return answer


async def _ahead(scope: Scope, receive: Receive) -> Receive:
    """What receives the body of a form that is here already; of what is no form that may be taken, it is read as ever."""
    length = dict(scope["headers"]).get(b"content-length", b"")
    if not 0 < int(length or 0) <= FORM_BYTES or scope["path"] in BOUNDS.uploads:
        return receive
    held = bytearray()
    while True:
        message = await receive()
        held += message.get("body", b"")
        if not message.get("more_body", False):
            break
    whole: Message = {"type": "http.request", "body": bytes(held), "more_body": False}

    async def once() -> Message:
        return whole

    return once


def _sending(scope: Scope, send: Send) -> Send:
    """What sends an answer, with the file in place of its body where there is one."""
    begun: MutableMapping[str, Any] = {}

    async def sending(message: Message) -> None:
        if _FILE not in scope or message["type"] == "http.response.start":
            begun.update(message)
            await send(message)
        elif not message.get("more_body", False) and scope["method"] != "HEAD":
            await _send_file(scope[_FILE], dict(begun["headers"]), send)
        elif not message.get("more_body", False):
            await send(message)

    return sending


async def _send_file(path: str, headers: dict[bytes, bytes], send: Send) -> None:
    """Sends so many bytes as the answer has announced, from where its range begins."""
    begin = _RANGE.match(headers.get(b"content-range", b""))
    left = int(headers[b"content-length"])
    file: BinaryIO = await asyncio.to_thread(open, path, "rb")
    with file:
        file.seek(int(begin[1]) if begin else 0)
        while left:
            chunk = await asyncio.to_thread(file.read, min(left, _CHUNK))
            if not chunk:
                raise OSError("A file became shorter while it was sent.")
            left -= len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})
    if not int(headers[b"content-length"]):
        await send({"type": "http.response.body", "body": b"", "more_body": False})
