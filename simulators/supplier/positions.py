"""Positions as the supplier holds them: a full load once, then what changed, by ESR's cursor and by events."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from simulators.supplier.connection import Connection
from simulators.supplier.policies import Policies
from simulators.supplier.storage import Storage

_PLACE = "positions"
_PAGE = 100


class Positions:
    """Our copy of ESR's positions."""

    def __init__(self, storage: Storage, connection: Connection, policies: Policies) -> None:
        self._storage = storage
        self._connection = connection
        self._policies = policies

    async def load(self) -> None:
        """Reads on from where we last stopped, to the end; from the beginning the first time. Raises EsrRefused."""
        while True:
            place = self._storage.note(_PLACE)
            parameters: dict[str, Any] = {"limit": _PAGE} | ({"since": place} if place else {})
            page = await self._connection.read("/positions", parameters)
            # What a page holds and where to go on are kept together: no page is skipped, whenever we are stopped.
            with self._storage.transaction() as database:
                for position in page.get("positions") or []:
                    self._take(database, position)
                place = self._policies.next_place(page, place)
                if place is not None:
                    self._storage.keep_note(_PLACE, place)
            if not self._policies.has_more(page):
                return

    def _take(self, database: sqlite3.Connection, position: Mapping[str, Any]) -> None:
        held = place_of(database, position["positionId"])
        # A list says how things are now, so it holds against an event of the same moment.
        if held is None or not self._policies.is_newer(held[0], moment(position["updatedAt"])):
            put(database, position, held[1] if held else "")

    def find(self, position_id: int) -> dict[str, Any] | None:
        """The position as ESR last told it, one that is gone too."""
        row = self._storage.connection.execute(
            "SELECT document FROM positions WHERE position_id = ?", (position_id,)
        ).fetchone()
        return None if row is None else dict(json.loads(row["document"]))

    def view(self, position_id: int) -> dict[str, Any]:
        """What we hold of a position: `PositionView` of the driver contract."""
        held = self.find(position_id)
        if held is None or not self._policies.is_present(held):
            return {"positionId": position_id, "present": False}
        title = held.get("positionTitle")
        shown = {"positionTitle": title} if title else {}
        return {"positionId": position_id, "present": True, **shown}


def place_of(database: sqlite3.Connection, position_id: int) -> tuple[str, str] | None:
    """How new what we hold of a position is: when it was changed, and the sequence of the event that told so."""
    row = database.execute(
        "SELECT updated_at, sequence FROM positions WHERE position_id = ?", (position_id,)
    ).fetchone()
    return None if row is None else (str(row["updated_at"]), str(row["sequence"]))


def moment(text: str) -> str:
    """A moment as ESR writes it, so that moments can be compared as text. Raises ValueError."""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="microseconds")


def put(database: sqlite3.Connection, position: Mapping[str, Any], sequence: str) -> None:
    """Holds a position: ESR's `Position`."""
    database.execute(
        "INSERT OR REPLACE INTO positions (position_id, document, updated_at, sequence) VALUES (?, ?, ?, ?)",
        (position["positionId"], json.dumps(position), moment(position["updatedAt"]), sequence),
    )
