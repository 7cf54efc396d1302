"""Applications: sent by candidates, read by recruiters, passed to ESR once the offer is accepted, moved on by ESR."""

from dataclasses import replace
from typing import Any

from sandbox.errors import Code, Place, Refusal, not_found
from sandbox.nhsjobs.domain import applications as domain
from sandbox.nhsjobs.domain.adverts import Status as AdvertStatus
from sandbox.nhsjobs.domain.events import applicant_key, application_key
from sandbox.nhsjobs.service.adverts import read_advert
from sandbox.nhsjobs.service.employers import find_position
from sandbox.nhsjobs.service.esr import send_applicant
from sandbox.nhsjobs.store import applications as store
from sandbox.nhsjobs.store.applications import HeldApplication
from sandbox.nhsjobs.store.offers import find_offer
from sandbox.rules import refuse_broken
from sandbox.timestamps import to_text
from sandbox.web.call import Unit
from sandbox.web.cursor import page_of
from sandbox.workspaces.store import next_record

_FIRST_APPLICATION = 8_100_000
_BESIDE = ("recruitmentSource", "previousEmployer")


def apply_for_advert(unit: Unit, advert_id: int, sent: dict[str, Any]) -> dict[str, Any]:
    """A candidate applies for a published advert; answers the `Application`.

    Raises Refusal NOT_FOUND, STATE_FORBIDS, ALREADY_EXISTS, or what a row of APPLY_RULES says.
    """
    name = unit.workspace.name
    advert = read_advert(unit, advert_id)
    if advert["status"] != AdvertStatus.PUBLISHED:
        raise Refusal(
            Code.STATE_FORBIDS,
            f"Nobody can apply for advert {advert_id}; it is {advert['status']}.",
        )
    address = sent["candidate"]["emailAddress"]
    known = store.find_by_candidate(unit.connection, name, advert_id, address)
    if known is not None:
        raise Refusal(
            Code.ALREADY_EXISTS,
            f"The candidate has applied for advert {advert_id} already: application {known}.",
            places=(Place("body", "/candidate/emailAddress", f"is that of application {known}"),),
        )
    refuse_broken(domain.APPLY_RULES, domain.ApplyFacts(sent, advert))
    record, moment = next_record(unit.connection, name), to_text(unit.now)
    application = {
        "applicationId": _FIRST_APPLICATION + record,
        "advertId": advert_id,
        "reference": domain.reference(unit.today, record),
        "odsCode": advert["odsCode"],
        "status": domain.Status.APPLIED,
        "candidate": sent["candidate"],
        "registrations": sent.get("registrations", []),
        "internalCandidate": sent.get("internalCandidate", False),
        "appliedAt": moment,
        "updatedAt": moment,
    }
    beside = {item: sent[item] for item in _BESIDE if item in sent}
    store.insert_application(unit.connection, name, application, beside)
    return application


def list_applications(
    unit: Unit, after: int, limit: int, **filters: str | int | None
) -> dict[str, Any]:
    """A page of `Application` in the order of making."""
    rows = store.list_applications(
        unit.connection, unit.workspace.name, after, limit + 1, **filters
    )
    return page_of("applications", rows, limit)


def read_application(
    unit: Unit, application_id: int, ods_code: str | None = None
) -> dict[str, Any]:
    """The `Application`. Raises Refusal NOT_FOUND when unknown or not the employer's."""
    return held_application(unit, application_id, ods_code).document


def held_application(
    unit: Unit, application_id: int, ods_code: str | None = None
) -> HeldApplication:
    """The application with what is kept beside it. Raises Refusal NOT_FOUND."""
    found = store.find_application(unit.connection, unit.workspace.name, application_id)
    if found is None or ods_code not in (None, found.document["odsCode"]):
        raise not_found("application", application_id)
    return found


def move(unit: Unit, held: HeldApplication, act: domain.Act, **changes: Any) -> HeldApplication:
    """The application after an act, stored. Raises Refusal STATE_FORBIDS."""
    document = {
        **held.document,
        **changes,
        "status": domain.after(held.document["status"], act),
        "updatedAt": to_text(unit.now),
    }
    moved = replace(held, document=document)
    store.update_application(unit.connection, unit.workspace.name, moved)
    return moved


def submit_to_esr(unit: Unit, held: HeldApplication) -> None:
    """Sends an accepted candidate to ESR as soon as ESR has a vacancy to which the applicant can belong.

    Until then the application waits; `submit_waiting` sends it. One for an advert without a position never goes.
    """
    advert = read_advert(unit, held.document["advertId"])
    if "vacancyReference" in advert and "positionId" in advert:
        _submit(unit, held, advert)


def submit_waiting(unit: Unit, advert: dict[str, Any]) -> None:
    """Sends every candidate who accepted before the advert's vacancy was known."""
    for held in store.list_of_advert(
        unit.connection, unit.workspace.name, advert["advertId"], domain.Status.OFFER_ACCEPTED
    ):
        _submit(unit, held, advert)


def reject_waiting(unit: Unit, advert: dict[str, Any]) -> None:
    """Tells every candidate who waits for the advert's vacancy apart: there will be none."""
    for held in store.list_of_advert(
        unit.connection, unit.workspace.name, advert["advertId"], domain.Status.OFFER_ACCEPTED
    ):
        move(unit, held, domain.Act.REJECT)


def goes_to_esr(unit: Unit, application: dict[str, Any]) -> bool:
    """Whether ESR is told of the application at all: an advert without a position stays in NHS Jobs."""
    return "positionId" in read_advert(unit, application["advertId"])


def keys_of(held: HeldApplication) -> tuple[str, ...]:
    """What an event about the application may have been waiting for."""
    reference = application_key(held.document["reference"])
    number = held.applicant_number
    return (reference,) if number is None else (reference, applicant_key(number))


def _submit(unit: Unit, held: HeldApplication, advert: dict[str, Any]) -> None:
    application = held.document
    offer = find_offer(unit.connection, unit.workspace.name, application["applicationId"])
    assert offer is not None, "an application is accepted by answering its offer"
    sent = domain.submission(application, held.beside, advert, find_position(unit, advert), offer)
    send_applicant(unit, application["odsCode"], application["applicationId"], sent)
