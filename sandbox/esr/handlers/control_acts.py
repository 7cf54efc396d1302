"""What a test makes ESR, occupational health or a regulator do. Sandbox only, never part of the real API."""

from sandbox.esr.service import applicants, employment_checks, positions, vacancies
from sandbox.web.call import Call, Unit
from sandbox.web.reply import Reply, answer


async def publish_esr_vacancy(call: Call) -> Reply:
    """POST /esr/vacancies"""

    def work(unit: Unit) -> Reply:
        vacancy = vacancies.publish_esr_vacancy(unit, call.body)
        location = f"/esr/v1/vacancies/{vacancy['vacancyReference']}"
        return answer(201, vacancy, {"Location": location})

    return await call.write(work)


async def change_position(call: Call) -> Reply:
    """POST /esr/positions/{positionId}/change"""
    return await call.write(
        lambda unit: answer(
            200, positions.change_position(unit, call.argument("positionId"), call.body)
        )
    )


async def delete_position(call: Call) -> Reply:
    """POST /esr/positions/{positionId}/deletion"""
    return await call.write(
        lambda unit: answer(200, positions.delete_position(unit, call.argument("positionId")))
    )


async def clear_occupational_health(call: Call) -> Reply:
    """POST /esr/applicants/{applicantNumber}/occupational-health-clearance"""
    return await call.write(
        lambda unit: answer(
            200,
            employment_checks.clear_occupational_health(
                unit, call.argument("applicantNumber"), call.body or {}
            ),
        )
    )


async def answer_registration_check(call: Call) -> Reply:
    """POST /esr/applicants/{applicantNumber}/registration-answer"""
    return await call.write(
        lambda unit: answer(
            200,
            employment_checks.answer_registration_check(
                unit, call.argument("applicantNumber"), call.body
            ),
        )
    )


async def hire_applicant(call: Call) -> Reply:
    """POST /esr/applicants/{applicantNumber}/hire"""
    return await call.write(
        lambda unit: answer(
            200,
            applicants.hire_applicant(
                unit, call.argument("applicantNumber"), (call.body or {}).get("hiredDate")
            ),
        )
    )
