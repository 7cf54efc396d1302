"""Journeys: the way of one applicant through both systems."""

import re
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.clock import ClockMode
from sandbox.console.console import console, visitor
from sandbox.console.journeys import wording
from sandbox.console.journeys.beliefs import beliefs_of, told_to
from sandbox.console.journeys.facts import Document, Facts
from sandbox.console.journeys.story import steps_of
from sandbox.console.store import journey_exchanges, journey_facts, journeys
from sandbox.esr.domain.people import folded
from sandbox.esr.store.applicants import find_applicant
from sandbox.nhsjobs.store.applications import find_application, find_by_reference
from sandbox.settings import Level
from sandbox.web.call import Unit

page = Blueprint("journey", __name__)

_PAGE = 25
_FOUND = 50
_REFUSED = 10
_NUMBER = re.compile(r"[0-9]{8}")
_APPLICATION = re.compile(r"[0-9]{5,9}")
_REQUEST = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MASKED = "[masked]"
_Place = tuple[str, dict[str, Any]]
"""An endpoint and its arguments: addresses are made where the request is, not where the database is read."""


@page.get("/console/w/<workspace>/journey")
def show() -> ResponseReturnValue:
    """The latest applicants, or those who are found by what was typed in."""
    wanted = request.args.get("q", "").strip()[:200]
    if wanted:
        place = console().read(lambda unit: _place_of(unit, wanted))
        if place is not None:
            endpoint, values = place
            return redirect(url_for(endpoint, **values), 303)
        found = console().read(lambda unit: _found(unit, wanted))
        return _list(wanted=wanted, found=found)
    before = request.args.get("before", "")
    begin = before if _NUMBER.fullmatch(before) else None
    latest = console().read(
        lambda unit: journeys.latest_applicants(
            unit.connection, unit.workspace.name, begin, _PAGE + 1
        )
    )
    more = latest[_PAGE - 1][0] if len(latest) > _PAGE else None
    refused = [] if begin else console().read(_refused)
    return _list(latest=latest[:_PAGE], begin=begin, more=more, refused=refused)


@page.get("/console/w/<workspace>/journey/<number>")
def applicant(number: str) -> ResponseReturnValue:
    """The journey of an applicant whom ESR has."""
    facts = console().read(lambda unit: journey_facts.facts_of_applicant(unit, number))
    if facts is None:
        return _unknown(f"ESR has no applicant {number} in this workspace.")
    held = facts.applicant or {}
    person = held["person"]
    name = f"{person['firstName']} {person['lastName']}" if _shows_names() else _MASKED
    return _journey(facts, f"Applicant {number}", name, wording.status_of(held))


@page.get("/console/w/<workspace>/journey/application/<int:number>")
def application(number: int) -> ResponseReturnValue:
    """The journey of an application of NHS Jobs; that of ESR's applicant once there is one."""
    facts = console().read(lambda unit: journey_facts.facts_of_application(unit, number))
    if facts is None or facts.application is None:
        return _unknown(f"NHS Jobs has no application {number} in this workspace.")
    held = facts.application.document
    taken = (held.get("esr") or {}).get("applicantNumber")
    if taken:
        return redirect(url_for("journey.applicant", number=taken), 303)
    candidate = held["candidate"]
    name = f"{candidate['firstName']} {candidate['lastName']}" if _shows_names() else _MASKED
    status = wording.application_status_of(held)
    return _journey(facts, f"Application {number}", name, status)


@page.get("/console/w/<workspace>/journey/refused")
def refused() -> ResponseReturnValue:
    """What was sent under a supplier's reference and not taken."""
    reference = request.args.get("reference", "")[:200]
    number = request.args.get("exchange", 0, type=int)
    facts = console().read(lambda unit: journey_facts.facts_of_refused(unit, reference, number))
    if facts is None:
        return _unknown(
            f"Among the newest refusals of this workspace none is of the supplier's reference {reference}."
        )
    taken = console().read(
        lambda unit: journeys.applicants_by_reference(
            unit.connection, unit.workspace.name, reference, _FOUND
        )
    )
    return _journey(facts, f"Supplier's reference {reference}", "", "not taken by ESR", taken=taken)


