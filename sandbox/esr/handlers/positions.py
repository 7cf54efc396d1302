"""Positions over HTTP."""

from sandbox.esr.service import positions as service
from sandbox.web.call import Call
from sandbox.web.cursor import decode_cursor
from sandbox.web.reply import Reply, answer


async def list_positions(call: Call) -> Reply:
    """GET /positions"""
    text = call.argument("since")
    since = None if text is None else decode_cursor(text, "since")
    employer = call.argument("organisation")
    if employer and call.employer and employer != call.employer:
        # Acting for one employer and asking for another's: there is nothing to be seen.
        employer = ""
    page = await call.read(
        lambda unit: service.list_positions(
            unit,
            since,
            call.limit,
            call.employer if employer is None else employer,
            call.argument("costCentre"),
        )
    )
    return answer(200, page)


async def read_position(call: Call) -> Reply:
    """GET /positions/{positionId}"""
    position = await call.read(
        lambda unit: service.read_position(unit, call.argument("positionId"), call.employer)
    )
    return answer(200, position)
