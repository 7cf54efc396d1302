"""Vacancies over HTTP."""

from sandbox.esr.service import vacancies as service
from sandbox.web.call import Call, Unit
from sandbox.web.cursor import decode_cursor
from sandbox.web.reply import Reply, answer


async def create_vacancy(call: Call) -> Reply:
    """POST /vacancies"""

    def work(unit: Unit) -> Reply:
        vacancy = service.create_vacancy(unit, call.employer or "", call.body)
        location = f"{call.path}/{vacancy['vacancyReference']}"
        return answer(201, vacancy, {"Location": location})

    return await call.write(work)


async def list_vacancies(call: Call) -> Reply:
    """GET /vacancies"""
    after = decode_cursor(call.argument("cursor"))
    page = await call.read(
        lambda unit: service.list_vacancies(
            unit, after, call.limit, call.employer, call.argument("status")
        )
    )
    return answer(200, page)


async def read_vacancy(call: Call) -> Reply:
    """GET /vacancies/{vacancyReference}"""
    vacancy = await call.read(
        lambda unit: service.read_vacancy(unit, call.argument("vacancyReference"), call.employer)
    )
    return answer(200, vacancy)


async def change_vacancy_status(call: Call) -> Reply:
    """PUT /vacancies/{vacancyReference}/status"""
    return await call.write(
        lambda unit: answer(
            200,
            service.change_vacancy_status(
                unit,
                call.argument("vacancyReference"),
                call.employer or "",
                call.body["status"],
            ),
        )
    )
