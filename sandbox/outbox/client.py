"""The HTTP client of what the sandbox sends: connections are kept, nothing is followed, no more of an answer is read than is
kept, and a connection is made only to an address that may be reached.

This is the only module that knows the library.
"""

import errno
import socket
import ssl
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from typing import Any

import aiohttp
from yarl import URL

from sandbox.outgoing import AddressRefused, Broken, NoAnswer, Outgoing

_KEPT = 65_536  # bytes of an answer


class Client:
    """Sends requests. Made in a running event loop, and closed in it."""

    def __init__(self, outgoing: Outgoing) -> None:
        """`outgoing` says what may be reached."""
        self._outgoing = outgoing
        self._plain = _session(partial(self._socket, is_plain=True))
        self._secure = _session(partial(self._socket, is_plain=False))
        self._trusted = _session()
        self._own = _session(context=outgoing.own_context)

    async def close(self) -> None:
        """Ends every connection."""
        await self._plain.close()
        await self._secure.close()
        await self._trusted.close()
        await self._own.close()

    @staticmethod
    def on_the_wire(url: str) -> str:
        """The address as it goes over the wire. Raises NoAnswer for what is none."""
        try:
            return str(URL(url))
        except ValueError as problem:
            raise NoAnswer(_told(problem)) from problem

    async def ask(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None,
        *,
        trusted: bool = False,
        limit: int = _KEPT,
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers by their names in lower case, and the first `limit` bytes of the body. Raises NoAnswer or Broken.

        A `trusted` address is one of our own settings: where NHS Jobs finds ESR, and where ESR finds NHS Jobs.
        """
        kept = bytearray()
        session = self._own if self._outgoing.is_own(url) else self._trusted
        try:
            if not trusted:
                is_plain = self._outgoing.read(url).scheme == "http"
                session = self._plain if is_plain else self._secure
            async with session.request(
                method, URL(url), headers=headers, data=body, allow_redirects=False
            ) as response:
                async for part in response.content.iter_any():
                    kept += part
                    if len(kept) >= limit:
                        response.close()
                        break
                held = {name.lower(): text for name, text in response.headers.items()}
                return response.status, held, bytes(kept[:limit])
        except AddressRefused as problem:
            raise NoAnswer(f"not sent: {problem}") from problem
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL) as problem:
            raise NoAnswer(_told(problem)) from problem
        except (aiohttp.ClientError, OSError) as problem:
            raise Broken(_told(problem)) from problem
        except ValueError as problem:
            raise NoAnswer(_told(problem)) from problem

    def _socket(self, address: tuple[Any, ...], *, is_plain: bool) -> socket.socket:
        """The socket of a connection, where one may be made: what a name resolves to now is checked now."""
        family, kind, protocol, _, (host, port, *_rest) = address
        try:
            self._outgoing.check_socket(
                ip_address(str(host).partition("%")[0]), port, is_plain=is_plain
            )
        except AddressRefused as problem:
            raise OSError(errno.EACCES, str(problem)) from problem
        return socket.socket(family, kind, protocol)


def _session(
    make_socket: Callable[[tuple[Any, ...]], socket.socket] | None = None,
    context: ssl.SSLContext | None = None,
) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(socket_factory=make_socket, ssl=context or True),
        # The caller has a limit of its own.
        timeout=aiohttp.ClientTimeout(total=None),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        # A small answer that unpacks to a large one is kept packed.
        auto_decompress=False,
        headers={"Accept-Encoding": "identity"},
    )


def _told(problem: Exception) -> str:
    return str(problem) or type(problem).__name__
