"""The lists of a world: each searched, narrowed and read a page at a time; and where a number or a reference leads."""

import re
from collections.abc import Mapping
from typing import Any

import orjson
from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.console.console import console
from sandbox.console.pages.world.blueprint import HOME, NOUNS, page
from sandbox.console.pages.world.listings import listings
from sandbox.console.store.world import LOOKED_AT, Found, find_records, is_place
from sandbox.esr.store.organisations import list_organisations
from sandbox.web.call import Unit

_PAGE = 25

_COLUMNS = {"employer": "ods_code", "vacancy": "vacancy_reference", "advert": "advert_id"}
"""Parameter of a list → the column that it narrows, where they are called differently."""


@page.get(f"{HOME}/<any({', '.join(NOUNS)}):noun>")
def listed(noun: str) -> str:
    """One list."""
    listing = listings()[noun]
    text = request.args.get("q", "").strip()[:200]
    employers = console().read(
        lambda unit: {
            item["odsCode"]: f"{item['odsCode']} {item['name']}"
            for item in list_organisations(unit.connection, unit.workspace.name)
        }
    )
    filters = dict(listing.filters)
    if noun not in ("employers", "checks"):
        filters["employer"] = ("Employer", employers)
    given = {
        name: request.args.get(name, "").strip()
        for name in (*filters, "vacancy", "advert")
        if name in filters or name == _ABOUT.get(noun)
    }
    found = _employers(text) if noun == "employers" else _found(noun, text, given)
    kept: dict[str, Any] = {name: value for name, value in {"q": text, **given}.items() if value}
    is_later = "before" in request.args
    return render_template(
        "console/world/list.html.j2",
        noun=noun,
        listing=listing,
        text=text,
        looked_at=LOOKED_AT,
        filters=filters,
        given=given,
        found=found,
        rows=[(listing.href(record), listing.row(record)) for record in found.records],
        first=url_for("world.listed", noun=noun, **kept) if is_later else "",
        next=url_for("world.listed", noun=noun, **kept, by=found.by, before=_written(found.last))
        if found.last
        else "",
    )


_ABOUT = {"applicants": "vacancy", "applications": "advert"}
"""List → what else it can be of, by a link."""


_NO_PAGE = "This is no page of the list. Begin at the first one."


def _found(noun: str, text: str, given: Mapping[str, str], *, by_words: bool = True) -> Found:
    by, before = request.args.get("by", ""), _read(request.args.get("before", ""))
    filters = {_COLUMNS.get(name, name): value for name, value in given.items()}
    if filters.get("advert_id") and not re.fullmatch(r"[0-9]{1,9}", filters["advert_id"]):
        abort(400, "An advert is named by its number.")
    if before is not None and not is_place(noun, by, before):
        abort(400, _NO_PAGE)
    return console().read(
        lambda unit: find_records(
            unit.connection,
            unit.workspace.name,
            noun,
            text=text,
            by=by,
            filters=filters,
            before=before,
            limit=_PAGE,
            by_words=by_words,
        )
    )


def _employers(text: str) -> Found:
    after = str((_read(request.args.get("before", "")) or ("",))[0])

    def look(unit: Unit) -> Found:
        every = list_organisations(unit.connection, unit.workspace.name)
        fit = [
            item
            for item in sorted(every, key=lambda item: str(item["odsCode"]))
            if item["odsCode"] > after
            and text.lower() in f"{item['odsCode']} {item['vpd']} {item['name']}".lower()
        ]
        shown = fit[:_PAGE]
        return Found(shown, (shown[-1]["odsCode"],) if len(fit) > _PAGE else None)

    return console().read(look)


def _written(key: tuple[Any, ...] | None) -> str:
    return orjson.dumps(key).decode()


def _read(text: str) -> tuple[Any, ...] | None:
    """The key of a record as `_written` writes it. Answers 400 where it is none."""
    if not text:
        return None
    try:
        key = orjson.loads(text)
    except orjson.JSONDecodeError:
        key = None
    is_key = isinstance(key, list) and 1 <= len(key) <= 2
    if not is_key or not all(_is_part(part) for part in key):
        abort(400, _NO_PAGE)
    return tuple(key)


def _is_part(part: Any) -> bool:
    return isinstance(part, str) or (type(part) is int and abs(part) < 2**63)


@page.get(f"{HOME}/find")
def find() -> ResponseReturnValue:
    """The page of the one record that a number or a reference names, or the list of applicants who fit it."""
    text = request.args.get("q", "").strip()[:200]
    if not text:
        flash("Enter a number, a reference or a name.", "problem")
        return redirect(url_for("world.show"), 303)
    for noun in ("applicants", "vacancies", "positions", "adverts", "applications"):
        found = _found(noun, text, {}, by_words=False)
        if len(found.records) == 1:
            return redirect(listings()[noun].href(found.records[0]), 303)
    return redirect(url_for("world.listed", noun="applicants", q=text), 303)
