"""Offers over HTTP."""

from sandbox.nhsjobs.service import offers as service
from sandbox.web.call import Call
from sandbox.web.reply import Reply, answer


async def read_offer(call: Call) -> Reply:
    """GET /applications/{applicationId}/offer."""
    offer = await call.read(
        lambda unit: service.read_offer(unit, call.argument("applicationId"), call.employer)
    )
    return answer(200, offer)
