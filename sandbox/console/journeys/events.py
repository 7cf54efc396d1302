"""What ESR announced, as steps: what happened there, and each attempt to tell somebody of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from sandbox.console.journeys.exchanges import is_delivery
from sandbox.console.journeys.facts import Document, Exchange, Facts, Sending
from sandbox.console.journeys.step import Lane, Place, Result, Step
from sandbox.console.journeys.wording import (
    PARTIES,
    answered,
    check,
    check_says,
    day,
    moment,
    sentence,
    spoken,
    status_of,
)
from sandbox.console.words import last_answer

_DELIVERY = "esr-event"
_ANNOUNCED, _TAKEN_OVER, _ENDED = 1, 2, 3
"""Ranks: what stands after the same exchange, in this order."""
_TRANSFERS = {
    "NOT_REQUESTED": "The inter-authority transfer rests.",
    "NOT_RUN": "The inter-authority transfer is not run.",
    "REQUESTED": "The inter-authority transfer is requested; an approver at the previous employer decides.",
    "RELEASED": "The inter-authority transfer is done: the data are released.",
    "REFUSED": "The previous employer refused the inter-authority transfer.",
}


def steps_of_events(facts: Facts) -> Iterator[Step]:
    """What happened in ESR, each with the event that told of it."""
    places = places_of_events(facts)
    before: Document = {}
    for event in facts.events:
        data = event["data"]
        notes = [f"Announced as event {int(event['sequence'])}, {event['type']}."]
        if not _receivers_of(facts, event):
            notes.append("Nobody subscribes to it: it stands in the feed of events alone.")
        yield Step(
            places[event["id"]],
            Lane.ESR,
            said_by(facts, event, before),
            event["time"],
            notes=tuple(notes),
        )
        if event["type"].startswith("applicant."):
            before = data


def steps_of_deliveries(facts: Facts) -> Iterator[Step]:
    """Each attempt to deliver an event, what came of it and what follows, and what was given up or is no longer wanted."""
    events = {event["id"]: event for event in facts.events}
    for (event_id, url), attempts in _attempts(facts).items():
        event = events.get(event_id)
        sending = _sending(facts, event_id, url)
        for place, exchange in enumerate(attempts, 1):
            follows = attempts[place] if place < len(attempts) else None
            yield _attempt(facts, event, exchange, place, follows, sending)
            if event and exchange.is_done and facts.receiver_of(url) == "NHS Jobs":
                yield from _at_nhs_jobs(facts, event, exchange)
    yield from _ends(facts, events)


def places_of_events(facts: Facts) -> dict[str, Place]:
    """By id, where each event stands in the journal's order: after what caused it, before it was first delivered.

    Where no cause is known (a regulator's answer, something that was due) the world's time decides.
    """
    first = {
        event_id: min(each.number for each in attempts)
        for event_id, attempts in _by_event(facts).items()
    }
    places: dict[str, Place] = {}
    at, rank = 0, _ANNOUNCED
    for event in facts.events:
        cause = _cause(facts, event)
        end = first.get(event["id"])
        after = cause or last_before(facts.exchanges, event["time"], end)
        after = max(after, at)
        rank = rank + 10 if after == at else _ANNOUNCED
        at = after
        places[event["id"]] = Place(after, rank)
    return places


def last_before(exchanges: Iterable[Exchange], world: str, end: int | None = None) -> int:
    """The number of the last exchange that had been by a moment of the world, of those before number `end`."""
    found = [
        each.number
        for each in exchanges
        if each.world <= world and (end is None or each.number < end)
    ]
    return max(found, default=0)


def said_by(facts: Facts, event: Document, before: Document) -> str:
    """What an event tells, in a sentence; `before` is what the event about the applicant before said."""
    kind, data = str(event["type"]), event["data"]
    if kind.startswith("employment-check."):
        by = PARTIES.get(str(data.get("updatedBy")), "somebody")
        begun = "begun" if kind.endswith("started") else "changed"
        name = check(str(data.get("checkType", "")))
        return f"The {name} is {begun} by {by}: {check_says(data)} (version {data.get('version')})."
    if kind.startswith("inter-authority-transfer."):
        says = _TRANSFERS.get(str(data.get("status")), "The inter-authority transfer changed.")
        return f"{says} {sentence(data['reason'])}" if data.get("reason") else says
    return _APPLICANT.get(kind, _changed)(facts, data, before)


def _hired(_facts: Facts, data: Document, _before: Document) -> str:
    return f"ESR hired the applicant, with effect from {day(data.get('hiredDate'))}."


def _moved(_facts: Facts, data: Document, _before: Document) -> str:
    return f"ESR moved the employee to the new position, from {day(data.get('hiredDate'))}."


def _withdrawn(facts: Facts, _data: Document, _before: Document) -> str:
    withdrawal = (facts.applicant or {}).get("withdrawal") or {}
    reason = withdrawal.get("reason")
    return f"The application has ended{f': {spoken(str(reason))}' if reason else ''}."


def _accepted(_facts: Facts, _data: Document, _before: Document) -> str:
    return "ESR knows that the offer is accepted."


def _identified(_facts: Facts, data: Document, _before: Document) -> str:
    return f"ESR has said who the applicant is; the status is now {status_of(data)}."


def _changed(facts: Facts, data: Document, before: Document) -> str:
    known = before or _as_sent(facts)
    start, was = data.get("startDate"), known.get("startDate")
    if was and start != was:
        return f"The start date is now {day(start)}; it was {day(was)}."
    if data.get("status") == "ACTIVE_APPLICATION":
        return "Somebody at ESR has to say who the applicant is: the application is under review."
    return f"The applicant is changed in ESR (version {data.get('version')})."


_APPLICANT = {
    "applicant.hired": _hired,
    "applicant.moved": _moved,
    "applicant.withdrawn": _withdrawn,
    "applicant.accepted": _accepted,
    "applicant.identified": _identified,
}


def _as_sent(facts: Facts) -> Document:
    for exchange in facts.exchanges:
        if exchange.operation == "submit_applicant" and exchange.is_done:
            return exchange.request or {}
    return {}


def _cause(facts: Facts, event: Document) -> int | None:
    """The number of the exchange that made what the event tells of: its answer has the same version."""
    data = event["data"]
    version = data.get("version")
    if version is None:
        return None
    for exchange in facts.exchanges:
        answer = exchange.answer
        if answer is None or not exchange.is_done or not _changes_esr(exchange):
            continue
        same = answer.get("version") == version
        if same and answer.get("checkType") == data.get("checkType"):
            return exchange.number
    return None


def _changes_esr(exchange: Exchange) -> bool:
    is_read = exchange.operation.startswith(("read_", "list_")) or not exchange.operation
    is_esrs = exchange.system == "esr" or "/esr/" in exchange.path
    return is_esrs and not exchange.is_out and not is_read


def _by_event(facts: Facts) -> dict[str, list[Exchange]]:
    found: dict[str, list[Exchange]] = defaultdict(list)
    for (event_id, _), attempts in _attempts(facts).items():
        found[event_id] += attempts
    return found


def _attempts(facts: Facts) -> dict[tuple[str, str], list[Exchange]]:
    """By (id of the event, address): the attempts to deliver it, in their order."""
    by_digest = {each.digest: each.reference for each in facts.sendings if each.kind == _DELIVERY}
    found: dict[tuple[str, str], list[Exchange]] = defaultdict(list)
    for exchange in facts.exchanges:
        if not is_delivery(exchange):
            continue
        # Where the journal keeps no bodies, the digest of what was sent is that of what was to be sent.
        event_id = (exchange.request or {}).get("id") or by_digest.get(exchange.digest)
        if event_id:
            found[str(event_id), exchange.path].append(exchange)
    return found


def _sending(facts: Facts, event_id: str, url: str) -> Sending | None:
    for each in facts.sendings:
        if each.reference == event_id and each.url.partition("?")[0] == url:
            return each
    return None


def _attempt(
    facts: Facts,
    event: Document | None,
    exchange: Exchange,
    place: int,
    follows: Exchange | None,
    sending: Sending | None,
) -> Step:
    kind = event["type"] if event else (exchange.request or {}).get("type", "an event")
    receiver = facts.receiver_of(exchange.path)
    says = (
        f"ESR sent {kind} to {receiver}, attempt {place}. The receiver {answered(exchange.status)}."
    )
    notes = []
    if not exchange.is_done:
        if follows is not None:
            notes.append(f"The next attempt was at {moment(follows.world)}, world time.")
        elif sending is not None and sending.state == "WAITING":
            notes.append(f"The next attempt is due at {moment(sending.due_at)}, world time.")
        if not exchange.status and sending is not None:
            notes.append(f"Why: {sentence(sending.last_answer.partition(' ')[2])}")
    return Step(
        Place(exchange.number),
        Lane.BETWEEN,
        says,
        exchange.world,
        exchange.wall,
        tuple(notes),
        Result.DONE if exchange.is_done else Result.FAILED,
        exchange.number,
    )


def _at_nhs_jobs(facts: Facts, event: Document, exchange: Exchange) -> Iterator[Step]:
    receipt = facts.receipts.get(event["id"])
    if receipt == "HELD":
        says = "NHS Jobs keeps the event until what it is about is known there."
        result = Result.WAITING
    elif receipt == "APPLIED" and (deed := _deed(event)):
        says, result = deed, Result.DONE
    else:
        return
    yield Step(
        Place(exchange.number, _TAKEN_OVER), Lane.SUPPLIER, says, exchange.world, result=result
    )


def _deed(event: Document) -> str | None:
    kind, data = event["type"], event["data"]
    if kind in ("applicant.hired", "applicant.moved"):
        return "NHS Jobs marks the application as hired."
    if kind == "applicant.withdrawn":
        return "NHS Jobs marks the application as withdrawn."
    if kind == "applicant.amended":
        return f"NHS Jobs has the start date {day(data.get('startDate'))}."
    if kind.startswith("employment-check.") and data.get("updatedBy") != "SUPPLIER":
        name = check(str(data.get("checkType", "")))
        return f"NHS Jobs takes over the {name}: {check_says(data)}."
    return None


def _ends(facts: Facts, events: dict[str, Document]) -> Iterator[Step]:
    last = max((each.number for each in facts.exchanges), default=0)
    tried = _attempts(facts)
    for sending in facts.sendings:
        if sending.kind != _DELIVERY or sending.state == "DONE":
            continue
        kind = events.get(sending.reference, sending.body).get("type", "an event")
        url = sending.url.partition("?")[0]
        receiver = facts.receiver_of(url)
        attempts = tried.get((sending.reference, url), [])
        after = attempts[-1].number if attempts else last
        if sending.state == "WAITING":
            says = f"ESR is to send {kind} to {receiver}: attempt {sending.attempts + 1}."
            yield Step(
                Place(last + 1, _ENDED),
                Lane.BETWEEN,
                says,
                sending.due_at,
                result=Result.WAITING,
                is_ahead=True,
            )
        elif sending.state == "DEAD":
            says = (
                f"ESR gave {kind} for {receiver} up after {sending.attempts} attempts: a dead letter, which can be "
                "sent again."
            )
            yield Step(
                Place(after, _ENDED),
                Lane.BETWEEN,
                says,
                sending.due_at,
                notes=(f"The last answer: {sentence(last_answer(sending.last_answer))}",),
                result=Result.GIVEN_UP,
            )
        else:
            says = f"{kind} for {receiver} is no longer sent: the subscription has ended, or may not have it."
            yield Step(Place(after, _ENDED), Lane.BETWEEN, says, "", result=Result.DROPPED)


def _receivers_of(facts: Facts, event: Document) -> list[Sending]:
    return [each for each in facts.sendings if each.reference == event["id"]]
