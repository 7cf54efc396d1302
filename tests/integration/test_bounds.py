"""The bounds of what comes in: what is just within is served, what is just beyond is refused, and nobody holds the server.

Sizes are tried on the sandbox itself; times, connections and what waits, on a server with small bounds.
"""

import asyncio
import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import httpx
import orjson
import pytest
from harness import Workspace
from starlette.types import Receive, Scope, Send

from sandbox.nesting import DEEPEST
from sandbox.web.bounds import BOUNDS, Bounds
from sandbox.web.serving import server_of
from tests.malformed.exchange import Answer, answers_in

_PATIENCE = 20.0
_HOST = "Host: a\r\n"


def said(answer: Answer | httpx.Response) -> tuple[int, str]:
    """The status and the code of a refusal."""
    if isinstance(answer, Answer):
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.status, json.loads(answer.body)["code"]
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


# ------------------------------------------------------------------------------------------------------------------ sizes


def target_of(size: int) -> str:
    return "/esr/v1/applicants?cursor=".ljust(size, "a")


def test_a_path_and_query_have_a_bound(workspace: Workspace) -> None:
    within = workspace.esr.get(f"{workspace.url}{target_of(BOUNDS.target)}")
    beyond = workspace.esr.get(f"{workspace.url}{target_of(BOUNDS.target + 1)}")

    assert said(within) == (400, "CONTRACT_VIOLATION")  # which is what a cursor that long is
    assert said(beyond) == (414, "ADDRESS_TOO_LONG")


def test_one_header_has_a_bound(workspace: Workspace) -> None:
    name = "X-Odd"

    def ask(size: int) -> httpx.Response:
        return workspace.esr.get("/applicants", headers={name: "a" * (size - len(name))})

    assert ask(BOUNDS.header).status_code == 200
    assert said(ask(BOUNDS.header + 1)) == (431, "HEADERS_TOO_LARGE")


