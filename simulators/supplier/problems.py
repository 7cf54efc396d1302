"""How the supplier's own endpoints refuse: problem+json (RFC 9457), as the contracts describe."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class Refused(Exception):
    """A request is refused."""

    def __init__(
        self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.headers = status, code, dict(headers or {})


def refused(_request: Request, problem: Exception) -> Response:
    """The answer to a request that was refused."""
    assert isinstance(problem, Refused)
    return _problem(problem.status, problem.code, str(problem), problem.headers)


def refused_by_route(_request: Request, problem: Exception) -> Response:
    """The answer where no contract has such a path or method."""
    assert isinstance(problem, HTTPException)
    code = "METHOD_NOT_ALLOWED" if problem.status_code == 405 else "NOT_FOUND"
    return _problem(problem.status_code, code, problem.detail, dict(problem.headers or {}))


def failed(_request: Request, _problem_met: Exception) -> Response:
    """The answer when the supplier itself fails: nothing of it reaches the caller."""
    return _problem(500, "INTERNAL_ERROR", "The supplier's system failed.", {})


def _problem(status: int, code: str, detail: str, headers: Mapping[str, str]) -> Response:
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail[:1000],
    }
    return JSONResponse(body, status, headers=dict(headers), media_type="application/problem+json")
