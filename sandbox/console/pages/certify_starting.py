"""Certify: the forms from which a run is started, and the ways to start one again."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.console.certify_orders import (
    NHS_JOBS_RUNS_TOO,
    Kept,
    clients,
    holds_a_world,
    is_supplier_hosted,
    nhs_jobs_runs_too,
    order_of,
    refused,
)
from sandbox.console.certify_results import results_of
from sandbox.console.certifying import (
    DRIVING,
    FEATURES,
    MANDATORY,
    REFERENCES,
    ROLES,
    SUITES,
    SUPPLIER,
    Wish,
)
from sandbox.console.console import console
from sandbox.console.door import BASE
from sandbox.console.own_runs import find_run
from sandbox.console.runs import CERTIFY, Run, RunRefused

_PLACE = f"{BASE}/w/<workspace>/certify"


def add_starting(page: Blueprint) -> None:
    """Gives the blueprint of Certify its forms."""
    page.add_url_rule(f"{_PLACE}/new", "new", new, methods=["GET"])
    page.add_url_rule(f"{_PLACE}/new", "start", start, methods=["POST"])
    page.add_url_rule(f"{_PLACE}/empty", "empty", empty, methods=["POST"])
    page.add_url_rule(f"{_PLACE}/<run_id>/again", "again", again, methods=["POST"])


def new() -> ResponseReturnValue:
    """A form: for a reference subject where the query names one, else for a system of the visitor's own."""
    reference, role = request.args.get("reference", ""), request.args.get("role", SUPPLIER)
    if (reference and reference not in REFERENCES) or role not in ROLES:
        abort(404)
    earlier = request.args.get("like", "")
    if earlier:
        return _form(Wish.kept(find_run(earlier, CERTIFY).about["wish"]))
    wish = Wish(reference=reference, role=role)
    found = clients()
    return _form(replace(wish, client=found[0].client_id if found else ""))


def start() -> ResponseReturnValue:
    """Starts a run, or its pre-flight alone."""
    wish = Wish.sent(request.form)
    kept = Kept(
        request.form.get("driver_token", "").strip(), request.form.get("system_token", "").strip()
    )
    return _begun(wish, kept, preflight=request.form.get("act") == "preflight", earlier=None)


def again(run_id: str) -> ResponseReturnValue:
    """Starts a run as it was: whole, or what did not pass of it, or after its pre-flight."""
    found = find_run(run_id, CERTIFY)
    wish = Wish.kept(found.about["wish"])
    earlier = found if request.form.get("act") == "failed" else None
    is_preflight = request.form.get("act") == "preflight"
    if earlier is not None and results_of(found) is None:
        abort(400, "This run has left no results to go on from.")
    return _begun(wish, Kept.of(found), preflight=is_preflight, earlier=earlier)


def empty() -> ResponseReturnValue:
    """Empties the workspace, so that a supplier's run can fill it with a world that it knows."""
    done = console().ask("POST", "/reset")
    if done.is_done:
        flash(
            f"The workspace {g.workspace} is empty. Connect your system again; then start the run."
        )
    else:
        flash(done.sentence, "problem")
    back = request.form.get("run", "")
    if back:
        return redirect(url_for("certify.run", run_id=find_run(back, CERTIFY).id), 303)
    return redirect(url_for("certify.new"), 303)


def _begun(wish: Wish, kept: Kept, *, preflight: bool, earlier: Run | None) -> ResponseReturnValue:
    problems = list(wish.problems())
    if problems:
        return _form(wish, problems), 400
    # A pre-flight changes nothing, and says itself what has to be emptied.
    problems = [each for each in refused(wish) if not (preflight and each[0] == "empty")]
    if problems:
        return _form(wish, problems), 403 if is_supplier_hosted() else 400
    try:
        run = console().runs.start(order_of(wish, kept, preflight=preflight, earlier=earlier))
    except RunRefused as problem:
        return _form(wish, [("", str(problem))]), 409
    return redirect(url_for("certify.run", run_id=run.id), 303)


def _form(wish: Wish, problems: list[tuple[str, str]] | None = None) -> str:
    shown: dict[str, Any] = {
        "references": REFERENCES,
        "roles": ROLES,
        "features": FEATURES,
        "suites": SUITES,
        "driving": DRIVING,
        "mandatory": MANDATORY,
    }
    return render_template(
        "console/certify_new.html.j2",
        wish=wish,
        problems=problems or [],
        wrong=dict(problems or []),
        clients=clients() if wish.plays_here else [],
        must_empty=wish.plays_here and holds_a_world(),
        hosted=is_supplier_hosted(),
        nhs_jobs_note=NHS_JOBS_RUNS_TOO if wish.plays_here and nhs_jobs_runs_too() else "",
        **shown,
    )
