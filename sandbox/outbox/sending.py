"""Sends one message over HTTP, signed where its kind is, and says what came back."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from sandbox.faults.rules import Strike
from sandbox.faults.scenarios import HEADER as SCENARIO
from sandbox.outbox.spoiling import (
    WELL,
    Signing,
    body_to_send,
    body_to_sign,
    headers_to_send,
    signing_of,
)
from sandbox.outbox.store import Message
from sandbox.outgoing import Broken, NoAnswer, Outgoing

if TYPE_CHECKING:
    from sandbox.outbox.client import Client

_ROUTED = "nhs-jobs"
_UNAUTHORISED = 401


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
        """The headers that name the sender. Raises NoAnswer where no token is to be had."""

    def renew(self, workspace: str) -> bool:
        """Takes note that the headers were answered 401; answers whether others can be had."""


class Sender:
    """Sends messages, each once: whether and when to try again is the dispatcher's affair."""

    def __init__(
        self,
        timeout: float,
        route: Route | None,
        signers: Mapping[str, Sign],
        outgoing: Outgoing,
    ) -> None:
        """As `Dispatcher` takes them."""
        self._outgoing = outgoing
        self._route = route
        self._signers = signers
        self._timeout = timeout
        self._client: Client | None = None

    async def close(self) -> None:
        """Ends every connection."""
        if self._client is not None:
            await self._client.close()

    async def _ready(self) -> "Client":
        if self._client is None:
            # The first message has the library read, in a thread of its own: no start waits for it, and no request.
            module = await asyncio.to_thread(import_module, "sandbox.outbox.client")
            if self._client is None:
                self._client = module.Client(self._outgoing)
        return self._client

    def address(self, message: Message) -> str:
        """Where a message goes."""
        if self._route is not None and message.sender == _ROUTED:
            return self._route.address(message.url)
        return message.url

    def _is_trusted(self, message: Message, url: str) -> bool:
        """Whether it goes where our own settings say, not where a supplier does."""
        is_routed = self._route is not None and message.sender == _ROUTED
        return is_routed or self._outgoing.is_own_receiver(url, message.workspace)

    async def send(
        self,
        message: Message,
        fault: Strike | None = None,
        beside: Mapping[str, str] = MappingProxyType({}),
    ) -> Sent:
        """Sends a message, spoiled as `fault` has it, and waits for its answer, or for the time to be up.

        The headers `beside` go with it.
        """
        headers, url = {**message.headers, **beside}, self.address(message)
        headers.pop(SCENARIO, None)
        if self._route is None or message.sender != _ROUTED:
            return await self._ask(message, url, headers, fault)
        try:
            named = await self._route.authorization(message.workspace)
            sent = await self._ask(message, url, headers | named, fault)
            if sent.answer.status == _UNAUTHORISED and self._route.renew(message.workspace):
                named = await self._route.authorization(message.workspace)
                sent = await self._ask(message, url, headers | named, fault)
        except NoAnswer as problem:
            return Sent(url, headers, message.body, _none(problem))
        return sent

    async def _ask(
        self, message: Message, url: str, headers: dict[str, str], fault: Strike | None
    ) -> Sent:
        client = await self._ready()
        sent, body = headers, message.body
        for is_last in (False, True):
            try:
                async with asyncio.timeout(self._timeout):
                    signed, body = await self._signed(message, client.on_the_wire(url), fault)
                    sent = headers | signed
                    answer = await client.ask(
                        message.method, url, sent, body, trusted=self._is_trusted(message, url)
                    )
                    return Sent(url, sent, body, _answer(*answer))
            except Broken as problem:
                if is_last:
                    return Sent(url, sent, body, _none(problem))
            except (TimeoutError, ValueError, NoAnswer) as problem:
                return Sent(url, sent, body, _none(problem))
        raise AssertionError("unreachable")

    async def _signed(
        self, message: Message, url: str, fault: Strike | None
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


def _answer(status: int, headers: dict[str, str], body: bytes) -> Answer:
    return Answer(status, body, _retry_after(headers), headers.get("content-type", ""))


def _none(problem: Exception) -> Answer:
    return Answer(0, str(problem).encode() or type(problem).__name__.encode())


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds, a day at most; None where it is missing or a date."""
    told = headers.get("retry-after", "")
    return min(float(told), 86_400.0) if told.isascii() and told.isdigit() else None
