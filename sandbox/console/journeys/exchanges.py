"""What was said over HTTP, as steps: calls of ESR, calls of the control API and of NHS Jobs, and reads of the feed."""

from collections import Counter
from collections.abc import Callable, Iterator

from sandbox.console.journeys.facts import Document, Exchange, Facts
from sandbox.console.journeys.step import Lane, Place, Result, Step
from sandbox.console.journeys.wording import (
    answered,
    check,
    check_says,
    day,
    fields,
    sentence,
    spoken,
)

RECEIVE = "receive_event"
PUSH = "push_advert"
"""Told with the advert itself."""
_READS = {
    "read_applicant": "read the applicant",
    "list_applicants": "read the list of applicants",
    "list_employment_checks": "read the checks",
    "read_employment_check": "read a check",
    "read_inter_authority_transfer": "read the transfer",
    "list_events": "read the feed of events, and was told of this applicant",
    "read_application": "read the application",
    "read_offer": "read the offer",
    "list_pre_employment_checks": "read the checks",
}


def steps_of_exchanges(facts: Facts) -> Iterator[Step]:
    """A step for each exchange that no delivery of an event tells of; reads that follow on each other are one."""
    seen: set[str] = set()
    reads: list[Exchange] = []
    for exchange in _told(facts):
        if exchange.operation in _READS and exchange.is_done:
            if reads and (reads[0].operation, reads[0].client) != (
                exchange.operation,
                exchange.client,
            ):
                yield _read(facts, reads)
                reads = []
            reads.append(exchange)
            continue
        if reads:
            yield _read(facts, reads)
            reads = []
        is_again = bool(exchange.request_id) and exchange.request_id in seen
        seen.add(exchange.request_id)
        yield _step(facts, exchange, is_again)
    if reads:
        yield _read(facts, reads)


def is_delivery(exchange: Exchange) -> bool:
    """Whether it is ESR's delivery of an event to a receiver."""
    return exchange.is_out and exchange.system == "esr"


def _told(facts: Facts) -> Iterator[Exchange]:
    """Without what is told twice: a call of NHS Jobs stands in the journal as sent and as received."""
    received = Counter(
        (each.request_id, each.status) for each in facts.exchanges if not each.is_out
    )
    delivers = any(is_delivery(each) for each in facts.exchanges)
    for exchange in facts.exchanges:
        if is_delivery(exchange) or exchange.operation == PUSH:
            continue
        if exchange.operation == RECEIVE and delivers:
            continue
        pair = (exchange.request_id, exchange.status)
        if exchange.is_out and exchange.request_id and received[pair]:
            received[pair] -= 1
            continue
        yield exchange


def _read(facts: Facts, reads: list[Exchange]) -> Step:
    first, last = reads[0], reads[-1]
    often = "" if len(reads) == 1 else f" {len(reads)} times, the last time"
    says = f"{_caller(facts, first)} {_READS[first.operation]}{often}."
    return Step(
        Place(last.number),
        Lane.SUPPLIER if first.system == "nhs-jobs" else Lane.BETWEEN,
        says,
        last.world,
        last.wall,
        result=Result.DONE,
        exchange=last.number,
    )


def _step(facts: Facts, exchange: Exchange, is_again: bool) -> Step:
    says = _SAYS.get(exchange.operation or _operation_sent(exchange), _anything)(facts, exchange)
    notes = []
    if is_again:
        notes.append("The request id had been used before.")
    notes += problems(exchange.answer) if not exchange.is_done else messages(exchange.answer)
    return Step(
        Place(exchange.number),
        _lane(exchange),
        f"{says} {_answerer(exchange)} {answered(exchange.status)}.",
        exchange.world,
        exchange.wall,
        tuple(notes),
        _result(exchange),
        exchange.number,
    )


def _lane(exchange: Exchange) -> Lane:
    if exchange.system == "control":
        return Lane.SUPPLIER if "/nhs-jobs/" in exchange.path else Lane.ESR
    return Lane.SUPPLIER if exchange.system == "nhs-jobs" and not exchange.is_out else Lane.BETWEEN


def _result(exchange: Exchange) -> Result:
    if exchange.is_done:
        kinds = {item.get("messageType") for item in said_in(exchange.answer)}
        return Result.WARNED if "WARNING" in kinds else Result.DONE
    return Result.REFUSED if 400 <= exchange.status < 500 else Result.FAILED


def _answerer(exchange: Exchange) -> str:
    if exchange.system == "control":
        return "The sandbox"
    return "NHS Jobs" if exchange.system == "nhs-jobs" and not exchange.is_out else "ESR"


def _caller(facts: Facts, exchange: Exchange) -> str:
    is_nhs_jobs = exchange.is_out or exchange.client == facts.nhs_jobs_client
    return "NHS Jobs" if is_nhs_jobs else "The recruitment system"


def said_in(answer: Document | None) -> list[Document]:
    """The messages of a confirmation, alone or within a problem."""
    document = answer or {}
    found = (document.get("confirmation") or document).get("messages") or []
    return [item for item in found if isinstance(item, dict)]


def messages(answer: Document | None) -> list[str]:
    """What ESR said of an applicant whom it took, message by message."""
    return [
        f"{str(item.get('messageType', '')).capitalize()} {item.get('messageCode')}: "
        f"{sentence(str(item.get('messageText', '')))}"
        for item in said_in(answer)
    ]


