"""The blueprint of World, and what every page of it has in common."""

from flask import Blueprint

from sandbox.console.door import BASE

page = Blueprint("world", __name__)

HOME = f"{BASE}/w/<workspace>/world"

NOUNS = ("employers", "positions", "vacancies", "applicants", "checks", "adverts", "applications")
"""What is listed, in the order of the menu."""


@page.context_processor
def shared() -> dict[str, object]:
    """What every page of World shows."""
    return {"nouns": NOUNS}
