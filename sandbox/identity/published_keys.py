"""Key sets that clients publish, fetched when they are asked for and remembered for an hour."""

import asyncio
import time
from collections.abc import Mapping

import orjson

from sandbox.identity.keys import KeysUnusable, PublicKey, read_key_set
from sandbox.outgoing import AddressRefused, NoAnswer, Outgoing

_KEPT_SECONDS = 3600.0
"""As the platform's: a key that is added is seen an hour after the set was last read, at the latest."""
_REFUSED_SECONDS = 5.0
"""How long a set that could not be read is not asked for again."""
_LONGEST_BODY = 65_536
_FETCH_SECONDS = 5.0
_MOST_SETS = 1000


class KeysUnreachable(Exception):
    """The key set cannot be had; the text says why."""


class PublishedKeys:
    """The key sets by address, as this process has read them."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing
        self._held: dict[str, tuple[float, Mapping[str, PublicKey] | KeysUnreachable]] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def read(self, url: str) -> Mapping[str, PublicKey]:
        """The keys at an address by their kid. Raises KeysUnreachable."""
        async with self._asking.setdefault(url, asyncio.Lock()):
            until, found = self._held.get(url, (0.0, None))
            if found is None or until <= time.monotonic():
                if len(self._held) >= _MOST_SETS:
                    self._held.clear()
                    self._asking.clear()
                try:
                    found = await self._fetch(url)
                except KeysUnreachable as problem:
                    self._held[url] = time.monotonic() + _REFUSED_SECONDS, problem
                    raise
                self._held[url] = time.monotonic() + _KEPT_SECONDS, found
            if isinstance(found, KeysUnreachable):
                raise found
            return found

    async def _fetch(self, url: str) -> Mapping[str, PublicKey]:
        try:
            answer = await self._outgoing.fetch(url, limit=_LONGEST_BODY, seconds=_FETCH_SECONDS)
        except (AddressRefused, NoAnswer) as problem:
            raise KeysUnreachable(str(problem)) from problem
        if answer.status != 200:
            raise KeysUnreachable(f"it answered {answer.status}")
        try:
            return read_key_set(orjson.loads(answer.body), is_lenient=True)
        except (orjson.JSONDecodeError, KeysUnusable) as problem:
            raise KeysUnreachable(f"what it answered is no key set ({problem})") from problem
