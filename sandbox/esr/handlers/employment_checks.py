"""Employment checks over HTTP."""

from sandbox.esr.service import employment_checks as service
from sandbox.web.call import Call, Unit
from sandbox.web.reply import Reply, answer


async def record_employment_check(call: Call) -> Reply:
    """PUT /applicants/{applicantNumber}/employment-checks/{checkType}"""

    def work(unit: Unit) -> Reply:
        check, started = service.record_employment_check(
            unit,
            call.argument("applicantNumber"),
            call.argument("checkType"),
            call.employer or "",
            call.body,
        )
        return answer(201, check, {"Location": call.path}) if started else answer(200, check)

    return await call.write(work)


async def read_employment_check(call: Call) -> Reply:
    """GET /applicants/{applicantNumber}/employment-checks/{checkType}"""
    check = await call.read(
        lambda unit: service.read_employment_check(
            unit, call.argument("applicantNumber"), call.argument("checkType"), call.employer
        )
    )
    return answer(200, check)


async def list_employment_checks(call: Call) -> Reply:
    """GET /applicants/{applicantNumber}/employment-checks"""
    checks = await call.read(
        lambda unit: service.list_employment_checks(
            unit, call.argument("applicantNumber"), call.employer
        )
    )
    return answer(200, checks)
