"""Rows that nothing seen from outside can tell apart, each with the reason: they stay among the survivors."""

from collections.abc import Mapping

_ACCEPTED_ONCE = "an amendment counts as an acceptance only while one is awaited"
_AMEND_FIRST = "an amendment is refused before anybody is searched for"
_SENT_ONCE = "NHS Jobs sends an application to ESR once, and ESR answers once"
_WITHDRAWN_IN_ESR = (
    "an application is withdrawn only by an event of ESR, which has it once it is SENT_TO_ESR"
)
_NEXT_VERSION = "what it tells is told again by the next event, or was known"

REASONS: Mapping[str, str] = {
    "esr.life-cycle.ACTIVE_APPLICATION.MOVE": "an internal candidate is linked or refused, and never put under review",
    "esr.life-cycle.ACCEPTED.ACCEPT": _ACCEPTED_ONCE,
    "esr.life-cycle.HIRED.ACCEPT": _ACCEPTED_ONCE,
    "esr.life-cycle.TERMINATED.ACCEPT": _ACCEPTED_ONCE,
    "esr.life-cycle.HIRED.QUESTION": _AMEND_FIRST,
    "esr.life-cycle.TERMINATED.QUESTION": _AMEND_FIRST,
    "esr.act-events.QUESTION": "a review that an amendment begins is announced as the amendment",
    "esr.amendment-rules.NI_NUMBER_ABSENT": "an amendment is answered with the applicant, which has no messages",
    "esr.check-echoes.2015.identity": "under 2015 no check of identity crosses, so none is echoed",
    "esr.single-headers.x-correlation-id": "two values in one are no correlation id, which the contract refuses first",
    "esr.single-headers.host": "two of them are no HTTP, which the server refuses first",
    "nhs-jobs.advert-life-cycle.DRAFT.CLOSE": "a draft has no vacancy that could end, and no closing date ends it",
    "nhs-jobs.application-life-cycle.APPLIED.WITHDRAW": _WITHDRAWN_IN_ESR,
    "nhs-jobs.application-life-cycle.OFFERED.WITHDRAW": _WITHDRAWN_IN_ESR,
    "nhs-jobs.application-life-cycle.OFFER_ACCEPTED.WITHDRAW": _WITHDRAWN_IN_ESR,
    "nhs-jobs.application-life-cycle.ESR_REJECTED.WITHDRAW": _WITHDRAWN_IN_ESR,
    "nhs-jobs.application-life-cycle.ESR_REJECTED.TAKE": _SENT_ONCE,
    "nhs-jobs.awaits-esr.ESR_REJECTED": _SENT_ONCE,
    "nhs-jobs.read-events.applicant-accepted": _NEXT_VERSION,
    "nhs-jobs.read-events.applicant-identified": _NEXT_VERSION,
}
"""By deviation: why no case can notice it."""

HOSTED: Mapping[str, str] = {
    "recruitment-system.requests.no-token": "where strangers may call, a call without a token is kept in nobody's journal",
}
"""By deviation: why no case can notice it at level `platform`."""
