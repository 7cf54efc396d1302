"""The life of an applicant, from the application to the hire: every pair of a status and an act, allowed or not.

Whoever was hired is an employee: the application can no longer be withdrawn, and its start date no longer be changed. An
application that ended is never taken up again; a replacement is a new application. An internal candidate is not hired but
moved: the record of the employee is updated. While an ESR user still has to say who somebody is, nobody is hired.
"""

from enum import StrEnum
from typing import Any

from sandbox.errors import Code, Refusal


class Status(StrEnum):
    """Where an applicant stands (after Oracle HRMS's system applicant statuses)."""

    ACTIVE_APPLICATION = "ACTIVE_APPLICATION"
    OFFER = "OFFER"
    ACCEPTED = "ACCEPTED"
    HIRED = "HIRED"
    TERMINATED = "TERMINATED"


class Act(StrEnum):
    """What may happen to an applicant."""

    AMEND = "amended"
    CHANGE_START = "given another start date"
    ACCEPT = "accepted"
    QUESTION = "put under review"
    IDENTIFY = "identified"
    WITHDRAW = "withdrawn"
    HIRE = "hired"
    MOVE = "moved"


_START_CHANGE = "https://faq-hrss.nhsbsa.nhs.uk/knowledgebase/article/KA-23616/en-us"
_REPLACEMENT = "https://www.mwitty.com/content.php?id=5864529 (copy of ESR-NHS00111)"
_ORACLE = (
    "https://docs.oracle.com/cd/A60725_05/html/comnls/us/per/iw04c07.htm "
    "(the statuses; which act each allows is ours)"
)
_OURS = "ours: architecture of the sandbox's contract"

_ACTIVE, _OFFER, _ACCEPTED = Status.ACTIVE_APPLICATION, Status.OFFER, Status.ACCEPTED
_HIRED, _ENDED = Status.HIRED, Status.TERMINATED

LIFE_CYCLE: dict[tuple[Status, Act], Status | Code] = {
    (_ACTIVE, Act.AMEND): _ACTIVE,
    (_ACTIVE, Act.CHANGE_START): _ACTIVE,
    (_ACTIVE, Act.ACCEPT): _ACTIVE,
    (_ACTIVE, Act.QUESTION): _ACTIVE,
    (_ACTIVE, Act.IDENTIFY): _OFFER,
    (_ACTIVE, Act.WITHDRAW): _ENDED,
    (_ACTIVE, Act.HIRE): Code.MATCH_NOT_SETTLED,
    (_ACTIVE, Act.MOVE): Code.MATCH_NOT_SETTLED,
    (_OFFER, Act.AMEND): _OFFER,
    (_OFFER, Act.CHANGE_START): _OFFER,
    (_OFFER, Act.ACCEPT): _ACCEPTED,
    (_OFFER, Act.QUESTION): _ACTIVE,
    (_OFFER, Act.IDENTIFY): Code.STATE_FORBIDS,
    (_OFFER, Act.WITHDRAW): _ENDED,
    (_OFFER, Act.HIRE): Code.STATE_FORBIDS,
    (_OFFER, Act.MOVE): Code.STATE_FORBIDS,
    (_ACCEPTED, Act.AMEND): _ACCEPTED,
    (_ACCEPTED, Act.CHANGE_START): _ACCEPTED,
    (_ACCEPTED, Act.ACCEPT): Code.STATE_FORBIDS,
    (_ACCEPTED, Act.QUESTION): _ACTIVE,
    (_ACCEPTED, Act.IDENTIFY): Code.STATE_FORBIDS,
    (_ACCEPTED, Act.WITHDRAW): _ENDED,
    (_ACCEPTED, Act.HIRE): _HIRED,
    (_ACCEPTED, Act.MOVE): _HIRED,
    (_HIRED, Act.AMEND): Code.STATE_FORBIDS,
    (_HIRED, Act.CHANGE_START): Code.START_CHANGE_AFTER_HIRE,
    (_HIRED, Act.ACCEPT): Code.STATE_FORBIDS,
    (_HIRED, Act.QUESTION): Code.STATE_FORBIDS,
    (_HIRED, Act.IDENTIFY): Code.STATE_FORBIDS,
    (_HIRED, Act.WITHDRAW): Code.WITHDRAWAL_AFTER_HIRE,
    (_HIRED, Act.HIRE): Code.STATE_FORBIDS,
    (_HIRED, Act.MOVE): Code.STATE_FORBIDS,
    (_ENDED, Act.AMEND): Code.REINSTATEMENT_REFUSED,
    (_ENDED, Act.CHANGE_START): Code.REINSTATEMENT_REFUSED,
    (_ENDED, Act.ACCEPT): Code.REINSTATEMENT_REFUSED,
    (_ENDED, Act.QUESTION): Code.STATE_FORBIDS,
    (_ENDED, Act.IDENTIFY): Code.STATE_FORBIDS,
    (_ENDED, Act.WITHDRAW): Code.STATE_FORBIDS,
    (_ENDED, Act.HIRE): Code.STATE_FORBIDS,
    (_ENDED, Act.MOVE): Code.STATE_FORBIDS,
}
"""(status, act) → the status that follows, or the code that refuses the act. There is no pair without a row."""

