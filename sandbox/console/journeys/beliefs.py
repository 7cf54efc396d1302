"""What each side believes of an applicant, where they differ and why; and who has been told of what."""

from dataclasses import dataclass, field

from sandbox.console.journeys.exchanges import is_delivery
from sandbox.console.journeys.facts import Document, Exchange, Facts, Sending
from sandbox.console.journeys.wording import (
    CHECKS,
    application_status_of,
    check,
    check_says,
    day,
    moment,
    status_of,
    yes_no,
)

_SAME_STATUS = {
    "ACTIVE_APPLICATION": "SENT_TO_ESR",
    "OFFER": "SENT_TO_ESR",
    "ACCEPTED": "SENT_TO_ESR",
    "HIRED": "HIRED",
    "TERMINATED": "WITHDRAWN",
}
"""Status of ESR's applicant → that of NHS Jobs' application which means the same."""
_NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Belief:
    """One thing as both sides have it."""

    about: str
    esr: str
    other: str
    differs: str = ""
    """Where they differ: that they do, and why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Told:
    """How far a receiver has been told of the applicant."""

    receiver: str
    events: int
    """How many events there were for it."""
    delivered: int
    waits: list[str] = field(default_factory=list)
    """What waits, with when the next attempt is due."""
    given_up: list[str] = field(default_factory=list)


def beliefs_of(facts: Facts) -> list[Belief]:
    """The facts side by side; empty where ESR has no such applicant and NHS Jobs no application."""
    if facts.application is not None:
        return _with_nhs_jobs(facts)
    return _with_supplier(facts) if facts.applicant is not None else []


def told_to(facts: Facts) -> list[Told]:
    """Who has been told, by receiver."""
    types = {event["id"]: event["type"] for event in facts.events}
    found: dict[str, list[Sending]] = {}
    for sending in facts.sendings:
        if sending.reference in types:
            found.setdefault(sending.receiver, []).append(sending)
    told = []
    for sendings in found.values():
        name = facts.receiver_of(sendings[0].url)
        told.append(
            Told(
                name,
                len(sendings),
                sum(each.state == "DONE" for each in sendings),
                [
                    f"{types[each.reference]}, next attempt {moment(each.due_at)}, world time"
                    for each in sendings
                    if each.state == "WAITING"
                ],
                [types[each.reference] for each in sendings if each.state == "DEAD"],
            )
        )
    return told


def _with_nhs_jobs(facts: Facts) -> list[Belief]:
    held = facts.application
    assert held is not None
    applicant, offer = facts.applicant or {}, held.offer or {}
    esr_status, other_status = applicant.get("status"), held.document["status"]
    differs = ""
    if esr_status is None:
        differs = _not_in_esr(facts, other_status)
    elif _SAME_STATUS.get(esr_status) != other_status:
        differs = _why(facts, _STATUS_EVENTS)
    found = [
        Belief(
            "Status",
            status_of(applicant) if esr_status else "no such applicant",
            application_status_of(held.document),
            differs,
        ),
        _belief(
            facts,
            "Applicant number",
            applicant.get("applicantNumber"),
            (held.document.get("esr") or {}).get("applicantNumber"),
            ("applicant.",),
        ),
        _belief(
            facts,
            "Start date",
            day(applicant.get("startDate")),
            day(offer.get("startDate")),
            ("applicant.amended",),
        ),
    ]
    if applicant:
        found.append(
            _belief(
                facts,
                "Sharing data with the new employer",
                yes_no(applicant.get("dataSharingConsent")),
                yes_no(offer.get("dataSharingConsent")),
                ("applicant.amended",),
            )
        )
    theirs = {item["checkType"]: item for item in held.checks}
    return found + _checks(facts, theirs)


def _not_in_esr(facts: Facts, status: str) -> str:
    if status != "OFFER_ACCEPTED":
        return ""
    waiting = [each for each in facts.sendings if each.kind == "nhs-jobs-applicant"]
    if waiting and waiting[0].state == "WAITING":
        due = moment(waiting[0].due_at)
        return f"The applicant has not reached ESR: next attempt {due}, wall time."
    return "The applicant has not been sent: ESR has no vacancy for the advert yet."


def _checks(facts: Facts, theirs: dict[str, Document]) -> list[Belief]:
    ours = {item["checkType"]: item for item in facts.checks}
    found = []
    for check_type in CHECKS:
        esr, other = ours.get(check_type), theirs.get(check_type)
        if esr is None and other is None:
            continue
        says = check_says(esr) if esr else "not begun"
        their = check_says(other) if other else "not begun"
        differs = ""
        if says != their:
            differs = _why_check(facts, check_type, other)
        found.append(
            Belief(check(check_type).capitalize().replace("Dbs", "DBS"), says, their, differs)
        )
    return found


def _why_check(facts: Facts, check_type: str, theirs: Document | None) -> str:
    sent = (theirs or {}).get("sentToEsr")
    if sent == "REFUSED":
        return "They differ: ESR refused what NHS Jobs sent last."
    if sent == "PENDING":
        return "They differ: what NHS Jobs sent last has not been answered yet."
    return _why(facts, ("employment-check.",), check_type)


def _with_supplier(facts: Facts) -> list[Belief]:
    applicant = facts.applicant
    assert applicant is not None
    known = _known_to_supplier(facts)
    if not known.applicant and not known.checks:
        return []
    theirs = known.applicant
    status = theirs.get("status")
    found = [
        Belief(
            "Status",
            status_of(applicant),
            status_of(theirs) if status else "sent; not told of a status",
            _why(facts, _STATUS_EVENTS) if status not in (None, applicant["status"]) else "",
        ),
        _belief(
            facts,
            "Start date",
            day(applicant["startDate"]),
            day(theirs.get("startDate")),
            ("applicant.amended",),
        ),
    ]
    if applicant.get("hiredDate"):
        mine, their = day(applicant["hiredDate"]), day(theirs.get("hiredDate")) or _NOT_KNOWN
        differs = "" if mine == their else _why(facts, _STATUS_EVENTS)
        found.append(Belief("Hired from", mine, their, differs))
    return found + _checks(facts, known.checks)


@dataclass(slots=True)
class _Known:
    """What a recruitment system sent and was told last, of versions the highest."""

    applicant: Document = field(default_factory=dict)
    checks: dict[str, Document] = field(default_factory=dict)

    def learn(self, told: Document) -> None:
        if "checkType" in told:
            held = self.checks.get(told["checkType"], {})
            if told.get("version", 0) >= held.get("version", 0):
                self.checks[told["checkType"]] = told
        elif told.get("version", 0) >= self.applicant.get("version", 0):
            self.applicant = {**self.applicant, **told}


def _known_to_supplier(facts: Facts) -> _Known:
    known = _Known()
    for row in facts.rows:
        if row.outcome.get("rowCode") == "APA" and row.outcome.get("loadStatusCode") == "SUCCESS":
            known.learn({"applicantNumber": row.outcome.get("applicantNumber")})
    for exchange in facts.exchanges:
        if not exchange.is_done or exchange.system != "esr":
            continue
        for told in _told_in(facts, exchange):
            known.learn(told)
    return known


def _told_in(facts: Facts, exchange: Exchange) -> list[Document]:
    """What the recruitment system learns of the applicant by one exchange."""
    answer, request = exchange.answer or {}, exchange.request or {}
    number = (facts.applicant or {}).get("applicantNumber")
    if is_delivery(exchange):
        is_its_own = facts.receiver_of(exchange.path) != "NHS Jobs"
        return [request["data"]] if is_its_own and isinstance(request.get("data"), dict) else []
    if exchange.operation == "submit_applicant":
        names = ("startDate", "dataSharingConsent", "supplierReference")
        return [{name: request[name] for name in names if name in request}]
    if exchange.operation == "list_events":
        events = answer.get("events", [])
        return [each["data"] for each in events if each["data"].get("applicantNumber") == number]
    if exchange.operation == "list_employment_checks":
        return list(answer.get("employmentChecks", []))
    if exchange.operation == "list_applicants":
        return [
            each for each in answer.get("applicants", []) if each.get("applicantNumber") == number
        ]
    return [answer] if isinstance(answer.get("version"), int) else []


_STATUS_EVENTS = (
    "applicant.hired",
    "applicant.moved",
    "applicant.withdrawn",
    "applicant.accepted",
    "applicant.identified",
)


def _belief(facts: Facts, about: str, esr: object, other: object, kinds: tuple[str, ...]) -> Belief:
    mine, their = str(esr or _NOT_KNOWN), str(other or _NOT_KNOWN)
    return Belief(about, mine, their, "" if mine == their else _why(facts, kinds))


def _why(facts: Facts, kinds: tuple[str, ...], check_type: str = "") -> str:
    """Why the other side does not know: the event that would tell it, and where that is."""
    is_nhs_jobs = facts.application is not None
    for event in reversed(facts.events):
        if not event["type"].startswith(kinds):
            continue
        if check_type and event["data"].get("checkType") != check_type:
            continue
        for sending in facts.sendings:
            receiver = facts.receivers.get(sending.receiver)
            if sending.reference != event["id"] or receiver is None:
                continue
            if receiver.is_nhs_jobs == is_nhs_jobs:
                return _where(facts, event, sending)
        return f"They differ: {event['type']} is in the feed of events and was delivered to nobody on that side."
    return "They differ."


def _where(facts: Facts, event: Document, sending: Sending) -> str:
    kind = event["type"]
    if sending.state == "WAITING":
        return f"They differ: {kind} has not arrived. Next attempt {moment(sending.due_at)}, world time."
    if sending.state == "DEAD":
        return f"They differ: {kind} was given up after {sending.attempts} attempts. It can be sent again."
    if sending.state == "DROPPED":
        return f"They differ: {kind} is no longer sent."
    if facts.receipts.get(event["id"]) == "HELD":
        return f"They differ: {kind} has arrived and is kept until what it is about is known."
    return f"They differ, though {kind} was delivered."
