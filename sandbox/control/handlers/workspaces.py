"""Workspaces and their settings over HTTP."""

from sandbox.control.operators import check_keys_address, check_operator
from sandbox.control.service import workspaces as service
from sandbox.control.service.clients import new_client_id
from sandbox.errors import not_found
from sandbox.settings import Level
from sandbox.web.call import Call, Unit
from sandbox.web.reply import Reply, answer, no_content

_NO_CONTENT = 204


async def create_workspace(call: Call) -> Reply:
    """POST /workspaces"""
    check_operator(call)
    await check_keys_address(call.body.get("client", {}), call, "/client")
    settings = call.runtime.settings
    # Where strangers call, knowing a workspace's name is not to be enough to ask for tokens in its client's name.
    drawn_id = new_client_id() if settings.level is Level.PLATFORM else None

    def work(unit: Unit) -> Reply:
        name = call.body["name"]
        detail = call.body.get("journalDetail", "FULL")
        limits = call.body.get("limits")
        clock, client = call.body.get("clock"), call.body.get("client")
        quota = call.body.get("quota")
        created = service.create_workspace(
            unit, name, detail, clock, limits, client, quota, drawn_id
        )
        created["tokenUrl"] = settings.token_url
        if settings.level != Level.PLATFORM:
            created["token"] = service.give_token(unit, created["clientId"])
        return answer(201, created, {"Location": f"/control/v1/workspaces/{name}"})

    reply = await call.write(work)
    if reply.status == 201:
        await call.runtime.connect(call.body["name"])
    return reply


async def delete_workspace(call: Call) -> Reply:
    """DELETE /workspaces/{name}"""
    check_operator(call)
    name, runtime = call.argument("name"), call.runtime
    await call.read(lambda unit: service.check_removable(unit, name))

    def work(unit: Unit) -> Reply:
        service.delete_workspace(unit, name)
        return no_content()

    async with (
        runtime.timekeeper.holding(name),
        runtime.dispatcher.holding(name, runtime.settings.own_url),
    ):
        # Before the rows: what is left of files where this ends too soon goes when the request is sent again.
        await runtime.forget(name)
        reply = await call.write(work)
        if reply.status == _NO_CONTENT:
            await runtime.forget(name)
    return reply


async def list_workspaces(call: Call) -> Reply:
    """GET /workspaces"""
    found = await call.read(service.every_workspace)
    if not call.is_operator:
        own = [item for item in found["workspaces"] if item["name"] == call.workspace]
        found = {"workspaces": own}
    return answer(200, found)


async def read_workspace(call: Call) -> Reply:
    """GET /workspaces/{name}"""
    name = call.argument("name")
    if not call.is_operator and name != call.workspace:
        raise not_found("workspace", name)
    workspace = await call.read(lambda unit: service.read_workspace(unit, name))
    return answer(200, workspace)


async def read_settings(call: Call) -> Reply:
    """GET /settings"""
    return answer(200, await call.read(service.settings_of))


async def set_settings(call: Call) -> Reply:
    """PUT /settings"""

    def work(unit: Unit) -> Reply:
        # Whoever hosts the sandbox decides how much one client may take of it. What is put back as it was read changes nothing.
        if service.changes(unit, call.body, "quota"):
            check_operator(call)
        most = None if call.is_operator else call.runtime.limits.default
        return answer(200, service.set_settings(unit, call.body, most))

    return await call.write(work)
