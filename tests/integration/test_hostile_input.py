"""What no well-meant client or receiver sends: it is refused in words, changes nothing twice, and stops nothing else."""

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import orjson
import pytest
from harness import Workspace

_AT_ONCE = 32
_PATIENCE = 10.0


def at_once(act: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    """The answers to as many calls, all begun at the same moment."""
    gate = threading.Barrier(_AT_ONCE)

    def begin(number: int) -> httpx.Response:
        gate.wait(_PATIENCE)
        return act(number)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(begin, range(_AT_ONCE)))


def codes(answers: list[httpx.Response]) -> Counter[tuple[int, str | None]]:
    return Counter((answer.status_code, answer.json().get("code")) for answer in answers)


def nested(levels: int, core: str) -> list[bytes]:
    """Arrays within arrays and objects within objects, around `core`."""
    arrays = "[" * levels + core + "]" * levels
    objects = '{"a":' * levels + core + "}" * levels
    return [arrays.encode(), objects.encode()]


@pytest.mark.parametrize("levels", [101, 254, 255, 500, 1000, 1024])
@pytest.mark.parametrize("core", ["1", "1.0"])
def test_a_body_that_nests_deep_is_refused_and_kept_in_the_journal(
    workspace: Workspace, levels: int, core: str
) -> None:
    for body in nested(levels, core):
        headers = {
            "X-Request-ID": str(uuid4()),
            "NHSD-End-User-Organisation-ODS": workspace.employer,
            "Content-Type": "application/json",
        }

        answer = workspace.esr.post("/applicants", content=body, headers=headers)

        assert (answer.status_code, answer.json()["code"]) == (400, "BODY_MALFORMED")
        workspace.submit()  # What is written later stands behind it in the journal.
        said = {"requestId": headers["X-Request-ID"]}
        [kept] = workspace.control.get("/exchanges", params=said).json()["exchanges"]
        assert kept["status"] == 400


def test_a_body_of_many_values_side_by_side_does_not_nest_deep(workspace: Workspace) -> None:
    body = {"mode": "FROZEN", "x": [[] for _ in range(1000)]}

    assert workspace.control.put("/clock", json=body).json()["code"] == "CONTRACT_VIOLATION"


def test_a_moment_in_small_letters_is_a_moment(workspace: Workspace) -> None:
    clock = {"mode": "FROZEN", "at": "2090-01-01t00:00:00z"}
    move = {"to": "2090-01-02t00:00:00.5z"}

    assert workspace.control.put("/clock", json=clock).json()["now"] == "2090-01-01T00:00:00.000Z"
    moved = workspace.control.post("/clock/advance", json=move)
    assert moved.json()["now"] == "2090-01-02T00:00:00.500Z"


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "Content-Type",
        "If-Match",
        "NHSD-End-User-Organisation-ODS",
        "X-Correlation-ID",
        "X-Request-ID",
    ],
)
def test_a_header_that_says_one_thing_is_refused_twice_over(
    workspace: Workspace, name: str
) -> None:
    submission = workspace.submission()
    sent = {
        "Authorization": f"Bearer {workspace.token}",
        "X-Request-ID": str(uuid4()),
        "NHSD-End-User-Organisation-ODS": workspace.employer,
        "Content-Type": "application/json",
        "X-Correlation-ID": "one",
        "If-Match": '"1"',
    }
    address = f"{workspace.url}/esr/v1/applicants"
    body = orjson.dumps(submission)
    twice = [*sent.items(), (name.lower(), sent[name])]

    answer = httpx.post(address, content=body, headers=twice, trust_env=False)

    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (400, "CONTRACT_VIOLATION")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [name.lower()]
    assert workspace.write("POST", "/applicants", submission).status_code == 201


def test_what_is_longer_than_the_journal_has_room_for_is_kept_in_part(workspace: Workspace) -> None:
    long = "a" * 10_000
    headers = [("X-Request-ID", long), ("X-Correlation-ID", long), ("X-More", "1"), ("X-More", "2")]
    headers += [(f"X-{number}", "") for number in range(300)]
    body = b"[" + b",".join([b'{"number":1}'] * 80_000) + b"]"

    workspace.esr.get(f"{workspace.url}/w/{workspace.name}/esr/v1/{long}?{long}")
    workspace.esr.post(
        f"{workspace.url}/w/{workspace.name}/esr/v1/applicants", content=body, headers=headers
    )
    workspace.submit()

    def kept(status: int) -> dict[str, Any]:
        asked = f"/exchanges?system=esr&status={status}"
        [found] = workspace.control.get(asked).raise_for_status().json()["exchanges"]
        return dict(found)

    wanting, refused = kept(414), kept(431)
    assert (len(wanting["path"]), len(wanting["query"])) == (8192, 8192)
    assert (len(refused["requestId"]), len(refused["correlationId"])) == (100, 100)
    exchange = (
        workspace.control.get(f"/exchanges/{refused['exchangeId']}").raise_for_status().json()
    )
    assert exchange["requestHeaders"]["x-more"] == "1, 2"
    assert len(exchange["requestHeaders"]) == 200


