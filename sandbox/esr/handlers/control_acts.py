"""What a test makes ESR, occupational health or a regulator do. Sandbox only, never part of the real API."""

from sandbox.esr.service import (
    applicants,
    employment_checks,
    files,
    organisations,
    positions,
    registers,
    signing_keys,
    transfers,
    vacancies,
)
from sandbox.web.call import Call, Unit
from sandbox.web.cursor import decode_cursor
from sandbox.web.reply import Reply, answer


async def publish_esr_vacancy(call: Call) -> Reply:
    """POST /esr/vacancies"""

    def work(unit: Unit) -> Reply:
        vacancy = vacancies.publish_esr_vacancy(unit, call.body)
        location = f"/esr/v1/vacancies/{vacancy['vacancyReference']}"
        return answer(201, vacancy, {"Location": location})

    return await call.write(work)


async def change_organisation(call: Call) -> Reply:
    """POST /esr/organisations/{odsCode}/change"""
    return await call.write(
        lambda unit: answer(
            200, organisations.change_organisation(unit, call.argument("odsCode"), call.body)
        )
    )


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


async def record_check_in_esr(call: Call) -> Reply:
    """POST /esr/applicants/{applicantNumber}/employment-checks/{checkType}"""
    return await call.write(
        lambda unit: answer(
            200,
            employment_checks.record_check_in_esr(
                unit, call.argument("applicantNumber"), call.argument("checkType"), call.body
            ),
        )
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


async def put_register_entry(call: Call) -> Reply:
    """PUT /esr/registers/{registrationBody}/{number}"""
    return await call.write(
        lambda unit: answer(
            200,
            registers.put_register_entry(
                unit, call.argument("registrationBody"), call.argument("number"), call.body
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


async def decide_match(call: Call) -> Reply:
    """POST /esr/applicants/{applicantNumber}/match-decision"""
    return await call.write(
        lambda unit: answer(
            200,
            applicants.decide_match(
                unit,
                call.argument("applicantNumber"),
                call.body["decision"],
                call.body.get("personId"),
            ),
        )
    )


async def start_transfer(call: Call) -> Reply:
    """POST /esr/applicants/{applicantNumber}/inter-authority-transfer/start"""
    return await call.write(
        lambda unit: answer(200, transfers.start_transfer(unit, call.argument("applicantNumber")))
    )


async def decide_transfer(call: Call) -> Reply:
    """POST /esr/applicants/{applicantNumber}/inter-authority-transfer/decision"""
    return await call.write(
        lambda unit: answer(
            200,
            transfers.decide_transfer(
                unit,
                call.argument("applicantNumber"),
                call.body["decision"],
                call.body.get("reason"),
            ),
        )
    )


async def rotate_signing_key(call: Call) -> Reply:
    """POST /esr/event-signing-keys/rotation"""
    return await call.write(lambda unit: answer(200, signing_keys.rotate_signing_key(unit)))


async def sign_delivery(call: Call) -> Reply:
    """POST /esr/event-signatures"""
    return await call.write(lambda unit: answer(200, signing_keys.sign_delivery(unit, call.body)))


async def list_files(call: Call) -> Reply:
    """GET /esr/files"""
    after = decode_cursor(call.argument("cursor"))
    page = await call.read(
        lambda unit: files.list_files(
            unit, after, call.limit, call.argument("odsCode"), call.argument("direction")
        )
    )
    return answer(200, page)
