"""World."""

from flask import Blueprint, render_template

page = Blueprint("world", __name__)


@page.get("/console/w/<workspace>/world")
def show() -> str:
    """World."""
    return render_template("console/world.html.j2")
