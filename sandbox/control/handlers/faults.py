"""Faults on demand over HTTP."""

from sandbox.control.service import faults as service
from sandbox.web.call import Call, Unit
from sandbox.web.reply import Reply, answer, no_content


async def list_faults(call: Call) -> Reply:
    """GET /faults"""
    return answer(200, await call.read(service.list_faults))


async def add_fault(call: Call) -> Reply:
    """POST /faults"""
    operation_ids = call.runtime.operation_ids.get(call.body["system"], frozenset())

    def work(unit: Unit) -> Reply:
        return answer(201, service.add_fault(unit, call.body, operation_ids))

    return await call.write(work)


async def clear_faults(call: Call) -> Reply:
    """DELETE /faults"""

    def work(unit: Unit) -> Reply:
        service.clear_faults(unit)
        return no_content()

    return await call.write(work)
