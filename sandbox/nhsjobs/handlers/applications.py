"""Applications over HTTP."""

from sandbox.nhsjobs.service import applications as service
from sandbox.web.call import Call
from sandbox.web.cursor import decode_cursor
from sandbox.web.reply import Reply, answer


async def list_applications(call: Call) -> Reply:
    """GET /applications."""
    after = decode_cursor(call.argument("cursor"))
    page = await call.read(
        lambda unit: service.list_applications(
            unit,
            after,
            call.limit,
            ods_code=call.employer,
            status=call.argument("status"),
            advert_id=call.argument("advertId"),
        )
    )
    return answer(200, page)


async def read_application(call: Call) -> Reply:
    """GET /applications/{applicationId}."""
    application = await call.read(
        lambda unit: service.read_application(unit, call.argument("applicationId"), call.employer)
    )
    return answer(200, application)
