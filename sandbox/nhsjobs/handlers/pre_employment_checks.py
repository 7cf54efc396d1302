"""Pre-employment checks over HTTP."""

from sandbox.nhsjobs.service import pre_employment_checks as service
from sandbox.web.call import Call, Unit
from sandbox.web.reply import Reply, answer


async def record_pre_employment_check(call: Call) -> Reply:
    """PUT /applications/{applicationId}/pre-employment-checks/{checkType}."""

    def work(unit: Unit) -> Reply:
        check, started = service.record_pre_employment_check(
            unit,
            call.argument("applicationId"),
            call.argument("checkType"),
            call.employer or "",
            call.body,
        )
        return answer(201, check, {"Location": call.path}) if started else answer(200, check)

    return await call.write(work)


async def list_pre_employment_checks(call: Call) -> Reply:
    """GET /applications/{applicationId}/pre-employment-checks."""
    checks = await call.read(
        lambda unit: service.list_pre_employment_checks(
            unit, call.argument("applicationId"), call.employer
        )
    )
    return answer(200, checks)
