"""Inter-authority transfers over HTTP."""

from sandbox.esr.service import transfers as service
from sandbox.web.call import Call
from sandbox.web.reply import Reply, answer


async def read_inter_authority_transfer(call: Call) -> Reply:
    """GET /applicants/{applicantNumber}/inter-authority-transfer"""
    transfer = await call.read(
        lambda unit: service.read_inter_authority_transfer(
            unit, call.argument("applicantNumber"), call.employer
        )
    )
    return answer(200, transfer)