def problems(answer: Document | None) -> list[str]:
    """Why something was refused: each fault with its code and its place, or the sentence of the whole."""
    document = answer or {}
    if said_in(document):
        return messages(document)
    found = []
    for item in document.get("errors") or []:
        place = f" (at {item['pointer']})" if item.get("pointer") else ""
        code = f"{item['code']}: " if item.get("code") else ""
        found.append(f"{code}{sentence(str(item.get('detail', '')))}{place}")
    if not found and document.get("detail"):
        found.append(f"{document.get('code', 'Problem')}: {sentence(str(document['detail']))}")
    return found


def _check_type(exchange: Exchange) -> str:
    _, _, rest = exchange.path.partition("employment-checks/")
    return check(rest.partition("/")[0])


def _submitted(facts: Facts, exchange: Exchange) -> str:
    return f"{_caller(facts, exchange)} sent the applicant."


def _amended(facts: Facts, exchange: Exchange) -> str:
    patch = exchange.request
    what = f" ({fields(patch)})" if patch else ""
    return f"{_caller(facts, exchange)} changed the applicant{what}."


def _withdrew(facts: Facts, exchange: Exchange) -> str:
    reason = (exchange.request or {}).get("reason")
    why = f": {spoken(str(reason))}" if reason else ""
    return f"{_caller(facts, exchange)} withdrew the applicant{why}."


def _recorded(facts: Facts, exchange: Exchange) -> str:
    says = check_says(exchange.request or {})
    what = f" as {says}" if says else ""
    return f"{_caller(facts, exchange)} sent the {_check_type(exchange)}{what}."


def _vacancy(facts: Facts, exchange: Exchange) -> str:
    return f"{_caller(facts, exchange)} had ESR make a vacancy for the advert."


def _offered(_facts: Facts, exchange: Exchange) -> str:
    start = (exchange.request or {}).get("startDate")
    when = f", to start on {day(start)}" if isinstance(start, str) else ""
    return f"A recruiter offered the post{when}."


def _answered_offer(_facts: Facts, exchange: Exchange) -> str:
    sent = exchange.request or {}
    if sent.get("answer") == "DECLINE":
        return "The candidate declined the offer."
    consent = sent.get("dataSharingConsent")
    shares = "" if consent is None else f", and {'agreed' if consent else 'refused'} to share data"
    return f"The candidate accepted the offer{shares}."


def _recorded_in_nhs_jobs(_facts: Facts, exchange: Exchange) -> str:
    says = check_says(exchange.request or {})
    what = f" as {says}" if says else ""
    return f"A recruiter recorded the {_check_type(exchange)} in NHS Jobs{what}."


def _fixed(text: str) -> Callable[[Facts, Exchange], str]:
    return lambda _facts, _exchange: text


def _cleared(_facts: Facts, exchange: Exchange) -> str:
    result = (exchange.request or {}).get("result", "FIT")
    return f"Occupational health was made to answer: {spoken(str(result))}."


def _regulator(_facts: Facts, exchange: Exchange) -> str:
    answer = (exchange.request or {}).get("answer", "")
    return f"The regulator was made to answer: {spoken(str(answer))}."


def _decided(_facts: Facts, exchange: Exchange) -> str:
    decision = (exchange.request or {}).get("decision", "")
    return f"An ESR user was made to say who the applicant is: {spoken(str(decision))}."


def _transfer_decided(_facts: Facts, exchange: Exchange) -> str:
    decision = (exchange.request or {}).get("decision", "")
    return f"The previous employer was made to decide on the transfer: {spoken(str(decision))}."


def _checked(_facts: Facts, exchange: Exchange) -> str:
    says = check_says(exchange.request or {})
    return f"An ESR user was made to record the {_check_type(exchange)}{f' as {says}' if says else ''}."


def _operation_sent(exchange: Exchange) -> str:
    """Which operation of ESR NHS Jobs called, where ESR itself noted nothing: it was not reached, or is another's."""
    if not exchange.is_out:
        return ""
    for ending, operation in (
        ("/applicants", "submit_applicant"),
        ("/vacancies", "create_vacancy"),
    ):
        if exchange.path.endswith(ending):
            return operation
    return "record_employment_check" if "/employment-checks/" in exchange.path else ""


def _anything(facts: Facts, exchange: Exchange) -> str:
    what = spoken(exchange.operation) or f"{exchange.path}"
    return f"{_caller(facts, exchange)} asked for this: {what}."


_SAYS: dict[str, Callable[[Facts, Exchange], str]] = {
    "submit_applicant": _submitted,
    "amend_applicant": _amended,
    "withdraw_applicant": _withdrew,
    "record_employment_check": _recorded,
    "create_vacancy": _vacancy,
    "hire_applicant": _fixed("ESR was made to hire the applicant."),
    "clear_occupational_health": _cleared,
    "answer_registration_check": _regulator,
    "record_check_in_esr": _checked,
    "decide_match": _decided,
    "start_transfer": _fixed("A user at the new employer was made to ask for the transfer."),
    "decide_transfer": _transfer_decided,
    "apply_for_advert": _fixed("The candidate applied."),
    "publish_advert": _fixed("A recruiter published the advert."),
    "make_offer": _offered,
    "answer_offer": _answered_offer,
    "record_pre_employment_check": _recorded_in_nhs_jobs,
    RECEIVE: _fixed("An event about the applicant came to NHS Jobs."),
}
"""By operation: who did what. The rest of the sentence is the answer."""
