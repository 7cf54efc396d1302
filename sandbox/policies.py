"""What a workspace has set that every request must ask for: its faults, its limits and the like.

It is read from the database once and remembered. A change is seen by the next request, whichever process serves it: this
process forgets it before the change is answered, and where several share the database each request first asks whether
anything was changed.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from sandbox.database import Database, Transaction
from sandbox.workspaces.store import policy_version, raise_policy_version

Load = Callable[[sa.Connection, str], Any]
"""(connection, workspace) → what the workspace has set of one kind."""

ANNOUNCEMENT = "policies"


def changed(transaction: Transaction, workspace: str) -> None:
    """Has every process read again what the workspace has set; called in the transaction that changes it."""
    raise_policy_version(transaction.connection, workspace)
    transaction.announcements.add(ANNOUNCEMENT)


@dataclass(frozen=True, slots=True)
class _Held:
    version: int
    parts: Mapping[str, Any]


@dataclass(slots=True)
class Policies:
    """What every workspace has set, by kind."""

    database: Database
    loads: Mapping[str, Load] = field(default_factory=dict)
    _held: dict[str, _Held] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.database.listen(ANNOUNCEMENT, self.forget)

    async def of(self, workspace: str, kind: str) -> Any:
        """What the workspace has set of one kind. None where there is no such workspace."""
        # What is read while a change is committed is put into a book that nobody opens again.
        book = self._held
        held = book.get(workspace)
        if held is None or self.database.is_shared:

            def read(transaction: Transaction) -> _Held | None:
                return self._read(transaction.connection, workspace, book)

            held = await asyncio.wrap_future(self.database.read(read))
        return None if held is None else held.parts[kind]

    def _read(
        self, connection: sa.Connection, workspace: str, book: dict[str, _Held]
    ) -> _Held | None:
        version = policy_version(connection, workspace)
        if version is None:
            return None
        held = book.get(workspace)
        if held is None or held.version != version:
            parts = {kind: load(connection, workspace) for kind, load in self.loads.items()}
            held = book[workspace] = _Held(version, parts)
        return held

    def forget(self) -> None:
        """Forgets all that was remembered; may be called from any thread."""
        self._held = {}
