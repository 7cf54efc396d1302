"""World, and the page of one record of it: what it holds, what belongs to it, and what others may do with it."""

from typing import Any

from flask import abort, render_template

from sandbox.console import acts
from sandbox.console.console import console
from sandbox.console.forms import label_of
from sandbox.console.pages.world.blueprint import HOME, page
from sandbox.console.records import sections_of
from sandbox.control.service import clocks
from sandbox.errors import not_found
from sandbox.esr.domain.employment_checks import DETAILS
from sandbox.esr.store.applicants import find_applicant
from sandbox.esr.store.employment_checks import find_check, list_checks
from sandbox.esr.store.organisations import find_organisation
from sandbox.esr.store.positions import find_position
from sandbox.esr.store.transfers import find_transfer
from sandbox.esr.store.vacancies import find_vacancy
from sandbox.nhsjobs.store.adverts import find_advert, find_vacancy_problem
from sandbox.nhsjobs.store.applications import find_application, find_by_applicant
from sandbox.nhsjobs.store.offers import find_offer
from sandbox.nhsjobs.store.pre_employment_checks import list_checks as list_pre_employment_checks
from sandbox.web.call import Unit

_MOST_ID = 9_000_000_000_000_000


@page.get(HOME)
def show() -> str:
    """What a world holds, and the way to each part of it."""

    def look(unit: Unit) -> dict[str, Any]:
        return {
            "clock": clocks.shown(unit.workspace.clock, unit.wall),
        }

    return render_template("console/world/show.html.j2", **console().read(look))


@page.get(f"{HOME}/applicants/<number>")
def applicant(number: str) -> str:
    """One applicant of ESR."""

    def look(unit: Unit) -> dict[str, Any]:
        connection, name = unit.connection, unit.workspace.name
        found = find_applicant(connection, name, number)
        if found is None:
            raise not_found("applicant", number)
        held = find_by_applicant(connection, name, number)
        return {
            "record": found,
            "checks": list_checks(connection, name, number),
            "transfer": find_transfer(connection, name, number),
            "application": held.document if held else None,
            "clock": clocks.shown(unit.workspace.clock, unit.wall),
            "today": unit.today.isoformat(),
        }

    found = console().read(look)
    now, rest = acts.offers_of_applicant(found["record"], found["checks"], found["transfer"])
    by_type = {check["checkType"]: check for check in found["checks"]}
    transfer = found["transfer"] or {}
    return render_template(
        "console/world/applicant.html.j2",
        **found,
        check_types=[(name, label_of(name), by_type.get(name)) for name in DETAILS],
        sections=sections_of(_ordered("Applicant", found["record"]), own="applicantNumber"),
        transfer_sections=sections_of(transfer, own="applicantNumber"),
        now=now,
        rest=rest,
    )


@page.get(f"{HOME}/applicants/<number>/checks/<check_type>")
def check(number: str, check_type: str) -> str:
    """One employment check of an applicant, whether it was started or not."""
    if check_type not in DETAILS:
        abort(404, f"There is no employment check {check_type}.")

    def look(unit: Unit) -> dict[str, Any] | None:
        if find_applicant(unit.connection, unit.workspace.name, number) is None:
            raise not_found("applicant", number)
        return find_check(unit.connection, unit.workspace.name, number, check_type)

    found = console().read(look)
    return render_template(
        "console/world/check.html.j2",
        number=number,
        check_type=check_type,
        label=label_of(check_type),
        record=found,
        sections=sections_of(_ordered("EmploymentCheck", found or {}), own="checkType"),
    )


@page.get(f"{HOME}/employers/<ods_code>")
def employer(ods_code: str) -> str:
    """One employer."""
    found = console().read(
        lambda unit: find_organisation(unit.connection, unit.workspace.name, ods_code)
    )
    if found is None:
        raise not_found("employer", ods_code)
    now, rest = acts.offers_of_employer(found)
    return _thing("employer", found, "odsCode", found["name"], now, rest)


@page.get(f"{HOME}/positions/<int:position_id>")
def position(position_id: int) -> str:
    """One position."""
    found = console().read(
        lambda unit: find_position(unit.connection, unit.workspace.name, min(position_id, _MOST_ID))
    )
    if found is None:
        raise not_found("position", position_id)
    now, rest = acts.offers_of_position(found)
    return _thing("position", found, "positionId", found["positionTitle"], now, rest)


@page.get(f"{HOME}/vacancies/<reference>")
def vacancy(reference: str) -> str:
    """One vacancy."""
    found = console().read(
        lambda unit: find_vacancy(unit.connection, unit.workspace.name, reference)
    )
    if found is None:
        raise not_found("vacancy", reference)
    return _thing("vacancy", found, "vacancyReference", found["title"], [], [])


@page.get(f"{HOME}/adverts/<int:advert_id>")
def advert(advert_id: int) -> str:
    """One advert of NHS Jobs."""

    def look(unit: Unit) -> tuple[dict[str, Any], str | None]:
        number = min(advert_id, 2**31 - 1)
        found = find_advert(unit.connection, unit.workspace.name, number)
        if found is None:
            raise not_found("advert", advert_id)
        return found, find_vacancy_problem(unit.connection, unit.workspace.name, number)

    found, problem = console().read(look)
    now, rest = acts.offers_of_advert(found)
    title = found.get("title", found["reference"])
    return _thing("advert", found, "advertId", title, now, rest, problem=problem)


@page.get(f"{HOME}/applications/<int:application_id>")
def application(application_id: int) -> str:
    """One application at NHS Jobs."""

    def look(unit: Unit) -> dict[str, Any]:
        number, name = min(application_id, 2**31 - 1), unit.workspace.name
        held = find_application(unit.connection, name, number)
        if held is None:
            raise not_found("application", application_id)
        return held.document | {
            "offer": find_offer(unit.connection, name, number),
            "preEmploymentChecks": list_pre_employment_checks(unit.connection, name, number),
        }

    found = console().read(look)
    found = {name: value for name, value in found.items() if value not in (None, [])}
    now, rest = acts.offers_of_application(found)
    person = found["candidate"]
    title = f"{person['firstName']} {person['lastName']}"
    return _thing("application", found, "applicationId", title, now, rest)


def _ordered(name: str, record: dict[str, Any]) -> dict[str, Any]:
    """A record in the order in which the contract that names it describes it."""
    schemas = [item.document["components"]["schemas"] for item in console().contracts]
    described: dict[str, Any] = next((found[name] for found in schemas if name in found), {})
    order = [*described.get("properties", {}), *record]
    return {name: record[name] for name in order if name in record}


def _thing(
    noun: str,
    found: dict[str, Any],
    own: str,
    title: str,
    now: list[acts.Offer],
    rest: list[acts.Offer],
    problem: str | None = None,
) -> str:
    return render_template(
        "console/world/thing.html.j2",
        noun=noun,
        record=found,
        heading=title,
        sections=sections_of(_ordered(noun.capitalize(), found), own=own),
        now=now,
        rest=rest,
        problem=problem,
    )
