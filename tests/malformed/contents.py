"""What is wrong with a request whose framing is right: its body, headers, path and query."""

import gzip
import json
import random
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.malformed.exchange import Malformed
from tests.malformed.targets import Operation, Request

_REFUSED = frozenset({400, 401, 403, 404, 405, 413, 415, 422})


def _made(
    kind: str, operation: Operation, request: Request, *more: str, refused: bool = False
) -> Malformed:
    return Malformed(
        kind,
        (request.bytes(*more),),
        # An operation that takes no body does not look at one.
        statuses=_REFUSED if refused and operation.body is not None else None,
        other_style=operation.is_token_endpoint,
    )


def _with_body(operation: Operation, chance: random.Random, body: bytes) -> Request:
    request = operation.request(chance)
    if request.method == "GET":
        request = replace(request, method="POST")
    if not operation.media_type:
        request = request.with_header("Content-Type", "application/json")
    return replace(request, body=body)


def broken_text(chance: random.Random, operation: Operation) -> Malformed:
    """Bodies that are no JSON text, or no text at all."""
    good = json.dumps(operation.body if operation.body is not None else {"a": "b"}).encode()
    text = chance.choice(
        [
            good.replace(b'"', b'"\xff', 1),
            good.replace(b'"', b'"\xc0\x80', 1),
            good.replace(b'"', b'"\xe0\x80\xaf', 1),
            good.replace(b'"', b'"\xed\xa0\x80', 1),
            good.replace(b'"', b'"\xf4\x90\x80\x80', 1),
            good.replace(b'"', b'"\\ud800', 1),
            good.replace(b'"', b'"\\udc00\\ud800', 1),
            b"\xef\xbb\xbf" + good,
            good.decode().encode("utf-16"),
            good.decode().encode("utf-32"),
            good.replace(b'"', b'"\x00', 1),
            good.replace(b'"', b'"\x01\x1f', 1),
            good + b",",
            good + b"{}",
            good[:-1] + b",}",
            good.replace(b'"', b"'"),
            b"/* " + good + b" */ " + good,
            good[: chance.randint(1, max(len(good) - 1, 1))],
            b'{"a": NaN}',
            b'{"a": Infinity, "b": -Infinity}',
            b'{"a": 01}',
            b'{"a": .5}',
            b'{"a": 0x10}',
            b'{"a": +1}',
            b'{"a": 1e}',
            b'{"a" 1}',
            b"{a: 1}",
            b"undefined",
            b" ",
            b"\x00",
            chance.randbytes(chance.randint(1, 3000)),
        ]
    )
    return _made("broken text", operation, _with_body(operation, chance, text), refused=True)


def odd_documents(chance: random.Random, operation: Operation) -> Malformed:
    """JSON that nests, counts or repeats beyond reason."""
    which = chance.randrange(14)
    deep = chance.choice([90, 101, 254, 255, 1000, 100_000])
    digits = chance.choice([20, 309, 4301, 100_000])
    body = [
        b"[" * deep + b"]" * deep,
        b'{"a":' * deep + b"1" + b"}" * deep,
        b"[" * deep,
        b'{"a":' + b"9" * digits + b"}",
        b'{"a":-' + b"9" * digits + b"." + b"9" * digits + b"}",
        b'{"a":1e400,"b":-1e400,"c":1e-400}',
        b'{"a":1' + b"0" * digits + b"e-" + b"9" * 30 + b"}",
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"\\u0062":2}}',
        b"{" + b",".join(b'"n%d":%d' % (one, one) for one in range(20_000)) + b"}",
        b"[" + b",".join([b"{}"] * 50_000) + b"]",
        b'{"a":"' + b"x" * 500_000 + b'"}',
        b'{"' + b"x" * 100_000 + b'":1}',
        b'{"__proto__":{"a":1},"constructor":1,"$ref":"#/","":0}',
    ][which]
    return _made("odd documents", operation, _with_body(operation, chance, body))


