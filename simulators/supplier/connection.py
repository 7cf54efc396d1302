"""How the supplier reaches ESR: one client, one token, and a pause for everything when ESR asks for one."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

import httpx

from simulators.credentials import TokenRefused, is_at_hand
from simulators.supplier.answers import NONE_CAME, Answer, read_answer
from simulators.supplier.policies import Policies
from simulators.supplier.settings import Settings

_EMPLOYER = "NHSD-End-User-Organisation-ODS"
_MARGIN_SECONDS = 0.05
"""Retry-After counts from when ESR answered, by ESR's clock; a little more is never too early."""


class EsrRefused(Exception):
    """ESR has refused a reading for good; the message says why."""

    def __init__(self, path: str, answer: Answer) -> None:
        super().__init__(
            f"{path} was answered {answer.status} {answer.code}: {answer.detail}"[:500]
        )


class Connection:
    """Sends to ESR and reads from it. Use it in one event loop."""

    def __init__(self, settings: Settings, policies: Policies) -> None:
        self._base = settings.esr_url.rstrip("/")
        self._access = settings.esr_token
        self._policies = policies
        self._client = httpx.AsyncClient(
            timeout=settings.request_seconds,
            trust_env=False,
            # Shorter than servers keep an idle connection, so that none is closed under a request.
            limits=httpx.Limits(keepalive_expiry=2.0),
        )
        self._closed_until = 0.0

    @property
    def is_paused(self) -> bool:
        """Whether ESR has asked us to leave it alone for now, so that whatever is sent waits."""
        return time.monotonic() < self._closed_until

    async def close(self) -> None:
        """Ends every connection."""
        await self._client.aclose()

    async def send(
        self, method: str, path: str, headers: Mapping[str, str], body: Any = None
    ) -> Answer:
        """One try of one request. Never raises for what ESR or the network does: then no answer came."""
        # Longer each time that ESR has asked for more meanwhile.
        while (left := self._closed_until - time.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left)
        try:
            shown = await self._authorization()
            response = await self._request(method, path, {**shown, **headers}, body)
            if (
                response.status_code == httpx.codes.UNAUTHORIZED
                and self._policies.gets_another_token(shown)
            ):
                shown = await self._authorization()
                response = await self._request(method, path, {**shown, **headers}, body)
        except (httpx.HTTPError, TokenRefused) as problem:
            return Answer(NONE_CAME, reason=f"{type(problem).__name__}: {problem}")
        answer = read_answer(response)
        pause = self._policies.pause_seconds(answer)
        if pause > 0:
            until = time.monotonic() + pause + _MARGIN_SECONDS
            self._closed_until = max(self._closed_until, until)
        return answer

    async def _authorization(self) -> Mapping[str, str]:
        if is_at_hand(self._access):
            return self._policies.authorization()
        # Others go on while the token endpoint is asked.
        return await asyncio.to_thread(self._policies.authorization)

    async def _request(
        self, method: str, path: str, headers: Mapping[str, str], body: Any
    ) -> httpx.Response:
        return await self._client.request(
            method, self._base + path, content=_encoded(body), headers=dict(headers)
        )

    async def get(
        self, path: str, employer: str | None = None, parameters: Mapping[str, Any] | None = None
    ) -> Answer:
        """One try of a reading."""
        headers = {_EMPLOYER: employer} if employer else {}
        return await self.send("GET", self._policies.address(path, parameters or {}), headers)

    async def until_definite(
        self, method: str, path: str, headers: Mapping[str, str], body: Any = None
    ) -> Answer:
        """Tries until ESR has answered for good, with longer and longer waits; the same request at each try."""
        failures = 0
        while True:
            answer = await self.send(method, path, headers, body)
            if self._policies.is_definite(answer):
                return answer
            failures += 1
            await asyncio.sleep(self._policies.wait_seconds(failures, answer))

    async def read(
        self, path: str, parameters: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """The document at a path, however often that takes. Raises EsrRefused."""
        address = self._policies.address(path, parameters or {})
        answer = await self.until_definite("GET", address, {})
        if not answer.is_success or answer.document is None:
            raise EsrRefused(path, answer)
        return answer.document


def _encoded(body: Any) -> bytes | None:
    """A body as UTF-8; one that is encoded already stays as it is."""
    if body is None or isinstance(body, bytes):
        return body
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
