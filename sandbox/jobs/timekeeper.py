"""Makes what is due happen, in order, each thing at its own moment of the world.

A clock that is moved does not jump: it stops at every moment at which something is due, a job or the next attempt of a
delivery, does it, waits until what follows from it has arrived, and goes on. So the same moves give the same world,
whatever the length of each. A move that a crash interrupts goes on after the restart, for its end is kept with the clock.

A real or a running clock does what is due when its moment comes; what fell due while the sandbox was down happens at the
next start, in the same order.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from sandbox.clock import ClockMode, wall_now
from sandbox.database import Database, Transaction, is_fatal, undoable
from sandbox.errors import Code, Refusal
from sandbox.jobs.store import Job, next_job, take, time_lock, workspaces_with_work
from sandbox.outbox.dispatcher import Dispatcher
from sandbox.outbox.store import WALL, WORLD, Message, earliest_due
from sandbox.timestamps import from_text, to_text
from sandbox.web.call import Unit, open_unit
from sandbox.workspaces.store import Workspace, find_workspace, set_clock

logger = logging.getLogger(__name__)

Act = Callable[[Unit, Job], None]
"""Does a job in the transaction that removes it: exactly once."""

Run = Callable[[Job], Awaitable[None]]
"""Does a job that takes several transactions. After a crash it is called again and takes up what is left."""

_IDLE_SECONDS = 0.5
_LOOK_SECONDS = 0.01
_QUIET_SECONDS = 30.0
_BREAK_OFF = "break-off"
"""Told to the other processes, with a slash and the name of the workspace that one of them wants for itself."""
_AT_ONCE = 16
"""How many things that are due are done in one transaction; a request that comes meanwhile waits for them."""


@dataclass(frozen=True, slots=True)
class _Outlook:
    """What lies ahead of a workspace."""

    workspace: Workspace
    now: datetime
    job: Job | None
    delivery_at: str | None
    """When in the world the next delivery is due."""
    is_telling: bool
    """Whether a message is due, by either clock, or under way."""

    @property
    def is_moving(self) -> bool:
        """Whether the clock is on its way somewhere."""
        return self.workspace.clock_target is not None

    @property
    def job_is_due(self) -> bool:
        """Whether the first job's moment has come, or lies on the way of the move."""
        horizon = self.workspace.clock_target or self.now
        return self.job is not None and self.job.due_at <= to_text(horizon)

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self.is_moving and not self.job_is_due


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
        self._link = database.link
        self._left_to_another: dict[str, float] = {}
        if self._link is not None:
            self._link.listen(_BREAK_OFF, self._break_off_soon)
        self.looked_at = time.monotonic()
        """When the clocks were last looked at with success."""
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
        """Has nothing done in `workspace` while the block runs; what is under way is broken off first, as a crash would.

        So no run that began in a world that ends goes on in the one that begins, in whichever process it runs. Raises
        Refusal SERVICE_UNAVAILABLE where another process does not let go.
        """
        self._held[workspace] += 1
        try:
            task = self._working.get(workspace)
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            if self._link is None:
                yield
            else:
                async with self._link.alone(time_lock(workspace), f"{_BREAK_OFF}/{workspace}"):
                    yield
        finally:
            self._held[workspace] -= 1
            self._woken.set()

    async def quiet(self, workspace: str, timeout: float) -> list[Message | Job]:
        """Waits until the clock stands where it was moved to and nothing due is undone; what is left when time is up."""
        deadline = self._loop.time() + timeout
        while True:
            outlook = await self._look(workspace)
            left = max(0.0, deadline - self._loop.time())
            if outlook is None:
                return list(await self._dispatcher.quiet(workspace, left))
            if outlook.is_idle:
                if not outlook.is_telling and not await self._dispatcher.is_sending(workspace):
                    return []
                unsent = await self._dispatcher.quiet(workspace, left)
                if unsent:
                    return list(unsent)
                continue  # What has just arrived may have set a job.
            if not left:
                return [_left_to_do(outlook)]
            if self._may_begin(workspace):
                self._begin(workspace)
            task = self._working.get(workspace)
            if task is None:  # held
                await asyncio.sleep(min(left, _LOOK_SECONDS))
            else:
                await asyncio.wait({task}, timeout=left)

    async def _keep(self) -> None:
        is_told = False
        while True:
            self._woken.clear()
            try:
                for name in await self._with_work():
                    if self._may_begin(name):
                        self._begin(name)
                self.looked_at = time.monotonic()
                if is_told:
                    logger.warning("the clocks are read again")
                is_told = False
            except Exception:
                # Told once: while a database is away, twice a second would fill every log.
                if not is_told:
                    logger.exception("the clocks could not be read; trying again")
                is_told = True
            with suppress(TimeoutError):
                async with asyncio.timeout(_IDLE_SECONDS):
                    await self._woken.wait()

    def _may_begin(self, name: str) -> bool:
        is_free = name not in self._working and not self._held[name]
        return is_free and self._left_to_another.get(name, 0.0) <= self._loop.time()

    def _break_off_soon(self, name: str) -> None:
        """Has the work in a workspace broken off, or all work where no name is given; may be called from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._break_off, name)

    def _break_off(self, name: str) -> None:
        # Another process wants the workspace for itself, or has it perhaps, the connection with its lock being lost.
        for each in [name] if name else list(self._working):
            self._left_to_another[each] = self._loop.time() + _IDLE_SECONDS
            if each in self._working:
                self._working[each].cancel()

    def _begin(self, name: str) -> None:
        """Workspaces do not wait for each other."""
        task = asyncio.create_task(self._work(name))
        self._working[name] = task
        task.add_done_callback(lambda _: self._working.pop(name, None))

    async def _work(self, name: str) -> None:
        try:
            if self._link is None:
                await self._do_all(name)
            elif await self._link.try_to_take(time_lock(name)):
                try:
                    await self._do_all(name)
                finally:
                    await asyncio.shield(asyncio.to_thread(self._link.give_back, time_lock(name)))
            else:
                await asyncio.sleep(_LOOK_SECONDS)  # Another process is at it.
        except Exception:
            logger.exception("what is due in workspace %s could not be done; trying again", name)

    async def _do_all(self, name: str) -> None:
        while await self._step(name):
            pass

    async def _step(self, name: str) -> bool:
        """Does the next things that are due in a workspace; False when there is none."""
        outlook = await self._look(name)
        if outlook is None or outlook.is_idle:
            return False
        if outlook.is_moving and (outlook.is_telling or await self._dispatcher.is_sending(name)):
            # What arrives meanwhile may set something that is due earlier.
            await self._dispatcher.quiet(name, _QUIET_SECONDS)
        job: Job | None = await self._database.written(lambda each: self._go_on(each, name), name)
        if job is not None:
            await self._run(job)
        return True

    def _go_on(self, transaction: Transaction, name: str) -> Job | None:
        """Does what is due, in order and each at its moment, until something follows that has to arrive first.

        Answers the job that is next where it takes several transactions. A clock that moves is set to its moment, or to the
        end of the move.
        """
        for count in range(_AT_ONCE):
            outlook = _outlook(transaction, name)
            if outlook is None or outlook.is_idle:
                return None
            workspace, job, delivery = outlook.workspace, outlook.job, outlook.delivery_at
            if outlook.is_moving and outlook.is_telling and count:
                return None
            if (
                job
                and outlook.job_is_due
                and not (outlook.is_moving and delivery and delivery < job.due_at)
            ):
                moment = max(outlook.now, from_text(job.due_at))
                act = self._acts.get(job.kind)
                if outlook.is_moving:
                    _put_clock(transaction, workspace, moment, is_end=False)
                if act is None:
                    return job
                _act(transaction, job, act)
            elif workspace.clock_target is not None:
                moment = workspace.clock_target
                if delivery and delivery < to_text(moment):
                    moment = max(outlook.now, from_text(delivery))
                is_end = moment == workspace.clock_target
                _put_clock(transaction, workspace, moment, is_end=is_end)
        return None

    async def _run(self, job: Job) -> None:
        try:
            await self._runs[job.kind](job)
        except Exception as problem:
            if isinstance(problem, Refusal) and problem.code == Code.SERVICE_UNAVAILABLE:
                raise
            _tell_of_failure(job)
        await self._database.written(
            lambda transaction: take(transaction.connection, job), job.workspace
        )

    async def _look(self, name: str) -> _Outlook | None:
        found: _Outlook | None = await asyncio.wrap_future(
            self._database.read(lambda transaction: _outlook(transaction, name))
        )
        return found

    async def _with_work(self) -> list[str]:
        def read(transaction: Transaction) -> list[str]:
            return workspaces_with_work(transaction.connection, wall_now())

        found: list[str] = await asyncio.wrap_future(self._database.read(read))
        return found


def _outlook(transaction: Transaction, name: str) -> _Outlook | None:
    connection, wall = transaction.connection, wall_now()
    workspace = find_workspace(connection, name)
    if workspace is None:
        return None
    now = workspace.clock.now(wall)
    [(_, due)] = earliest_due(connection, name)
    clocks = {WALL: to_text(wall), WORLD: to_text(now)}
    return _Outlook(
        workspace=workspace,
        now=now,
        job=next_job(connection, name),
        delivery_at=due.get(WORLD),
        is_telling=any(moment <= clocks[clock] for clock, moment in due.items()),
    )


def _left_to_do(outlook: _Outlook) -> Job:
    """What a workspace still has to do; a move that is under way counts as a job."""
    if outlook.job is not None and outlook.job_is_due:
        return outlook.job
    target = to_text(outlook.workspace.clock_target or outlook.now)
    return Job(outlook.workspace.name, 0, target, "clock-move", target, {})


def _act(transaction: Transaction, job: Job, act: Act) -> None:
    """Does a job, or drops it: the world goes on without it, for what cannot be done once will not be done a second later."""

    def work() -> None:
        if take(transaction.connection, job):
            act(open_unit(transaction, job.workspace, wall_now(), "esr"), job)

    try:
        undoable(transaction, work)
    except Exception as problem:
        if is_fatal(problem):
            raise
        _tell_of_failure(job)
        take(transaction.connection, job)


def _tell_of_failure(job: Job) -> None:
    logger.exception("job %s of workspace %s failed and is dropped", job.kind, job.workspace)


def _put_clock(
    transaction: Transaction, workspace: Workspace, moment: datetime, *, is_end: bool
) -> None:
    """Sets a clock that moves to a moment on its way, or ends its move there."""
    wall, clock = wall_now(), workspace.clock
    if clock.mode is not ClockMode.REAL:
        clock = clock.moved_to(moment, wall)
    target = None if is_end else workspace.clock_target
    set_clock(transaction.connection, workspace.name, clock, target)