def test_one_request_id_sent_at_once_is_one_write(workspace: Workspace) -> None:
    submission, identifier = workspace.submission(), str(uuid4())

    answers = at_once(
        lambda number: workspace.write(
            "POST",
            "/applicants",
            submission,
            headers={"X-Request-ID": identifier.upper() if number % 2 else identifier},
        )
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len(workspace.esr.get("/applicants").json()["applicants"]) == 1


def test_one_person_sent_at_once_is_one_applicant(workspace: Workspace) -> None:
    submission = workspace.submission()

    answers = at_once(
        lambda number: workspace.write(
            "POST", "/applicants", {**submission, "supplierReference": f"R-{number}"}
        )
    )

    assert codes(answers) == {(201, None): 1, (409, "APPLICANT_EXISTS"): _AT_ONCE - 1}


def test_of_amendments_to_one_version_one_is_taken(workspace: Workspace) -> None:
    number = workspace.submit()
    names = [f"Amina{chr(97 + place % 26)}{chr(97 + place // 26)}" for place in range(_AT_ONCE)]

    answers = at_once(
        lambda place: workspace.amend(number, {"person": {"firstName": names[place]}}, '"1"')
    )

    assert codes(answers) == {(200, None): 1, (412, "VERSION_STALE"): _AT_ONCE - 1}
    assert workspace.read(number)["version"] == 2


@pytest.mark.parametrize("kept_back", [0, 1])
def test_a_client_that_goes_in_the_middle_leaves_a_whole_write_or_none(
    workspace: Workspace, kept_back: int
) -> None:
    body = orjson.dumps(workspace.submission())
    place = urlsplit(workspace.url)
    identifier = str(uuid4())
    head = (
        f"POST /esr/v1/applicants HTTP/1.1\r\nHost: {place.netloc}\r\n"
        f"Authorization: Bearer {workspace.token}\r\nContent-Type: application/json\r\n"
        f"X-Request-ID: {identifier}\r\nNHSD-End-User-Organisation-ODS: {workspace.employer}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((place.hostname, place.port), timeout=_PATIENCE) as connection:
        connection.sendall((head.encode() + body)[: -kept_back or None])

    again = workspace.esr.post(
        "/applicants",
        content=body,
        headers={
            "X-Request-ID": identifier,
            "NHSD-End-User-Organisation-ODS": workspace.employer,
            "Content-Type": "application/json",
        },
    )

    assert again.status_code == 201
    assert len(workspace.esr.get("/applicants").json()["applicants"]) == 1


class Receiver:
    """A receiver of events that answers as `answer` does, given its handler and how many requests came."""

    def __init__(self, answer: Callable[[BaseHTTPRequestHandler, int], None]) -> None:
        self.received: list[dict[str, Any]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append(orjson.loads(body))
                answer(self, len(receiver.received))

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/events"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def receive() -> Iterator[Callable[..., Receiver]]:
    """Makes a receiver that lives as long as the test."""
    made: list[Receiver] = []

    def make(answer: Callable[[BaseHTTPRequestHandler, int], None]) -> Receiver:
        made.append(Receiver(answer))
        return made[-1]

    yield make
    for receiver in made:
        receiver.server.shutdown()
        receiver.server.server_close()


def say(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def change(workspace: Workspace, place: int) -> None:
    position = workspace.world.positions[place]["positionId"]
    workspace.control.post(
        f"/esr/positions/{position}/change", json={"shared": True}
    ).raise_for_status()


def test_an_event_is_delivered_once_to_a_receiver_whose_answer_nests_deep(
    workspace: Workspace, receive: Callable[..., Receiver]
) -> None:
    receiver = receive(lambda handler, _: say(handler, nested(300, "1")[0]))
    workspace.write("POST", "/event-subscriptions", {"url": receiver.url}).raise_for_status()

    change(workspace, 0)
    workspace.settle()
    change(workspace, 1)
    workspace.settle()

    assert len(receiver.received) == 2
    said = workspace.control.get("/exchanges?system=esr&limit=100").json()["exchanges"]
    assert [item["status"] for item in said if item["path"] == receiver.url] == [200, 200]


def test_of_an_answer_without_an_end_no_more_is_read_than_is_kept(
    workspace: Workspace, receive: Callable[..., Receiver]
) -> None:
    cut = threading.Event()

    def endless(handler: BaseHTTPRequestHandler, _: int) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65_536)
        except OSError:
            cut.set()

    receiver = receive(endless)
    workspace.write("POST", "/event-subscriptions", {"url": receiver.url}).raise_for_status()

    change(workspace, 0)
    workspace.settle()

    assert cut.wait(_PATIENCE)
    assert len(receiver.received) == 1


def test_an_answer_from_before_a_reset_settles_nothing_of_after_it(
    workspace: Workspace, receive: Callable[..., Receiver]
) -> None:
    came, go = threading.Event(), threading.Event()

    def late(handler: BaseHTTPRequestHandler, number: int) -> None:
        if number == 1:
            came.set()
            go.wait(_PATIENCE)
        say(handler, b"{}")

    receiver = receive(late)
    seed = {"seed": workspace.world.seed, "organisations": 1, "positionsPerOrganisation": 10}
    workspace.write("POST", "/event-subscriptions", {"url": receiver.url}).raise_for_status()
    change(workspace, 0)
    assert came.wait(_PATIENCE)
    workspace.control.post("/reset").raise_for_status()
    workspace.control.post("/seed", json=seed).raise_for_status()
    workspace.write("POST", "/event-subscriptions", {"url": receiver.url}).raise_for_status()
    change(workspace, 1)
    go.set()
    workspace.settle()

    positions = [item["positionId"] for item in workspace.world.positions[:2]]
    subjects = [event["subject"] for event in receiver.received]
    assert subjects == [f"positions/{position}" for position in positions]
