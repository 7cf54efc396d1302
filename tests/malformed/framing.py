"""What is wrong with a request as HTTP: its lines, lengths, chunks, target and version, and how it is sent."""

import random
from collections.abc import Callable
from uuid import UUID

from tests.malformed.exchange import End, Malformed
from tests.malformed.targets import Operation, Request

Kind = Callable[[random.Random, Operation], Malformed]
_REFUSED = frozenset({400})
_SMUGGLED = (
    b"POST /esr/v1/vacancies HTTP/1.1\r\nHost: sandbox.test\r\nX-Request-ID: "
    b"5a0ed2f1-0000-4000-8000-000000000000\r\nContent-Length: 0\r\n\r\n"
)
"""A request within a request: whoever serves it has been smuggled something."""


def _made(
    kind: str,
    operation: Operation,
    *pieces: bytes,
    statuses: frozenset[int] | None = None,
    answers: int = 1,
    ids: tuple[str, ...] = (),
    end: End = End.HALF_CLOSE,
) -> Malformed:
    is_page = operation.name.startswith("page")
    return Malformed(
        kind,
        pieces,
        statuses,
        answers,
        () if is_page else ids,
        end,
        other_style=operation.is_token_endpoint,
    )


def _posted(chance: random.Random, operation: Operation) -> Request:
    """A request with a body, whatever the operation takes."""
    request = operation.request(chance)
    return Request(
        "POST" if request.method == "GET" else request.method,
        request.target,
        request.headers,
        request.body or b"{}",
        request.request_id,
    )


def two_lengths(chance: random.Random, operation: Operation) -> Malformed:
    """A length and chunks, or two lengths, in every spelling that has ever fooled a proxy."""
    request = _posted(chance, operation)
    length = len(request.body)
    lines = chance.choice(
        [
            (f"Content-Length: {length}", "Transfer-Encoding: chunked"),
            ("Transfer-Encoding: chunked", "Content-Length: 4"),
            ("Transfer-Encoding: chunked", f"Content-Length: {length}"),
            (f"Content-Length: {length}", f"Content-Length: {length + 5}"),
            (f"Content-Length: {length}", f"Content-Length: {length}"),
            (f"Content-Length: {length}, {length}",),
            ("Content-Length: +5",),
            ("Content-Length: -5",),
            ("Content-Length: 0x5",),
            ("Content-Length: 5 5",),
            ("Content-Length: 1e1",),
            ("Content-Length: ",),
            ("Content-Length: 99999999999999999999",),
            ("Content-Length : 5",),
            ("Content-Length:\x0b5",),
            ("Content_Length: 5", "Content-Length: x"),
        ]
    )
    body = b"0\r\n\r\n" + _SMUGGLED
    return _made("two lengths", operation, request.head(*lines), body, statuses=_REFUSED)


def odd_codings(chance: random.Random, operation: Operation) -> Malformed:
    """Transfer codings that one reader takes for chunked and another does not."""
    request = _posted(chance, operation)
    line = chance.choice(
        [
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: identity, chunked",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: chunked, chunked",
            'Transfer-Encoding: "chunked"',
            "Transfer-Encoding: chunked;q=1",
            "Transfer-Encoding: \x0bchunked",
            "Transfer-Encoding : chunked",
            "Transfer-Encoding:\r\n chunked",
            "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
            " Transfer-Encoding: chunked",
            "X: y\nTransfer-Encoding: chunked",
            "X: y\rTransfer-Encoding: chunked",
            "Transfer-Encoding: cow",
            "Transfer-Encoding: ",
        ]
    )
    body = b"0\r\n\r\n" + _SMUGGLED
    # Where the coding is taken for one that we know, what follows is a request of its own, and refused or served as such.
    return _made("odd codings", operation, request.head(line), body, answers=2)


