"""Clients over HTTP."""

from sandbox.control.operators import check_keys_address, check_operator
from sandbox.control.service import clients as service
from sandbox.web.call import Call, Unit
from sandbox.web.reply import Reply, answer, no_content


async def list_clients(call: Call) -> Reply:
    """GET /clients"""
    token_url = call.runtime.settings.token_url
    return answer(200, await call.read(lambda unit: service.list_clients(unit, token_url)))


async def read_client(call: Call) -> Reply:
    """GET /clients/{clientId}"""
    client_id, token_url = call.argument("clientId"), call.runtime.settings.token_url
    client = await call.read(lambda unit: service.read_client(unit, client_id, token_url))
    return answer(200, client)


async def create_client(call: Call) -> Reply:
    """POST /clients"""
    check_operator(call)
    await check_keys_address(call.body, call)
    token_url = call.runtime.settings.token_url

    def work(unit: Unit) -> Reply:
        created = service.create_client(unit, call.body, token_url)
        return answer(201, created, {"Location": f"/control/v1/clients/{created['clientId']}"})

    return await call.write(work)


async def change_client(call: Call) -> Reply:
    """PATCH /clients/{clientId}"""
    check_operator(call)
    await check_keys_address(call.body, call)
    client_id, token_url = call.argument("clientId"), call.runtime.settings.token_url
    return await call.write(
        lambda unit: answer(200, service.change_client(unit, client_id, call.body, token_url))
    )


async def delete_client(call: Call) -> Reply:
    """DELETE /clients/{clientId}"""
    check_operator(call)
    client_id = call.argument("clientId")

    def work(unit: Unit) -> Reply:
        service.delete_client(unit, client_id)
        return no_content()

    return await call.write(work)
