"""The inter-authority transfer: what starts one, what rules it out, who releases the data, and its life.

Either answer to the data-sharing question is sent to ESR; no means that the transfer is never run. A yes starts it where
the employer is on Auto-IAT (NHSBSA article KA-28161). The previous employer's data come without an approver only where
that employer has opted in and NI number, date of birth and last name all match; else somebody there decides (ESR's IAT
leaflet, August 2011). What was released stays released.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.errors import Code, Refusal
from sandbox.esr.domain.applicant_life_cycle import Status as ApplicantStatus

_CONSENT = "https://faq.nhsbsa.nhs.uk/knowledgebase/article/KA-28161/en-us"
_LEAFLET = "https://issuu.com/nhselectronicstaffrecords/docs/iat_-_august_20111"
_PROGRAMME = (
    "https://esrnews.nhs.uk/winter-2024/programme-news/"
    "the-importance-of-using-inter-authority-transfer-iat-process-in-esr/print"
)
_NI_NUMBER = "https://faq-hrss.nhsbsa.nhs.uk/knowledgebase/article/KA-23608/en-us"
_OURS = "ours: architecture of the sandbox's contract"

PUBLIC, MODELLED, ASSUMED = "public", "modelled", "assumed"


class Status(StrEnum):
    """Where a transfer stands."""

    NOT_REQUESTED = "NOT_REQUESTED"
    NOT_RUN = "NOT_RUN"
    REQUESTED = "REQUESTED"
    RELEASED = "RELEASED"
    REFUSED = "REFUSED"


class Act(StrEnum):
    """What may happen to a transfer. The first four are what the facts lead to, the others what somebody does."""

    REST = "left as it is"
    RULE_OUT = "ruled out"
    ASK = "requested"
    MATCH = "released by itself"
    START = "started"
    RELEASE = "released"
    REFUSE = "refused"


LIFE_CYCLE: dict[tuple[Status, Act], Status] = {
    (Status.NOT_REQUESTED, Act.REST): Status.NOT_REQUESTED,
    (Status.NOT_REQUESTED, Act.RULE_OUT): Status.NOT_RUN,
    (Status.NOT_REQUESTED, Act.ASK): Status.REQUESTED,
    (Status.NOT_REQUESTED, Act.MATCH): Status.RELEASED,
    (Status.NOT_REQUESTED, Act.START): Status.NOT_REQUESTED,
    (Status.NOT_RUN, Act.REST): Status.NOT_REQUESTED,
    (Status.NOT_RUN, Act.RULE_OUT): Status.NOT_RUN,
    (Status.NOT_RUN, Act.ASK): Status.REQUESTED,
    (Status.NOT_RUN, Act.MATCH): Status.RELEASED,
    (Status.NOT_RUN, Act.START): Status.NOT_REQUESTED,
    (Status.REQUESTED, Act.REST): Status.NOT_REQUESTED,
    (Status.REQUESTED, Act.RULE_OUT): Status.NOT_RUN,
    (Status.REQUESTED, Act.ASK): Status.REQUESTED,
    (Status.REQUESTED, Act.MATCH): Status.RELEASED,
    (Status.REQUESTED, Act.RELEASE): Status.RELEASED,
    (Status.REQUESTED, Act.REFUSE): Status.REFUSED,
    (Status.RELEASED, Act.REST): Status.RELEASED,
    (Status.RELEASED, Act.RULE_OUT): Status.RELEASED,
    (Status.RELEASED, Act.ASK): Status.RELEASED,
    (Status.RELEASED, Act.MATCH): Status.RELEASED,
    (Status.REFUSED, Act.REST): Status.REFUSED,
    (Status.REFUSED, Act.RULE_OUT): Status.NOT_RUN,
    (Status.REFUSED, Act.ASK): Status.REFUSED,
    (Status.REFUSED, Act.MATCH): Status.REFUSED,
    (Status.REFUSED, Act.START): Status.NOT_REQUESTED,
}
"""Every move there is; what has no row is refused. After START the facts decide at once."""


def after(status: str, act: Act) -> Status:
    """The status after an act. Raises Refusal STATE_FORBIDS."""
    try:
        return LIFE_CYCLE[Status(status), act]
    except KeyError:
        raise Refusal(
            Code.STATE_FORBIDS, f"A transfer in status {status} cannot be {act}."
        ) from None


@dataclass(frozen=True, slots=True)
class TransferFacts:
    """What bears on a transfer."""

    applicant: dict[str, Any]
    previous_employer: str | None = None
    """The ODS code of the employer on ESR that would release the data."""
    is_started: bool = False
    """Whether the new employer is on Auto-IAT, or one of its ESR users has asked."""
    has_opted_in: bool = False
    """Whether the previous employer releases data without an approver."""
    record: dict[str, Any] | None = None
    """The `Person` as the previous employer's record has them; None where it has nobody who is this person."""

    @property
    def consent(self) -> bool | None:
        """The answer to the data-sharing question; None until it is given."""
        answer: bool | None = self.applicant.get("dataSharingConsent")
        return answer

    @property
    def differences(self) -> tuple[str, ...]:
        """What does not match of the items that must."""
        record = self.record
        if record is None:
            return ()
        return tuple(
            name for name, item in MATCHED.items() if item(record) != item(self.applicant["person"])
        )


