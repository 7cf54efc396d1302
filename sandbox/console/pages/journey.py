"""Journeys."""

from flask import Blueprint, render_template

page = Blueprint("journey", __name__)


@page.get("/console/w/<workspace>/journey")
def show() -> str:
    """Journeys."""
    return render_template("console/journey.html.j2")
