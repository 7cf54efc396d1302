"""Live traffic: the exchanges of a workspace as they come, and one of them in full."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.console.console import console
from sandbox.console.door import BASE
from sandbox.console.one_exchange import told
from sandbox.console.store.traffic import LOOKED_AT, Found, Wanted, newest
from sandbox.console.telling import SYSTEMS, Telling
from sandbox.console.traffic_filters import SYSTEMS as FILTERED
from sandbox.console.traffic_filters import Filters, filters_of
from sandbox.contracts.bundle import operations
from sandbox.web.call import Unit

page = Blueprint("traffic", __name__)

_PAGE = 50
_LONGEST_NUMBER = 15


@page.get(f"{BASE}/w/<workspace>/traffic")
def show() -> ResponseReturnValue:
    """The exchanges that fit the filters, newest first; where scripts run, those that come are put on top."""
    filters = filters_of(request.args)
    before = _number(request.args.get("before", ""))

    def look(unit: Unit) -> tuple[str, int, Found]:
        last = unit.workspace.held.exchanges
        found = newest(unit.connection, unit.workspace.name, filters.wanted, before, _PAGE)
        return unit.workspace.name, last, found

    name, last, found = console().read(look)
    kept: dict[str, Any] = {key: value for key, value in filters.entered.items() if value}
    telling = tells()
    shown = render_template(
        "console/traffic.html.j2",
        rows=[telling.row(row, name) for row in found.rows],
        found=found,
        looked_at=LOOKED_AT,
        filters=filters,
        is_filtered=filters.wanted != Wanted(),
        systems=SYSTEMS,
        operations=_operations(),
        problems=_problems(filters),
        stream=""
        if before is not None or filters.problems
        else f"{BASE}/w/{name}/traffic/stream?{urlencode({**kept, 'after': last})}",
        first=url_for("traffic.show", **kept) if before is not None else "",
        next=url_for("traffic.show", before=found.before, **kept) if found.before else "",
    )
    return shown, 400 if filters.problems else 200


@page.get(f"{BASE}/w/<workspace>/traffic/<int:number>")
def exchange(number: int) -> str:
    """One exchange: what went over the wire, what was expected and what came, and how to repeat it."""
    return render_template("console/traffic_exchange.html.j2", **told(number, tells()))


def tells() -> Telling:
    """Tells the exchanges of this sandbox."""
    settings = console().settings
    return Telling(console().contracts, (settings.own_url, settings.public_url))


def _number(text: str) -> int | None:
    is_number = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER
    return int(text) if is_number else None


def _operations() -> dict[str, list[tuple[str, str]]]:
    """By who answers: each operation with what it does."""
    return {
        SYSTEMS[contract.name]: [
            (item["operationId"], item["summary"]) for _, _, item in operations(contract.document)
        ]
        for contract in console().contracts
        if contract.name in FILTERED
    }


def _problems(filters: Filters) -> list[dict[str, Any]]:
    return [{"text": text, "href": f"#{name}"} for name, text in filters.problems.items()]
