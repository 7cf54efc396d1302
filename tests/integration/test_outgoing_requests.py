"""What goes out to an address that somebody else named, and what of the answer is taken, against servers that mean ill."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any

import pytest

from sandbox.outbox.sending import Sender
from sandbox.outbox.store import WORLD, Message
from sandbox.outgoing import AddressRefused, NoAnswer, Outgoing
from sandbox.settings import LOOPBACK, Level, Settings

LOCAL = Settings(port=1)
HOSTED = Settings(port=1, level=Level.PLATFORM)
PUBLIC = "93.184.215.14"
LIMIT = 1000

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Met:
    """A server and what it was sent."""

    def __init__(self) -> None:
        self.port = 0
        self.heads: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/keys"


@asynccontextmanager
async def server(answer: bytes | Serve) -> AsyncIterator[Met]:
    """A server on loopback that answers every connection's first request, with bytes or as a function does."""
    met, open_ones = Met(), set[asyncio.StreamWriter]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.add(writer)
        try:
            met.heads.append(await reader.readuntil(b"\r\n\r\n"))
            if callable(answer):
                await answer(reader, writer)
            else:
                writer.write(answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    met.port = listening.sockets[0].getsockname()[1]
    try:
        yield met
    finally:
        listening.close()
        for writer in open_ones:
            writer.close()


def whole(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def fetched(url: str, settings: Settings = LOCAL, seconds: float = 10.0) -> Any:
    outgoing = Outgoing.of(settings)
    try:
        return await outgoing.fetch(url, limit=LIMIT, seconds=seconds)
    finally:
        await outgoing.close()


def message(url: str) -> Message:
    headers = {"Content-Type": "application/json"}
    return Message(
        "default", 1, "esr", "test", "r", "l", "POST", url, headers, b"{}", 0, WORLD, "2026-01-01"
    )


async def sent(url: str, settings: Settings) -> Any:
    sender = Sender(5.0, None, {}, Outgoing.of(settings))
    try:
        return (await sender.send(message(url))).answer
    finally:
        await sender.close()


def test_a_document_is_fetched_with_nothing_of_the_callers() -> None:
    async def story() -> bytes:
        async with server(whole(b'{"keys":[]}')) as met:
            got = await fetched(met.url)
            assert (got.status, got.body) == (200, b'{"keys":[]}')
            return met.heads[0].lower()

    head = asyncio.run(story())

    assert b"accept: application/json\r\n" in head
    assert b"accept-encoding: identity\r\n" in head
    for name in (b"authorization", b"cookie", b"proxy-", b"x-request-id", b"x-forwarded"):
        assert name not in head


def test_a_redirect_is_not_followed() -> None:
    async def story() -> tuple[int, int, int]:
        async with server(whole(b"secret")) as inner:
            to = whole(b"", f"Location: {inner.url}", status="302 Found")
            async with server(to) as outer:
                got = await fetched(outer.url)
                delivery = await sent(outer.url, LOCAL)
                return got.status, delivery.status, len(inner.heads)

    assert asyncio.run(story()) == (302, 302, 0)


async def _endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"3e8\r\n" + b"x" * 1000 + b"\r\n")
        await writer.drain()


async def _never_whole(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
    await writer.drain()
    await reader.read()


async def _silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.parametrize(
    ("answer", "seconds", "said"),
    [
        (_endless, 10.0, f"more than {LIMIT} bytes"),
        (whole(b"x" * (LIMIT + 1)), 10.0, f"more than {LIMIT} bytes"),
        (_never_whole, 0.2, "within 0.2 seconds"),
        (_silent, 0.2, "within 0.2 seconds"),
        (whole(b"", "X-Large: " + "x" * 10_000), 10.0, None),
        (whole(b"", *(f"X-{number}: x" for number in range(200))), 10.0, None),
        (b"SSH-2.0-OpenSSH_9.2\r\n", 10.0, None),
        (b"", 10.0, None),
    ],
    ids=[
        "endless",
        "large",
        "slow",
        "silent",
        "large-header",
        "many-headers",
        "no-http",
        "nothing",
    ],
)
def test_what_is_no_answer_of_use_is_given_up(
    answer: bytes | Serve, seconds: float, said: str | None
) -> None:
    async def story() -> None:
        async with server(answer) as met:
            await fetched(met.url, seconds=seconds)

    with pytest.raises(NoAnswer, match=said):
        asyncio.run(story())


def test_an_answer_is_not_unpacked() -> None:
    packed = gzip.compress(b"x" * 500_000)
    assert len(packed) < LIMIT

    async def story() -> bytes:
        async with server(whole(packed, "Content-Encoding: gzip")) as met:
            return bytes((await fetched(met.url)).body)

    assert asyncio.run(story()) == packed


def test_the_environments_proxy_and_netrc_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login nurse password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))

    async def story() -> tuple[int, bytes]:
        async with server(whole(b"{}")) as met, server(whole(b"{}")) as proxy:
            for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            await fetched(met.url)
            await sent(met.url, LOCAL)
            return len(proxy.heads), b"".join(met.heads)

    through_proxy, heads = asyncio.run(story())

    assert through_proxy == 0
    assert b"authorization" not in heads.lower()


