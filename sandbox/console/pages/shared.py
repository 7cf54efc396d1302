"""A run that is shared: whoever has its link reads the results, without signing in, and can do nothing."""

import secrets
from typing import Any

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeTimedSerializer

from sandbox.console.access import made_of, public
from sandbox.console.certify_results import WORDS, results_of
from sandbox.console.certify_told import OUTCOMES, SAYS, outcome
from sandbox.console.console import console
from sandbox.console.door import BASE
from sandbox.console.own_runs import find_run
from sandbox.console.runs import CERTIFY, Run
from sandbox.console.runs_record import write_whole

page = Blueprint("shared", __name__)

SHARE_DAYS = 30
"""How long a link is good."""
_MARK = "share"
"""The file of a run whose content stands in every link to it; without it none is good any more."""
_NEW = "new-share-link"
_GONE = "This link is not good any more. Whoever gave it can make another."


@page.get(f"{BASE}/shared/<link>")
@public
def show(link: str) -> str:
    """The results of a run, to be read by whoever has the link."""
    run = _shared(link)
    results = results_of(run)
    if results is None:
        abort(404, _GONE)
    came_to = outcome(run)
    return render_template(
        "console/shared.html.j2",
        run=run,
        outcome=OUTCOMES[came_to],
        says=SAYS[came_to],
        results=results,
        words=WORDS,
        days=SHARE_DAYS,
    )


@page.get(f"{BASE}/w/<workspace>/certify/<run_id>/share")
def ask(run_id: str) -> str:
    """The way to a link, and to the end of all of them; once one was made, the link."""
    run = _finished(run_id)
    link = session.pop(_NEW, "")
    return render_template(
        "console/share.html.j2",
        run=run,
        link=f"{console().settings.public_url}{url_for('shared.show', link=link)}" if link else "",
        is_shared=(run.folder / _MARK).exists(),
        days=SHARE_DAYS,
    )


@page.post(f"{BASE}/w/<workspace>/certify/<run_id>/share")
def give(run_id: str) -> ResponseReturnValue:
    """Makes a link to a run."""
    run = _finished(run_id)
    place = run.folder / _MARK
    if not place.exists():
        write_whole(place, secrets.token_urlsafe(16).encode())
    session[_NEW] = _links().dumps({"run": run.id, "mark": place.read_text("ascii")})
    return redirect(url_for("shared.ask", run_id=run_id), 303)


@page.post(f"{BASE}/w/<workspace>/certify/<run_id>/share/end")
def end(run_id: str) -> ResponseReturnValue:
    """Ends every link to a run."""
    (_finished(run_id).folder / _MARK).unlink(missing_ok=True)
    flash("Every link to this run is ended.")
    return redirect(url_for("shared.ask", run_id=run_id), 303)


def _finished(run_id: str) -> Run:
    run = find_run(run_id, CERTIFY)
    if run.is_running or results_of(run) is None:
        abort(409, "This run has no results to share.")
    return run


def _shared(link: str) -> Run:
    """The run of a link that is good: the run is there, its workspace is the same, and the link was not ended."""
    try:
        held: dict[str, Any] = _links().loads(link, max_age=SHARE_DAYS * 86400)
        run = console().runs.find(held["run"])
        mark = "" if run is None else (run.folder / _MARK).read_text("ascii")
    except (BadSignature, FileNotFoundError):
        abort(404, _GONE)
    if run is None or mark != held["mark"] or made_of(run.workspace) != run.made:
        abort(404, _GONE)
    g.workspace = None
    return run


def _links() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="share")
