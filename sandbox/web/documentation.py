"""The documentation at /docs/: the site that `make docs` has built, else the Markdown that it is built from."""

from collections.abc import Mapping
from html import escape
from pathlib import Path, PurePosixPath

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

BASE = "/docs/"
_PACKAGE = Path(__file__).resolve().parents[1]
_SOURCES = _PACKAGE.parent / "docs"
_SITES = (_SOURCES / "_build" / "html", _PACKAGE / "_docs")
"""Where the site is in the repository, and in an installed package."""
# The theme writes styles into its pages, and no script.
_GUARDS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class Documentation:
    """Serves the site of one folder, or the Markdown of another where there is no such site."""

    def __init__(self, sites: tuple[Path, ...] = _SITES, sources: Path = _SOURCES) -> None:
        self._sites = sites
        self._sources = sources

    def routes(self) -> list[Route]:
        """The routes, for a router that does without redirects of its own."""
        return [
            Route(BASE.rstrip("/"), self._at_its_place, methods=["GET"]),
            Route(f"{BASE}{{path:path}}", self._page, methods=["GET"]),
        ]

    async def _at_its_place(self, _request: Request) -> Response:
        # Not the host that the request names: the path alone.
        return RedirectResponse(BASE, 308)

    async def _page(self, request: Request) -> Response:
        path = request.path_params["path"]
        site = next((each for each in self._sites if (each / "index.html").is_file()), None)
        if site is not None:
            name = f"{path}index.html" if path == "" or path.endswith("/") else path
            return await _file(site, name, request)
        if path == "":
            return HTMLResponse(self._not_built(), headers=_GUARDS)
        if PurePosixPath(path).suffix != ".md":
            return HTMLResponse(self._not_built(), status_code=404, headers=_GUARDS)
        answer = await _file(self._sources, path, request)
        answer.headers["Content-Type"] = "text/plain; charset=utf-8"
        return answer

    def _not_built(self) -> str:
        found = sorted(self._sources.glob("**/*.md")) if self._sources.is_dir() else []
        names = [path.relative_to(self._sources).as_posix() for path in found]
        rows = "".join(
            f'<li><a href="{BASE}{escape(name)}">{escape(name)}</a></li>' for name in names
        )
        rest = f"<p>Meanwhile, here is what it is built from:</p><ul>{rows}</ul>" if names else ""
        return (
            '<!doctype html><html lang="en-GB"><meta charset="utf-8"><title>Documentation: not built</title>'
            '<meta name="viewport" content="width=device-width">'
            "<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:45rem;margin:2rem auto;padding:0 1rem}</style>"
            "<main><h1>The documentation is not built here</h1>"
            f"<p>In the repository, <code>make docs</code> builds it, and it is served at this address.</p>{rest}"
            '<p><a href="/console">Back to the console</a></p></main></html>'
        )


async def _file(folder: Path, name: str, request: Request) -> Response:
    """One file. Raises HTTPException 404 where there is none in the folder; a folder is none."""
    files = StaticFiles(directory=folder, check_dir=False)
    answer = await files.get_response(name, request.scope)
    _add(answer, _GUARDS)
    return answer


def _add(answer: Response, headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        answer.headers[name] = value
