"""The offer and the candidate's answer, which cannot be changed."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sandbox.errors import Code, Refusal
from sandbox.nhsjobs.domain.codes import REGISTRATION_BODIES, REGISTRATION_TYPES
from sandbox.rules import Rule

MINIMUM_AGE = 16
"""Years on the start date: the earliest school-leaving age in England and Wales."""


class Status(StrEnum):
    """Where an offer stands."""

    MADE = "MADE"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"


class Answer(StrEnum):
    """What a candidate may answer."""

    ACCEPT = "ACCEPT"
    DECLINE = "DECLINE"


LIFE_CYCLE: dict[tuple[Status, Answer], Status] = {
    (Status.MADE, Answer.ACCEPT): Status.ACCEPTED,
    (Status.MADE, Answer.DECLINE): Status.DECLINED,
}
"""Every move there is. There is no deadline and no way back (NHSBSA articles KA-27244 and KA-25617)."""


def after(status: str, answer: str) -> Status:
    """The status after an answer. Raises Refusal STATE_FORBIDS."""
    try:
        return LIFE_CYCLE[Status(status), Answer(answer)]
    except KeyError:
        raise Refusal(
            Code.STATE_FORBIDS,
            f"The offer is {status}; a candidate's answer cannot be changed.",
        ) from None


OFFER_RULES: tuple[Rule[dict[str, Any]], ...] = (
    Rule(
        Code.OFFER_AFTER_START,
        "/startDate",
        lambda offer: bool(offer["offerDate"] <= offer["startDate"]),
        "The start date is before the offer date.",
        "ours: the sandbox's contract",
    ),
)
"""Everything that NHS Jobs asks of an offer."""


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """An answer, and the offer that it is to."""

    sent: dict[str, Any]
    offer: dict[str, Any]

    @property
    def accepts(self) -> bool:
        """Whether the candidate accepts."""
        return bool(self.sent["answer"] == Answer.ACCEPT)


def _old_enough(facts: AnswerFacts) -> bool:
    if not facts.accepts or "dateOfBirth" not in facts.sent:
        return True
    born = date.fromisoformat(facts.sent["dateOfBirth"])
    start = date.fromisoformat(facts.offer["startDate"])
    birthday_passed = (start.month, start.day) >= (born.month, born.day)
    return start.year - born.year - (not birthday_passed) >= MINIMUM_AGE


ANSWER_RULES: tuple[Rule[AnswerFacts], ...] = (
    Rule(
        Code.CANDIDATE_DETAILS_MISSING,
        "/dateOfBirth",
        lambda facts: not facts.accepts or "dateOfBirth" in facts.sent,
        "Who accepts gives the date of birth.",
        "https://nhsbsa-live.powerappsportals.com/knowledgebase/article/KA-25617/en-us",
    ),
    Rule(
        Code.SETTING_INVALID,
        "",
        lambda facts: facts.accepts or set(facts.sent) == {"answer"},
        "Who declines gives no details.",
        "ours: the sandbox's contract",
    ),
    Rule(
        Code.TOO_YOUNG_TO_START,
        "/dateOfBirth",
        _old_enough,
        f"The candidate is younger than {MINIMUM_AGE} on the start date.",
        "ours: the sandbox's contract",
    ),
    Rule(
        Code.CODE_UNKNOWN,
        "/registrations",
        lambda facts: all(
            item["body"] in REGISTRATION_BODIES and item.get("type", "13") in REGISTRATION_TYPES
            for item in facts.sent.get("registrations", [])
        ),
        "A registration's body or type is not in the national list.",
        "NHS Data Model and Dictionary, National Workforce Data Set",
    ),
)
"""Everything that NHS Jobs asks of an answer."""
