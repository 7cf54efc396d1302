"""What the console has the sandbox do: calls of the control API, through the same stages as everybody's."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.web.call import VISITOR, Visitor

_SECONDS = 60.0
"""How long a page waits: a clock that is moved answers when the world is quiet."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the control API answered."""

    status: int
    body: Any
    """The JSON document; None where there is none."""

    @property
    def is_done(self) -> bool:
        """Whether it was done."""
        return self.status < 400

    @property
    def problem(self) -> dict[str, Any]:
        """The refusal (`application/problem+json`); empty where it was done."""
        return dict(self.body) if not self.is_done and isinstance(self.body, dict) else {}

    @property
    def sentence(self) -> str:
        """What a person reads of a refusal."""
        told = str(self.problem.get("detail") or self.problem.get("title") or "")
        errors = self.problem.get("errors", [])
        if len(errors) < 2:
            return told
        # The detail only counts them.
        places = (
            (each["pointer"].strip("/") or each["location"], each["detail"]) for each in errors
        )
        return (
            f"{told.partition(';')[0]}: {'; '.join(f'{place}: {what}' for place, what in places)}."
        )


class Powers:
    """Calls the control API within the process, in the name of a visitor of the console; may be used from any thread."""

    def __init__(self, front: ASGIApp, loop: asyncio.AbstractEventLoop) -> None:
        self._front = front
        self._loop = loop

    def ask(
        self,
        visitor: Visitor,
        method: str,
        path: str,
        body: Any = None,
        *,
        workspace: str,
        query: Mapping[str, Any] | None = None,
    ) -> Answer:
        """The answer to one call of an operation at `path` below /control/v1, for a workspace.

        It stands in the journal like everybody's. Raises TimeoutError where no answer comes within a minute.
        """
        asked = self._ask(visitor, method, f"/w/{workspace}/control/v1{path}", body, query)
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result(_SECONDS)

    def ready(self) -> Answer:
        """What /ready answers: whether the sandbox can do its work, check by check."""
        asked = self._ask(Visitor(), "GET", "/ready", None, None)
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result(_SECONDS)

    async def _ask(
        self,
        visitor: Visitor,
        method: str,
        path: str,
        body: Any,
        query: Mapping[str, Any] | None,
    ) -> Answer:
        async def as_visitor(scope: Scope, receive: Receive, send: Send) -> None:
            # No header says who it is: what comes over the network cannot set this.
            scope[VISITOR] = visitor
            await self._front(scope, receive, send)

        transport = httpx.ASGITransport(app=as_visitor)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer = await client.request(method, path, json=body, params=query)
        is_json = "json" in answer.headers.get("content-type", "")
        return Answer(answer.status_code, answer.json() if is_json else None)
