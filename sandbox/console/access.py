"""Who may look at what: sessions, the two roles, and which pages ask for neither."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, abort, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.routing import Rule

from sandbox.clock import wall_now
from sandbox.console.console import console
from sandbox.database import Transaction
from sandbox.identity.store import ClientState, find_registration
from sandbox.web.call import Visitor
from sandbox.workspaces.store import find_workspace

F = TypeVar("F", bound=Callable[..., Any])

SESSION_SECONDS = 8 * 3600
"""How long somebody stays signed in."""
_PUBLIC, _ESR_TEAM = "is_public", "is_for_the_esr_team"


def public(view: F) -> F:
    """Marks a page that anybody may see who knows its address."""
    setattr(view, _PUBLIC, True)
    return view


def esr_team(view: F) -> F:
    """Marks a page for the ESR team alone."""
    setattr(view, _ESR_TEAM, True)
    return view


def sign_in(workspace: str | None, client: str | None = None) -> None:
    """Begins a session: of the ESR team, or of a supplier in its workspace, as long as its client is active."""
    session.clear()
    session["since"] = int(wall_now().timestamp())
    session["workspace"] = workspace
    if workspace is not None:
        session["made"] = _made(workspace, client)
    if client is not None:
        session["client"] = client


def visitor_of(held: Any) -> Visitor | None:
    """Who a session is of; None where nobody has signed in, where it has expired, and where its client may no longer call."""
    if not console().settings.signs_in:
        return Visitor()
    since = held.get("since")
    if not isinstance(since, int) or wall_now().timestamp() - since > SESSION_SECONDS:
        return None
    workspace = held.get("workspace")
    if workspace is None:
        return Visitor()
    made = _made(workspace, held.get("client"))
    # A workspace that was deleted and made again is another one, of somebody else perhaps.
    return Visitor(workspace) if made is not None and made == held.get("made") else None


def _made(workspace: str, client: str | None) -> str | None:
    """When the workspace was made; None where it is not there, or the client is not active in it."""

    def look(transaction: Transaction) -> str | None:
        found = find_workspace(transaction.connection, workspace)
        if found is None:
            return None
        if client is not None:
            held = find_registration(transaction.connection, client)
            is_good = held is not None and held.workspace == workspace
            if held is None or not is_good or held.state != ClientState.ACTIVE:
                return None
            if held.employers is not None:
                # The console shows every employer of its workspace.
                return None
        return found.created_at

    made: str | None = console().runtime.database.read(look).result()
    return made


def guard(app: Flask) -> None:
    """Has every page ask who looks, but for those that are public."""

    @app.url_value_preprocessor
    def take_workspace(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.workspace = (values or {}).pop("workspace", None)

    @app.url_defaults
    def keep_workspace(endpoint: str, values: dict[str, Any]) -> None:
        # A link on a page of a workspace stays in it.
        if "workspace" in values or not g.get("workspace"):
            return
        rules: list[Rule] = app.url_map._rules_by_endpoint.get(endpoint, [])  # noqa: SLF001
        if any("workspace" in rule.arguments for rule in rules):
            values["workspace"] = g.workspace

    @app.before_request
    def let_in() -> ResponseReturnValue | None:
        g.visitor = visitor_of(session)
        view = app.view_functions.get(request.endpoint or "")
        if view is None or request.endpoint == "static" or getattr(view, _PUBLIC, False):
            return None
        if g.visitor is None:
            session.clear()
            back = request.full_path.rstrip("?") if request.method == "GET" else None
            return redirect(url_for("signing_in.show", back=back), 303)
        if getattr(view, _ESR_TEAM, False) and not g.visitor.is_operator:
            abort(403)
        if g.workspace is not None:
            if not g.visitor.may_see(g.workspace):
                abort(404)
            console().read(lambda unit: unit.workspace.name)
        return None


def leave_safely(answer: Response, nonce: str, is_https: bool) -> Response:
    """Sets what a browser must keep to on every page, unless the page has set it itself."""
    policy = (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    answer.headers.setdefault("Content-Security-Policy", policy)
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("Referrer-Policy", "same-origin")
    answer.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    answer.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if is_https:
        answer.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        answer.headers.setdefault("Cache-Control", "no-store")
    return answer
