"""Sends one message over HTTP, signed where its kind is, and says what came back."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import aiohttp
from yarl import URL

from sandbox.faults.rules import FaultRule
from sandbox.outbox.spoiling import (
    WELL,
    Signing,
    body_to_send,
    body_to_sign,
    headers_to_send,
    signing_of,
)
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
    body: bytes
    answer: Answer


class Sign(Protocol):
    """Makes the headers that sign one attempt to send a message to an address."""

    def __call__(
        self, message: Message, url: str, signing: Signing = WELL
    ) -> Awaitable[dict[str, str]]:
        """The headers."""


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
        self._client = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )

    async def close(self) -> None:
        """Ends every connection."""
        await self._client.close()

    def address(self, message: Message) -> str:
        """Where a message goes."""
        if self._route is not None and message.sender == _ROUTED:
            return self._route.address(message.url)
        return message.url

    async def send(self, message: Message, fault: FaultRule | None = None) -> Sent:
        """Sends a message, spoiled as `fault` has it, and waits for its answer, or for the time to be up."""
        headers = message.headers
        if self._route is not None and message.sender == _ROUTED:
            headers = headers | await self._route.authorization(message.workspace)
        return await self._ask(message, self.address(message), headers, fault)

    async def _ask(
        self, message: Message, url: str, headers: dict[str, str], fault: FaultRule | None
    ) -> Sent:
        sent, body = headers, message.body
        for is_last in (False, True):
            try:
                async with asyncio.timeout(self._timeout):
                    address = URL(url)
                    signed, body = await self._signed(message, str(address), fault)
                    sent = headers | signed
                    return Sent(
                        url, sent, body, await self._answer(message.method, address, sent, body)
                    )
            except (TimeoutError, aiohttp.ClientConnectorError, aiohttp.InvalidURL) as problem:
                return Sent(url, sent, body, _none(problem))
            except (aiohttp.ClientError, OSError) as problem:
                # The other side may have closed a connection that lay idle: that says nothing about it.
                if is_last:
                    return Sent(url, sent, body, _none(problem))
            except ValueError as problem:
                return Sent(url, sent, body, _none(problem))
        raise AssertionError("unreachable")

    async def _signed(
        self, message: Message, url: str, fault: FaultRule | None
    ) -> tuple[dict[str, str], bytes]:
        """The headers that sign one attempt, and the body that goes with them."""
        sign = self._signers.get(message.kind)
        if sign is None:
            return {}, message.body
        if fault is None:
            return await sign(message, url), message.body
        body = body_to_sign(fault, message.body)
        signed = await sign(replace(message, body=body), url, signing_of(fault))
        return headers_to_send(fault, signed), body_to_send(fault, body)

    async def _answer(
        self, method: str, address: URL, headers: dict[str, str], body: bytes
    ) -> Answer:
        """Sends once. Of an answer that does not end, no more is read than is kept."""
        kept = bytearray()
        async with self._client.request(
            method, address, headers=headers, data=body, allow_redirects=False
        ) as response:
            async for part in response.content.iter_any():
                kept += part
                if len(kept) >= _KEPT:
                    response.close()
                    break
            return Answer(
                response.status,
                bytes(kept[:_KEPT]),
                _retry_after(response),
                response.headers.get("Content-Type", ""),
            )


def _none(problem: Exception) -> Answer:
    return Answer(0, str(problem).encode() or type(problem).__name__.encode())


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    """Retry-After in seconds, a day at most; None where it is missing or a date."""
    told = response.headers.get("Retry-After", "")
    return min(float(told), 86_400.0) if told.isascii() and told.isdigit() else None
