"""What the two systems' own rows tell, as steps: the advert, the application, the offer, the vacancy, and files."""

from collections.abc import Iterator

from sandbox.console.journeys.events import last_before
from sandbox.console.journeys.exchanges import PUSH, messages
from sandbox.console.journeys.facts import Application, Document, Exchange, Facts
from sandbox.console.journeys.step import Lane, Place, Result, Step
from sandbox.console.journeys.wording import STATUSES, check, day, sentence, spoken, yes_no

_OFFER_ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined"}
_ACTS = {
    "POSTED": "publish_advert",
    "APPLIED": "apply_for_advert",
    "OFFERED": "make_offer",
    "ANSWERED": "answer_offer",
}
_ROWS = {
    "APA": "an applicant",
    "APU": "a change of the applicant",
    "APD": "a withdrawal",
    "ECA": "an employment check",
}


def steps_of_rows(facts: Facts) -> Iterator[Step]:
    """All that stands in rows and in no exchange or event."""
    before = _Before(facts)
    yield from _vacancy(facts)
    if facts.application is not None:
        yield from _application(facts, facts.application, before)
    elif facts.applicant is not None:
        yield from _as_told(facts.applicant)
    if facts.applicant is not None:
        yield _taken(facts, facts.applicant)
    yield from _files(facts)


