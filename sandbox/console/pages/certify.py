"""Certify."""

from flask import Blueprint, render_template

page = Blueprint("certify", __name__)


@page.get("/console/w/<workspace>/certify")
def show() -> str:
    """Certify."""
    return render_template("console/certify.html.j2")
