"""The feed of ESR's events: what a delivery did not bring is found here, from where we last stopped."""

from typing import Any

from simulators.supplier.connection import Connection
from simulators.supplier.events import Events
from simulators.supplier.policies import Policies
from simulators.supplier.storage import Storage

_PLACE = "feed"
_PAGE = 100


class Feed:
    """Our place in ESR's feed."""

    def __init__(
        self, storage: Storage, connection: Connection, policies: Policies, events: Events
    ) -> None:
        self._storage = storage
        self._connection = connection
        self._policies = policies
        self._events = events

    async def catch_up(self) -> None:
        """Takes every event from where we last stopped, to the end. Raises EsrRefused."""
        while True:
            place = self._storage.note(_PLACE)
            parameters: dict[str, Any] = {"limit": _PAGE} | ({"cursor": place} if place else {})
            page = await self._connection.read("/events", parameters)
            # The events and the cursor behind them are kept together: whatever happens, none is skipped.
            with self._storage.transaction() as database:
                for event in page.get("events") or []:
                    if self._policies.is_envelope(event):
                        self._events.take_within(database, event)
                place = self._policies.next_place(page, place)
                if place is not None:
                    self._storage.keep_note(_PLACE, place)
            if not self._policies.has_more(page):
                return
