"""How an actor reaches the two systems, and the sandbox's own powers."""

import asyncio
from collections.abc import Mapping
from typing import Any, Self
from uuid import UUID, uuid5

import httpx

from simulators.credentials import Access, BearerAuth, TokenRefused

_NAMESPACE = UUID("8c2d6f1a-4b7e-5d39-a0c5-7e1f3b9d2a64")
_TRIES = 6
_LONGEST_WAIT_SECONDS = 5.0
_AGAIN = frozenset({429, 503})
_EMPLOYER = "NHSD-End-User-Organisation-ODS"


class ActorRefused(Exception):
    """A system refused what an actor did, or did not answer; the message says which and why."""

    def __init__(self, method: str, path: str, status: int, reason: str) -> None:
        super().__init__(f"{method} {path} was answered {status}: {reason}"[:500])
        self.status = status


class SystemAbsent(Exception):
    """A system cannot be reached at all; the message says what to do."""


class Systems:
    """ESR, NHS Jobs and the control API of one running sandbox."""

    def __init__(
        self, url: str, access: Access, run: str, connections: int, timeout: float = 30.0
    ) -> None:
        """`run` makes the request ids of one run differ from those of every other."""
        self._run = run
        self._client = httpx.AsyncClient(
            base_url=url.rstrip("/"),
            timeout=timeout,
            auth=BearerAuth(access),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self._client.aclose()

    async def read(self, path: str, **parameters: str | int) -> Any:
        """The document at a path such as `/esr/v1/applicants/10000017`. Raises ActorRefused."""
        return (await self._send("GET", path, dict(parameters), None, {})).json()

    async def read_all(self, path: str, name: str, **parameters: str | int) -> list[dict[str, Any]]:
        """Every item of a list that comes in pages. Raises ActorRefused."""
        items: list[dict[str, Any]] = []
        cursor: dict[str, str | int] = {}
        while True:
            page = await self.read(path, **{"limit": 100, **parameters, **cursor})
            items += page[name]
            if not page["more"]:
                return items
            cursor = {"cursor": page["next"]}

    async def write(
        self, method: str, path: str, purpose: str, body: Any, employer: str | None = None
    ) -> Any:
        """Sends a message once, however often that takes; answers the document that comes back.

        `purpose` names the message within the run: the same purpose has the same request id. Raises ActorRefused.
        """
        headers = {"X-Request-ID": str(uuid5(_NAMESPACE, f"{self._run}/{purpose}"))}
        if employer is not None:
            headers[_EMPLOYER] = employer
        return (await self._send(method, path, {}, body, headers)).json()

    async def _send(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str | int],
        body: Any,
        headers: Mapping[str, str],
    ) -> httpx.Response:
        wait = 0.1
        for attempt in range(1, _TRIES + 1):
            try:
                response = await self._client.request(
                    method,
                    path,
                    params=dict(parameters),
                    json=body,
                    headers=dict(headers),
                )
            except TokenRefused as problem:
                raise SystemAbsent(str(problem)) from problem
            except httpx.HTTPError as problem:
                if attempt == _TRIES:
                    raise SystemAbsent(
                        f"{self._client.base_url} does not answer ({type(problem).__name__}). Is the sandbox up?"
                    ) from problem
            else:
                if response.status_code not in _AGAIN or attempt == _TRIES:
                    return _accepted(method, path, response)
                asked = response.headers.get("retry-after", "")
                wait = max(wait, float(asked) if asked.isdigit() else 0.0)
            await asyncio.sleep(wait)
            wait = min(_LONGEST_WAIT_SECONDS, wait * 2)
        raise AssertionError("unreachable")


def _accepted(method: str, path: str, response: httpx.Response) -> httpx.Response:
    if response.status_code < 300:
        return response
    try:
        problem = response.json()
        reason = f"{problem['code']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        reason = response.text[:200]
    raise ActorRefused(method, path, response.status_code, reason)