MATCHED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "National Insurance number": lambda person: person.get("niNumber"),
    "date of birth": lambda person: person["dateOfBirth"],
    "last name": lambda person: person["lastName"].casefold(),
}
"""What must be the same on both sides, all of it, for a release without an approver."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason why an approver must decide."""

    applies: Callable[[TransferFacts], bool]
    text: Callable[[TransferFacts], str]
    source: str
    basis: str


APPROVER_REASONS: tuple[Reason, ...] = (
    Reason(
        lambda facts: not facts.has_opted_in,
        lambda _facts: "The previous employer has not opted in to automated transfers.",
        _LEAFLET,
        PUBLIC,
    ),
    Reason(
        lambda facts: facts.record is None,
        lambda _facts: "The previous employer has no employment that is known to be this person's.",
        _LEAFLET,
        MODELLED,
    ),
    Reason(
        lambda facts: bool(facts.differences),
        lambda facts: f"Not the same there: {', '.join(facts.differences)}.",
        _LEAFLET,
        PUBLIC,
    ),
)
"""Why data are not released without an approver; where no row applies, they are."""


def approver_reason(facts: TransferFacts) -> str | None:
    """Every reason why an approver must decide, as sentences; None where none has to."""
    return " ".join(row.text(facts) for row in APPROVER_REASONS if row.applies(facts)) or None


@dataclass(frozen=True, slots=True)
class Decision:
    """What facts lead to: the first row that applies counts."""

    applies: Callable[[TransferFacts], bool]
    act: Act
    reason: Callable[[TransferFacts], str | None]
    source: str
    basis: str


def _because(text: str | None) -> Callable[[TransferFacts], str | None]:
    return lambda _facts: text


_ACCEPTED = (ApplicantStatus.ACCEPTED, ApplicantStatus.HIRED)
_SETTLED = (Status.RELEASED, Status.REFUSED)
_MODES = {Act.MATCH: "AUTOMATIC", Act.ASK: "APPROVER"}

DECISIONS: tuple[Decision, ...] = (
    Decision(
        lambda facts: facts.consent is None,
        Act.REST,
        _because(None),
        _CONSENT,
        PUBLIC,
    ),
    Decision(
        lambda facts: facts.consent is False,
        Act.RULE_OUT,
        _because("The applicant does not agree that data are shared."),
        _CONSENT,
        PUBLIC,
    ),
    Decision(
        lambda facts: facts.applicant["status"] == ApplicantStatus.TERMINATED,
        Act.RULE_OUT,
        _because("The application ended before the data were released."),
        _PROGRAMME,
        MODELLED,
    ),
    Decision(
        lambda facts: facts.applicant["status"] not in _ACCEPTED,
        Act.REST,
        _because(None),
        _PROGRAMME,
        PUBLIC,
    ),
    Decision(
        lambda facts: bool(facts.applicant.get("internalCandidate")),
        Act.RULE_OUT,
        _because("An internal candidate stays with the employer, who has the record already."),
        _PROGRAMME,
        MODELLED,
    ),
    Decision(
        lambda facts: "niNumber" not in facts.applicant["person"],
        Act.RULE_OUT,
        _because("There is no National Insurance number, without which no transfer can be run."),
        _NI_NUMBER,
        PUBLIC,
    ),
    Decision(
        lambda facts: facts.previous_employer is None,
        Act.RULE_OUT,
        _because("No previous employer on ESR is known."),
        _PROGRAMME,
        MODELLED,
    ),
    Decision(
        lambda facts: not facts.is_started,
        Act.REST,
        _because("The employer is not on Auto-IAT; somebody there must start the transfer."),
        _CONSENT,
        MODELLED,
    ),
    Decision(
        lambda facts: approver_reason(facts) is None,
        Act.MATCH,
        _because(None),
        _LEAFLET,
        PUBLIC,
    ),
    Decision(
        lambda _facts: True,
        Act.ASK,
        approver_reason,
        _LEAFLET,
        PUBLIC,
    ),
)


