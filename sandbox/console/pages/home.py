"""Home."""

from flask import Blueprint, render_template

page = Blueprint("home", __name__)


@page.get("/console/w/<workspace>")
def show() -> str:
    """Home."""
    return render_template("console/home.html.j2")
