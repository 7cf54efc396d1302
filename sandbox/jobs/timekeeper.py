"""Makes what is due happen, in order, each thing at its own moment of the world.

A clock that is moved does not jump: it stops at every moment at which something is due, a job or the next attempt of a
delivery, does it, waits until what follows from it has arrived, and goes on. So the same moves give the same world,
whatever the length of each. A move that a crash interrupts goes on after the restart, for its end is kept with the clock.

A real or a running clock does what is due when its moment comes; what fell due while the sandbox was down happens at the
next start, in the same order.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from sandbox.clock import ClockMode, wall_now
from sandbox.database import Database, Transaction
from sandbox.errors import Code, Refusal
from sandbox.jobs.store import Job, next_job, take, workspaces_with_work
from sandbox.outbox.dispatcher import Dispatcher
from sandbox.outbox.store import Message, next_delivery
from sandbox.timestamps import from_text, to_text
from sandbox.web.call import Unit, open_unit
from sandbox.workspaces.store import Workspace, find_workspace, set_clock

logger = logging.getLogger(__name__)

Act = Callable[[Unit, Job], None]
"""Does a job in the transaction that removes it: exactly once."""

Run = Callable[[Job], Awaitable[None]]
"""Does a job that takes several transactions. After a crash it is called again and takes up what is left."""

_IDLE_SECONDS = 0.5
_QUIET_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Outlook:
    """What lies ahead of a workspace."""

    workspace: Workspace
    now: datetime
    job: Job | None
    delivery_at: str | None

    @property
    def horizon(self) -> datetime:
        """Up to when things are due."""
        return self.workspace.clock_target or self.now

    @property
    def job_is_due(self) -> bool:
        """Whether the first job's moment has come, or lies on the way of the move."""
        return self.job is not None and self.job.due_at <= to_text(self.horizon)