def bad_chunks(chance: random.Random, operation: Operation) -> Malformed:
    """Chunks whose sizes are none."""
    request = _posted(chance, operation)
    chunks = chance.choice(
        [
            b"zz\r\n{}\r\n0\r\n\r\n",
            b"-2\r\n{}\r\n0\r\n\r\n",
            b"0x2\r\n{}\r\n0\r\n\r\n",
            b"FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n",
            b"2\n{}\n0\n\n",
            b"2\r\n{}0\r\n\r\n",
            b"2\r\n{}XX0\r\n\r\n",
            b"2 \x00\r\n{}\r\n0\r\n\r\n",
            b"\r\n\r\n",
            b"2\r\n{",
            b"2\r\n{}\r\n",
            b"2\r\n{}\r\n0\r\n",
        ]
    )
    head = request.head("Transfer-Encoding: chunked")
    return _made("bad chunks", operation, head, chunks, statuses=_REFUSED | _early(operation))


def odd_chunks(chance: random.Random, operation: Operation) -> Malformed:
    """Chunks as RFC 9112 allows them and nobody sends them: extensions, leading zeros, trailers that would be headers."""
    request = _posted(chance, operation)
    size = b"%x" % len(request.body)
    chunks = chance.choice(
        [
            size + b";name=value\r\n" + request.body + b"\r\n0\r\n\r\n",
            size + b';name="a;b"\r\n' + request.body + b"\r\n0;last\r\n\r\n",
            b"0000" + size + b"\r\n" + request.body + b"\r\n0\r\n\r\n",
            size
            + b"\r\n"
            + request.body
            + b"\r\n0\r\nAuthorization: Bearer x\r\nHost: other\r\n\r\n",
            b"".join(b"1\r\n%c\r\n" % one for one in request.body[:3000]) + b"0\r\n\r\n",
            size + b";" + b"x" * 20_000 + b"\r\n" + request.body + b"\r\n0\r\n\r\n",
        ]
    )
    head = request.head("Transfer-Encoding: chunked")
    return _made("odd chunks", operation, head, chunks, ids=(request.request_id,), answers=2)


def broken_lines(chance: random.Random, operation: Operation) -> Malformed:
    """Heads whose lines end wrongly, fold, or are no headers."""
    request = operation.request(chance)
    good = request.bytes()
    broken = chance.choice(
        [
            good.replace(b"\r\n", b"\n"),
            good.replace(b"\r\n", b"\r"),
            good.replace(b"Host: ", b"Host : ", 1),
            good.replace(b"Host: ", b" Host: ", 1),
            good.replace(b"Host: sandbox.test", b"Host: sandbox.test\r\n folded", 1),
            good.replace(b"Host: ", b"Host\x00: ", 1),
            good.replace(b"Host: ", b"no colon here\r\nHost: ", 1),
            good.replace(b"Host: ", b": nameless\r\nHost: ", 1),
            good.replace(b"Host: ", b"X-Odd: a\x00b\r\nHost: ", 1),
            good.replace(b"Host: ", b"X-Odd: a\x7fb\x01\r\nHost: ", 1),
            good.replace(b"Host: ", "X-Ünicode: a\r\nHost: ".encode(), 1),
            good.replace(b"Host: ", b"X(Odd): a\r\nHost: ", 1),
        ]
    )
    return _made("broken lines", operation, broken, statuses=_REFUSED)


def hosts(chance: random.Random, operation: Operation) -> Malformed:
    """No Host, two, or one that is none."""
    request = operation.request(chance)
    host = chance.choice(["", "Host: a\r\nHost: b", "Host: a\r\nhost: a"])
    length = [f"Content-Length: {len(request.body)}"] if request.body else []
    head = request.head(*length, host=host)
    return _made("hosts", operation, head, request.body, statuses=_REFUSED)


