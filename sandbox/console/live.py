"""What a page that watches the traffic of a workspace is told."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request

from sandbox.clock import wall_now
from sandbox.control.service.exchanges import list_exchanges
from sandbox.database import Transaction
from sandbox.errors import Refusal
from sandbox.runtime import Runtime
from sandbox.web.call import open_unit

PATH = re.compile(r"/console/w/([a-z0-9][a-z0-9-]{0,29})/traffic/stream")
_AT_ONCE = 50


@dataclass(slots=True)
class Watch:
    """One page that watches: how far it has been told."""

    runtime: Runtime
    workspace: str
    after: int
    """The number of the last exchange that it knows."""

    @classmethod
    def of(cls, runtime: Runtime, workspace: str, request: Request) -> "Watch":
        """The watch that a request asks for: after `Last-Event-ID`, or after the query's `after`."""
        last = request.headers.get("last-event-id") or request.query_params.get("after", "0")
        return cls(runtime, workspace, int(last) if last.isdecimal() and len(last) < 16 else 0)

    async def look(self) -> bytes:
        """The events since the last look; nothing where there are none, or the workspace is gone."""

        def read(transaction: Transaction) -> list[dict[str, Any]]:
            unit = open_unit(transaction, self.workspace, wall_now())
            found: list[dict[str, Any]] = list_exchanges(unit, self.after, _AT_ONCE)["exchanges"]
            return found

        try:
            found = await asyncio.wrap_future(self.runtime.database.read(read))
        except Refusal:
            return b""
        if not found:
            return b""
        self.after = found[-1]["exchangeId"]
        data = orjson.dumps(found)
        return b"id: %d\nevent: exchanges\ndata: %s\n\n" % (self.after, data)
