"""The pages beside the contracts: health, readiness, metrics, the documentation, and where to find what."""

import hmac
from collections.abc import Awaitable, Callable
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route, Router

from sandbox import __version__
from sandbox.contracts import Contract
from sandbox.errors import Code, Refusal
from sandbox.observability.readiness import Readiness
from sandbox.runtime import Runtime
from sandbox.settings import Level, Settings
from sandbox.web.documentation import Documentation
from sandbox.web.front import nothing_here

_Page = Callable[[Request], Awaitable[Response]]

_HEALTH = "application/health+json"
_BEARER = "Bearer "
_GUARDS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_OPEN = "Level open: nobody is asked for a token."


def pages(runtime: Runtime, contracts: list[Contract]) -> Router:
    """The routes that no contract describes."""
    routes = [
        Route("/health", _health(runtime), methods=["GET"]),
        Route("/ready", _ready(runtime), methods=["GET"]),
        Route("/", _index(runtime.settings, contracts), methods=["GET"]),
        *Documentation().routes(),
    ]
    if runtime.settings.metrics:
        routes.append(Route("/metrics", _metrics(runtime), methods=["GET"]))
    # A redirect would name the host that the request names.
    return Router(routes=routes, default=nothing_here, redirect_slashes=False)


def _health(runtime: Runtime) -> _Page:
    settings = runtime.settings
    told = {"status": "pass", "version": __version__, "systems": sorted(settings.systems)}
    if settings.level is Level.OPEN:
        told |= {"level": settings.level, "notes": [_OPEN]}

    async def health(_request: Request) -> Response:
        """200 as long as requests are served: whether the process lives, and not whether all is well."""
        return JSONResponse(told, media_type=_HEALTH)

    return health


def _ready(runtime: Runtime) -> _Page:
    readiness = Readiness(runtime)

    async def ready(_request: Request) -> Response:
        """200 while the sandbox can do its work, 503 while it cannot; each check with what does not hold."""
        checks = await readiness.checks()
        passes = all(check.passes for check in checks)
        told = {
            check.name: [
                {"status": "pass"} if check.passes else {"status": "fail", "output": check.detail}
            ]
            for check in checks
        }
        return JSONResponse(
            {"status": "pass" if passes else "fail", "version": __version__, "checks": told},
            status_code=200 if passes else 503,
            headers={"Cache-Control": "no-store"},
            media_type=_HEALTH,
        )

    return ready


def _metrics(runtime: Runtime) -> _Page:
    async def metrics(request: Request) -> Response:
        """Prometheus's text format; at level `platform` to the operator only."""
        # Imported when it is asked for: no start waits for the library.
        from sandbox.observability.metrics import MEDIA_TYPE, Prometheus

        settings, meter = runtime.settings, runtime.meter
        if settings.level is Level.PLATFORM and not _is_operator(request, settings.operator_token):
            raise Refusal(
                Code.TOKEN_INVALID,
                "Metrics are for the operator of the sandbox: send the operator's token as a bearer token.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        assert isinstance(meter, Prometheus)
        return Response(await meter.exposition(), media_type=MEDIA_TYPE)

    return metrics


def _is_operator(request: Request, operator: str | None) -> bool:
    header = request.headers.get("authorization", "")
    token = header.removeprefix(_BEARER) if header.startswith(_BEARER) else ""
    return bool(operator) and hmac.compare_digest(token.encode(), (operator or "").encode())


def _index(settings: Settings, contracts: list[Contract]) -> _Page:
    warning = f"<p><strong>{escape(_OPEN)}</strong></p>" if settings.level is Level.OPEN else ""
    rows = "".join(
        f'<li><a href="{contract.base_path}/ui/">{escape(contract.document["info"]["title"])}</a> '
        f"<code>{contract.base_path}</code>, "
        f'<a href="{contract.base_path}/openapi.json">contract</a></li>'
        for contract in contracts
    )
    page = (
        '<!doctype html><html lang="en-GB"><meta charset="utf-8"><title>ESR integration sandbox</title>'
        '<meta name="viewport" content="width=device-width">'
        "<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:45rem;margin:2rem auto;padding:0 1rem}</style>"
        f"<h1>ESR integration sandbox</h1>{warning}<p>Two mock systems built from their contracts.</p><ul>{rows}</ul>"
        '<p><a href="/docs/">Documentation</a></p>'
        "<p>The contracts are a model of ours; the real specification of the ESR e-Recruitment interface is not public.</p>"
    )

    async def index(_request: Request) -> Response:
        """Links to each contract and its pages."""
        return HTMLResponse(page, headers=_GUARDS)

    return index