def answering(*answers: str) -> Callable[..., Awaitable[list[Any]]]:
    """A name service whose answer changes: these in turn, the last for good."""
    left = list(answers)

    async def getaddrinfo(_host: Any, port: Any, **_: Any) -> list[Any]:
        address = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    return getaddrinfo


def test_a_name_that_resolves_to_another_address_at_the_connection_reaches_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> tuple[str, str, int]:
        async with server(whole(b"secret")) as met:
            loop = asyncio.get_running_loop()
            url = f"https://rebinding.example.org:{met.port}/keys"
            monkeypatch.setattr(loop, "getaddrinfo", answering(PUBLIC, "127.0.0.1"))
            with pytest.raises(NoAnswer) as fetching:
                await fetched(url, HOSTED)
            monkeypatch.setattr(loop, "getaddrinfo", answering("127.0.0.1"))
            delivery = await sent(url, HOSTED)
            assert delivery.status == 0
            return str(fetching.value), delivery.body.decode(), len(met.heads)

    fetching, delivering, connections = asyncio.run(story())

    assert "not public" in fetching
    assert "not public" in delivering
    assert "127.0.0.1" not in fetching + delivering
    assert connections == 0


def test_a_subscription_of_former_times_is_not_delivered_where_its_address_is_not_allowed_any_more() -> (
    None
):
    async def story() -> tuple[Any, Any, int]:
        async with server(whole(b"")) as met:
            refused = await sent(met.url, HOSTED)
            allowed = Settings(port=1, level=Level.PLATFORM, allowed_networks=LOOPBACK)
            return refused, await sent(met.url, allowed), len(met.heads)

    refused, delivered, connections = asyncio.run(story())

    assert (refused.status, delivered.status, connections) == (0, 200, 1)
    assert refused.body.startswith(b"not sent: ")


def test_no_connection_goes_to_the_sandboxs_own_port_by_a_name() -> None:
    async def story() -> int:
        async with server(whole(b"")) as met:
            own = Settings(port=met.port, level=Level.PLATFORM, allowed_networks=LOOPBACK)
            for host in ("127.0.0.1", "localhost", "127.0.0.2", "[::ffff:127.0.0.1]"):
                url = f"http://{host}:{met.port}/control/v1/workspaces"
                assert (await sent(url, own)).status == 0
                with pytest.raises(AddressRefused):
                    await fetched(url, own)
            return len(met.heads)

    assert asyncio.run(story()) == 0


def test_a_plain_delivery_reaches_no_address_outside_the_allowed_networks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = Settings(
        port=1, level=Level.PLATFORM, allowed_networks=(ip_network("10.20.0.0/16"),)
    )

    async def story() -> str:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", answering(PUBLIC))
        return str((await sent("http://supplier.example.org:8080/", settings)).body)

    assert "use https" in asyncio.run(story())