REFUSALS: dict[Code, tuple[str, str, str]] = {
    Code.STATE_FORBIDS: ("An applicant in status {status} cannot be {act}.", "modelled", _ORACLE),
    Code.MATCH_NOT_SETTLED: (
        "Nobody is {act} while an ESR user has to say who it is; wait for the event applicant.identified.",
        "assumed",
        _OURS,
    ),
    Code.START_CHANGE_AFTER_HIRE: (
        "The applicant was hired; the employer changes the start date of an employee in ESR.",
        "public",
        _START_CHANGE,
    ),
    Code.WITHDRAWAL_AFTER_HIRE: (
        "The applicant was hired and is an employee; an application is withdrawn before the hire.",
        "modelled",
        _START_CHANGE,
    ),
    Code.REINSTATEMENT_REFUSED: (
        "The application has ended and is not taken up again; send the person as a new applicant.",
        "modelled",
        _REPLACEMENT,
    ),
}
"""Code → (sentence, basis, source) of what refuses an act."""

EVENTS: dict[Act, str] = {
    Act.AMEND: "applicant.amended",
    Act.CHANGE_START: "applicant.amended",
    Act.ACCEPT: "applicant.accepted",
    Act.QUESTION: "applicant.amended",
    Act.IDENTIFY: "applicant.identified",
    Act.WITHDRAW: "applicant.withdrawn",
    Act.HIRE: "applicant.hired",
    Act.MOVE: "applicant.moved",
}
"""Act → the type of the event that tells of it."""


def first_status(submission: dict[str, Any], under_review: bool) -> Status:
    """The status of an applicant who was just sent."""
    if under_review:
        return Status.ACTIVE_APPLICATION
    return Status.ACCEPTED if "offerAcceptedDate" in submission else Status.OFFER


def after(status: str, act: Act) -> Status:
    """The status after an act. Raises Refusal with the code of the pair's row."""
    follows = LIFE_CYCLE[Status(status), act]
    if isinstance(follows, Status):
        return follows
    sentence, _, _ = REFUSALS[follows]
    raise Refusal(follows, sentence.format(status=status, act=act))


def act_of_amendment(applicant: dict[str, Any], patch: dict[str, Any]) -> Act:
    """What an amendment does: its most telling part names it."""
    waits = applicant["status"] in (Status.OFFER, Status.ACTIVE_APPLICATION)
    if waits and "offerAcceptedDate" in patch and "offerAcceptedDate" not in applicant:
        return Act.ACCEPT
    return Act.CHANGE_START if "startDate" in patch else Act.AMEND


def after_identification(applicant: dict[str, Any]) -> Status:
    """The status of an applicant under review once it is said who it is. Raises Refusal where there is no review."""
    status = after(applicant["status"], Act.IDENTIFY)
    return after(status, Act.ACCEPT) if "offerAcceptedDate" in applicant else status
