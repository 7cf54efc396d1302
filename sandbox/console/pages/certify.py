"""Certify: the runs of a workspace, one run as it goes on and what it came to, and two runs compared."""

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.console import files
from sandbox.console.certify_orders import holds_a_world, nhs_jobs_runs_too, public_key
from sandbox.console.certify_results import WORDS, Changes, compared, results_of
from sandbox.console.certify_told import ANSWERS, OUTCOMES, SAYS, Told, outcome
from sandbox.console.certifying import GUIDE, REFERENCES, RESULTS, SUBJECT, Wish
from sandbox.console.console import console
from sandbox.console.door import BASE
from sandbox.console.own_runs import find_run, list_runs
from sandbox.console.pages.certify_starting import add_starting
from sandbox.console.runs import CERTIFY, Run
from sandbox.console.runs_record import write_whole

page = Blueprint("certify", __name__)
_PLACE = f"{BASE}/w/<workspace>/certify"
_FILES = {
    ".zip": "The pack: everything that was seen, signed. This is what you send for a certificate",
    ".html": "The report, to read and to print",
    ".json": "Everything that was judged, as JSON",
    ".junit.xml": "JUnit XML, for a pipeline",
    ".ctrf.json": "CTRF JSON, for a pipeline",
}
add_starting(page)


@page.get(_PLACE)
def show() -> str:
    """The runs of this workspace, and the ways to start one."""
    runs = list_runs(CERTIFY)
    return render_template(
        "console/certify.html.j2",
        runs=[(run, *OUTCOMES[outcome(run)]) for run in runs],
        finished=[run for run in runs if not run.is_running and not run.about.get("preflight")],
        references=REFERENCES,
        going_on=console().runs.going_on(str(g.workspace)),
        nhs_jobs_runs_too=nhs_jobs_runs_too(),
    )


@page.get(f"{_PLACE}/<run_id>")
def run(run_id: str) -> str:
    """One run: what it does now, whom it waits for, and in the end what it came to."""
    found = find_run(run_id, CERTIFY)
    told = Told.of(found)
    wish = Wish.kept(found.about["wish"])
    return render_template(
        "console/certify_run.html.j2",
        run=found,
        told=told,
        wish=wish,
        outcome=outcome(found),
        outcomes=OUTCOMES,
        says=SAYS,
        answers=ANSWERS,
        results=None if found.is_running else results_of(found),
        words=WORDS,
        reports=_reports(found),
        log="" if found.is_running else found.log(),
        must_empty=not found.is_running and wish.plays_here and holds_a_world(),
    )


@page.post(f"{_PLACE}/<run_id>/answer")
def answer(run_id: str) -> ResponseReturnValue:
    """What a person says of a step: done, refused, or not possible here."""
    found = find_run(run_id, CERTIFY)
    step, said = Told.of(found).step, request.form.get("answer", "")
    if said not in ANSWERS:
        abort(400, "Say whether it is done, was refused, or is not possible here.")
    if step is None or str(step.number) != request.form.get("step") or not step.left:
        flash(
            "The time for this step is over, or it was answered already. Nothing was changed.",
            "problem",
        )
    else:
        write_whole(found.folder / GUIDE / f"answer-{step.number}", said.encode())
        flash(f"Step {step.number}: {ANSWERS[said]}. The suite looks at what came of it.")
    return redirect(url_for("certify.run", run_id=run_id), 303)


@page.post(f"{_PLACE}/<run_id>/stop")
def stop(run_id: str) -> ResponseReturnValue:
    """Has a run end; what was done until then is reported."""
    found = find_run(run_id, CERTIFY)
    if found.is_running:
        console().runs.stop(found)
        flash(
            "The run has been asked to end. What was seen until now is still reported, as interrupted."
        )
    return redirect(url_for("certify.run", run_id=run_id), 303)


@page.get(f"{_PLACE}/<run_id>/files/<name>")
def report(run_id: str, name: str) -> Response:
    """The pack or a report of a run, the subject file, or the key with which its pack is verified."""
    found = find_run(run_id, CERTIFY)
    if name == SUBJECT:
        return files.give(found.folder, name, [SUBJECT])
    key = public_key()
    if name == key.name:
        return files.give(key.parent, name, [name])
    return files.give(found.folder / RESULTS, name, dict(_reports(found)))


@page.get(f"{_PLACE}/compare")
def compare() -> ResponseReturnValue:
    """What is better, worse, new and gone in a later run."""
    before, after = (request.args.get(name, "") for name in ("before", "after"))
    runs = (find_run(before, CERTIFY), find_run(after, CERTIFY))
    first, second = (results_of(each) for each in runs)
    if first is None or second is None:
        abort(404, "One of these runs has left no results to compare.")
    changes: list[tuple[str, Changes]] = [
        (noun, compared(first, second, noun)) for noun in ("requirements", "cases")
    ]
    facts = [
        (name, first.facts.get(name, "none"), second.facts.get(name, "none"))
        for name in {**first.facts, **second.facts}
        if first.facts.get(name) != second.facts.get(name)
    ]
    return render_template(
        "console/certify_compare.html.j2",
        before=runs[0],
        after=runs[1],
        first=first,
        second=second,
        changes=changes,
        facts=facts,
        is_same_role=first.told["subject"]["role"] == second.told["subject"]["role"],
    )


def _reports(found: Run) -> list[tuple[str, str]]:
    role = found.about.get("role")
    named = [(f"{role}{ending}", says) for ending, says in _FILES.items()]
    return [(name, says) for name, says in named if files.is_there(found.folder / RESULTS, name)]
