"""ESR's public keys: read when they are first needed, and again when a delivery names one that we do not know."""

import asyncio
import time
from collections.abc import Mapping

from simulators.supplier.connection import Connection
from simulators.supplier.settings import Settings
from simulators.supplier.signatures import PublicKey, UnknownKey, read_keys, verify

_PATH = "/event-signing-keys"
_REFRESH_SECONDS = 5.0


class KeysUnreadable(Exception):
    """ESR's keys cannot be had at the moment, so nothing can be verified."""


class SigningKeys:
    """Verifies with the keys that ESR serves; asks for them again at most once in five seconds."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self._settings = settings
        self._connection = connection
        self._keys: dict[str, PublicKey] = {}
        self._read_at: float | None = None
        self._tried_at: float | None = None
        self._lock = asyncio.Lock()

    async def verify(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Returns when ESR signed the delivery. Raises SignatureInvalid, UnknownKey or KeysUnreadable."""
        began = time.monotonic()
        try:
            verify(url, headers, body, self._known())
        except UnknownKey:
            await self._read_since(began)
            verify(url, headers, body, self._keys)

    def _known(self) -> Mapping[str, PublicKey]:
        is_fresh = (
            self._read_at is not None
            and time.monotonic() - self._read_at < self._settings.keys_seconds
        )
        return self._keys if is_fresh else {}

    async def _read_since(self, began: float) -> None:
        """Has the keys as they were after `began`: all who wait are served by one reading."""
        async with self._lock:
            if self._read_at is not None and self._read_at >= began:
                return
            if self._connection.is_paused:
                raise KeysUnreadable("ESR has asked us to wait")
            if self._tried_at is not None:
                await asyncio.sleep(self._tried_at + _REFRESH_SECONDS - time.monotonic())
            now = time.monotonic()
            if self._read_at is not None:
                self._tried_at = now
            answer = await self._connection.get(_PATH)
            if not answer.is_success:
                raise KeysUnreadable(f"the keys were answered {answer.status or 'not at all'}")
            try:
                self._keys = read_keys(answer.document)
            except ValueError as problem:
                raise KeysUnreadable(str(problem)) from problem
            self._read_at = now
