"""Adverts: pushed by a supplier or begun by an ESR vacancy, completed, published, and closed."""

from typing import Any

from sandbox.errors import Code, Place, Refusal, not_found
from sandbox.nhsjobs.domain import adverts as domain
from sandbox.nhsjobs.service.employers import find_position, known_employer
from sandbox.nhsjobs.service.esr import send_vacancy
from sandbox.nhsjobs.store import adverts as store
from sandbox.nhsjobs.store import search as board
from sandbox.nhsjobs.store.employers import Employer
from sandbox.rules import refuse_broken
from sandbox.timestamps import to_text
from sandbox.web.call import Unit
from sandbox.web.cursor import page_of
from sandbox.workspaces.store import next_record

_FIRST_ADVERT = 3_400_000


def push_advert(unit: Unit, ods_code: str, submission: dict[str, Any]) -> dict[str, Any]:
    """Takes a supplier's advert as a draft and answers the `Advert`.

    Raises Refusal EMPLOYER_UNKNOWN, ADVERT_EXISTS, or what a row of PUSH_RULES says.
    """
    employer = known_employer(unit, ods_code)
    position = find_position(unit, submission)
    refuse_broken(domain.PUSH_RULES, domain.PushFacts(submission, position, ods_code, unit.today))
    taken = store.find_by_supplier_reference(
        unit.connection, unit.workspace.name, ods_code, submission["supplierReference"]
    )
    if taken is not None:
        raise Refusal(
            Code.ADVERT_EXISTS,
            f"Employer {ods_code} has an advert with the supplier reference {submission['supplierReference']} already, "
            f"{taken}.",
            places=(Place("body", "/supplierReference", f"is that of advert {taken}"),),
        )
    begun = begin(unit, employer, domain.Status.DRAFT, domain.SUPPLIER, submission["title"])
    advert = {**begun, **submission}
    store.insert_advert(unit.connection, unit.workspace.name, advert)
    return advert


def begin(
    unit: Unit, employer: Employer, status: domain.Status, origin: str, title: str
) -> dict[str, Any]:
    """A new `Advert` with its number and reference; it is not stored yet."""
    name, moment = unit.workspace.name, to_text(unit.now)
    year = unit.today.year
    number = store.next_number(unit.connection, name, employer.ods_code, year)
    return {
        "advertId": _FIRST_ADVERT + next_record(unit.connection, name),
        "reference": domain.reference(employer.vpd, year, number),
        "status": status,
        "origin": origin,
        "employer": employer.name,
        "odsCode": employer.ods_code,
        "title": title,
        "internalOnly": False,
        "createdAt": moment,
        "updatedAt": moment,
    }


def list_adverts(
    unit: Unit, after: int, limit: int, status: str | None, **filters: str | None
) -> dict[str, Any]:
    """A page of `Advert` in the order of making."""
    rows = store.list_adverts(
        unit.connection, unit.workspace.name, after, limit + 1, unit.today, status, **filters
    )
    seen = [(number, domain.seen_on(advert, unit.today)) for number, advert in rows]
    return page_of("adverts", seen, limit)


def read_advert(unit: Unit, advert_id: int, ods_code: str | None = None) -> dict[str, Any]:
    """The `Advert`. Raises Refusal NOT_FOUND when unknown or not the employer's."""
    found = store.find_advert(unit.connection, unit.workspace.name, advert_id)
    if found is None or ods_code not in (None, found["odsCode"]):
        raise not_found("advert", advert_id)
    return domain.seen_on(found, unit.today)


def publish_advert(unit: Unit, advert_id: int) -> dict[str, Any]:
    """A recruiter completes an advert and publishes it; ESR is told, so that it makes the vacancy.

    Raises Refusal NOT_FOUND, STATE_FORBIDS, CLOSE_DATE_PAST, POSITION_DELETED or POSITION_UNKNOWN.
    """
    advert = read_advert(unit, advert_id)
    status = domain.after(advert["status"], domain.Act.PUBLISH)
    position = find_position(unit, advert)
    published = domain.completed(advert, position, unit.workspace.seed, unit.today)
    refuse_broken(
        domain.PUSH_RULES,
        domain.PushFacts(published, position, advert["odsCode"], unit.today),
    )
    moment = to_text(unit.now)
    published |= {
        "status": status,
        "postDate": moment,
        "url": domain.address(advert["reference"]),
        "updatedAt": moment,
    }
    store.update_advert(unit.connection, unit.workspace.name, published)
    board.put_on_board(unit.connection, unit.workspace.name, published)
    if "positionId" in published and "vacancyReference" not in published:
        creation = domain.vacancy_creation(published)
        send_vacancy(unit, published["odsCode"], advert_id, creation)
    return published


def close_advert(unit: Unit, advert: dict[str, Any]) -> None:
    """Ends an advert before its closing date; one that has ended stays as it is."""
    if (domain.Status(advert["status"]), domain.Act.CLOSE) not in domain.LIFE_CYCLE:
        return
    closed = {
        **advert,
        "status": domain.after(advert["status"], domain.Act.CLOSE),
        "updatedAt": to_text(unit.now),
    }
    store.update_advert(unit.connection, unit.workspace.name, closed)
    board.take_off_board(unit.connection, unit.workspace.name, advert["advertId"])


def learn_vacancy(unit: Unit, advert: dict[str, Any], vacancy_reference: str) -> dict[str, Any]:
    """Notes ESR's reference of an advert's vacancy and answers the advert as it then is."""
    known = {**advert, "vacancyReference": vacancy_reference, "updatedAt": to_text(unit.now)}
    store.update_advert(unit.connection, unit.workspace.name, known)
    return known
