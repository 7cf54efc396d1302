"""Sends one message over HTTP, signed where its kind is, and says what came back."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import httpx

from sandbox.outbox.store import Message

_ROUTED = "nhs-jobs"
_KEPT = 65_536  # bytes of an answer


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status and a body, or status 0 and the reason why nothing did."""

    status: int
    body: bytes
    retry_after: float | None = None
    media_type: str = ""

    @property
    def is_definite(self) -> bool:
        """Whether sending the same message again would be pointless: the receiver has decided."""
        return 0 < self.status < 500 and self.status not in (408, 429)


@dataclass(frozen=True, slots=True)
class Sent:
    """One message as it went over the wire, and its answer."""

    url: str
    headers: dict[str, str]
    answer: Answer


Sign = Callable[[Message, str], Awaitable[dict[str, str]]]
"""Makes the headers that sign one attempt to send a message to an address."""


class Route(Protocol):
    """How a sender's messages reach another system."""

    def address(self, url: str) -> str:
        """The address that a message's `url` stands for."""

    async def authorization(self, workspace: str) -> dict[str, str]:
        """The headers that name the sender."""


class Sender:
    """Sends messages, each once: whether and when to try again is the dispatcher's affair."""

    def __init__(self, timeout: float, route: Route | None, signers: Mapping[str, Sign]) -> None:
        """As `Dispatcher` takes them."""
        self._route = route
        self._signers = signers
        self._timeout = timeout
        self._client = httpx.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False)

    async def close(self) -> None:
        """Ends every connection."""
        await self._client.aclose()

    def address(self, message: Message) -> str:
        """Where a message goes."""
        if self._route is not None and message.sender == _ROUTED:
            return self._route.address(message.url)
        return message.url

    async def send(self, message: Message) -> Sent:
        """Sends a message and waits for its answer, or for the time to be up."""
        headers = message.headers
        if self._route is not None and message.sender == _ROUTED:
            headers = headers | await self._route.authorization(message.workspace)
        return await self._ask(message, self.address(message), headers)

    async def _ask(self, message: Message, url: str, headers: dict[str, str]) -> Sent:
        sent = headers
        for is_last in (False, True):
            try:
                async with asyncio.timeout(self._timeout):
                    request = self._client.build_request(
                        message.method, url, headers=headers, content=message.body
                    )
                    signed = await self._signed(message, str(request.url))
                    request.headers.update(signed)
                    sent = headers | signed
                    return Sent(url, sent, await self._answer(request))
            except TimeoutError as problem:
                return Sent(url, sent, _none(problem))
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as problem:
                # The other side may have closed a connection that lay idle: that says nothing about it.
                if is_last:
                    return Sent(url, sent, _none(problem))
            except (httpx.HTTPError, httpx.InvalidURL) as problem:
                return Sent(url, sent, _none(problem))
        raise AssertionError("unreachable")

    async def _signed(self, message: Message, url: str) -> dict[str, str]:
        sign = self._signers.get(message.kind)
        return {} if sign is None else await sign(message, url)

    async def _answer(self, request: httpx.Request) -> Answer:
        """Sends once. Of an answer that does not end, no more is read than is kept."""
        body = bytearray()
        response = await self._client.send(request, stream=True)
        try:
            async for part in response.aiter_bytes():
                body += part
                if len(body) >= _KEPT:
                    break
        finally:
            await response.aclose()
        return Answer(
            response.status_code,
            bytes(body[:_KEPT]),
            _retry_after(response),
            response.headers.get("content-type", ""),
        )


def _none(problem: Exception) -> Answer:
    return Answer(0, str(problem).encode() or type(problem).__name__.encode())


def _retry_after(response: httpx.Response) -> float | None:
    """Retry-After in seconds, a day at most; None where it is missing or a date."""
    told = response.headers.get("retry-after", "")
    return min(float(told), 86_400.0) if told.isascii() and told.isdigit() else None
