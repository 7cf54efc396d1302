"""Offers: made by recruiters, answered once by candidates."""

from typing import Any

from sandbox.errors import Code, Refusal, not_found
from sandbox.nhsjobs.domain import offers as domain
from sandbox.nhsjobs.domain.applications import Act
from sandbox.nhsjobs.service.adverts import read_advert
from sandbox.nhsjobs.service.applications import (
    held_application,
    move,
    read_application,
    reject_waiting,
    submit_to_esr,
)
from sandbox.nhsjobs.store import offers as store
from sandbox.nhsjobs.store.adverts import find_vacancy_problem
from sandbox.rules import refuse_broken
from sandbox.timestamps import to_text
from sandbox.web.call import Unit


def make_offer(unit: Unit, application_id: int, terms: dict[str, Any]) -> dict[str, Any]:
    """A recruiter offers the post to a candidate; answers the `Offer`.

    Raises Refusal NOT_FOUND, STATE_FORBIDS, or what a row of OFFER_RULES says.
    """
    held = held_application(unit, application_id)
    move(unit, held, Act.OFFER)
    refuse_broken(domain.OFFER_RULES, terms)
    offer = {"applicationId": application_id, "status": domain.Status.MADE, **terms}
    store.insert_offer(unit.connection, unit.workspace.name, offer)
    return offer


def read_offer(unit: Unit, application_id: int, ods_code: str | None = None) -> dict[str, Any]:
    """The `Offer`. Raises Refusal NOT_FOUND when there is no such application of the employer's, or no offer yet."""
    read_application(unit, application_id, ods_code)
    found = store.find_offer(unit.connection, unit.workspace.name, application_id)
    if found is None:
        raise not_found("offer for application", application_id)
    return found


def answer_offer(unit: Unit, application_id: int, sent: dict[str, Any]) -> dict[str, Any]:
    """A candidate accepts or declines; answers the `Offer`. On acceptance ESR is sent the applicant.

    Raises Refusal NOT_FOUND, STATE_FORBIDS, or what a row of ANSWER_RULES says.
    """
    held = held_application(unit, application_id)
    offer = store.find_offer(unit.connection, unit.workspace.name, application_id)
    if offer is None:
        raise Refusal(Code.STATE_FORBIDS, f"Application {application_id} has no offer to answer.")
    status = domain.after(offer["status"], sent["answer"])
    facts = domain.AnswerFacts(sent, offer)
    refuse_broken(domain.ANSWER_RULES, facts)
    answered = {**offer, "status": status, "answeredAt": to_text(unit.now)}
    if "dataSharingConsent" in sent:
        answered["dataSharingConsent"] = sent["dataSharingConsent"]
    store.update_offer(unit.connection, unit.workspace.name, answered)
    if not facts.accepts:
        move(unit, held, Act.DECLINE)
        return answered
    details = {name: sent[name] for name in ("dateOfBirth", "niNumber") if name in sent}
    changes: dict[str, Any] = {"candidate": {**held.document["candidate"], **details}}
    if "registrations" in sent:
        changes["registrations"] = sent["registrations"]
    accepted = move(unit, held, Act.ACCEPT, **changes)
    advert_id = accepted.document["advertId"]
    if find_vacancy_problem(unit.connection, unit.workspace.name, advert_id) is not None:
        reject_waiting(unit, read_advert(unit, advert_id))
    else:
        submit_to_esr(unit, accepted)
    return answered


def move_start_date(unit: Unit, application_id: int, start_date: str) -> None:
    """Takes over the start date that ESR holds."""
    offer = store.find_offer(unit.connection, unit.workspace.name, application_id)
    if offer is not None and offer["startDate"] != start_date:
        store.update_offer(unit.connection, unit.workspace.name, {**offer, "startDate": start_date})
