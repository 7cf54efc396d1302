"""Register."""

from flask import Blueprint, render_template

from sandbox.console.access import esr_team

page = Blueprint("register", __name__)


@page.get("/console/register")
@esr_team
def show() -> str:
    """Register."""
    return render_template("console/register.html.j2")
