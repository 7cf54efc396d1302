"""The HTTP client of the outbox: connections are kept, nothing is followed, and of an answer no more is read than is kept.

This is the only module that knows the library.
"""

import aiohttp
from yarl import URL

from sandbox.outbox.sending import Broken, NoAnswer

_KEPT = 65_536  # bytes of an answer


class Client:
    """Sends requests. Made in a running event loop, and closed in it."""

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession(
            # The caller has a limit of its own.
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )

    async def close(self) -> None:
        """Ends every connection."""
        await self._session.close()

    @staticmethod
    def on_the_wire(url: str) -> str:
        """The address as it goes over the wire. Raises NoAnswer for what is none."""
        try:
            return str(URL(url))
        except ValueError as problem:
            raise NoAnswer(_told(problem)) from problem

    async def ask(
        self, method: str, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers by their names in lower case, and the beginning of the body. Raises NoAnswer or Broken."""
        kept = bytearray()
        try:
            async with self._session.request(
                method, URL(url), headers=headers, data=body, allow_redirects=False
            ) as response:
                async for part in response.content.iter_any():
                    kept += part
                    if len(kept) >= _KEPT:
                        response.close()
                        break
                held = {name.lower(): text for name, text in response.headers.items()}
                return response.status, held, bytes(kept[:_KEPT])
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL) as problem:
            raise NoAnswer(_told(problem)) from problem
        except (aiohttp.ClientError, OSError) as problem:
            raise Broken(_told(problem)) from problem
        except ValueError as problem:
            raise NoAnswer(_told(problem)) from problem


def _told(problem: Exception) -> str:
    return str(problem) or type(problem).__name__
