"""Gallery."""

from flask import Blueprint, render_template

page = Blueprint("gallery", __name__)


@page.get("/console/gallery")
def show() -> str:
    """Gallery."""
    return render_template("console/gallery.html.j2")
