"""The pages beside the contracts: health, and where to find what."""

from collections.abc import Awaitable, Callable
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route, Router

from sandbox import __version__
from sandbox.contracts import Contract
from sandbox.runtime import Runtime
from sandbox.web.front import nothing_here

_Page = Callable[[Request], Awaitable[Response]]


def pages(runtime: Runtime, contracts: list[Contract]) -> Router:
    """The routes that no contract describes."""
    return Router(
        routes=[
            Route("/health", _health(runtime), methods=["GET"]),
            Route("/", _index(contracts), methods=["GET"]),
        ],
        default=nothing_here,
    )


def _health(runtime: Runtime) -> _Page:
    async def health(_request: Request) -> Response:
        """200 once requests are served and NHS Jobs hears from ESR; 503 before."""
        status = "pass" if runtime.is_ready else "warn"
        return JSONResponse(
            {"status": status, "version": __version__, "systems": sorted(runtime.settings.systems)},
            status_code=200 if runtime.is_ready else 503,
            media_type="application/health+json",
        )

    return health


def _index(contracts: list[Contract]) -> _Page:
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
        f"<h1>ESR integration sandbox</h1><p>Two mock systems built from their contracts.</p><ul>{rows}</ul>"
        "<p>The contracts are a model of ours; the real specification of the ESR e-Recruitment interface is not public.</p>"
    )

    async def index(_request: Request) -> Response:
        """Links to each contract and its pages."""
        return HTMLResponse(page)

    return index