def _journey(facts: Facts, title: str, name: str, status: str, **more: Any) -> str:
    clock = console().read(lambda unit: unit.workspace.clock)
    return render_template(
        "console/journey_applicant.html.j2",
        title=title,
        name=name,
        status=status,
        facts=facts,
        steps=steps_of(facts),
        beliefs=beliefs_of(facts),
        told=told_to(facts),
        has_own_time=clock.mode is not ClockMode.REAL,
        most=journeys.MOST,
        **more,
    )


def _list(**shown: Any) -> str:
    return render_template(
        "console/journey.html.j2",
        most_refused=journeys.REFUSED_AMONG,
        statuses=wording.STATUSES,
        shows_names=_shows_names(),
        **shown,
    )


def _unknown(sentence: str) -> ResponseReturnValue:
    return render_template(
        "console/journey_unknown.html.j2", title="Not found", sentence=sentence
    ), 404


def _shows_names() -> bool:
    """Whether names are shown: below level platform, and to the supplier whose workspace it is."""
    return console().settings.level is not Level.PLATFORM or visitor().workspace == g.workspace


def _place_of(unit: Unit, wanted: str) -> _Place | None:
    """The one journey that is meant; None where several may be, or none."""
    name, connection = unit.workspace.name, unit.connection
    if _NUMBER.fullmatch(wanted) and find_applicant(connection, name, wanted) is not None:
        return "journey.applicant", {"number": wanted}
    if _REQUEST.fullmatch(wanted):
        return _place_of_request(unit, wanted)
    held = find_by_reference(connection, name, wanted)
    if held is None and _APPLICATION.fullmatch(wanted):
        held = find_application(connection, name, int(wanted))
    if held is not None:
        return "journey.application", {"number": held.document["applicationId"]}
    taken = journeys.applicants_by_reference(connection, name, wanted, 2)
    if len(taken) == 1:
        return "journey.applicant", {"number": taken[0][0]}
    if not taken and journey_facts.facts_of_refused(unit, wanted) is not None:
        return "journey.refused", {"reference": wanted}
    return None


def _place_of_request(unit: Unit, request_id: str) -> _Place | None:
    """Where the request under an id is told of: the applicant's journey, what was refused, or the exchange alone."""
    found = journey_exchanges.exchanges_of_requests(
        unit.connection, unit.workspace.name, [request_id]
    )
    for exchange in found:
        if exchange.applicant_number:
            return "journey.applicant", {"number": exchange.applicant_number}
    for exchange in found:
        reference = journey_exchanges.reference_of(exchange)
        if exchange.operation == "submit_applicant" and reference:
            return "journey.refused", {"reference": reference, "exchange": exchange.number}
    return ("traffic.exchange", {"number": found[0].number}) if found else None


def _found(unit: Unit, wanted: str) -> list[tuple[str, Document]]:
    """Those who have the reference, or whose name begins so; `last, first` and `first last` are both understood."""
    name, connection = unit.workspace.name, unit.connection
    found = journeys.applicants_by_reference(connection, name, wanted, _FOUND)
    for key in _name_keys(wanted):
        if not found:
            found = journeys.applicants_by_name(connection, name, key, _FOUND)
    return found


def _name_keys(wanted: str) -> list[str]:
    last, comma, first = wanted.partition(",")
    if comma:
        return [f"{folded(last)}|{folded(first)}"]
    words = folded(wanted).split()
    keys = [" ".join(words)]
    if len(words) > 1:
        keys.append(f"{words[-1]}|{' '.join(words[:-1])}")
    return keys


def _refused(unit: Unit) -> list[tuple[str | None, Any]]:
    """(supplier's reference, exchange) of the latest submissions that were not taken."""
    found = journey_exchanges.refused_submissions(unit.connection, unit.workspace.name, _REFUSED)
    return [(journey_exchanges.reference_of(each), each) for each in found]
