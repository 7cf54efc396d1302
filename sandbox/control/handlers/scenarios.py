"""The named scenarios over HTTP."""

from sandbox.control.service import scenarios as service
from sandbox.web.call import Call
from sandbox.web.reply import Reply, answer


async def list_scenarios(_call: Call) -> Reply:
    """GET /scenarios"""
    return answer(200, service.list_scenarios())