def wrong_values(chance: random.Random, operation: Operation) -> Malformed:
    """A good document with one or more values that no contract has."""
    document = json.loads(json.dumps(operation.body if operation.body is not None else {}))
    places = list(_places(document))
    if not places:
        document = chance.choice(_ODD)
    for container, name in chance.sample(places, min(len(places), chance.randint(1, 3))):
        container[name] = chance.choice(_ODD)
    body = json.dumps(document).encode("utf-8", "surrogatepass")
    return _made("wrong values", operation, _with_body(operation, chance, body))


_ODD: list[Any] = [
    None,
    True,
    [],
    {},
    "",
    " ",
    "\u0000",
    "a\u0000b",
    "\ufffe\uffff",
    "\U0001f4a3" * 50,
    "\u202eevil",
    "a" * 20_000,
    "'; DROP TABLE applicants; --",
    "{{7*7}}${7*7}<%= 7 %>",
    "=cmd|' /C calc'!A0",
    "../../../etc/passwd",
    "\r\nX-Injected: 1",
    "2026-02-30",
    "0000-00-00",
    "9999-12-31",
    "2026-01-01T25:61:61Z",
    "10000-01-01T00:00:00Z",
    "-1",
    -1,
    0,
    1.5,
    2**31,
    2**53 + 1,
    2**63,
    -(2**63) - 1,
    10**30,
    1e308,
    -0.0,
    [[[[]]]],
    {"$ref": "#"},
    [None] * 300,
    "http://169.254.169.254/latest/meta-data/",
    "file:///etc/passwd",
    "P99999999999999Y",
    "PT1E9S",
]


