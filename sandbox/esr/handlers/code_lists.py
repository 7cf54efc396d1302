"""The national code lists over HTTP."""

from sandbox.esr.service import code_lists as service
from sandbox.web.call import Call
from sandbox.web.reply import Reply, answer


async def list_code_lists(_call: Call) -> Reply:
    """GET /code-lists"""
    return answer(200, service.list_code_lists())


async def read_code_list(call: Call) -> Reply:
    """GET /code-lists/{codeListId}"""
    return answer(200, service.read_code_list(call.argument("codeListId")))
