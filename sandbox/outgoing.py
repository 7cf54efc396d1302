"""Where the sandbox may send requests that somebody else asked for: addresses of webhooks and of key sets.

An address is checked when it is given, so that whoever gives it learns what is wrong; and again on each connection, when
the socket is made, so that a name which resolves to something else by then reaches nothing (DNS rebinding). Redirects are not
followed, and nothing of a caller's goes along: no credentials, cookies, proxies or .netrc.

    outgoing = Outgoing.of(settings)
    await outgoing.check("https://supplier.example/events")            # raises AddressRefused
    answer = await outgoing.fetch("https://supplier.example/jwks.json")  # raises AddressRefused or NoAnswer
"""

import asyncio
import re
import socket
import ssl
from dataclasses import dataclass
from importlib import import_module
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from sandbox.settings import Network, Settings

if TYPE_CHECKING:
    from sandbox.outbox.client import Client

Address = IPv4Address | IPv6Address

_SCHEMES = {"http": 80, "https": 443}
_HTTPS = 443
_FIRST_UNPRIVILEGED = 1024
_LONGEST_URL = 2048
_RESOLVE_SECONDS = 5.0
_PRINTABLE = re.compile(r"[!-~]+")
_NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
# The URL standard reads a host whose last label is a number as an IPv4 address: 127.1, 0x7f.1, 2130706433, 0177.0.0.1.
_NUMBER = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)")
_RECEIVER = re.compile(r"/w/(?P<workspace>[a-z0-9][a-z0-9-]{0,29})/receiver/v1/events")

# IPv6 addresses that stand for an IPv4 address: RFC 6052 and 8215 (NAT64), 2765 (SIIT), 4291 (IPv4-compatible).
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_CARRIES_IPV4 = (*_NAT64, IPv6Network("::ffff:0:0:0/96"), IPv6Network("::/96"))
_ISATAP = (0x00005EFE, 0x02005EFE)
# Public by number, but not out there: the platform agent of Azure, protocol assignments, the old 6to4 relays, site-local.
_NOT_OUT_THERE = tuple(
    ip_network(each) for each in ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "fec0::/10")
)


class AddressRefused(Exception):
    """The sandbox does not send there; the text says why, and says nothing of what a name resolves to."""


class NoAnswer(Exception):
    """Nothing came back, or nothing of use; the text says why."""


class Broken(NoAnswer):
    """The connection broke under the request. One that lay idle may have been closed: that says nothing about the receiver."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer of another's server: its status, its headers by their names in lower case, its whole body."""

    status: int
    headers: dict[str, str]
    body: bytes


