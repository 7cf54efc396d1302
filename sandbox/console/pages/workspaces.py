"""Where the console begins, and, for the ESR team, the workspaces."""

import re
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.clock import wall_now
from sandbox.console.access import esr_team, made_of, whose
from sandbox.console.console import console, visitor
from sandbox.console.door import BASE
from sandbox.console.pages.signing_in import link_into
from sandbox.console.sessions import LINK_DAYS
from sandbox.workspaces.store import DEFAULT_WORKSPACE

page = Blueprint("workspaces", __name__)

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,29}")
"""As the control contract has it."""
_NO_NAME = "Enter a name of small letters, digits and hyphens, 30 at most. It begins with a letter or a digit."


@page.get(f"{BASE}")
@page.get(f"{BASE}/")
def begin() -> ResponseReturnValue:
    """Where a visitor begins: Home of its workspace."""
    name = visitor().workspace or DEFAULT_WORKSPACE
    return redirect(url_for("home.show", workspace=name), 303)


@page.get(f"{BASE}/workspaces")
@esr_team
def show(made: dict[str, Any] | None = None, link: str = "", *, wrong: str = "") -> str:
    """Every workspace, with a way into each."""
    listed = console().ask("GET", "/workspaces", workspace=DEFAULT_WORKSPACE)
    found = (listed.body or {}).get("workspaces", [])
    return render_template(
        "console/workspaces.html.j2",
        listed=found,
        made=made,
        link=link,
        link_days=LINK_DAYS,
        name=request.form.get("name", "") if wrong else "",
        wrong=wrong,
    )


@page.post(f"{BASE}/workspaces")
@esr_team
def make() -> ResponseReturnValue:
    """Makes a workspace, and shows the token of its client this once."""
    wanted = {"name": request.form.get("name", "").strip()}
    if not _NAME.fullmatch(wanted["name"]):
        return show(wrong=_NO_NAME), 400
    answer = console().ask("POST", "/workspaces", wanted, workspace=DEFAULT_WORKSPACE)
    if not answer.is_done:
        return show(wrong=answer.sentence), answer.status
    return show(made=answer.body)


@page.post(f"{BASE}/workspaces/<name>/link")
@esr_team
def give_link(name: str) -> str:
    """Shows a link by which whoever has it signs in to a workspace."""
    return show(link=link_into(name))


@page.post(f"{BASE}/workspaces/<name>/end-sessions")
@esr_team
def end_sessions(name: str) -> ResponseReturnValue:
    """Signs everybody out who is signed in as a workspace's supplier, and ends the sign-in links into it."""
    made = made_of(name)
    if made is None:
        abort(404)
    console().sessions.end_all(whose(name, made), wall_now().timestamp())
    flash(f"Every session of the supplier of {name} is ended, and every sign-in link into it.")
    return redirect(url_for("workspaces.show"), 303)
