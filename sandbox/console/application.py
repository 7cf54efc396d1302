"""Puts the Flask application of the console together."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, render_template, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import ChainableUndefined, ChoiceLoader, PackageLoader
from werkzeug.exceptions import HTTPException, InternalServerError

from sandbox import __version__
from sandbox.console import access, assets, keeping
from sandbox.console.carrying import FORM_BYTES, hand_over
from sandbox.console.console import EXTENSION, Console
from sandbox.console.door import BASE
from sandbox.console.guessing import Guesses
from sandbox.console.pages import PAGES
from sandbox.console.powers import Powers
from sandbox.console.runs import Runs
from sandbox.console.sessions import SESSION_SECONDS, Sessions
from sandbox.console.words import FILTERS
from sandbox.contracts import Contract
from sandbox.errors import Refusal
from sandbox.runtime import Runtime
from sandbox.settings import Level

_TOLD = {
    403: "This page is for the ESR team alone. Nothing was done.",
    404: "There is no such page. See that its address is whole.",
    405: "This address takes a form and shows no page. Go back to the page that has the form.",
    413: "Nothing was done: what was sent is larger than this page takes.",
}
"""What a refusal says that has no sentence of its own."""


def make_console(runtime: Runtime, contracts: list[Contract], powers: Powers) -> Flask:
    """The application, which serves every path below /console but the live streams."""
    settings = runtime.settings
    folder = keeping.folder_of(settings)
    app = Flask(__name__, static_url_path=f"{BASE}/static")
    is_https = settings.public_url.startswith("https://")
    app.config.update(
        SECRET_KEY=keeping.key_of(settings, folder),
        MAX_CONTENT_LENGTH=FORM_BYTES,
        USE_X_SENDFILE=True,
        PERMANENT_SESSION_LIFETIME=timedelta(seconds=SESSION_SECONDS),
        # Cookies know no ports: two sandboxes on one machine would take each other's.
        SESSION_COOKIE_NAME="__Host-console" if is_https else f"console-{settings.port}",
        SESSION_COOKIE_PATH="/",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=is_https,
        SESSION_REFRESH_EACH_REQUEST=False,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
        WTF_CSRF_SSL_STRICT=False,  # the guard looks whence a form comes, whatever name a proxy puts into `Host`
    )
    runs = Runs(folder)
    runtime.on_forget.append(runs.forget)
    app.extensions[EXTENSION] = Console(
        runtime, contracts, powers, folder, runs, Sessions(folder), Guesses()
    )
    app.jinja_options = {
        # Flask itself escapes by the ending of a template's name, and not in `.j2`.
        "autoescape": True,
        "undefined": ChainableUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
    }
    app.jinja_loader = ChoiceLoader(
        [PackageLoader("sandbox.console"), PackageLoader("nhsuk_frontend_jinja")]
    )
    app.jinja_env.filters.update(FILTERS)

    @app.before_request
    def draw_nonce() -> None:
        g.nonce = secrets.token_urlsafe(16)

    # The guard asks who looks before anything else is done, above all before a form is read; its refusal is a page too.
    access.guard(app)
    CSRFProtect(app)
    for page in PAGES:
        app.register_blueprint(page)
    _dress(app, settings.level)

    @app.after_request
    def leave_safely(answer: Response) -> Response:
        return hand_over(access.leave_safely(answer, g.get("nonce", ""), is_https))

    app.register_error_handler(CSRFError, _stale)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(Refusal, _refusal)
    app.register_error_handler(TimeoutError, _too_late)
    app.register_error_handler(Exception, _failed)
    return app


def load_pages(app: Flask) -> None:
    """Reads what the first page would otherwise wait for: the templates, and what the cases and the gallery show."""
    from sandbox.console import proof

    for name in app.jinja_env.list_templates(["j2", "jinja"]):
        app.jinja_env.get_template(name)
    proof.proofs()
    proof.deviations()
    proof.titles()


def _dress(app: Flask, level: Level) -> None:
    @app.context_processor
    def shared() -> dict[str, Any]:
        return {
            "visitor": g.get("visitor"),
            "workspace": g.get("workspace"),
            "signs_in": level is Level.PLATFORM,
            "is_open": level is Level.OPEN,
            "version": __version__,
            "has_assets": assets.are_here(),
            "assetPath": f"{BASE}/static/nhsuk/assets",
            "cspNonce": g.get("nonce"),
            "htmlLang": "en-GB",
        }


def _refused(problem: HTTPException) -> tuple[str, int] | HTTPException:
    status = problem.code or 500
    if status < 400:
        return problem
    is_its_own = problem.description != type(problem).description
    told = str(problem.description or "") if is_its_own else _TOLD.get(status, "")
    return _page(status, told or str(problem.description or ""))


def _stale(_problem: CSRFError) -> tuple[str, int]:
    return _page(
        400,
        "Nothing was done. The page from which this was sent is too old, or you have signed in or out since it was opened, or "
        "your browser takes no cookies. Go back, load the page anew, and send it again.",
    )


def _refusal(problem: Refusal) -> tuple[str, int, Mapping[str, str]]:
    return *_page(problem.status, problem.detail), problem.headers


def _too_late(_problem: TimeoutError) -> tuple[str, int, Mapping[str, str]]:
    sentence = (
        "The sandbox did not answer this page in time: it is busy, or its database is away. Load the page again in a moment. If "
        "you have sent a form, look first whether it was done."
    )
    return *_page(503, sentence), {"Retry-After": "5"}


def _failed(problem: Exception) -> tuple[str, int]:
    from flask import current_app

    current_app.logger.error("%s %s failed", request.method, request.path, exc_info=problem)
    return _page(500, str(InternalServerError.description))


def _page(status: int, sentence: str) -> tuple[str, int]:
    if "workspace" not in g or g.get("visitor") is None or not g.visitor.may_see(g.workspace):
        g.workspace = None
    title = HTTPStatus(status).phrase.capitalize()
    return render_template("console/error.html.j2", title=title, sentence=sentence), status