def request_lines(chance: random.Random, operation: Operation) -> Malformed:
    """Request lines of other versions, forms and methods."""
    request = operation.request(chance)
    method, target = request.method, request.target
    line = chance.choice(
        [
            f"{method} {target} HTTP/0.9",
            f"{method} {target} HTTP/2.0",
            f"{method} {target} HTTP/3.0",
            f"{method} {target} HTTP/1.2",
            f"{method} {target} HTTP/11",
            f"{method} {target} http/1.1",
            f"{method} {target} HTTP/1.1 more",
            f"{method} {target}",
            f"{method}  {target} HTTP/1.1",
            f"{method}\t{target} HTTP/1.1",
            f"{method} {target}\x00 HTTP/1.1",
            f"{method} {target} x HTTP/1.1",
            f"{method} {target}\xff\xfe HTTP/1.1",
            f"{method} {target.lstrip('/')} HTTP/1.1",
            f"{method} https://other.test HTTP/1.1",
            f"{method} HTTP/1.1",
            f"{method.lower()} {target} HTTP/1.1",
            f"FROB {target} HTTP/1.1",
            f"{'A' * 3000} {target} HTTP/1.1",
            f"G\x00T {target} HTTP/1.1",
            "CONNECT other.test:443 HTTP/1.1",
            "PRI * HTTP/2.0",
            f" {method} {target} HTTP/1.1",
        ]
    )
    _, _, rest = request.bytes().partition(b"\r\n")
    raw = line.encode("latin-1") + b"\r\n" + rest
    # Two spaces, or a tab, may be taken for one (RFC 9112 section 3).
    refused = (
        None if line.startswith((f"{method}  ", f"{method}\t")) else frozenset({400, 404, 405})
    )
    return _made("request lines", operation, raw, statuses=refused, answers=2)


def odd_targets(chance: random.Random, operation: Operation) -> Malformed:
    """Request lines as RFC 9112 allows them and no client of an API sends them."""
    request = operation.request(chance)
    target = chance.choice(
        [
            f"http://other.test{request.target}",
            f"https://user:secret@other.test:99999{request.target}",
            "*",
            f"{request.target}#fragment",
            f"//other.test{request.target}",
        ]
    )
    method = chance.choice([request.method, "OPTIONS", "TRACE", "HEAD", "PURGE", "MKCOL"])
    odd = Request(method, target, request.headers, b"", request.request_id)
    made = _made("odd targets", operation, odd.bytes())
    return Malformed(made.kind, made.pieces, is_head=method == "HEAD", other_style=True)


def no_http(chance: random.Random, operation: Operation) -> Malformed:
    """What other programs say when they knock at the wrong door."""
    said = chance.choice(
        [
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
            bytes.fromhex("16030100f1010000ed0303") + chance.randbytes(230),
            b"SSH-2.0-OpenSSH_9.6\r\n",
            b"EHLO mail.test\r\n",
            b"*1\r\n$4\r\nPING\r\n",
            b'{"jsonrpc":"2.0"}',
            b"<?xml version='1.0'?><a/>",
            b"\x00" * 64,
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            chance.randbytes(chance.randint(8, 2000)) + b"\r\n\r\n",
            b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        ]
    )
    return _made("no HTTP", operation, said, statuses=_REFUSED, answers=2)


def upgrades(chance: random.Random, operation: Operation) -> Malformed:
    """Asks for another protocol: it is answered in this one, and what follows it is not read."""
    request = operation.request(chance)
    lines = chance.choice(
        [
            ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"),
            ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
            ("Connection: Upgrade", "Upgrade: TLS/1.2"),
        ]
    )
    raw = request.bytes(*lines) + _SMUGGLED
    end = chance.choice([End.HALF_CLOSE, End.WAIT])
    return _made("upgrades", operation, raw, ids=(request.request_id,), end=end)


def too_long(chance: random.Random, operation: Operation) -> Malformed:
    """Longer than the bounds of a head."""
    request = operation.request(chance)
    which = chance.randrange(6)
    if which == 0:
        grown = Request(
            request.method,
            request.target + "?" + "a" * 9000,
            request.headers,
            b"",
            request.request_id,
        )
        return _made("too long", operation, grown.bytes(), statuses=frozenset({414}))
    if which == 1:
        # It is refused while it comes, and goes on coming.
        raw = f"{request.method} /{'a' * 400_000}".encode()
        return _made("too long", operation, raw, statuses=frozenset({414}))
    lines = [
        ["X-Long: " + "a" * 9000],
        [f"X-{number}: a" for number in range(120)],
        [f"X-{number}: {'a' * 4000}" for number in range(12)],
        ["X-Endless: " + "a" * 400_000],
    ][which - 2]
    return _made("too long", operation, request.bytes(*lines), statuses=frozenset({431}))


