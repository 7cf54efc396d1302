"""What every part of a running sandbox shares."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from sandbox.database import Database, Transaction
from sandbox.faults import Faults
from sandbox.identity.bearer import Bearer
from sandbox.jobs.store import ANNOUNCEMENT as JOBS
from sandbox.outbox.store import ANNOUNCEMENT as OUTBOX
from sandbox.settings import Settings
from sandbox.workspaces.store import list_workspaces

if TYPE_CHECKING:
    from sandbox.jobs.timekeeper import Timekeeper
    from sandbox.outbox.dispatcher import Dispatcher

SeedWorld = Callable[[int, int, int], dict[str, list[dict[str, Any]]]]
"""(seed, organisations, positions per organisation) → the world's organisations, positions and vacancies."""


class Subscriber(Protocol):
    """A system that hears of ESR's events in every workspace."""

    async def subscribe(self, workspace: str) -> None:
        """Has ESR deliver its events; waits until ESR answers."""


@dataclass(slots=True)
class Runtime:
    """One running sandbox."""

    settings: Settings
    database: Database
    identity: Bearer
    seed_world: SeedWorld
    faults: Faults = field(default_factory=Faults)
    operation_ids: dict[str, frozenset[str]] = field(default_factory=dict)
    """By contract: the operations that are served."""
    is_ready: bool = False
    _dispatcher: "Dispatcher | None" = None
    _timekeeper: "Timekeeper | None" = None
    _nhs_jobs: Subscriber | None = None

    @property
    def dispatcher(self) -> "Dispatcher":
        """Delivers what waits in the outbox; there once the server has started."""
        if self._dispatcher is None:
            raise RuntimeError("the sandbox has not started")
        return self._dispatcher

    @property
    def timekeeper(self) -> "Timekeeper":
        """Makes what is due on the worlds' clocks happen; there once the server has started."""
        if self._timekeeper is None:
            raise RuntimeError("the sandbox has not started")
        return self._timekeeper

    def start_with(
        self, dispatcher: "Dispatcher", timekeeper: "Timekeeper", nhs_jobs: Subscriber | None
    ) -> None:
        """Hands in what lives as long as the server."""
        self._dispatcher = dispatcher
        self._timekeeper = timekeeper
        self.database.listen(OUTBOX, dispatcher.wake)
        self.database.listen(JOBS, timekeeper.wake)
        self._nhs_jobs = nhs_jobs

    async def connect(self, workspace: str) -> None:
        """Lets NHS Jobs, where it runs, subscribe to ESR's events in a workspace."""
        if self._nhs_jobs is not None:
            await self._nhs_jobs.subscribe(workspace)

    async def connect_all(self) -> None:
        """Connects every workspace; from then on the sandbox is ready."""

        def names(transaction: Transaction) -> list[str]:
            return [item.name for item in list_workspaces(transaction.connection)]

        for name in await asyncio.wrap_future(self.database.read(names)):
            await self.connect(name)
        self.is_ready = True
