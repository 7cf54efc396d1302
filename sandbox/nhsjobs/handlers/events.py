"""The receiver of ESR's events over HTTP."""

from sandbox.nhsjobs.service import events as service
from sandbox.web.call import Call, Unit
from sandbox.web.reply import Reply

_TAKEN = 202


async def receive_event(call: Call) -> Reply:
    """POST /events."""

    def work(unit: Unit) -> Reply:
        service.receive_event(unit, call.body)
        return Reply(_TAKEN)

    return await call.write(work)