def wrong_lengths(chance: random.Random, operation: Operation) -> Malformed:
    """A length that is not the body's."""
    request = _posted(chance, operation)
    body = request.body
    which = chance.randrange(4)
    if which == 0:
        head = request.head(f"Content-Length: {len(body) + chance.randint(1, 10**6)}")
        refused = frozenset({400}) | _early(operation)
        return _made("wrong lengths", operation, head, body, statuses=refused)
    if which == 1:
        head = request.head(f"Content-Length: {chance.randint(2 * 10**6, 10**15)}")
        refused = frozenset({413, 400}) | _early(operation)
        return _made("wrong lengths", operation, head, body, statuses=refused)
    head = request.head(f"Content-Length: {max(len(body) - chance.randint(1, 20), 0)}")
    return _made("wrong lengths", operation, head, body, answers=2)


def pipelines(chance: random.Random, operation: Operation) -> Malformed:
    """Several requests at once: each is answered, in order; what is broken ends the row."""
    requests = [operation.request(chance) for _ in range(chance.randint(2, 12))]
    raw = b"".join(request.bytes() for request in requests)
    ids = tuple(request.request_id for request in requests)
    if chance.random() < 0.4:
        broken = chance.choice(
            [b"BROKEN\r\n\r\n", b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", b"\x16\x03\x01\x02"]
        )
        more = operation.request(chance).bytes()
        return _made(
            "pipelines",
            operation,
            raw + broken + more,
            statuses=_REFUSED,
            answers=len(ids) + 1,
            ids=ids,
        )
    cut = chance.randint(1, len(raw) - 1)
    return _made("pipelines", operation, raw[:cut], raw[cut:], answers=len(ids), ids=ids)


def too_many_at_once(chance: random.Random, operation: Operation) -> Malformed:
    """More requests than may wait on one connection."""
    request = Request("GET", "/health", (), b"", str(UUID(int=chance.getrandbits(128), version=4)))
    return _made("too many at once", operation, request.bytes() * 90, statuses=_REFUSED, answers=90)


def in_pieces(chance: random.Random, operation: Operation) -> Malformed:
    """A good request, byte by byte or in odd pieces."""
    request = operation.request(chance)
    raw = request.bytes()
    size = chance.choice([1, 3, 17])
    pieces = [raw[place : place + size] for place in range(0, len(raw), size)]
    return _made("in pieces", operation, *pieces, ids=(request.request_id,))


def cut_off(chance: random.Random, operation: Operation) -> Malformed:
    """It ends in the middle: half-closed it is refused, closed or reset nobody is there to be told."""
    raw = _posted(chance, operation).bytes()
    cut = raw[: chance.randint(1, len(raw) - 1)]
    end = chance.choice([End.HALF_CLOSE, End.HALF_CLOSE, End.CLOSE, End.RESET])
    refused = frozenset({400}) | _early(operation)
    return _made("cut off", operation, cut, statuses=refused, end=end)


def gone(chance: random.Random, operation: Operation) -> Malformed:
    """The client is gone before its answer."""
    raw = operation.request(chance).bytes() * chance.randint(1, 5)
    return _made("gone", operation, raw, end=chance.choice([End.CLOSE, End.RESET]))


def stalled(chance: random.Random, operation: Operation) -> Malformed:
    """It stops in the middle and waits: the server ends it."""
    raw = _posted(chance, operation).bytes()
    cut = raw[: chance.randint(1, len(raw) - 1)]
    refused = frozenset({408}) | _early(operation)
    return _made("stalled", operation, cut, statuses=refused, end=End.WAIT)


def _early(operation: Operation) -> frozenset[int]:
    """With what the operation may be refused before its body is looked at."""
    return frozenset({401, 403, 404, 405, 415})


KINDS: dict[Kind, int] = {
    two_lengths: 8,
    odd_codings: 6,
    bad_chunks: 5,
    odd_chunks: 4,
    broken_lines: 6,
    hosts: 2,
    request_lines: 6,
    odd_targets: 3,
    no_http: 3,
    upgrades: 2,
    too_long: 4,
    wrong_lengths: 5,
    pipelines: 5,
    too_many_at_once: 1,
    in_pieces: 3,
    cut_off: 5,
    gone: 4,
}
"""Each kind with its share. `stalled` takes the server's patience, so it has a place of its own."""
