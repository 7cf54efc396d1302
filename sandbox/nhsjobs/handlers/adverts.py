"""Adverts over HTTP."""

from sandbox.nhsjobs.service import adverts as service
from sandbox.web.call import Call, Unit
from sandbox.web.cursor import decode_cursor
from sandbox.web.reply import Reply, answer


async def push_advert(call: Call) -> Reply:
    """POST /adverts."""

    def work(unit: Unit) -> Reply:
        advert = service.push_advert(unit, call.employer or "", call.body)
        return answer(201, advert, {"Location": f"{call.path}/{advert['advertId']}"})

    return await call.write(work)


async def list_adverts(call: Call) -> Reply:
    """GET /adverts."""
    after = decode_cursor(call.argument("cursor"))
    page = await call.read(
        lambda unit: service.list_adverts(
            unit,
            after,
            call.limit,
            call.argument("status"),
            ods_code=call.employer,
            supplier_reference=call.argument("supplierReference"),
        )
    )
    return answer(200, page)


async def read_advert(call: Call) -> Reply:
    """GET /adverts/{advertId}."""
    advert = await call.read(
        lambda unit: service.read_advert(unit, call.argument("advertId"), call.employer)
    )
    return answer(200, advert)
