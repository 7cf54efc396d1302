"""The driver, outbound: takes orders from the suite's queue and reports what came of them. For whoever cannot be called.

Each function is the operation of its name, as its caller.
"""

import asyncio
import logging
import time
from typing import Any

import httpx

from simulators.supplier.actions import Actions, AnotherOrder, Outcome
from simulators.supplier.driver import read_order
from simulators.supplier.problems import Refused
from simulators.supplier.settings import Settings

logger = logging.getLogger(__name__)

_LONGEST_WAIT_SECONDS = 2.0
_SHORTEST_ROUND_SECONDS = 0.05


class QueueUnreachable(Exception):
    """The suite's queue gave no answer that could be used."""


async def take_next_action(queue: httpx.AsyncClient, wait_seconds: int) -> Any:
    """GET /queue/next. The `Action`, or None where there is none. Raises QueueUnreachable."""
    try:
        answer = await queue.get(
            "/queue/next", params={"waitSeconds": wait_seconds}, timeout=wait_seconds + 10
        )
        if answer.status_code == 204:
            return None
        return answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError) as problem:
        raise QueueUnreachable(str(problem)) from problem


async def report_action(queue: httpx.AsyncClient, outcome: Outcome) -> None:
    """POST /queue/{actionId}/outcome. Raises QueueUnreachable; a refusal is noted and that is all."""
    path = f"/queue/{outcome['actionId']}/outcome"
    try:
        answer = await queue.post(path, json=outcome)
    except httpx.HTTPError as problem:
        raise QueueUnreachable(str(problem)) from problem
    if answer.status_code >= 500 or answer.status_code == 429:
        raise QueueUnreachable(f"{path} was answered {answer.status_code}")
    if answer.status_code >= 400:
        logger.warning("%s was answered %d: %s", path, answer.status_code, answer.text[:200])


class Outbound:
    """Polls the queue until it is cancelled."""

    def __init__(self, settings: Settings, actions: Actions) -> None:
        self._settings = settings
        self._actions = actions

    async def run(self, address: str) -> None:
        """Takes order after order from the queue at `address`: the base of the driver contract."""
        async with httpx.AsyncClient(
            base_url=address.rstrip("/"),
            headers={"Authorization": f"Bearer {self._settings.driver_token}"},
            timeout=self._settings.request_seconds,
            trust_env=False,
        ) as queue:
            wait = self._settings.first_wait_seconds
            while True:
                began = time.monotonic()
                try:
                    order = await take_next_action(queue, self._settings.queue_wait_seconds)
                    if order is not None:
                        # An order whose outcome is not reported is given again, and has the same outcome then.
                        await self._carry_out(queue, order)
                except QueueUnreachable as problem:
                    logger.debug("the queue: %s", problem)
                    await asyncio.sleep(wait)
                    wait = min(_LONGEST_WAIT_SECONDS, wait * 2)
                else:
                    wait = self._settings.first_wait_seconds
                    if order is None:
                        # A suite that does not hold its answer back is not to be asked in a whirl.
                        await asyncio.sleep(began + _SHORTEST_ROUND_SECONDS - time.monotonic())

    async def _carry_out(self, queue: httpx.AsyncClient, order: Any) -> None:
        try:
            action_id, hook, arguments = read_order(order)
            self._actions.perform(action_id, hook, arguments)
        except (Refused, AnotherOrder) as problem:
            raise QueueUnreachable(f"an order that cannot be read: {problem}") from problem
        await report_action(queue, await self._actions.finished(action_id))
