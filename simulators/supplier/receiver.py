"""The receiver of ESR's events: verified, kept, and only then answered 2xx. The contract is `receiver`."""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulators.supplier.events import Events
from simulators.supplier.policies import Policies
from simulators.supplier.problems import Refused
from simulators.supplier.signatures import HEADERS, SignatureInvalid, UnknownKey
from simulators.supplier.signing_keys import KeysUnreadable, SigningKeys

logger = logging.getLogger(__name__)

_MEDIA_TYPE = "application/cloudevents+json"
_MOST_BYTES = 1 << 20
_RETRY_SECONDS = "5"


class Receiver:
    """Takes deliveries. Each step is a method, so that a subclass can get one of them wrong."""

    def __init__(
        self,
        policies: Policies,
        keys: SigningKeys,
        events: Events,
        address: Callable[[], str],
    ) -> None:
        """`address` tells where ESR sends to: the address that is signed."""
        self._policies = policies
        self._keys = keys
        self._events = events
        self._address = address

    async def receive(self, request: Request) -> Response:
        """One delivery. Raises Refused."""
        body = await self.read(request)
        await self.verify(request, body)
        event = self.parse(request, body)
        is_new = await self.keep(event)
        return self.answer(event, is_new)

    async def read(self, request: Request) -> bytes:
        """The body as it came. Raises Refused 413."""
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > _MOST_BYTES:
                raise Refused(
                    413, "BODY_TOO_LARGE", f"A body may hold {_MOST_BYTES} bytes at most."
                )
        return bytes(body)

    async def verify(self, request: Request, body: bytes) -> None:
        """Returns when ESR signed this and sent it to us. Raises Refused 401, or 503 where it cannot be told now."""
        for name in HEADERS:
            if name not in request.headers:
                raise Refused(401, "SIGNATURE_MISSING", f"The header {name} is missing.")
        query = request.url.query
        address = self._address() + (f"?{query}" if query else "")
        try:
            await self._keys.verify(address, request.headers, body)
        except (SignatureInvalid, UnknownKey) as problem:
            detail = f"The signature is not good: {problem}."
            raise Refused(401, "SIGNATURE_INVALID", detail) from problem
        except KeysUnreadable as problem:
            detail = f"The delivery cannot be verified at present: {problem}."
            headers = {"Retry-After": _RETRY_SECONDS}
            raise Refused(503, "SERVICE_UNAVAILABLE", detail, headers) from problem

    def parse(self, request: Request, body: bytes) -> dict[str, Any]:
        """The event. Raises Refused 415, or 400 for what is not a CloudEvent; any type will do."""
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != _MEDIA_TYPE:
            raise Refused(415, "MEDIA_TYPE_UNSUPPORTED", f"Send {_MEDIA_TYPE}.")
        try:
            event = json.loads(body)
        except (ValueError, RecursionError) as problem:
            raise Refused(400, "BODY_MALFORMED", "The body is not JSON.") from problem
        if not self._policies.is_envelope(event):
            raise Refused(400, "CONTRACT_VIOLATION", "The body is not a CloudEvent 1.0.")
        return dict(event)

    async def keep(self, event: dict[str, Any]) -> bool:
        """Keeps the event; returns when it is safe. False where we had it already."""
        await asyncio.sleep(0)  # others have their turn between two commits
        return self._events.take(event)

    def answer(self, event: dict[str, Any], is_new: bool) -> Response:
        """What the sender is told: that the event is safe."""
        if not self._events.is_known_type(event["type"]):
            return Response(status_code=self._policies.status_of_unknown(event["type"]))
        return Response(status_code=self._policies.status_of_taken(is_new))
