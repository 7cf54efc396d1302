"""Who may look at what: sessions, the two roles, and which pages ask for neither."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.routing import Rule

from sandbox.clock import wall_now
from sandbox.console.console import console
from sandbox.console.sessions import SESSION_SECONDS
from sandbox.database import Transaction
from sandbox.identity.store import ClientState, find_registration
from sandbox.web.call import Visitor
from sandbox.workspaces.store import find_workspace

F = TypeVar("F", bound=Callable[..., Any])

ESR_TEAM = "the ESR team"
"""Whose sessions they are that are no supplier's."""
_PUBLIC, _ESR_TEAM, _MOST_BYTES = "is_public", "is_for_the_esr_team", "takes_bytes"


def public(view: F) -> F:
    """Marks a page that anybody may see who knows its address."""
    setattr(view, _PUBLIC, True)
    return view


def esr_team(view: F) -> F:
    """Marks a page for the ESR team alone."""
    setattr(view, _ESR_TEAM, True)
    return view


def takes_files(most: int) -> Callable[[F], F]:
    """Marks a page that takes forms of so many bytes; every other one takes a megabyte."""

    def mark(view: F) -> F:
        setattr(view, _MOST_BYTES, most)
        return view

    return mark


def sign_in(workspace: str | None, client: str | None = None) -> None:
    """Begins a session: of the ESR team, or of a supplier in its workspace, as long as its client is active.

    Nothing of an earlier session goes into it.
    """
    session.clear()
    session["id"] = secrets.token_urlsafe(16)
    session["since"] = wall_now().timestamp()
    session["workspace"] = workspace
    session["made"] = _operator_mark() if workspace is None else made_of(workspace, client)
    if client is not None:
        session["client"] = client


def sign_out(*, everywhere: bool = False) -> None:
    """Ends the session, or every session of its workspace's supplier, or of the ESR team; no copy of a cookie brings it back."""
    now = wall_now().timestamp()
    if isinstance(session.get("id"), str) and visitor_of(session) is not None:
        if everywhere:
            console().sessions.end_all(whose(session["workspace"], session["made"]), now)
        else:
            console().sessions.end(session["id"], now)
    session.clear()


def visitor_of(held: Any) -> Visitor | None:
    """Who a session is of; None where nobody has signed in, where it has expired or was ended, where its client may no longer
    call, and where the operator's token was changed.
    """
    if not console().settings.signs_in:
        return Visitor()
    since, name, workspace = held.get("since"), held.get("id"), held.get("workspace")
    if not isinstance(since, float) or wall_now().timestamp() - since > SESSION_SECONDS:
        return None
    # A workspace that was deleted and made again is another one, of somebody else perhaps.
    made = _operator_mark() if workspace is None else made_of(workspace, held.get("client"))
    if made is None or made != held.get("made"):
        return None
    if console().sessions.ended().has(str(name), whose(workspace, made), since):
        return None
    return Visitor(workspace)


def whose(workspace: str | None, made: str) -> str:
    """Whose a session is, as the end of all of them is kept."""
    return ESR_TEAM if workspace is None else f"{workspace} {made}"


def _operator_mark() -> str:
    """What changes with the operator's token, and says nothing of it to whoever reads a cookie."""
    key, token = str(current_app.secret_key), console().settings.operator_token or ""
    return hmac.new(key.encode(), token.encode(), hashlib.sha256).hexdigest()


def made_of(workspace: str, client: str | None = None) -> str | None:
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

    return console().look(look)


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

    app.before_request(_let_in)


def _let_in() -> ResponseReturnValue | None:
    g.visitor = visitor_of(session)
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method not in ("GET", "HEAD", "OPTIONS") and _is_sent_from_elsewhere():
        abort(400, "A page of another site sent this. Open the console itself, and try again.")
    if view is None or request.endpoint == "static" or getattr(view, _PUBLIC, False):
        return None
    if g.visitor is None:
        if "since" in session:
            session.clear()
        back = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("signing_in.show", back=back), 303)
    if getattr(view, _ESR_TEAM, False) and not g.visitor.is_operator:
        abort(403)
    if g.workspace is not None:
        if not g.visitor.may_see(g.workspace):
            abort(404)
        console().read(lambda unit: unit.workspace.name)
    # Only for who is let in, and before anything reads the form.
    request.max_content_length = getattr(view, _MOST_BYTES, request.max_content_length)
    return None


def _is_sent_from_elsewhere() -> bool:
    """Whether a page of another site sent a form, as the browser says: `Sec-Fetch-Site` (Fetch Metadata), or else `Origin`."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site not in ("same-origin", "none")
    if origin is None:
        return False
    scheme, _, place = origin.partition("://")
    return not scheme or place not in (
        request.host,
        urlsplit(console().settings.public_url).netloc,
    )


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
