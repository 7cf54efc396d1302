"""The runs of the workspace that a page is about, in the name of whoever looks."""

from flask import abort, g

from sandbox.console.console import console, visitor
from sandbox.console.runs import Run


def made() -> str:
    """When the workspace of the page was made."""
    return console().read(lambda unit: unit.workspace.created_at)


def list_runs(kind: str) -> list[Run]:
    """Those of a kind, newest first."""
    return console().runs.of(str(g.workspace), made(), kind)


def find_run(run_id: str, kind: str) -> Run:
    """One of a kind, as it is now. Another workspace's does not exist for whoever asks: 404."""
    found = console().runs.find(run_id)
    if found is None or (found.kind, found.workspace, found.made) != (kind, g.workspace, made()):
        abort(404, "There is no such run.")
    return found


def who() -> str:
    """In whose name a run is started, in words."""
    if not console().settings.signs_in:
        return "somebody at this machine"
    return "the ESR team" if visitor().is_operator else "the supplier"
