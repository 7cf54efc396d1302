"""Workspaces and their settings over HTTP."""

from sandbox.control.service import workspaces as service
from sandbox.web.call import Call, Unit
from sandbox.web.reply import Reply, answer


async def create_workspace(call: Call) -> Reply:
    """POST /workspaces"""

    def work(unit: Unit) -> Reply:
        name = call.body["name"]
        detail = call.body.get("journalDetail", "FULL")
        created = service.create_workspace(unit, name, detail, call.body.get("clock"))
        return answer(201, created, {"Location": f"/control/v1/workspaces/{name}"})

    reply = await call.write(work)
    if reply.status == 201:
        await call.runtime.connect(call.body["name"])
    return reply


async def list_workspaces(call: Call) -> Reply:
    """GET /workspaces"""
    return answer(200, await call.read(service.every_workspace))


async def read_workspace(call: Call) -> Reply:
    """GET /workspaces/{name}"""
    workspace = await call.read(lambda unit: service.read_workspace(unit, call.argument("name")))
    return answer(200, workspace)


async def read_settings(call: Call) -> Reply:
    """GET /settings"""
    return answer(200, await call.read(lambda unit: service.settings_of(unit.workspace)))


async def set_settings(call: Call) -> Reply:
    """PUT /settings"""
    return await call.write(lambda unit: answer(200, service.set_settings(unit, call.body)))
