"""The orders that we were given, each carried out once: an order has one outcome, however often it comes and whatever stops us.

Most are done within one transaction with their outcome. Those that read at ESR (`SYNC_…`) go on in the background meanwhile.
"""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from simulators.supplier.connection import EsrRefused
from simulators.supplier.orders import NotDone, Orders
from simulators.supplier.storage import Storage

logger = logging.getLogger(__name__)

DONE, REFUSED, NOT_OFFERED, RUNNING = "DONE", "REFUSED", "NOT_OFFERED", "RUNNING"

Outcome = dict[str, Any]
"""`ActionOutcome` of the driver contract."""
Job = Callable[[], Awaitable[None]]


class AnotherOrder(Exception):
    """This id was given to another order before."""


class Actions:
    """Carries out orders of the driver contract."""

    def __init__(
        self,
        storage: Storage,
        orders: Orders,
        jobs: Mapping[str, Job],
        describe: Callable[[], dict[str, Any]],
        on_change: Callable[[], None],
    ) -> None:
        """`jobs` are the hooks that go on in the background, `describe` answers `REPORT_DRIVER`.

        `on_change` is told when there may be something to send.
        """
        self._storage = storage
        self._orders = orders
        self._jobs = jobs
        self._describe = describe
        self._on_change = on_change
        self._running: dict[str, asyncio.Task[None]] = {}

    @property
    def hooks(self) -> list[str]:
        """The hooks that we offer."""
        return [*self._orders.acts, "REPORT_DRIVER", *self._jobs]

    def resume(self) -> None:
        """Goes on with what was under way when we were stopped."""
        rows = self._storage.connection.execute("SELECT action_id, hook, outcome FROM actions")
        for row in rows.fetchall():
            if json.loads(row["outcome"])["state"] == RUNNING:
                self._begin(row["action_id"], row["hook"])

    async def stop(self) -> None:
        """Leaves what is under way; it is resumed at the next start."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def find(self, action_id: str) -> Outcome | None:
        """The outcome of an order as it is now, or None where there is no such order."""
        row = self._storage.connection.execute(
            "SELECT outcome FROM actions WHERE action_id = ?", (action_id.lower(),)
        ).fetchone()
        return None if row is None else dict(json.loads(row["outcome"]))

    def perform(self, action_id: str, hook: str, arguments: Mapping[str, Any]) -> Outcome:
        """Carries out an order, or begins to; answers its outcome. Raises AnotherOrder."""
        action_id = action_id.lower()
        told = json.dumps(arguments, sort_keys=True)
        row = self._storage.connection.execute(
            "SELECT hook, arguments, outcome FROM actions WHERE action_id = ?", (action_id,)
        ).fetchone()
        if row is not None:
            if (row["hook"], row["arguments"]) != (hook, told):
                raise AnotherOrder(action_id)
            return dict(json.loads(row["outcome"]))
        try:
            outcome = self._carry_out(action_id, hook, told, arguments)
        except NotDone as problem:
            outcome = _outcome(action_id, REFUSED, str(problem), {})
            with self._storage.transaction() as database:
                _keep(database, hook, told, outcome)
        if outcome["state"] == RUNNING:
            self._begin(action_id, hook)
        self._on_change()
        return outcome

    async def finished(self, action_id: str, seconds: float | None = None) -> Outcome:
        """The outcome of an order once it is final, or after some seconds as it is then."""
        task = self._running.get(action_id.lower())
        if task is not None:
            await asyncio.wait([task], timeout=seconds)
        found = self.find(action_id)
        assert found is not None
        return found

    def _carry_out(
        self, action_id: str, hook: str, told: str, arguments: Mapping[str, Any]
    ) -> Outcome:
        """Raises NotDone, and has changed nothing then."""
        # The outcome, what it changed and what it has to be told to ESR: all of it is kept, or nothing.
        with self._storage.transaction() as database:
            if hook in self._jobs:
                outcome = _outcome(action_id, RUNNING, "", {})
            elif hook == "REPORT_DRIVER":
                outcome = _outcome(action_id, DONE, "", self._describe())
            elif hook in self._orders.acts:
                outcome = _outcome(action_id, DONE, "", self._act(database, hook, arguments))
            else:
                reason = f"This system has no hook {hook[:60]}."
                outcome = _outcome(action_id, NOT_OFFERED, reason, {})
            _keep(database, hook, told, outcome)
        return outcome

    def _act(
        self, database: sqlite3.Connection, hook: str, arguments: Mapping[str, Any]
    ) -> dict[str, Any]:
        act, needed = self._orders.acts[hook]
        missing = [name for name in needed if name not in arguments]
        if missing:
            raise NotDone(f"The argument {missing[0]} is missing.")
        try:
            return act(database, arguments)
        except (KeyError, TypeError, ValueError, sqlite3.Error) as problem:
            raise NotDone(f"The arguments of {hook} cannot be read: {problem!r}.") from problem

    def _begin(self, action_id: str, hook: str) -> None:
        async def work() -> None:
            try:
                await self._jobs[hook]()
                outcome = _outcome(action_id, DONE, "", {})
            except EsrRefused as problem:
                outcome = _outcome(action_id, REFUSED, str(problem), {})
            except Exception as problem:
                logger.exception("%s failed", hook)
                outcome = _outcome(action_id, REFUSED, f"It failed: {problem!r}", {})
            self._storage.connection.execute(
                "UPDATE actions SET outcome = ? WHERE action_id = ?",
                (json.dumps(outcome), action_id),
            )

        task = asyncio.create_task(work())
        self._running[action_id] = task
        task.add_done_callback(lambda _: self._running.pop(action_id, None))


def _outcome(action_id: str, state: str, reason: str, result: Mapping[str, Any]) -> Outcome:
    told = {"reason": reason[:500]} if reason else {}
    return {"actionId": action_id, "state": state, **told, "result": dict(result)}


def _keep(database: sqlite3.Connection, hook: str, arguments: str, outcome: Outcome) -> None:
    database.execute(
        "INSERT INTO actions VALUES (?, ?, ?, ?)",
        (outcome["actionId"], hook, arguments, json.dumps(outcome)),
    )
