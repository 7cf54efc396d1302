"""Gathers what is held of one applicant, in one look at the database."""

from dataclasses import replace

from sandbox.console.journeys.facts import Application, Document, Exchange, Facts
from sandbox.console.store import journey_exchanges as journal
from sandbox.console.store import journeys as store
from sandbox.esr.store.applicants import find_applicant
from sandbox.esr.store.employment_checks import list_checks
from sandbox.esr.store.vacancies import find_vacancy
from sandbox.nhsjobs.connection import CLIENT
from sandbox.nhsjobs.store import adverts, applications, offers, pre_employment_checks
from sandbox.nhsjobs.store.applications import HeldApplication
from sandbox.web.call import Unit


def facts_of_applicant(unit: Unit, number: str) -> Facts | None:
    """All of an applicant whom ESR has; None where it has no such applicant."""
    name, connection = unit.workspace.name, unit.connection
    applicant = find_applicant(connection, name, number)
    if applicant is None:
        return None
    held = applications.find_by_applicant(connection, name, number)
    facts = replace(
        _begun(unit),
        applicant=applicant,
        vacancy=find_vacancy(connection, name, applicant["vacancyReference"]),
        checks=list_checks(connection, name, number),
        events=store.events_about(connection, name, number),
        rows=[
            *store.rows_that_changed_nothing(connection, name, applicant["supplierReference"]),
            *store.rows_about(connection, name, number),
        ],
    )
    deliveries = store.deliveries_about(connection, name, facts.receivers, number)
    said = _merged(
        journal.exchanges_about(connection, name, number),
        # What was sent in vain before belongs to the story, though it has no number.
        journal.refused_with(connection, name, applicant["supplierReference"]),
    )
    receipts = store.receipts_of(connection, name, facts.events)
    facts = replace(facts, sendings=deliveries, exchanges=said, receipts=receipts)
    if held is None:
        return _with_surroundings(unit, facts, None, number)
    return _with_application(unit, facts, held, number)


def facts_of_application(unit: Unit, application_id: int) -> Facts | None:
    """All of an application of NHS Jobs that ESR has not taken; None where NHS Jobs has no such application."""
    held = applications.find_application(unit.connection, unit.workspace.name, application_id)
    return None if held is None else _with_application(unit, _begun(unit), held, None)


def facts_of_refused(unit: Unit, reference: str, number: int = 0) -> Facts | None:
    """What was sent under a supplier's reference and refused, among the newest refusals, and in exchange `number`.

    None where nothing was.
    """
    name, connection = unit.workspace.name, unit.connection
    known = [
        each
        for each in journal.refused_exchange(connection, name, number)
        if journal.reference_of(each) == reference
    ]
    said = _merged(journal.refused_with(connection, name, reference), known)
    rows = store.rows_that_changed_nothing(connection, name, reference)
    return replace(_begun(unit), exchanges=said, rows=rows) if said or rows else None


def _begun(unit: Unit) -> Facts:
    name = unit.workspace.name
    client = f"{CLIENT}-{name}"
    return Facts(
        nhs_jobs_client=client,
        receivers=store.receivers(unit.connection, name, client),
        keeps_bodies=unit.workspace.journal_detail == "FULL",
    )


def _with_application(unit: Unit, facts: Facts, held: HeldApplication, number: str | None) -> Facts:
    name, connection = unit.workspace.name, unit.connection
    application = held.document
    identifier, advert_id = application["applicationId"], application["advertId"]
    told, request_ids = store.messages_of_nhs_jobs(connection, name, advert_id, identifier)
    advert = adverts.find_advert(connection, name, advert_id)
    vacancy = facts.vacancy
    if vacancy is None and advert is not None and "vacancyReference" in advert:
        vacancy = find_vacancy(connection, name, advert["vacancyReference"])
    its = Application(
        application,
        advert,
        adverts.find_vacancy_problem(connection, name, advert_id),
        offers.find_offer(connection, name, identifier),
        pre_employment_checks.list_checks(connection, name, identifier),
        store.waiting_updates_of(connection, name, identifier),
    )
    asked = journal.exchanges_of_requests(connection, name, request_ids)
    facts = replace(
        facts,
        application=its,
        vacancy=vacancy,
        sendings=[*told, *facts.sendings],
        exchanges=_merged(facts.exchanges, asked),
    )
    return _with_surroundings(unit, facts, application, number)


def _with_surroundings(
    unit: Unit, facts: Facts, application: Document | None, number: str | None
) -> Facts:
    place = facts.exchanges[0].number if facts.exchanges else None
    around = journal.exchanges_around(
        unit.connection, unit.workspace.name, place, application, number
    )
    return replace(facts, exchanges=_merged(facts.exchanges, around))


def _merged(one: list[Exchange], other: list[Exchange]) -> list[Exchange]:
    """Both, each exchange once, in the order of the journal."""
    found = {each.number: each for each in (*one, *other)}
    return [found[number] for number in sorted(found)]
