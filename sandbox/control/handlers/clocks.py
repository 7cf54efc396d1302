"""The world's clock over HTTP."""

from sandbox.control.service import clocks as service
from sandbox.web.call import Call
from sandbox.web.reply import Reply, answer

_QUIET_SECONDS = 30.0


async def read_clock(call: Call) -> Reply:
    """GET /clock"""
    clock = await call.read(lambda unit: service.shown(unit.workspace.clock, unit.wall))
    return answer(200, clock)


async def set_clock(call: Call) -> Reply:
    """PUT /clock"""
    reply = await call.write(lambda unit: answer(200, service.set_clock(unit, call.body)))
    await _quiet(call)
    return reply


async def advance_clock(call: Call) -> Reply:
    """POST /clock/advance"""
    reply = await call.write(lambda unit: answer(200, service.advance_clock(unit, call.body)))
    await _quiet(call)
    return reply


async def _quiet(call: Call) -> None:
    """A move returns when what fell due has been done."""
    await call.runtime.timekeeper.quiet(call.workspace, _QUIET_SECONDS)
