"""Load."""

from flask import Blueprint, render_template

page = Blueprint("load", __name__)


@page.get("/console/w/<workspace>/load")
def show() -> str:
    """Load."""
    return render_template("console/load.html.j2")
