"""What a page that watches the traffic of a workspace is told."""

import asyncio
import re
from dataclasses import dataclass

import orjson
from starlette.requests import Request

from sandbox.clock import wall_now
from sandbox.console.store.traffic import Row, Wanted, newer
from sandbox.console.telling import Telling
from sandbox.console.traffic_filters import filters_of
from sandbox.database import Transaction
from sandbox.errors import Refusal
from sandbox.runtime import Runtime
from sandbox.web.call import open_unit

PATH = re.compile(r"/console/w/([a-z0-9][a-z0-9-]{0,29})/traffic/stream")
_FROM_NOW = -1
_AT_ONCE = 50
_STEP = 1_000
"""How many exchanges one look goes through."""
_FAR_BEHIND = 5_000
_LATEST = 200
"""Whoever is far behind is told how much was left out, and goes on with the latest."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found."""

    event: bytes = b""
    """What goes out; nothing where there is nothing new."""
    is_behind: bool = False
    """Whether there is more to look at already."""
    is_over: bool = False
    """Whether the workspace is gone."""


@dataclass(slots=True)
class Watch:
    """One page that watches: what it wants, and how far it has been told."""

    runtime: Runtime
    workspace: str
    wanted: Wanted
    telling: Telling
    after: int
    """The number of the last exchange that it knows; `_FROM_NOW` until the first look, for what comes from then on."""
    made: str | None = None
    """When the workspace was made: another of its name is somebody else's."""

    @classmethod
    def of(cls, runtime: Runtime, workspace: str, request: Request, telling: Telling) -> "Watch":
        """The watch that a request asks for: after `Last-Event-ID`, or after the query's `after`."""
        last = request.headers.get("last-event-id") or request.query_params.get("after", "")
        is_number = last.isascii() and last.isdecimal() and len(last) < 16
        wanted = filters_of(request.query_params).wanted
        return cls(runtime, workspace, wanted, telling, int(last) if is_number else _FROM_NOW)

    @property
    def mark(self) -> bytes:
        """Tells a browser from where to go on once it comes back."""
        return b": nothing new\nid: %d\n\n" % max(self.after, 0)

    async def look(self) -> Look:
        """What happened since the last look."""
        try:
            reading = self.runtime.database.read(self._read)
            rows, last, skipped, made = await asyncio.wrap_future(reading)
        except Refusal:
            return Look(is_over=True)
        if self.made not in (None, made):
            return Look(is_over=True)
        self.made = made
        if not rows and not skipped:
            return Look(is_behind=self.after < last)
        told = {
            "exchanges": [self.telling.row(row, self.workspace) for row in rows],
            "skipped": skipped,
        }
        event = b"id: %d\nevent: exchanges\ndata: %s\n\n" % (self.after, orjson.dumps(told))
        return Look(event, is_behind=self.after < last)

    def _read(self, transaction: Transaction) -> tuple[list[Row], int, int, str]:
        """(exchanges, the last number there is, how many were left out, when the workspace was made)."""
        held = open_unit(transaction, self.workspace, wall_now()).workspace
        last, skipped = held.held.exchanges, 0
        begin = last if self.after == _FROM_NOW else min(self.after, last)
        if last - begin > _FAR_BEHIND:
            skipped = last - _LATEST - begin
            begin += skipped
        end = min(last, begin + _STEP)
        rows: list[Row] = []
        if end > begin:
            rows = newer(transaction.connection, self.workspace, self.wanted, begin, end, _AT_ONCE)
        self.after = rows[-1]["exchange_id"] if len(rows) == _AT_ONCE else end
        return rows, last, skipped, held.created_at
