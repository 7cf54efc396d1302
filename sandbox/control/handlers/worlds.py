"""The world as a whole, over HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sandbox.control.operators import check_world_size
from sandbox.control.service import worlds as service
from sandbox.jobs.store import Job
from sandbox.outbox.store import Message
from sandbox.web.call import Call, Unit
from sandbox.web.reply import Reply, answer, no_content

_PATIENCE_SECONDS = 30.0
_SHOWN = 100


async def seed_world(call: Call) -> Reply:
    """POST /seed"""
    wanted = call.body
    check_world_size(call)
    # Drawn before the unit of work: who writes in another workspace waits for no more than the rows.
    world = await asyncio.to_thread(
        call.runtime.seed_world,
        wanted["seed"],
        wanted["organisations"],
        wanted["positionsPerOrganisation"],
    )

    def work(unit: Unit) -> Reply:
        return answer(200, service.seed_world(unit, wanted["seed"], world))

    reply = await call.write(work)
    await call.runtime.open_hub(call.workspace)
    return reply


async def reset_workspace(call: Call) -> Reply:
    """POST /reset"""

    def work(unit: Unit) -> Reply:
        service.reset_workspace(unit)
        return no_content()

    async with _quiet(call):
        reply = await call.write(work)
    await call.runtime.connect(call.workspace)
    return reply


async def list_snapshots(call: Call) -> Reply:
    """GET /snapshots"""
    return answer(200, {"snapshots": await call.read(service.list_snapshots)})


async def create_snapshot(call: Call) -> Reply:
    """POST /snapshots"""

    def work(unit: Unit) -> Reply:
        return answer(201, service.create_snapshot(unit, call.body["name"]))

    return await call.write(work)


async def restore_snapshot(call: Call) -> Reply:
    """POST /snapshots/{snapshotId}/restore"""

    def work(unit: Unit) -> Reply:
        restored = service.restore_snapshot(unit, call.argument("snapshotId"))
        call.forget_outcome(unit)
        return answer(200, restored)

    async with _quiet(call):
        reply = await call.write(work)
    await call.runtime.open_hub(call.workspace)
    return reply


async def settle_world(call: Call) -> Reply:
    """POST /settle"""
    await call.read(lambda unit: unit.workspace)
    patience = float((call.body or {}).get("timeoutSeconds", _PATIENCE_SECONDS))
    began = time.monotonic()
    waiting = await call.runtime.timekeeper.quiet(call.workspace, patience)
    return answer(
        200,
        {
            "settled": not waiting,
            "waitedSeconds": round(time.monotonic() - began, 3),
            "waiting": [_waiting(left) for left in waiting[:_SHOWN]],
        },
    )


@asynccontextmanager
async def _quiet(call: Call) -> AsyncIterator[None]:
    """While one world takes the place of another, nothing goes on in the first, nor is anything that it has told on its way
    between the two systems.
    """
    runtime, name = call.runtime, call.workspace
    async with (
        runtime.timekeeper.holding(name),
        runtime.dispatcher.holding(name, runtime.settings.own_url),
    ):
        yield


def _waiting(left: Message | Job) -> dict[str, Any]:
    if isinstance(left, Job):
        return {
            "kind": "JOB",
            "system": "esr",
            "subject": f"{left.kind} {left.reference}",
            "dueAt": left.due_at,
            "attempts": 0,
        }
    message = left
    return {
        "kind": "DELIVERY" if message.sender == "esr" else "MESSAGE",
        "system": message.sender,
        "subject": message.lane,
        "dueAt": message.due_at,
        "attempts": message.attempts,
    }
