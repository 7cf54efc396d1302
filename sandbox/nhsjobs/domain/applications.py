"""The application: its life from applying to the hire, the rules for applying, and what ESR is sent."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sandbox.errors import Code, Refusal
from sandbox.nhsjobs.domain.codes import (
    COUNTRIES,
    ETHNIC_CATEGORY,
    REGISTRATION_BODIES,
    REGISTRATION_TYPES,
)
from sandbox.rules import Rule


class Status(StrEnum):
    """Where an application stands."""

    APPLIED = "APPLIED"
    OFFERED = "OFFERED"
    OFFER_ACCEPTED = "OFFER_ACCEPTED"
    OFFER_DECLINED = "OFFER_DECLINED"
    SENT_TO_ESR = "SENT_TO_ESR"
    ESR_REJECTED = "ESR_REJECTED"
    HIRED = "HIRED"
    WITHDRAWN = "WITHDRAWN"


class Act(StrEnum):
    """What may happen to an application."""

    OFFER = "given an offer"
    ACCEPT = "accepted by the candidate"
    DECLINE = "declined by the candidate"
    TAKE = "taken by ESR"
    REJECT = "rejected by ESR"
    HIRE = "hired"
    WITHDRAW = "withdrawn"


LIFE_CYCLE: dict[tuple[Status, Act], Status] = {
    (Status.APPLIED, Act.OFFER): Status.OFFERED,
    (Status.APPLIED, Act.WITHDRAW): Status.WITHDRAWN,
    (Status.OFFERED, Act.ACCEPT): Status.OFFER_ACCEPTED,
    (Status.OFFERED, Act.DECLINE): Status.OFFER_DECLINED,
    (Status.OFFERED, Act.WITHDRAW): Status.WITHDRAWN,
    (Status.OFFER_ACCEPTED, Act.TAKE): Status.SENT_TO_ESR,
    (Status.OFFER_ACCEPTED, Act.REJECT): Status.ESR_REJECTED,
    (Status.OFFER_ACCEPTED, Act.WITHDRAW): Status.WITHDRAWN,
    (Status.ESR_REJECTED, Act.TAKE): Status.SENT_TO_ESR,
    (Status.ESR_REJECTED, Act.WITHDRAW): Status.WITHDRAWN,
    (Status.SENT_TO_ESR, Act.HIRE): Status.HIRED,
    (Status.SENT_TO_ESR, Act.WITHDRAW): Status.WITHDRAWN,
}
"""Every move there is; what has no row is refused."""

AWAITS_ESR = frozenset({Status.OFFER_ACCEPTED, Status.ESR_REJECTED})
"""Accepted, and ESR has not taken it."""


def after(status: str, act: Act) -> Status:
    """The status after an act. Raises Refusal STATE_FORBIDS."""
    try:
        return LIFE_CYCLE[Status(status), act]
    except KeyError:
        raise Refusal(
            Code.STATE_FORBIDS, f"An application in state {status} cannot be {act}."
        ) from None


def reference(day: date, record: int) -> str:
    """NHS Jobs' reference, such as `AR-260405-00417`."""
    return f"AR-{day:%y%m%d}-{record % 100_000_000:05d}"


@dataclass(frozen=True, slots=True)
class ApplyFacts:
    """An application as it was sent, and the advert that it is for."""

    sent: dict[str, Any]
    advert: dict[str, Any]

    @property
    def candidate(self) -> dict[str, Any]:
        """Who applies."""
        return dict(self.sent["candidate"])

    @property
    def registrations(self) -> list[dict[str, Any]]:
        """The registrations that were given."""
        return list(self.sent.get("registrations", []))


_NWD = "NHS Data Model and Dictionary, National Workforce Data Set"

APPLY_RULES: tuple[Rule[ApplyFacts], ...] = (
    Rule(
        Code.CANDIDATE_DETAILS_MISSING,
        "/internalCandidate",
        lambda facts: (
            not facts.advert["internalOnly"] or bool(facts.sent.get("internalCandidate", False))
        ),
        "The advert is for people who work for the employer already, and the candidate does not say so.",
        "ours: the sandbox's contract",
    ),
    Rule(
        Code.CODE_UNKNOWN,
        "/candidate/nationality",
        lambda facts: facts.candidate["nationality"] in COUNTRIES,
        "The nationality is not a country of ISO 3166-1.",
        "ISO 3166-1",
    ),
    Rule(
        Code.CODE_UNKNOWN,
        "/candidate/address/country",
        lambda facts: facts.candidate["address"]["country"] in COUNTRIES,
        "The country of the address is not one of ISO 3166-1.",
        "ISO 3166-1",
    ),
    Rule(
        Code.CODE_UNKNOWN,
        "/candidate/ethnicOrigin",
        lambda facts: (
            ETHNIC_CATEGORY.fullmatch(facts.candidate.get("ethnicOrigin", "99")) is not None
        ),
        "The ethnic origin is not in the national list.",
        _NWD,
    ),
    Rule(
        Code.CODE_UNKNOWN,
        "/registrations",
        lambda facts: all(
            item["body"] in REGISTRATION_BODIES and item.get("type", "13") in REGISTRATION_TYPES
            for item in facts.registrations
        ),
        "A registration's body or type is not in the national list.",
        _NWD,
    ),
)
"""Everything that NHS Jobs asks of somebody who applies. Forms of numbers are ESR's to judge."""


def submission(
    application: dict[str, Any],
    beside: dict[str, Any],
    advert: dict[str, Any],
    position: dict[str, Any] | None,
    offer: dict[str, Any],
) -> dict[str, Any]:
    """The applicant as ESR is sent it: its `ApplicantSubmission`.

    `beside` is what the candidate told NHS Jobs that an `Application` does not show.
    """
    sent: dict[str, Any] = {
        "supplierReference": application["reference"],
        "vacancyReference": advert["vacancyReference"],
        "positionId": advert["positionId"],
        "person": application["candidate"],
        "staffGroup": advert["staffGroup"],
        "jobRole": advert.get("jobRole") or (position or {}).get("jobRole", ""),
        "contractType": offer["contractType"],
        "assignmentType": offer["assignmentType"],
        "offerDate": offer["offerDate"],
        "offerAcceptedDate": offer["answeredAt"][:10],
        "startDate": offer["startDate"],
        "internalCandidate": application["internalCandidate"],
    }
    if application["registrations"]:
        sent["registrations"] = application["registrations"]
    for name in ("hoursPerWeek", "dataSharingConsent"):
        if name in offer:
            sent[name] = offer[name]
    for name in ("recruitmentSource", "previousEmployer"):
        if name in beside:
            sent[name] = beside[name]
    return sent