def raw_headers(count: int, size: int) -> list[tuple[str, str]]:
    """So many headers of so many bytes together."""
    names = [f"X-{number:04}" for number in range(count)]
    values = [size // count - len(name) for name in names]
    values[0] += size % count
    return [(name, "a" * length) for name, length in zip(names, values, strict=True)]


def exactly(workspace: Workspace, headers: list[tuple[str, str]]) -> Answer:
    """The answer to a request with these headers and no other."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    place = urlsplit(workspace.url)
    return ask((str(place.hostname), int(place.port or 0)), f"GET /health HTTP/1.1\r\n{lines}\r\n")


def test_the_number_of_headers_has_a_bound(workspace: Workspace) -> None:
    host = ("Host", "a")
    most = BOUNDS.header_count

    within = exactly(workspace, [host, *raw_headers(most - 1, 30 * most)])
    beyond = exactly(workspace, [host, *raw_headers(most, 30 * most)])

    assert within.status == 200
    assert said(beyond) == (431, "HEADERS_TOO_LARGE")


def test_all_headers_together_have_a_bound(workspace: Workspace) -> None:
    host = ("Host", "a")
    room = BOUNDS.headers - len("Hosta")

    within = exactly(workspace, [host, *raw_headers(5, room)])
    beyond = exactly(workspace, [host, *raw_headers(5, room + 1)])

    assert within.status == 200
    assert said(beyond) == (431, "HEADERS_TOO_LARGE")


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_has_a_bound(workspace: Workspace, is_chunked: bool) -> None:
    most = 1_048_576

    def send(size: int) -> httpx.Response:
        body = b'{"a":1'.ljust(size - 1) + b"}"
        content = iter([body]) if is_chunked else body
        headers = {"Content-Type": "application/json"}
        return workspace.control.put("/clock", content=content, headers=headers)

    assert said(send(most)) == (400, "CONTRACT_VIOLATION")
    assert said(send(most + 1)) == (413, "BODY_TOO_LARGE")


def test_a_body_nests_so_deep_and_no_deeper(workspace: Workspace) -> None:
    def send(levels: int) -> httpx.Response:
        body = b'{"a":' * levels + b"1" + b"}" * levels
        headers = {"Content-Type": "application/json"}
        return workspace.control.put("/clock", content=body, headers=headers)

    assert said(send(DEEPEST)) == (400, "CONTRACT_VIOLATION")
    assert said(send(DEEPEST + 1)) == (400, "BODY_MALFORMED")


@pytest.mark.parametrize(("name", "most"), [("limit", 100), ("cursor", 120)])
def test_a_page_and_a_cursor_have_the_contracts_bounds(
    workspace: Workspace, name: str, most: int
) -> None:
    def ask_for(value: object) -> httpx.Response:
        return workspace.esr.get("/applicants", params={name: str(value)})

    beyond = ask_for(most + 1 if name == "limit" else "A" * (most + 1))

    assert said(beyond) == (400, "CONTRACT_VIOLATION")
    assert {fault["pointer"] for fault in beyond.json()["errors"]} == {name}
    if name == "limit":
        assert ask_for(most).status_code == 200


def test_a_client_has_so_many_subscriptions(workspace: Workspace) -> None:
    body = {"url": "http://127.0.0.1:9/events"}

    taken = [workspace.write("POST", "/event-subscriptions", body) for _ in range(100)]
    beyond = workspace.write("POST", "/event-subscriptions", body)
    last = taken[-1].json()["subscriptionId"]
    workspace.write("DELETE", f"/event-subscriptions/{last}").raise_for_status()
    again = workspace.write("POST", "/event-subscriptions", body)

    assert {answer.status_code for answer in taken} == {201}
    assert said(beyond) == (409, "STATE_FORBIDS")
    assert again.status_code == 201


@pytest.mark.parametrize(
    ("written", "pointers"),
    [
        (b'{"mode":"REAL","mode":"REAL"}', ["/mode"]),
        (b'{"mode":"REAL","a":{"b":[{"c~":1,"c\\u007e":2}]}}', ["/a/b/0/c~0"]),
        (b'{"mode":"REAL","x":"\\u003a\\u003a","x":1,"x":2}', ["/x", "/x"]),
    ],
)
def test_a_name_that_stands_twice_in_an_object_is_refused_with_its_place(
    workspace: Workspace, written: bytes, pointers: list[str]
) -> None:
    headers = {"Content-Type": "application/json"}

    answer = workspace.control.put("/clock", content=written, headers=headers)

    assert said(answer) == (400, "CONTRACT_VIOLATION")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == pointers
    assert {fault["detail"] for fault in answer.json()["errors"]} == {
        "The name stands twice in its object."
    }


def test_colons_in_texts_and_names_are_no_second_name(workspace: Workspace) -> None:
    body = orjson.dumps({"mode": "REAL", "a:b": ["c:d", {":": ":"}]}).replace(b"c:d", b"c\\u003ad")
    headers = {"Content-Type": "application/json"}

    answer = workspace.control.put("/clock", content=body, headers=headers)

    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/a:b"]


# ------------------------------------------------------------------------------------- times, connections and what waits


_SMALL = replace(
    BOUNDS,
    pipelined=4,
    body_on_the_wire=50_000,
    head_seconds=0.3,
    grace_seconds=0.3,
    rate=1_000_000_000,
    idle_seconds=0.5,
    linger_seconds=0.3,
)
_HUGE = b"x" * 30_000_000


async def _echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers how much it was sent; at /huge more than any buffer holds, at /early before it has read, at /late not at once."""
    if scope["type"] == "lifespan":
        for _ in range(2):
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
        return
    size = 0
    while scope["path"] != "/early":
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        if not message["more_body"]:
            break
    if scope["path"] == "/late":
        await asyncio.sleep(0.1)
    body = _HUGE if scope["path"] == "/huge" else b"%d" % size
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def serving(bounds: Bounds) -> Iterator[tuple[str, int]]:
    """A server with these bounds, in a thread."""
    taken = socket.create_server(("127.0.0.1", 0))
    server = server_of(_echo, bounds, log_config=None)

    def serve() -> None:
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(server.serve(sockets=[taken]))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield taken.getsockname()
    finally:
        server.should_exit = True
        thread.join(_PATIENCE)
        taken.close()


@pytest.fixture(scope="module")
def small() -> Iterator[tuple[str, int]]:
    """A server with small bounds."""
    with serving(_SMALL) as place:
        yield place


def connected(place: tuple[str, int]) -> socket.socket:
    connection = socket.create_connection(place, timeout=_PATIENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def rest(connection: socket.socket) -> bytes:
    """All that comes until the server closes; it must, within the time that a socket waits."""
    received = b""
    while part := connection.recv(65_536):
        received += part
    return received


def ask(place: tuple[str, int], text: str, *, half_close: bool = True) -> Answer:
    """The one answer to what is sent."""
    with connected(place) as connection:
        connection.sendall(text.encode("latin-1"))
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        [answer] = answers_in(rest(connection))
        return answer


def ended_while(connection: socket.socket, act: Callable[[], None]) -> list[Answer]:
    """What is answered while the client goes on doing something, until the server ends it."""
    received = b""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        ready, _, _ = select.select([connection], [], [], 0.02)
        if ready:
            part = connection.recv(65_536)
            if not part:
                return answers_in(received)
            received += part
        try:
            act()
        except OSError:
            return answers_in(received + rest(connection))
    raise AssertionError("the server did not end it")


def write_on(connection: socket.socket) -> None:
    """Writes a little at a time, for as long as a socket waits."""
    for _ in range(int(_PATIENCE / 0.01)):
        select.select([], [], [connection], 0.01)
        connection.sendall(b"G")


@pytest.mark.parametrize("begun", ["GET /", f"GET / HTTP/1.1\r\n{_HOST}X-Odd: "])
def test_a_head_that_comes_by_drops_is_refused(small: tuple[str, int], begun: str) -> None:
    with connected(small) as connection:
        connection.sendall(begun.encode())

        [answer] = ended_while(connection, lambda: connection.sendall(b"a"))

    assert said(answer) == (408, "REQUEST_TOO_SLOW")


@pytest.mark.parametrize(
    ("framing", "drop"),
    [("Content-Length: 1000", b"a"), ("Transfer-Encoding: chunked", b"1;x\r\na\r\n")],
)
def test_a_body_that_comes_by_drops_is_refused(
    small: tuple[str, int], framing: str, drop: bytes
) -> None:
    with connected(small) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\n{_HOST}{framing}\r\n\r\n".encode())

        [answer] = ended_while(connection, lambda: connection.sendall(drop))

    assert said(answer) == (408, "REQUEST_TOO_SLOW")


def test_what_chunks_add_to_a_body_has_a_bound(small: tuple[str, int]) -> None:
    with connected(small) as connection:
        connection.sendall(
            f"POST / HTTP/1.1\r\n{_HOST}Transfer-Encoding: chunked\r\n\r\n1".encode()
        )

        [answer] = ended_while(connection, lambda: connection.sendall(b";" + b"x" * 4000))

    assert said(answer) == (413, "BODY_TOO_LARGE")


def test_a_connection_without_a_request_ends_by_itself(small: tuple[str, int]) -> None:
    with connected(small) as silent, connected(small) as served:
        served.sendall(f"GET / HTTP/1.1\r\n{_HOST}\r\n".encode())

        assert rest(silent) == b""
        assert [answer.status for answer in answers_in(rest(served))] == [200]


def test_a_client_that_does_not_read_its_answer_is_given_up(small: tuple[str, int]) -> None:
    with connected(small) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(f"GET /huge HTTP/1.1\r\n{_HOST}\r\n".encode())
        answer_begins = connection.recv(10)

        # Nothing is read until the server has reset the connection, which a write then meets.
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            write_on(connection)

    assert answer_begins == b"HTTP/1.1 2"


def test_what_follows_an_early_answer_is_not_read_for_ever(small: tuple[str, int]) -> None:
    head = f"POST /early HTTP/1.1\r\n{_HOST}Content-Length: 100000000\r\n\r\n"
    with connected(small) as connection:
        connection.sendall(head.encode())

        [answer] = ended_while(connection, lambda: connection.sendall(b"a" * 1000))

    assert answer.status == 200


def test_one_connection_more_than_there_is_room_for_is_told_so() -> None:
    request = f"GET / HTTP/1.1\r\n{_HOST}\r\n".encode()
    bounds = replace(BOUNDS, connections=3, excess_connections=2)
    with serving(bounds) as place:
        held = []
        answers = []
        for _ in range(bounds.connections):
            held.append(connected(place))
            held[-1].sendall(request)
            answers += answers_in(rest_of_one(held[-1]))
        held += [connected(place) for _ in range(3)]
        # One beyond those that are told so is told nothing.
        assert closed_without_a_word(held[5])
        for connection in held[3:5]:
            connection.sendall(request)
            answers += answers_in(rest(connection))
        for connection in held:
            connection.close()

    assert [answer.status for answer in answers[:3]] == [200, 200, 200]
    for answer in answers[3:]:
        assert said(answer) == (503, "SERVICE_UNAVAILABLE")
        assert answer.headers["retry-after"] == "1"


def closed_without_a_word(connection: socket.socket) -> bool:
    """Whether the server closes the connection, or resets it, and says nothing."""
    try:
        return rest(connection) == b""
    except ConnectionResetError:
        return True


def rest_of_one(connection: socket.socket) -> bytes:
    """The bytes of the answer that is due on a connection that may stay open."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    [length] = [
        int(line.split(b":")[1])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length")
    ]
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def test_so_many_requests_wait_on_one_connection_and_no_more(small: tuple[str, int]) -> None:
    request = f"GET / HTTP/1.1\r\n{_HOST}\r\n".encode()

    def answers(count: int) -> list[Answer]:
        with connected(small) as connection:
            connection.sendall(request * count)
            connection.shutdown(socket.SHUT_WR)
            return answers_in(rest(connection))

    within = answers(_SMALL.pipelined + 1)
    beyond = answers(_SMALL.pipelined + 2)

    assert [answer.status for answer in within] == [200] * (_SMALL.pipelined + 1)
    assert [answer.status for answer in beyond[:-1]] == [200] * (_SMALL.pipelined + 1)
    assert said(beyond[-1]) == (400, "REQUEST_MALFORMED")


def test_a_refusal_waits_for_the_answers_before_it(small: tuple[str, int]) -> None:
    good = f"POST / HTTP/1.1\r\n{_HOST}Content-Length: 3\r\n\r\nabc"
    with connected(small) as connection:
        connection.sendall(f"{good}{good}NO HTTP\r\n\r\n{good}".encode())

        first, second, refused = answers_in(rest(connection))

    assert [first.body, second.body] == [b"3", b"3"]
    assert said(refused) == (400, "REQUEST_MALFORMED")


def test_a_client_that_has_said_everything_is_still_answered(small: tuple[str, int]) -> None:
    good = f"POST /late HTTP/1.1\r\n{_HOST}Content-Length: 3\r\n\r\nabc"

    assert ask(small, good).body == b"3"
    assert said(ask(small, good[:-1])) == (400, "BODY_MALFORMED")


def test_trailers_are_no_headers(workspace: Workspace) -> None:
    place = urlsplit(workspace.url)
    text = (
        f"GET /esr/v1/applicants HTTP/1.1\r\n{_HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n"
        f"Authorization: Bearer {workspace.token}\r\n\r\n"
    )

    answer = ask((str(place.hostname), int(place.port or 0)), text)

    assert said(answer) == (401, "TOKEN_MISSING")
