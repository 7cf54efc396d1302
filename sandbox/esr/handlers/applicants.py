"""Applicants over HTTP."""

from typing import Any

from sandbox.esr.service import applicants as service
from sandbox.web.call import Call, Unit
from sandbox.web.cursor import decode_cursor
from sandbox.web.reply import Reply, answer


async def submit_applicant(call: Call) -> Reply:
    """POST /applicants"""

    def work(unit: Unit) -> Reply:
        confirmation = service.submit_applicant(unit, call.employer or "", call.body)
        return answer(
            201, confirmation, {"Location": f"{call.path}/{confirmation['applicantNumber']}"}
        )

    return await call.write(work)


async def list_applicants(call: Call) -> Reply:
    """GET /applicants"""
    after = decode_cursor(call.argument("cursor"))
    page = await call.read(
        lambda unit: service.list_applicants(
            unit,
            after,
            call.limit,
            ods_code=call.employer,
            status=call.argument("status"),
            vacancy_reference=call.argument("vacancyReference"),
            supplier_reference=call.argument("supplierReference"),
        )
    )
    return answer(200, page)


async def read_applicant(call: Call) -> Reply:
    """GET /applicants/{applicantNumber}"""
    applicant = await call.read(
        lambda unit: service.read_applicant(unit, call.argument("applicantNumber"), call.employer)
    )
    return _versioned(applicant)


async def amend_applicant(call: Call) -> Reply:
    """PATCH /applicants/{applicantNumber}"""
    return await call.write(
        lambda unit: _versioned(
            service.amend_applicant(
                unit,
                call.argument("applicantNumber"),
                call.employer or "",
                call.argument("If-Match"),
                call.body,
            )
        )
    )


async def withdraw_applicant(call: Call) -> Reply:
    """POST /applicants/{applicantNumber}/withdrawal"""
    return await call.write(
        lambda unit: _versioned(
            service.withdraw_applicant(
                unit, call.argument("applicantNumber"), call.employer or "", call.body
            )
        )
    )


def _versioned(applicant: dict[str, Any]) -> Reply:
    return answer(200, applicant, {"ETag": f'"{applicant["version"]}"'})
