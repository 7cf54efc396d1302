"""The blueprint of World, and what every page of it has in common."""

from flask import Blueprint, abort, request

from sandbox.console.door import BASE

page = Blueprint("world", __name__)

HOME = f"{BASE}/w/<workspace>/world"

NOUNS = ("employers", "positions", "vacancies", "applicants", "checks", "adverts", "applications")
"""What is listed, in the order of the menu."""


@page.before_request
def check_characters() -> None:
    """Refuses what no record can hold and PostgreSQL does not look for. Answers 400."""
    given = (*(request.view_args or {}).values(), *request.args.values(), *request.form.values())
    if any("\x00" in str(text) for text in given):
        abort(400, "There is a character in it that no record holds.")


@page.context_processor
def shared() -> dict[str, object]:
    """What every page of World shows."""
    return {"nouns": NOUNS}