class Timekeeper:
    """Keeps the time of every workspace until it is stopped."""

    def __init__(
        self,
        database: Database,
        dispatcher: Dispatcher,
        acts: Mapping[str, Act],
        runs: Mapping[str, Run],
    ) -> None:
        """`acts` and `runs` by kind of job."""
        self._database = database
        self._dispatcher = dispatcher
        self._acts = acts
        self._runs = runs
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._working: dict[str, asyncio.Task[None]] = {}
        self._held: Counter[str] = Counter()
        self._task = asyncio.create_task(self._keep())

    def wake(self) -> None:
        """Has the clocks looked at; may be called from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    async def stop(self) -> None:
        """Stops. What is under way is done at the next start, if it was not committed."""
        tasks = [self._task, *self._working.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @asynccontextmanager
    async def holding(self, workspace: str) -> AsyncIterator[None]:
        """Does nothing in `workspace` while the block runs; what is under way is broken off first, as a crash would.

        So no run that began in a world that ends goes on in the one that begins.
        """
        self._held[workspace] += 1
        try:
            task = self._working.get(workspace)
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            yield
        finally:
            self._held[workspace] -= 1
            self._woken.set()

    async def quiet(self, workspace: str, timeout: float) -> list[Message | Job]:
        """Waits until the clock stands where it was moved to and nothing due is undone; what is left when time is up."""
        deadline = self._loop.time() + timeout
        while True:
            busy = await self._standing(workspace)
            if not busy:
                left = await self._dispatcher.quiet(
                    workspace, max(0.0, deadline - self._loop.time())
                )
                # What has just arrived may have set a job.
                if left or not await self._standing(workspace):
                    return list(left)
            elif self._loop.time() >= deadline:
                return [busy]
            self._woken.set()
            await asyncio.sleep(0.01)

    async def _standing(self, workspace: str) -> Job | None:
        """What the workspace still has to do, or None; a move that is under way counts as a job."""
        outlook = await self._look(workspace)
        if outlook is None:
            return None
        if outlook.job is not None and outlook.job_is_due:
            return outlook.job
        target = outlook.workspace.clock_target
        if target is None:
            return None
        return Job(workspace, 0, to_text(target), "clock-move", to_text(target), {})

    async def _keep(self) -> None:
        while True:
            self._woken.clear()
            try:
                for name in await self._with_work():
                    if name not in self._working and not self._held[name]:
                        self._begin(name)
            except Exception:
                logger.exception("the clocks could not be read; trying again")
            with suppress(TimeoutError):
                async with asyncio.timeout(_IDLE_SECONDS):
                    await self._woken.wait()

    def _begin(self, name: str) -> None:
        """Workspaces do not wait for each other."""
        task = asyncio.create_task(self._work(name))
        self._working[name] = task
        task.add_done_callback(lambda _: self._working.pop(name, None))

    async def _work(self, name: str) -> None:
        try:
            while await self._step(name):
                pass
        except Exception:
            logger.exception("what is due in workspace %s could not be done; trying again", name)

    async def _step(self, name: str) -> bool:
        """Does the next thing that is due in a workspace; False when there is none."""
        outlook = await self._look(name)
        if outlook is None:
            return False
        if outlook.workspace.clock_target is not None:
            # What has arrived meanwhile may have set something that is due earlier.
            await self._dispatcher.quiet(name, _QUIET_SECONDS)
            outlook = await self._look(name)
            return outlook is not None and await self._walk(outlook)
        if outlook.job is None or not outlook.job_is_due:
            return False
        await self._do(outlook.job, None)
        return True

    async def _walk(self, outlook: _Outlook) -> bool:
        """One step of a move: to the next moment at which something is due, or to its end."""
        target, job, delivery = outlook.workspace.clock_target, outlook.job, outlook.delivery_at
        if target is None:
            return True
        if job is not None and outlook.job_is_due and not (delivery and delivery < job.due_at):
            await self._do(job, max(outlook.now, from_text(job.due_at)))
            return True
        moment = target
        if delivery is not None and delivery <= to_text(target):
            moment = max(outlook.now, from_text(delivery))
        await self._move(outlook.workspace.name, target, moment)
        return True

    async def _do(self, job: Job, moment: datetime | None) -> None:
        """Does a job; the clock is set to `moment` first, where one is given."""
        act = self._acts.get(job.kind)

        def work(transaction: Transaction) -> None:
            if moment is not None:
                _put_clock(transaction, job.workspace, moment, is_end=False)
            if act is not None and take(transaction.connection, job):
                act(open_unit(transaction, job.workspace, wall_now(), "esr"), job)

        try:
            await self._database.written(work)
            if act is None:
                await self._runs[job.kind](job)
                await self._database.written(lambda transaction: take(transaction.connection, job))
        except Exception as problem:
            if isinstance(problem, Refusal) and problem.code == Code.SERVICE_UNAVAILABLE:
                raise
            # The world goes on without it: a job that cannot be done once will not be done a second later.
            logger.exception(
                "job %s of workspace %s failed and is dropped", job.kind, job.workspace
            )
            await self._database.written(lambda transaction: take(transaction.connection, job))

    async def _move(self, name: str, target: datetime, moment: datetime) -> None:
        def work(transaction: Transaction) -> None:
            workspace = find_workspace(transaction.connection, name)
            if workspace is not None and workspace.clock_target == target:
                _put_clock(transaction, name, moment, is_end=moment >= target)

        await self._database.written(work)
        self._dispatcher.wake()

    async def _look(self, name: str) -> _Outlook | None:
        def read(transaction: Transaction) -> _Outlook | None:
            connection = transaction.connection
            workspace = find_workspace(connection, name)
            if workspace is None:
                return None
            moves = workspace.clock_target is not None
            return _Outlook(
                workspace=workspace,
                now=workspace.clock.now(wall_now()),
                job=next_job(connection, name),
                delivery_at=next_delivery(connection, name) if moves else None,
            )

        outlook: _Outlook | None = await asyncio.wrap_future(self._database.read(read))
        return outlook

    async def _with_work(self) -> list[str]:
        def read(transaction: Transaction) -> list[str]:
            return workspaces_with_work(transaction.connection, wall_now())

        found: list[str] = await asyncio.wrap_future(self._database.read(read))
        return found


def _put_clock(transaction: Transaction, name: str, moment: datetime, *, is_end: bool) -> None:
    workspace = find_workspace(transaction.connection, name)
    if workspace is None:
        return
    wall = wall_now()
    mode = workspace.clock.mode
    clock = workspace.clock if mode is ClockMode.REAL else workspace.clock.moved_to(moment, wall)
    target = None if is_end else workspace.clock_target
    set_clock(transaction.connection, name, clock, target)
