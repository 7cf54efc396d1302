"""Signing in and out: with a token, or by a link that the ESR team has given."""

import hmac
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, session
from flask import url_for as address_of
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeTimedSerializer

from sandbox.clock import wall_now
from sandbox.console.access import made_of, public, sign_in, sign_out, whose
from sandbox.console.console import console
from sandbox.console.door import BASE
from sandbox.console.sessions import LINK_DAYS, SESSION_SECONDS
from sandbox.database import Transaction
from sandbox.identity.bearer import is_good
from sandbox.identity.store import Client, digest_of, find_client
from sandbox.timestamps import to_text

page = Blueprint("signing_in", __name__)

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
    address = request.remote_addr or ""
    wait = console().guesses.wait(address)
    if wait:
        problem = (
            f"Too many wrong tokens came from your address. Try again in {math.ceil(wait)} seconds."
        )
        return _asked_again(problem), 429, {"Retry-After": str(math.ceil(wait))}
    token = request.form.get("token", "").strip()
    if not token:
        return _asked_again("Enter a token."), 400
    operator = console().settings.operator_token or ""
    if operator and hmac.compare_digest(token.encode(), operator.encode()):
        sign_in(None)
        return _onwards()
    client = _client_of(token)
    if client is None:
        console().guesses.note(address)
        return _asked_again(_WRONG), 403
    if client.employers is not None:
        return _asked_again(_ONE_EMPLOYER), 403
    sign_in(client.workspace, client.client_id)
    return _onwards()


def _asked_again(problem: str) -> str:
    back = request.form.get("back", "")
    return render_template("console/sign_in.html.j2", back=back, problem=problem)


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
    sign_out()
    flash("You are signed out.")
    return redirect(address_of("signing_in.show"), 303)


@page.get(f"{BASE}/session")
def show_session() -> ResponseReturnValue:
    """Who is signed in, until when, and the way to sign out everywhere; where nobody signs in, the way to Home."""
    if not console().settings.signs_in:
        return redirect(address_of("workspaces.begin"), 303)
    began = datetime.fromtimestamp(session["since"], UTC)
    ends = to_text(began + timedelta(seconds=SESSION_SECONDS))
    return render_template(
        "console/session.html.j2", began=to_text(began), ends=ends, client=session.get("client")
    )


@page.post(f"{BASE}/session/end-all")
def leave_everywhere() -> ResponseReturnValue:
    """Ends every session of the workspace's supplier, or of the ESR team, and the sign-in links that were given."""
    sign_out(everywhere=True)
    flash("Every session is ended.")
    return redirect(address_of("signing_in.show"), 303)


def link_into(workspace: str) -> str:
    """The address of a page on which whoever has it signs in to a workspace, for some days."""
    made = made_of(workspace)
    if made is None:
        abort(404)
    held = {"workspace": workspace, "made": made, "at": wall_now().timestamp()}
    token = _links().dumps(held)
    return f"{console().settings.public_url}{address_of('signing_in.show_link', link=token)}"


def _linked(link: str) -> dict[str, Any]:
    try:
        held: dict[str, Any] = _links().loads(link, max_age=LINK_DAYS * 86400)
    except BadSignature:
        held = {}
    made = made_of(held["workspace"]) if held else None
    if (
        made is None
        or made != held["made"]
        or console().sessions.ended().has("", whose(held["workspace"], made), held["at"])
    ):
        abort(404, "This link is not good any more. Ask the ESR team for another one.")
    return held


def _links() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="sign-in")


def _client_of(token: str) -> Client | None:
    def look(transaction: Transaction) -> Client | None:
        return find_client(transaction.connection, digest_of(token))

    found = console().look(look)
    is_known = found is not None and not found.is_internal and is_good(found, console().settings)
    return found if is_known else None


def _onwards() -> ResponseReturnValue:
    """To the page that was asked for, if it is one of ours."""
    back = request.form.get("back", "")
    is_ours = back.startswith(f"{BASE}/") and back.isprintable()
    return redirect(back if is_ours else address_of("workspaces.begin"), 303)
