"""The clock of a world: what time it is there, what is due next, moving it, and what happened on the way."""

from collections import Counter
from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.console.asking import Sheet, send, sheet_of
from sandbox.console.console import console
from sandbox.console.pages.world.blueprint import HOME, page
from sandbox.console.store.clock import Heads, events_between, heads, next_due
from sandbox.control.service import clocks
from sandbox.esr.store.applicants import find_applicant
from sandbox.timestamps import from_text, to_text
from sandbox.web.call import Unit

_SHOWN = 20
_STARTS_AT = "T08:00:00Z"
_NO_MOMENT = "Enter a moment, for instance 2026-06-01 08:00."
STEPS = (
    ("PT1H", "1 hour"),
    ("P1D", "1 day"),
    ("P1W", "1 week"),
    ("P2W", "2 weeks"),
    ("P28D", "4 weeks"),
)
"""(ISO 8601 duration, in words) of the moves that are one button away."""
_KINDS = {
    "hourly-run": "hourly run of the files",
    "regulator-answer": "a regulator answers",
    "position-change": "a change of a position takes effect",
    "delivery": "delivery of an event",
}


@page.get(f"{HOME}/clock")
def clock() -> str:
    """How the clock stands, and what a move that has just ended brought about."""
    return _shown(_moved(request.args))


@page.post(f"{HOME}/clock/move")
def move() -> ResponseReturnValue:
    """Moves the clock by a length, to a moment, or to the start date of an applicant."""
    entries = {name: value for name, value in request.form.items() if value.strip()}
    if "applicant" in entries:
        start = _start_of(entries["applicant"].strip())
        if start is None:
            problem = f"There is no applicant {entries['applicant'].strip()[:30]} in this world."
            return _shown(None, by_applicant=problem), 404
        entries = {"/to": f"{start}{_STARTS_AT}"}
    if not entries.keys() & {"/by", "/to"}:
        nothing = {"location": "body", "pointer": "/to", "detail": _NO_MOMENT}
        refusal = {"detail": _NO_MOMENT, "code": "CONTRACT_VIOLATION", "errors": [nothing]}
        return _shown(None, replace(sheet_of("advance_clock", {}), problem=refusal)), 400
    return _asked(sheet_of("advance_clock", entries))


@page.post(f"{HOME}/clock/set")
def set_clock() -> ResponseReturnValue:
    """Freezes the clock, lets it run, or has it follow wall time again."""
    return _asked(sheet_of("set_clock", request.form.to_dict()))


def _asked(sheet: Sheet) -> ResponseReturnValue:
    before = console().read(_stand)
    refused, answer = send(sheet)
    if answer is None or not answer.is_done:
        return _shown(None, refused), answer.status if answer else 400
    flash("The clock is set." if sheet.operation.id == "set_clock" else "The clock has moved.")
    return redirect(
        url_for(
            "world.clock",
            since=before["now"],
            event=before["heads"].event,
            exchange=before["heads"].exchange,
        ),
        303,
    )


def _stand(unit: Unit) -> dict[str, Any]:
    return {
        "now": to_text(unit.now),
        "heads": heads(unit.connection, unit.workspace.name),
    }


def _moved(given: Any) -> dict[str, Any] | None:
    """What has happened since the moment that an address names; None where it names none."""
    event, exchange = given.get("event", ""), given.get("exchange", "")
    if not all(text.isascii() and text.isdigit() and len(text) < 16 for text in (event, exchange)):
        return None
    before = Heads(int(event), int(exchange))

    def look(unit: Unit) -> dict[str, Any]:
        name = unit.workspace.name
        present = heads(unit.connection, name)
        return {
            "events": events_between(unit.connection, name, before.event, present.event),
            "exchanges": max(present.exchange - before.exchange, 0),
        }

    return console().read(look) | {"since": _moment(given.get("since", ""))}


def _moment(text: str) -> str:
    """A moment that an address names, empty where it is none."""
    try:
        return to_text(from_text(text))
    except ValueError:
        return ""


def _start_of(number: str) -> str | None:
    found = console().read(
        lambda unit: find_applicant(unit.connection, unit.workspace.name, number)
    )
    return str(found["startDate"]) if found else None


def _shown(
    moved: dict[str, Any] | None, refused: Sheet | None = None, by_applicant: str = ""
) -> str:
    def look(unit: Unit) -> dict[str, Any]:
        target = unit.workspace.clock_target
        return {
            "clock": clocks.shown(unit.workspace.clock, unit.wall),
            "wall": to_text(unit.wall),
            "target": to_text(target) if target else "",
            "due": Counter(next_due(unit.connection, unit.workspace.name, _SHOWN)),
        }

    return render_template(
        "console/world/clock.html.j2",
        **console().read(look),
        moved=moved,
        refused=refused,
        by_applicant=by_applicant,
        steps=STEPS,
        kinds=_KINDS,
    )
