"""The example supplier with one defect each: one that every developer knows, and those that only show when much happens at once.

with running_supplier(settings, *DEFECTS["sender-lost"]) as supplier: ...
"""

import asyncio
import sqlite3
import time
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import uuid4

from simulators.supplier import messages
from simulators.supplier.events import Events
from simulators.supplier.messages import CHECK, Message
from simulators.supplier.orders import Orders
from simulators.supplier.policies import Policies
from simulators.supplier.receiver import Receiver
from simulators.supplier.sender import Sender
from simulators.supplier.supplier import Office

_EVERY = 7
"""Of so many, one meets the defect."""
_LATER_SECONDS = 1.0
"""After how long what was put off is done."""


class ForgetfulPolicies(Policies):
    """Sends a message again under another request id than the first time."""

    def request_id(self, message: Message) -> str:  # noqa: ARG002
        """A new one at every try."""
        return str(uuid4())


class LosingOrders(Orders):
    """Says DONE to every update of a check, and tells ESR of most."""

    _checks = 0

    def _tell(
        self,
        database: sqlite3.Connection,
        kind: str,
        supplier_reference: str,
        body: dict[str, Any],
        check_type: str | None = None,
    ) -> None:
        self._checks += kind == CHECK
        if kind != CHECK or self._checks % _EVERY:
            super()._tell(database, kind, supplier_reference, body, check_type)


class DoublingOrders(Orders):
    """Tells ESR of some updates of checks twice, each as a message of its own."""

    _checks = 0

    def _tell(
        self,
        database: sqlite3.Connection,
        kind: str,
        supplier_reference: str,
        body: dict[str, Any],
        check_type: str | None = None,
    ) -> None:
        super()._tell(database, kind, supplier_reference, body, check_type)
        self._checks += kind == CHECK
        if kind == CHECK and self._checks % _EVERY == 0:
            super()._tell(database, kind, supplier_reference, body, check_type)


class Stall:
    """A time of standing still that begins after some work, and comes once."""

    seconds: ClassVar[float] = 10.0
    after: ClassVar[int] = 100

    def __init__(self) -> None:
        self._done = 0
        self._until: float | None = None

    async def passed(self) -> None:
        """Returns when there is no standing still, at once before and after it."""
        self._done += 1
        if self._done > self.after and self._until is None:
            self._until = time.monotonic() + self.seconds
        if self._until is not None:
            await asyncio.sleep(self._until - time.monotonic())


class StallingSender(Sender):
    """Its queue stands still for a while."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._stall = Stall()

    async def attempt(self, message: Message) -> None:
        """As ever, once the queue moves."""
        await self._stall.passed()
        await super().attempt(message)


class ReorderingSender(Sender):
    """Takes the newest message of an application first, once ESR has the applicant: a stack in place of a queue."""

    def waiting(self) -> list[Message]:
        """The message of each application that goes next."""
        return messages.next_of_each(self._storage.connection, messages.NEWEST)


class LosingReceiver(Receiver):
    """Says 2xx to every event, and keeps most."""

    _taken = 0

    async def keep(self, event: dict[str, Any]) -> bool:
        """True, as if the event were safe."""
        self._taken += 1
        return await super().keep(event) if self._taken % _EVERY else True


class DoublingPolicies(Policies):
    """Takes each delivery for an event of its own."""

    def identity(self, event: Mapping[str, Any]) -> tuple[str, str]:
        """Something that no other delivery has."""
        source, identifier = super().identity(event)
        return f"{source}#{uuid4()}", identifier


class StallingReceiver(Receiver):
    """Does not answer for a while."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._stall = Stall()

    async def keep(self, event: dict[str, Any]) -> bool:
        """As ever, once it answers again."""
        await self._stall.passed()
        return await super().keep(event)


class ReorderingEvents(Events):
    """Keeps events at once and applies them a little later, the newest first."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._inbox: list[tuple[str, str, Mapping[str, Any]]] = []

    def _settle(
        self,
        database: sqlite3.Connection,  # noqa: ARG002 - it is done in a transaction of its own
        source: str,
        identifier: str,
        event: Mapping[str, Any],
    ) -> None:
        if not self._inbox:
            asyncio.get_running_loop().call_later(_LATER_SECONDS, self._work_off)
        self._inbox.append((source, identifier, event))

    def _work_off(self) -> None:
        with self._storage.transaction() as database:
            while self._inbox:
                super()._settle(database, *self._inbox.pop())


class CarelessPolicies(Policies):
    """Believes what it read last, whatever its version."""

    def is_newer(self, version: Any, held: Any) -> bool:  # noqa: ARG002
        """Always."""
        return True


def _with(**parts: Any) -> type[Office]:
    return type("DefectiveOffice", (Office,), parts)


DEFECTS: Mapping[str, tuple[type[Policies], type[Office]]] = {
    "new-request-ids": (ForgetfulPolicies, Office),
    "sender-lost": (Policies, _with(orders_class=LosingOrders)),
    "sender-doubled": (Policies, _with(orders_class=DoublingOrders)),
    "sender-stalled": (Policies, _with(sender_class=StallingSender)),
    "sender-reordered": (Policies, _with(sender_class=ReorderingSender)),
    "receiver-lost": (Policies, _with(receiver_class=LosingReceiver)),
    "receiver-doubled": (DoublingPolicies, Office),
    "receiver-stalled": (Policies, _with(receiver_class=StallingReceiver)),
    "receiver-reordered": (CarelessPolicies, _with(events_class=ReorderingEvents)),
}
"""By which part of the supplier does what: its policies and its office."""
