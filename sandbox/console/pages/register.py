"""Register."""

from flask import Blueprint, render_template

page = Blueprint("register", __name__)


@page.get("/console/register")
def show() -> str:
    """Register."""
    return render_template("console/register.html.j2")
