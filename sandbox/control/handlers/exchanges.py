"""The journal over HTTP. Reading it is not itself an exchange that is kept."""

from sandbox.control.service import exchanges as service
from sandbox.web.call import Call
from sandbox.web.cursor import decode_cursor
from sandbox.web.reply import Reply, answer


async def list_exchanges(call: Call) -> Reply:
    """GET /exchanges"""
    after = decode_cursor(call.argument("cursor"))
    call.journalled = True
    page = await call.read(
        lambda unit: service.list_exchanges(
            unit,
            after,
            call.limit,
            system=call.argument("system"),
            operation_id=call.argument("operationId"),
            status=call.argument("status"),
            request_id=call.argument("requestId"),
            applicant_number=call.argument("applicantNumber"),
        )
    )
    return answer(200, page)


async def read_exchange(call: Call) -> Reply:
    """GET /exchanges/{exchangeId}"""
    call.journalled = True
    exchange = await call.read(
        lambda unit: service.read_exchange(unit, call.argument("exchangeId"))
    )
    return answer(200, exchange)