class Outgoing:
    """What may be reached, by the settings of one sandbox."""

    def __init__(
        self,
        networks: tuple[Network, ...],
        *,
        is_public: bool,
        own_port: int = 0,
        own_origins: tuple[str, ...] = (),
        own_address: Address | None = None,
        own_context: ssl.SSLContext | None = None,
    ) -> None:
        """`networks` may be reached at any port and over plain HTTP; `is_public` allows public addresses over HTTPS.

        Of the sandbox itself (`own_origins`, the first as it reaches itself; `own_port` on loopback or at `own_address`)
        nothing may be reached but where NHS Jobs takes events; `own_context` knows it there, where it serves HTTPS.
        """
        self._networks = networks
        self._is_public = is_public
        self._own_port = own_port
        self._own_origins = own_origins
        self._own_address = own_address
        self.own_context = own_context
        self._client: Client | None = None

    @classmethod
    def of(cls, settings: Settings, own_context: ssl.SSLContext | None = None) -> "Outgoing":
        """As a sandbox with these settings may send."""
        return cls(
            settings.networks,
            is_public=settings.reaches_public,
            own_port=settings.port,
            own_origins=(settings.own_url, settings.public_url),
            own_address=_as_address(settings.host),
            own_context=own_context,
        )

    async def close(self) -> None:
        """Ends every connection that `fetch` has made."""
        if self._client is not None:
            await self._client.close()

    def is_own(self, url: str) -> bool:
        """Whether it is an address of this sandbox as it reaches itself."""
        origin = self._own_origins[0] if self._own_origins else ""
        return bool(origin) and url.startswith(f"{origin}/")

    def is_own_receiver(self, url: str, workspace: str | None = None) -> bool:
        """Whether NHS Jobs of this sandbox takes events there, for `workspace` where one is named."""
        if not self.is_own(url):
            return False
        found = _RECEIVER.fullmatch(url.removeprefix(self._own_origins[0]))
        return found is not None and workspace in (None, found["workspace"])

    async def check(self, url: str, workspace: str | None = None) -> None:
        """Raises AddressRefused for an address to which nothing may be sent (for `workspace`, where one is named).

        A name is resolved: every address that it has must be allowed.
        """
        if self.is_own_receiver(url, workspace):
            return
        parts = self.read(url)
        host, port = parts.hostname or "", parts.port or _SCHEMES[parts.scheme]
        numeric = _as_address(host)
        if numeric is None and host != "localhost" and not self._asks_for_names:
            raise AddressRefused(f"{self._told_allowed()}; {host} is a name")
        addresses = [numeric] if numeric is not None else await _resolve(host, port)
        for address in addresses:
            self.check_socket(address, port, is_plain=parts.scheme == "http")

    def read(self, url: str) -> SplitResult:
        """The parts of an address, checked as far as they can be without asking for names. Raises AddressRefused."""
        if len(url) > _LONGEST_URL or not _PRINTABLE.fullmatch(url) or "\\" in url:
            raise AddressRefused(
                f"an address is at most {_LONGEST_URL} printable ASCII characters without a backslash; "
                "an international name goes in its ASCII form (xn--)"
            )
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as problem:
            raise AddressRefused(f"it is no URL: {problem}") from problem
        if parts.scheme not in _SCHEMES:
            raise AddressRefused("the scheme is neither https nor http")
        if "@" in parts.netloc:
            raise AddressRefused("user information (what stands before @) is not sent on")
        if "#" in url:
            raise AddressRefused("a fragment (what stands behind #) has no meaning here")
        _check_host(host, is_bracketed="[" in parts.netloc)
        port = _SCHEMES[parts.scheme] if port is None else port
        if port == 0:
            raise AddressRefused("there is no port 0")
        if self._is_own_origin(parts.scheme, host, port):
            raise AddressRefused(_OWN)
        if parts.scheme == "http" and not self._networks:
            raise AddressRefused("plain HTTP is not allowed: use https")
        return parts

    def check_socket(self, address: Address, port: int, *, is_plain: bool) -> None:
        """Raises AddressRefused where no connection may be made to an address and port."""
        address = _unmapped(address)
        # A connection to 0.0.0.0 or :: is one to this machine.
        is_own = address.is_loopback or address.is_unspecified or address == self._own_address
        if port == self._own_port and is_own:
            raise AddressRefused(_OWN)
        if self._is_listed(address):
            return
        if not self._is_public:
            raise AddressRefused(self._told_allowed())
        if not is_public(address):
            raise AddressRefused("it is, or resolves to, an address that is not public")
        if is_plain:
            raise AddressRefused("plain HTTP is not allowed there: use https")
        if port != _HTTPS and port < _FIRST_UNPRIVILEGED:
            raise AddressRefused(
                f"port {port} is not allowed: use {_HTTPS} or one from {_FIRST_UNPRIVILEGED}"
            )

    async def fetch(
        self,
        url: str,
        *,
        accept: str = "application/json",
        limit: int = 65_536,
        seconds: float = 5.0,
    ) -> Fetched:
        """What a GET of an address answers, whole. Raises AddressRefused, or NoAnswer.

        It takes `seconds` at most, and a body that has more than `limit` bytes is not taken.
        """
        try:
            async with asyncio.timeout(seconds):
                await self.check(url)
                client = await self._ready()
                answer = await client.ask("GET", url, {"Accept": accept}, None, limit=limit + 1)
        except TimeoutError as problem:
            raise NoAnswer(f"no whole answer came within {seconds:g} seconds") from problem
        fetched = Fetched(*answer)
        if len(fetched.body) > limit:
            raise NoAnswer(f"the answer has more than {limit} bytes")
        return fetched

    async def _ready(self) -> "Client":
        if self._client is None:
            # Imported when it is asked for: no start waits for the library.
            module = await asyncio.to_thread(import_module, "sandbox.outbox.client")
            if self._client is None:
                self._client = module.Client(self)
        return self._client

    @property
    def _asks_for_names(self) -> bool:
        return self._is_public or any(not network.is_loopback for network in self._networks)

    def _is_listed(self, address: Address) -> bool:
        address = _unmapped(address)
        return any(address in network for network in self._networks)

    def _is_own_origin(self, scheme: str, host: str, port: int) -> bool:
        for origin in filter(None, self._own_origins):
            own = urlsplit(origin)
            if host == own.hostname and port == (own.port or _SCHEMES[own.scheme]):
                return True
        return host == "localhost" and port == self._own_port and scheme in _SCHEMES

    def _told_allowed(self) -> str:
        if all(network.is_loopback for network in self._networks):
            return "the sandbox sends to loopback addresses only, for instance http://127.0.0.1:9000/events"
        return "the sandbox sends only to the networks that its settings allow"


_OWN = "the sandbox does not call itself"


def is_public(address: Address) -> bool:
    """Whether an address, and each that it stands for, belongs to a host on the public internet."""
    return all(
        each.is_global
        and not (each.is_multicast or each.is_reserved or each.is_unspecified or each.is_loopback)
        and not any(each in network for network in _NOT_OUT_THERE)
        for each in _with_carried(_unmapped(address))
    )


def _unmapped(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _with_carried(address: Address) -> list[Address]:
    """The address, and the IPv4 addresses that it leads to. Where it is a carrier only the carried one counts."""
    if isinstance(address, IPv4Address):
        return [address]
    low = IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _NAT64[0]:
        return [low]
    carried: list[Address] = [address]
    if any(address in network for network in _CARRIES_IPV4):
        carried.append(low)
    if address.sixtofour is not None:
        carried.append(address.sixtofour)
    if address.teredo is not None:
        carried += address.teredo
    if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        carried.append(low)
    return carried


def _check_host(host: str, *, is_bracketed: bool) -> None:
    if is_bracketed:
        if _as_address(host) is None or "%" in host:
            raise AddressRefused("what stands in brackets is not an IPv6 address without a zone")
        return
    if _NUMBER.fullmatch(host) and _as_address(host) is None:
        raise AddressRefused(
            "an IPv4 address is written as four decimal numbers without leading zeros"
        )
    if not _NAME.fullmatch(host):
        raise AddressRefused(
            "the host is not a name or an address (a name does not end with a dot)"
        )


def _as_address(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


async def _resolve(host: str, port: int) -> list[Address]:
    """Every address of a name. Raises AddressRefused."""
    try:
        async with asyncio.timeout(_RESOLVE_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            )
    except (OSError, UnicodeError) as problem:
        raise AddressRefused(f"the name {host} does not resolve") from problem
    return [ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found]
