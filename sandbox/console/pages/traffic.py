"""Traffic."""

from flask import Blueprint, render_template

page = Blueprint("traffic", __name__)


@page.get("/console/w/<workspace>/traffic")
def show() -> str:
    """Traffic."""
    return render_template("console/traffic.html.j2")
