"""Signing in and out: with a token, or by a link that the ESR team has given."""

import hmac
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, session
from flask import url_for as address_of
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeTimedSerializer

from sandbox.console.access import public, sign_in
from sandbox.console.console import console
from sandbox.console.door import BASE
from sandbox.database import Transaction
from sandbox.identity.bearer import is_good
from sandbox.identity.store import Client, digest_of, find_client
from sandbox.workspaces.store import find_workspace

page = Blueprint("signing_in", __name__)

LINK_DAYS = 7
"""How long a sign-in link is good."""
_WRONG = "The sandbox knows no such token, or it has expired. An access token is good for ten minutes; get a new one."
_ONE_EMPLOYER = (
    "This client acts for some employers only, and the console shows every employer of a workspace."
)


@page.get(f"{BASE}/sign-in")
@public
def show() -> ResponseReturnValue:
    """The page on which to sign in; where nobody signs in, the way to Home."""
    if not console().settings.signs_in:
        return redirect(address_of("workspaces.begin"), 303)
    return render_template("console/sign_in.html.j2", back=request.args.get("back", ""))


@page.post(f"{BASE}/sign-in")
@public
def enter() -> ResponseReturnValue:
    """Begins a session with the operator's token, or with an access token of a client."""
    token = request.form.get("token", "").strip()
    operator = console().settings.operator_token or ""
    if operator and hmac.compare_digest(token.encode(), operator.encode()):
        sign_in(None)
        return _onwards()
    client = _client_of(token)
    refused = _WRONG if client is None else _ONE_EMPLOYER if client.employers is not None else ""
    if client is None or refused:
        back = request.form.get("back", "")
        return render_template("console/sign_in.html.j2", back=back, problem=refused), 403
    sign_in(client.workspace, client.client_id)
    return _onwards()


@page.get(f"{BASE}/sign-in/<link>")
@public
def show_link(link: str) -> str:
    """What a link opens: a button, so that nothing is begun by whoever only looks whether a link is good."""
    return render_template(
        "console/sign_in_link.html.j2", name=_linked(link)["workspace"], link=link
    )


@page.post(f"{BASE}/sign-in/<link>")
@public
def enter_by_link(link: str) -> ResponseReturnValue:
    """Begins a session in the workspace of a link."""
    sign_in(_linked(link)["workspace"])
    return _onwards()


@page.post(f"{BASE}/sign-out")
@public
def leave() -> ResponseReturnValue:
    """Ends the session."""
    session.clear()
    flash("You are signed out.")
    return redirect(address_of("signing_in.show"), 303)


def link_into(workspace: str) -> str:
    """The address of a page on which whoever has it signs in to a workspace, for some days."""
    made = _made(workspace)
    if made is None:
        abort(404)
    token = _links().dumps({"workspace": workspace, "made": made})
    return f"{console().settings.public_url}{address_of('signing_in.show_link', link=token)}"


def _linked(link: str) -> dict[str, Any]:
    try:
        held: dict[str, Any] = _links().loads(link, max_age=LINK_DAYS * 86400)
    except BadSignature:
        held = {}
    if not held or _made(held["workspace"]) != held["made"]:
        abort(404, "This link is not good any more. Ask the ESR team for another one.")
    return held


def _links() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="sign-in")


def _made(workspace: str) -> str | None:
    def look(transaction: Transaction) -> str | None:
        found = find_workspace(transaction.connection, workspace)
        return None if found is None else found.created_at

    made: str | None = console().runtime.database.read(look).result()
    return made


def _client_of(token: str) -> Client | None:
    def look(transaction: Transaction) -> Client | None:
        return find_client(transaction.connection, digest_of(token))

    found: Client | None = console().runtime.database.read(look).result()
    is_known = found is not None and not found.is_internal and is_good(found, console().settings)
    return found if is_known else None


def _onwards() -> ResponseReturnValue:
    """To the page that was asked for, if it is one of ours."""
    back = request.form.get("back", "")
    parts = urlsplit(back)
    is_ours = not parts.scheme and not parts.netloc and back.startswith(f"{BASE}/")
    return redirect(back if is_ours else address_of("workspaces.begin"), 303)