def decide(facts: TransferFacts) -> Decision:
    """What the facts lead to."""
    return next(row for row in DECISIONS if row.applies(facts))


def needs_records(applicant: dict[str, Any]) -> bool:
    """Whether what follows depends on more than the applicant: on employers and employments."""
    somewhere = TransferFacts(applicant, previous_employer="known")
    return decide(somewhere) is not decide(TransferFacts(applicant))


def initial_transfer(applicant: dict[str, Any]) -> dict[str, Any]:
    """The `InterAuthorityTransfer` as it follows from the applicant alone: no previous employer on ESR is known."""
    return reconsidered(_unrequested(applicant), TransferFacts(applicant), applicant["updatedAt"])


def reopened(held: dict[str, Any]) -> dict[str, Any]:
    """The transfer that an ESR user starts, before the facts have decided. Raises Refusal STATE_FORBIDS."""
    return {**_unrequested(held), "status": after(held["status"], Act.START)}


def reconsidered(held: dict[str, Any], facts: TransferFacts, moment: str) -> dict[str, Any]:
    """The transfer as the facts make it; `held` itself where they change nothing."""
    decision = decide(facts)
    status = after(held["status"], decision.act)
    if status == held["status"] and status in _SETTLED:
        transfer = {name: value for name, value in held.items() if name != "consent"}
    else:
        transfer = {**_unrequested(held), "status": status} | _terms(held, facts, decision, moment)
    if facts.consent is not None:
        transfer["consent"] = facts.consent
    return held if transfer == held else {**transfer, "updatedAt": moment}


def _unrequested(of: dict[str, Any]) -> dict[str, Any]:
    return {
        "applicantNumber": of["applicantNumber"],
        "status": Status.NOT_REQUESTED,
        "updatedAt": of["updatedAt"],
    }


def _terms(
    held: dict[str, Any], facts: TransferFacts, decision: Decision, moment: str
) -> dict[str, Any]:
    terms: dict[str, Any] = {}
    reason = decision.reason(facts)
    if reason:
        terms["reason"] = reason
    if facts.previous_employer and decision.act is not Act.RULE_OUT:
        terms["previousEmployer"] = facts.previous_employer
    if decision.act in _MODES:
        terms["mode"] = _MODES[decision.act]
        terms["requestedAt"] = held.get("requestedAt", moment)
    return terms


def refused(held: dict[str, Any], reason: str | None, moment: str) -> dict[str, Any]:
    """The transfer after the previous employer's no. Raises Refusal STATE_FORBIDS."""
    return {
        **held,
        "status": after(held["status"], Act.REFUSE),
        "reason": reason or "The previous employer refused, and gave no reason.",
        "updatedAt": moment,
    }


def approved(held: dict[str, Any], moment: str) -> dict[str, Any]:
    """The transfer after the previous employer's yes, still without the data. Raises Refusal STATE_FORBIDS."""
    transfer = {
        **held,
        "status": after(held["status"], Act.RELEASE),
        "updatedAt": moment,
    }
    del transfer["reason"]
    return transfer


def event_data(transfer: dict[str, Any]) -> dict[str, Any]:
    """What an event says of a transfer: everything but the data themselves, which are read."""
    return {name: value for name, value in transfer.items() if name != "portableData"}


def is_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two transfers say the same, whenever they came to it."""
    return {**one, "updatedAt": None} == {**other, "updatedAt": None}