class _Before:
    """Places for what came before the applicant was sent, one after another."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._end = submission_of(facts)
        self._at, self._rank = 0, 10

    def place(self, world: str) -> Place:
        """The place of the next such step, at a moment of the world, or right after the one before."""
        if world:
            end = self._end.number if self._end else None
            self._at = max(self._at, last_before(self._facts.exchanges, world, end))
        self._rank += 1
        return Place(self._at, self._rank)


def submission_of(facts: Facts) -> Exchange | None:
    """The exchange with which the applicant was first sent."""
    return _exchange(facts, "submit_applicant")


def _exchange(facts: Facts, operation: str) -> Exchange | None:
    return next((each for each in facts.exchanges if each.operation == operation), None)


def _vacancy(facts: Facts) -> Iterator[Step]:
    vacancy = facts.vacancy
    if vacancy is None:
        return
    created = vacancy.get("createdAt", "")
    made = _exchange(facts, "create_vacancy")
    place = Place(made.number, 1) if made else Place(0, 2)
    says = f"ESR has the vacancy {vacancy['vacancyReference']}, {vacancy['title']}."
    yield Step(place, Lane.ESR, says, created)


def _application(facts: Facts, held: Application, before: _Before) -> Iterator[Step]:
    advert, application, offer = held.advert, held.document, held.offer
    told = {each.operation for each in facts.exchanges if each.is_done}

    def step(act: str, says: str, world: str) -> Iterator[Step]:
        # Where the journal has the recruiter's or the candidate's act itself, that tells it.
        if _ACTS.get(act) not in told:
            # Of an offer the day alone is known.
            yield Step(before.place(world if "T" in world else ""), Lane.SUPPLIER, says, world)

    if advert is not None:
        came = "came from ESR" if advert["origin"] == "ESR" else "was pushed by a supplier"
        says = f"The advert {advert['reference']}, {advert['title']}, {came}."
        pushed = _exchange(facts, PUSH)
        yield Step(
            Place(pushed.number if pushed else 0, 1),
            Lane.SUPPLIER,
            says,
            advert["createdAt"],
            pushed.wall if pushed else "",
            exchange=pushed.number if pushed else None,
        )
        if "postDate" in advert:
            yield from step("POSTED", "The advert was published.", advert["postDate"])
        if held.vacancy_problem:
            says = f"ESR made no vacancy for the advert: {sentence(held.vacancy_problem)}"
            place = before.place("")
            yield Step(place, Lane.BETWEEN, says, "", result=Result.REFUSED)
    number = application["applicationId"]
    says = f"The candidate applied: application {number}, {application['reference']}."
    yield from step("APPLIED", says, application["appliedAt"])
    if offer is not None:
        says = f"The post was offered, to start on {day(offer['startDate'])}."
        yield from step("OFFERED", says, offer["offerDate"])
        if "answeredAt" in offer:
            answer = _OFFER_ANSWERS.get(offer["status"], spoken(offer["status"]))
            says = f"The candidate {answer} the offer."
            if "dataSharingConsent" in offer:
                says += (
                    f" Sharing data with the new employer: {yes_no(offer['dataSharingConsent'])}."
                )
            yield from step("ANSWERED", says, offer["answeredAt"])
    last = max((each.number for each in facts.exchanges), default=0)
    if held.waiting:
        says = f"NHS Jobs keeps {held.waiting} update(s) of checks until ESR has given the applicant a number."
        yield Step(Place(last + 1), Lane.SUPPLIER, says, "", result=Result.WAITING, is_ahead=True)
    for item in held.checks:
        if item["sentToEsr"] == "REFUSED":
            problem = item.get("problem") or {}
            says = f"NHS Jobs knows that ESR did not take the {check(item['checkType'])}."
            yield Step(
                Place(last_before(facts.exchanges, item["updatedAt"]), 5),
                Lane.SUPPLIER,
                says,
                item["updatedAt"],
                notes=(sentence(str(problem.get("detail", ""))),) if problem.get("detail") else (),
                result=Result.REFUSED,
            )


def _as_told(applicant: Document) -> Iterator[Step]:
    """What a recruitment system said of its own side, in days."""
    says = "The post was offered, as the recruitment system says."
    yield Step(Place(0, 11), Lane.SUPPLIER, says, applicant["offerDate"])
    accepted = applicant.get("offerAcceptedDate")
    if accepted and accepted <= applicant["submittedAt"][:10]:
        says = "The candidate accepted the offer, as the recruitment system says."
        yield Step(Place(0, 12), Lane.SUPPLIER, says, accepted)


def _taken(facts: Facts, applicant: Document) -> Step:
    world = applicant["submittedAt"]
    sent = submission_of_taken(facts)
    place = (
        Place(sent.number, 1)
        if sent
        else Place(last_before(facts.exchanges, world, _first(facts)), 6)
    )
    match = applicant.get("match") or {}
    notes = []
    if match.get("result"):
        notes.append(f"Who it is: {spoken(str(match['result']))} (person {applicant['personId']}).")
    under_review = "applicant.identified" in {event["type"] for event in facts.events} or (
        applicant["status"] == "ACTIVE_APPLICATION"
    )
    status = "ACTIVE_APPLICATION" if under_review else None
    says = f"ESR took the applicant as number {applicant['applicantNumber']}."
    if status:
        says += f" The applicant is {STATUSES[status]}."
    return Step(place, Lane.ESR, says, world, notes=tuple(notes), result=Result.DONE)


def _first(facts: Facts) -> int | None:
    """The number of the first exchange that is about an applicant who is there."""
    return next((each.number for each in facts.exchanges if "/applicants/" in each.path), None)


def submission_of_taken(facts: Facts) -> Exchange | None:
    """The exchange with which ESR took the applicant; None where a file brought it."""
    for exchange in facts.exchanges:
        if exchange.operation == "submit_applicant" and exchange.is_done and not exchange.is_out:
            return exchange
    return None


def _files(facts: Facts) -> Iterator[Step]:
    for row in facts.rows:
        outcome = row.outcome
        what = _ROWS.get(outcome.get("rowCode", ""), f"row {outcome.get('rowCode', '')}")
        taken = outcome.get("loadStatusCode") == "SUCCESS"
        warned = any(item.get("messageType") == "WARNING" for item in outcome.get("messages", []))
        result = Result.REFUSED if not taken else Result.WARNED if warned else Result.DONE
        # The moment is that of the file: its rows are loaded one after another with the hourly run.
        yield Step(
            Place(last_before(facts.exchanges, row.noted_at), 4),
            Lane.BETWEEN,
            f"The recruitment system sent {what} in row {outcome.get('ordinal')} of the file {row.file_name}. "
            f"ESR {'took' if taken else 'did not take'} it.",
            row.noted_at,
            notes=tuple(messages(outcome)),
            result=result,
        )
