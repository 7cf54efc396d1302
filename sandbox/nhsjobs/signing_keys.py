"""ESR's public keys as NHS Jobs knows them: read from ESR, remembered by workspace and id.

A key that is not known yet has ESR asked again, at most once in five seconds for each workspace: who is to be checked with
a key that is new waits until then, and all who wait are served by one reading.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from sandbox.signatures import PublicKey, UnknownKey, verify_request

REFRESH_SECONDS = 5.0
_FRESH_SECONDS = 3600.0

ReadKeys = Callable[[str], Awaitable[dict[str, PublicKey]]]
"""Asks ESR for the keys of a workspace."""

_Request = tuple[str, str, Mapping[str, str], bytes]
"""Method, address, headers and body."""


@dataclass(slots=True)
class _Known:
    """What is known of one workspace's keys."""

    keys: dict[str, PublicKey] = field(default_factory=dict)
    read_at: float | None = None
    refreshed_at: float | None = None
    begun: int = 0
    """How many readings have begun."""
    done: int = 0
    """Which of them `keys` is from."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class SigningKeys:
    """Verifies with the keys that ESR serves."""

    def __init__(
        self,
        read: ReadKeys,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`read` asks ESR, `clock` counts seconds and `wait` lets some pass."""
        self._read = read
        self._clock = clock
        self._wait = wait
        self._known: dict[str, _Known] = {}

    async def verify(
        self, workspace: str, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Returns when ESR signed the request. Raises SignatureInvalid or UnknownKey, and what `read` raises."""
        known = self._known.setdefault(workspace, _Known())
        request = (method, url, headers, body)
        begun = known.begun
        if self._is_verified(known, request):
            return
        async with known.lock:
            # Somebody else may have read them meanwhile.
            if self._is_verified(known, request):
                return
            # One reading since this came will do; one that was under way then may be from before the key.
            if known.done <= begun:
                await self._refresh(workspace, known)
        verify_request(*request, known.keys)

    def has(self, workspace: str) -> bool:
        """Whether the keys of a workspace were asked for before."""
        return workspace in self._known

    def forget(self, workspace: str) -> None:
        """Forgets the keys of a workspace."""
        self._known.pop(workspace, None)

    def _is_verified(self, known: _Known, request: _Request) -> bool:
        """False where a key is wanted that is not known, or not known any more. Raises SignatureInvalid."""
        is_fresh = known.read_at is not None and self._clock() - known.read_at < _FRESH_SECONDS
        try:
            verify_request(*request, known.keys if is_fresh else {})
        except UnknownKey:
            return False
        return True

    async def _refresh(self, workspace: str, known: _Known) -> None:
        """Reads the keys, not too soon after they were last read again."""
        if known.refreshed_at is not None:
            left = known.refreshed_at + REFRESH_SECONDS - self._clock()
            if left > 0:
                await self._wait(left)
        now = self._clock()
        if known.read_at is not None:
            known.refreshed_at = now
        known.begun += 1
        number = known.begun
        known.keys = await self._read(workspace)
        known.done, known.read_at = number, now
