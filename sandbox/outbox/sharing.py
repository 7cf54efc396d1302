"""What a dispatcher does where other processes send of the same outbox: it claims, and hears of what the others send."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime

from sandbox.clock import ClockMode, wall_now
from sandbox.database import Database, Link, Transaction
from sandbox.outbox.claims import (
    LEASE,
    RENEWAL_SECONDS,
    addresses_under_way,
    claim,
    end_claim,
    may_claim,
    renew_claims,
)
from sandbox.outbox.spoiling import HELD, lanes_beside
from sandbox.outbox.store import WALL, WORLD, Message, earliest_due, is_held_back
from sandbox.workspaces.store import find_workspace

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.02


class Sharing:
    """The claims of one process."""

    def __init__(
        self,
        database: Database,
        link: Link,
        address_of: Callable[[Message], str],
        under_way: Callable[[], Iterable[Message]],
    ) -> None:
        """`address_of` tells where a message goes, `under_way` what this process is sending."""
        self._database = database
        self._link = link
        self._address_of = address_of
        self._under_way = under_way
        self._begin_before: dict[tuple[str, int], datetime] = {}
        self._task = asyncio.create_task(self._renew())

    async def stop(self) -> None:
        """Lets the claims lapse that are not given back by now."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def claim_due(self, room: int, room_of: Callable[[str], int]) -> list[Message]:
        """Claims as much of what is due as there is room for, in all and in each workspace."""
        claimed: list[Message] = []
        for name in await self._with_something_to_claim():
            some = min(room - len(claimed), room_of(name))
            if some > 0:
                claimed += await self._claim(name, some)
        return claimed

    async def has_lapsed(self, message: Message) -> bool:
        """Whether so much time went by since a message was claimed that another process may have sent it, and others behind it;
        its claim, where it holds still, is given back. Asked before it is sent.
        """
        begin_before = self._begin_before.get((message.workspace, message.message_id))
        if begin_before is not None and wall_now() < begin_before:
            return False
        await self._database.written(lambda each: self.end(each, message), message.workspace)
        return True

    async def is_sending(self, workspace: str) -> bool:
        """Whether any process is sending a message of the workspace."""
        return bool(await self._addresses(workspace))

    async def is_sending_to(self, workspace: str, address: str) -> bool:
        """Whether any process is sending a message of the workspace to below `address`."""
        return any(each.startswith(address) for each in await self._addresses(workspace))

    @asynccontextmanager
    async def holding(self, workspace: str) -> AsyncIterator[None]:
        """Has no process claim anything of the workspace while the block runs. Raises Refusal SERVICE_UNAVAILABLE."""
        async with self._link.alone(_lock(workspace)):
            yield

    def end(self, transaction: Transaction, message: Message) -> bool:
        """Gives a claim back with the answer; False where another process may be sending the message by now."""
        self._begin_before.pop((message.workspace, message.message_id), None)
        return end_claim(transaction.connection, self._link.process, message)

    async def overtakes(self, message: Message) -> bool:
        """Whether a delivery to the same subscription waits to be overtaken."""

        def read(transaction: Transaction) -> bool:
            found = find_workspace(transaction.connection, message.workspace)
            if found is None:
                return False
            now = found.clock.now(wall_now())
            lanes = lanes_beside(message)
            return is_held_back(transaction.connection, message.workspace, lanes, HELD, now)

        found: bool = await asyncio.wrap_future(self._database.read(read))
        return found

    async def _claim(self, name: str, room: int) -> list[Message]:
        def work(transaction: Transaction) -> tuple[list[Message], datetime]:
            key = self._link.key_of(_lock(name))
            process, wall = self._link.process, wall_now()
            return claim(transaction, process, name, room, wall, key, self._address_of), wall

        claimed: tuple[list[Message], datetime] = await self._database.written(work, name)
        found, wall = claimed
        for message in found:
            self._begin_before[name, message.message_id] = wall + LEASE
        return found

    async def _with_something_to_claim(self) -> list[str]:
        def read(transaction: Transaction) -> list[str]:
            connection, wall = transaction.connection, wall_now()
            found = []
            for name, earliest in earliest_due(connection):
                workspace = find_workspace(connection, name)
                if workspace is None:
                    continue
                both: dict[str, datetime] = {WALL: wall, WORLD: workspace.clock.now(wall)}
                moments = {clock: both[clock] for clock in earliest}
                is_frozen = workspace.clock.mode is ClockMode.FROZEN
                if may_claim(connection, name, moments, wall, is_frozen=is_frozen):
                    found.append(name)
            return found

        found: list[str] = await asyncio.wrap_future(self._database.read(read))
        return found

    async def _addresses(self, workspace: str) -> list[str]:
        def read(transaction: Transaction) -> list[str]:
            return addresses_under_way(transaction.connection, workspace, wall_now())

        found: list[str] = await asyncio.wrap_future(self._database.read(read))
        return found

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEWAL_SECONDS)
            for name in {message.workspace for message in self._under_way()}:
                try:
                    await self._renew_in(name)
                except Exception as problem:  # noqa: BLE001  (a claim that lapses costs a second sending, no message)
                    logger.warning("the claims in workspace %s were not renewed: %s", name, problem)

    async def _renew_in(self, name: str) -> None:
        def work(transaction: Transaction) -> None:
            renew_claims(transaction.connection, self._link.process, name, wall_now())

        await self._database.written(work, name)


def _lock(workspace: str) -> str:
    return f"sending/{workspace}"