def _places(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        names: list[Any] = list(value)
    elif isinstance(value, list):
        names = list(range(len(value)))
    else:
        return []
    found: list[tuple[Any, Any]] = []
    for name in names:
        found += [(value, name), *_places(value[name])]
    return found


def media_types(chance: random.Random, operation: Operation) -> Malformed:
    """Bodies of another type than they say, or that the operation does not take."""
    request = _with_body(operation, chance, json.dumps(operation.body or {}).encode())
    which = chance.randrange(12)
    if which == 0:
        packed = gzip.compress(request.body)
        return _made(
            "media types", operation, replace(request, body=packed), "Content-Encoding: gzip"
        )
    if which == 1:
        bomb = zlib.compress(b" " * 10_000_000)
        return _made(
            "media types", operation, replace(request, body=bomb), "Content-Encoding: deflate"
        )
    form = b'--x\r\nContent-Disposition: form-data; name="a"; filename="../a"\r\n\r\n1\r\n--x--\r\n'
    entity = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
    media_type, body = [
        ("application/json; charset=utf-16", request.body),
        ("application/json; charset=", request.body),
        ("multipart/form-data; boundary=x", form),
        ("multipart/form-data", form),
        ("application/x-www-form-urlencoded", b"a=1&a=2&%ff=%zz&=&&"),
        ("text/xml", entity),
        ("*/*", request.body),
        ("application/json, text/plain", request.body),
        ("\xff\xfe", request.body),
        ("a" * 5000, request.body),
    ][which - 2]
    changed = replace(request, body=body).with_header("Content-Type", media_type)
    return _made("media types", operation, changed)


def odd_headers(chance: random.Random, operation: Operation) -> Malformed:
    """Headers whose values no contract has."""
    request = operation.request(chance)
    name, value = chance.choice(
        [
            ("Authorization", "Basic dXNlcjpwYXNz"),
            ("Authorization", "Bearer"),
            ("Authorization", "Bearer " + "a" * 8000),
            ("Authorization", "Bearer \xff\xfe\xfd"),
            ("Authorization", "Bearer a b c"),
            ("Authorization", ""),
            ("NHSD-End-User-Organisation-ODS", ""),
            ("NHSD-End-User-Organisation-ODS", "x" * 7000),
            ("NHSD-End-User-Organisation-ODS", "\xe4\xf6\xfc"),
            ("NHSD-End-User-Organisation-ODS", "X0A1B, X0A1C"),
            ("If-Match", "*"),
            ("If-Match", 'W/"1"'),
            ("If-Match", '"' + "9" * 400 + '"'),
            ("X-Correlation-ID", "a\xffb"),
            ("X-Correlation-ID", "x" * 7000),
            ("Accept", "text/html;q=x,*/*;q=999"),
            ("Accept-Encoding", "gzip;q=0, *;q=0"),
            ("Range", "bytes=0-0,1-1,-1,9999999999999999999-"),
            ("Cookie", "a=b; " * 1000),
            ("X-Forwarded-For", "127.0.0.1, ::1, evil"),
            ("X-Forwarded-Proto", "javascript"),
            ("X-Forwarded-Prefix", "/w/other"),
            ("X-HTTP-Method-Override", "DELETE"),
            ("Expect", "100-continue"),
            ("Expect", "miracles"),
            ("Content-Encoding", "br"),
            ("TE", "trailers, chunked"),
            ("Connection", "close, keep-alive, host, authorization"),
            ("Date", "yesterday"),
            ("traceparent", "00-" + "f" * 32 + "-xyz"),
            ("X-Sandbox-Scenario", "\xff no such"),
        ]
    )
    return _made("odd headers", operation, request.with_header(name, value))


def request_ids(chance: random.Random, operation: Operation) -> Malformed:
    """Request ids that are none."""
    odd = chance.choice(["", "1", "\xff\xff", "a" * 7000, "{" + "0" * 36 + "}", "%00", "0" * 36])
    return _made("request ids", operation, replace(operation.request(chance), request_id=odd))


def odd_paths(chance: random.Random, operation: Operation) -> Malformed:
    """Paths that one reader takes for another path than the next."""
    request = operation.request(chance)
    first, _, last = request.target.rpartition("/")
    bent = chance.choice(
        [
            f"{first}/%00{last}",
            f"{first}%2f{last}",
            f"{first}/%2e%2e/{last}",
            f"{first}/../{last}",
            f"{first}/./{last}",
            f"{first}//{last}",
            f"{request.target}/",
            f"{request.target};a=1",
            f"{request.target}%",
            f"{request.target}%zz",
            f"{request.target}%c0%ae",
            f"{request.target}%ff%fe",
            f"{request.target}%ed%a0%80",
            f"{request.target}%0d%0aX-Injected:%201",
            f"{request.target}/{'a/' * 1000}",
            f"{first}/{'9' * 4000}",
            f"{first}/-1",
            f"{first}/%F0%9F%92%A3",
            f"{first}/%7B%7D",
            f"{request.target.upper()}",
            f"/w/default/w/default{request.target}",
            f"/w/no-such-workspace{request.target}",
            f"/w/%00{request.target}",
            f"/%2e%2e{request.target}",
            f"/..%2f..%2fetc/passwd{request.target}",
            f"{request.target}\\..\\x",
        ]
    )
    return _made("odd paths", operation, replace(request, target=bent))


def odd_queries(chance: random.Random, operation: Operation) -> Malformed:
    """Queries with what no parameter takes."""
    request = operation.request(chance)
    query = chance.choice(
        [
            "limit=" + "9" * chance.choice([3, 19, 400, 5000]),
            "limit=-1",
            "limit=0",
            "limit=1e3",
            "limit=%D9%A1",
            "limit=1&limit=2",
            "limit[]=1&limit[a]=1",
            "cursor=" + "A" * chance.choice([1, 7, 121, 5000]),
            "cursor=%00",
            "cursor=OTk5OTk5OTk5OTk5OTk5OTk5OQ",
            "since=" + "/" * 50,
            "no-such-parameter=1",
            "&&&=&=&a",
            "=1",
            "a;b=c",
            "%",
            "%zz=%zz",
            "%ff=%fe",
            "a=%ed%a0%80",
            "a=%00",
            "&".join(f"p{number}=1" for number in range(300)),
            "a=" + "+" * 5000,
            "keywords=" + "%F0%9F%92%A3" * 100,
            "status=" + "|".join(["OFFERED"] * 200),
            "q=%27%20OR%201%3D1--",
            "?" * 100,
        ]
    )
    return _made("odd queries", operation, replace(request, target=f"{request.target}?{query}"))


KINDS: dict[Callable[[random.Random, Operation], Malformed], int] = {
    broken_text: 10,
    odd_documents: 7,
    wrong_values: 14,
    media_types: 6,
    odd_headers: 7,
    request_ids: 2,
    odd_paths: 8,
    odd_queries: 7,
}
"""Each kind with its share."""
