"""Organisations over HTTP."""

from sandbox.esr.service import organisations as service
from sandbox.web.call import Call
from sandbox.web.cursor import decode_cursor
from sandbox.web.reply import Reply, answer


async def list_organisations(call: Call) -> Reply:
    """GET /organisations"""
    after = decode_cursor(call.argument("cursor"))
    page = await call.read(lambda unit: service.list_organisations(unit, after, call.limit))
    return answer(200, page)


async def read_organisation(call: Call) -> Reply:
    """GET /organisations/{odsCode}"""
    organisation = await call.read(
        lambda unit: service.read_organisation(unit, call.argument("odsCode"))
    )
    return answer(200, organisation)
