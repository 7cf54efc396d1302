"""What every part of a running sandbox shares."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from sandbox.database import Database, Transaction
from sandbox.faults.striking import Faults
from sandbox.identity.bearer import Bearer
from sandbox.identity.issuing import Issuer
from sandbox.jobs.store import ANNOUNCEMENT as JOBS
from sandbox.jobs.store import Job
from sandbox.limits.counting import RequestLimits
from sandbox.observability.meter import Meter
from sandbox.observability.tracer import Tracer
from sandbox.outbox.store import ANNOUNCEMENT as OUTBOX
from sandbox.outbox.store import CHANGED as OUTBOX_CHANGED
from sandbox.outgoing import Outgoing
from sandbox.policies import Policies
from sandbox.settings import Settings
from sandbox.tls import Certificate
from sandbox.workspaces.store import workspace_names

if TYPE_CHECKING:
    from sandbox.jobs.timekeeper import Timekeeper
    from sandbox.outbox.dispatcher import Dispatcher
    from sandbox.web.call import Call

SeedWorld = Callable[[int, int, int], dict[str, list[dict[str, Any]]]]
"""(seed, organisations, positions per organisation) → the world's organisations, positions, vacancies and employees."""


class Subscriber(Protocol):
    """A system that hears of ESR's events in every workspace, and knows them for ESR's by their signature."""

    async def subscribe(self, workspace: str) -> None:
        """Has ESR deliver its events; waits until ESR answers."""

    async def verify(self, call: "Call") -> None:
        """Raises Refusal SIGNATURE_MISSING or SIGNATURE_INVALID where a delivery is not ESR's."""

    def forget(self, workspace: str) -> None:
        """Forgets what is remembered of a workspace: another of its name may follow."""


class FileExchange(Protocol):
    """What exchanges files with the suppliers on the hour."""

    async def open(self, workspace: str) -> None:
        """Makes the folders of a workspace and sets its next hour."""

    async def run(self, job: Job) -> None:
        """One hour of a workspace."""

    async def clear(self, workspace: str) -> None:
        """Deletes the folders of a workspace, with all that lies in them."""


class Companion(Protocol):
    """Another server that runs as long as this one."""

    async def start(self) -> None:
        """Begins to serve."""

    async def stop(self) -> None:
        """Ends every session."""

    async def cut(self, workspace: str) -> None:
        """Ends every session of a workspace."""


@dataclass(slots=True)
class Runtime:
    """One running sandbox."""

    settings: Settings
    database: Database
    identity: Bearer
    issuer: Issuer
    seed_world: SeedWorld
    policies: Policies
    outgoing: Outgoing
    faults: Faults
    limits: RequestLimits
    operation_ids: dict[str, frozenset[str]] = field(default_factory=dict)
    """By contract: the operations that are served."""
    hourly: FileExchange | None = None
    """The hourly interface, where there is a hub."""
    meter: Meter = field(default_factory=Meter)
    """Counts, where metrics are wanted."""
    tracer: Tracer = field(default_factory=Tracer)
    """Traces, where traces are wanted."""
    certificate: Certificate | None = None
    """With which HTTPS is served; None where plain HTTP is."""
    sftp: Companion | None = None
    """The hub's SFTP server, where one is wanted."""
    on_forget: list[Callable[[str], None]] = field(default_factory=list)
    """Who else is told of a workspace that is deleted: they take away what they keep of it beside the database."""
    is_ready: bool = False
    is_stopping: bool = False
    """Whether it has been told to stop."""
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
        # Whoever wrote a message sends it; another process looks twice a second for what is left.
        self.database.listen(OUTBOX, dispatcher.wake, here_only=True)
        self.database.listen(OUTBOX_CHANGED, dispatcher.read_again, here_only=True)
        self.database.listen(JOBS, timekeeper.wake)
        self._nhs_jobs = nhs_jobs

    def stopping(self) -> None:
        """Says from now on that no request should be sent here."""
        self.is_stopping = True

    async def connect(self, workspace: str) -> None:
        """Lets NHS Jobs, where it runs, subscribe to ESR's events in a workspace, and opens the hub's folders for it."""
        await self.open_hub(workspace)
        if self._nhs_jobs is not None:
            await self._nhs_jobs.subscribe(workspace)

    async def forget(self, workspace: str) -> None:
        """Deletes a workspace's files, ends its sessions, and forgets what this process remembers of it beside the database."""
        if self.sftp is not None:
            await self.sftp.cut(workspace)
        if self.hourly is not None:
            await self.hourly.clear(workspace)
        if self._nhs_jobs is not None:
            self._nhs_jobs.forget(workspace)
        self.limits.forget(workspace)
        for forget in self.on_forget:
            await asyncio.to_thread(forget, workspace)

    async def open_hub(self, workspace: str) -> None:
        """Makes the hub's folders of a workspace's employers, where there is a hub."""
        if self.hourly is not None:
            await self.hourly.open(workspace)

    async def verify(self, call: "Call") -> None:
        """Lets the system that takes deliveries check who sent one. Raises as `Subscriber.verify` does."""
        if self._nhs_jobs is None:
            raise RuntimeError("no system that takes deliveries runs here")
        await self._nhs_jobs.verify(call)

    async def connect_all(self) -> None:
        """Connects every workspace; from then on the sandbox is ready."""

        def names(transaction: Transaction) -> list[str]:
            return workspace_names(transaction.connection)

        for name in await asyncio.wrap_future(self.database.read(names)):
            await self.connect(name)
        self.is_ready = True
