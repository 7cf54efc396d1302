"""What a test makes a recruiter or a candidate do in NHS Jobs. Sandbox only, never part of the real API."""

from sandbox.nhsjobs.service import adverts, applications, offers
from sandbox.web.call import Call, Unit
from sandbox.web.reply import Reply, answer

_APPLICATIONS = "/nhs-jobs/v1/applications"


async def publish_advert(call: Call) -> Reply:
    """POST /nhs-jobs/adverts/{advertId}/publication."""
    return await call.write(
        lambda unit: answer(200, adverts.publish_advert(unit, call.argument("advertId")))
    )


async def apply_for_advert(call: Call) -> Reply:
    """POST /nhs-jobs/adverts/{advertId}/applications."""

    def work(unit: Unit) -> Reply:
        application = applications.apply_for_advert(unit, call.argument("advertId"), call.body)
        location = f"{_APPLICATIONS}/{application['applicationId']}"
        return answer(201, application, {"Location": location})

    return await call.write(work)


async def make_offer(call: Call) -> Reply:
    """POST /nhs-jobs/applications/{applicationId}/offer."""

    def work(unit: Unit) -> Reply:
        offer = offers.make_offer(unit, call.argument("applicationId"), call.body)
        location = f"{_APPLICATIONS}/{offer['applicationId']}/offer"
        return answer(201, offer, {"Location": location})

    return await call.write(work)


async def answer_offer(call: Call) -> Reply:
    """POST /nhs-jobs/applications/{applicationId}/answer."""
    return await call.write(
        lambda unit: answer(
            200, offers.answer_offer(unit, call.argument("applicationId"), call.body)
        )
    )
