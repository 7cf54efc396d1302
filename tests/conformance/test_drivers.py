"""How the suite acts as a recruiter: whatever the subject's side does, an order comes to an outcome, in bounded time."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

import httpx
import pytest

from sandbox.conformance.driving import (
    DONE,
    NO_ANSWER,
    NOT_OFFERED,
    REFUSED,
    GuidedDriver,
    InboundDriver,
    NoDriver,
    OutboundDriver,
)
from sandbox.conformance.plain import plain_client

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_OFFER = {
    "supplierReference": "C-1",
    "person": {"firstName": "Amara", "lastName": "Fielding"},
    "vacancyReference": "901-REQ1001",
}


@contextmanager
def a_driver_that_says(*answers: bytes | None, forever: bytes = b"") -> Iterator[str]:
    """A subject's driver: each connection gets the next answer, raw, the last one again and again; None says nothing at all."""
    listener = socket.create_server(("127.0.0.1", 0))
    ending = threading.Event()

    def serve() -> None:
        given = 0
        with listener:
            while not ending.is_set():
                taken, _ = listener.accept()
                with taken:
                    answer = answers[min(given, len(answers) - 1)]
                    given += 1
                    _say(taken, answer)

    def _say(taken: socket.socket, answer: bytes | None) -> None:
        try:
            taken.recv(65_536)
            if answer is None:
                ending.wait(5)
                return
            taken.sendall(answer)
            while forever and not ending.is_set():
                taken.sendall(forever)
        except OSError:
            return  # the driver has hung up, as it should

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    port = listener.getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/driver/v1"
    finally:
        ending.set()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
        thread.join(5)


def _whole(document: object, status: bytes = b"200 OK") -> bytes:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    head = _HEAD.replace(b"200 OK", status) + b"Content-Length: %d\r\n" % len(body)
    return head + b"Connection: close\r\n\r\n" + body


def _outcome(state: str, **more: object) -> bytes:
    return _whole({"actionId": str(uuid4()), "state": state, "result": {}, **more})


@contextmanager
def inbound(url: str, patience: float = 5.0) -> Iterator[InboundDriver]:
    with httpx.Client(trust_env=False) as client:
        yield InboundDriver(url, "secret", client, patience)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (_outcome("DONE"), DONE),
        (_outcome("REFUSED", reason="no such application"), REFUSED),
        (_outcome("NOT_OFFERED"), NOT_OFFERED),
        (_outcome("PERHAPS"), NO_ANSWER),
        (_whole(b"<html>hello</html>"), NO_ANSWER),
        (_whole(["DONE"]), NO_ANSWER),
        (_whole({"state": ["DONE"]}), NO_ANSWER),
        (_whole(b'{"state": ' + b"[" * 5000), NO_ANSWER),
        (_whole({"state": "DONE"}, b"401 Unauthorized"), NO_ANSWER),
        (_whole({"state": "DONE"}, b"500 Failed"), NO_ANSWER),
        (b"this is not HTTP\r\n\r\n", NO_ANSWER),
        (_HEAD + b"Content-Length: 900\r\n\r\n{", NO_ANSWER),
        (b"", NO_ANSWER),
    ],
)
def test_what_a_driver_answers_is_an_outcome(answer: bytes, state: str) -> None:
    with a_driver_that_says(answer) as url, inbound(url) as driver:
        outcome = driver.perform("WITHDRAW", {"supplierReference": "C-1"})
    assert outcome.state == state
    assert not outcome.self_attested
    assert (outcome.reason != "") is (state in (NO_ANSWER, REFUSED))


def test_what_goes_on_is_asked_for_until_it_is_over() -> None:
    answers = (_outcome("RUNNING"), _outcome("RUNNING"), _outcome("DONE", result={"received": 3}))
    with a_driver_that_says(*answers) as url, inbound(url) as driver:
        outcome = driver.perform("REPORT_EVENTS", {})
    assert (outcome.state, outcome.result) == (DONE, {"received": 3})


@pytest.mark.parametrize(
    ("answer", "forever"),
    [
        (None, b""),
        (_outcome("RUNNING"), b""),
        (_HEAD + b"\r\n", b" " * 65_536),
        (_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 2000),
    ],
    ids=["hangs", "never-over", "flood", "flood-in-chunks"],
)
def test_a_driver_that_never_ends_is_left(answer: bytes | None, forever: bytes) -> None:
    began = time.monotonic()
    with a_driver_that_says(answer, forever=forever) as url, inbound(url, 0.6) as driver:
        outcome = driver.perform("SYNC_POSITIONS", {})
        assert time.monotonic() - began < 4
    assert outcome.state == NO_ANSWER
    assert outcome.reason


def test_what_a_driver_has_packed_is_not_unpacked() -> None:
    packed = gzip.compress(gzip.compress(b'{"state": "DONE"}'))
    head = _HEAD + b"Content-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    with a_driver_that_says(head + packed) as url, plain_client() as client:
        body = client.get(url).content
    with a_driver_that_says(head + packed) as url, inbound(url) as driver:
        outcome = driver.perform("SYNC_POSITIONS", {})

    assert body == packed
    assert outcome.state == NO_ANSWER


def test_a_driver_that_nobody_serves_gives_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with inbound(f"http://127.0.0.1:{port}/driver/v1") as driver:
        assert driver.perform("SYNC_POSITIONS", {}).state == NO_ANSWER


def test_an_order_in_the_queue_is_given_until_it_is_reported() -> None:
    with OutboundDriver.serving("secret") as driver, _adapter(driver) as adapter:
        outcomes: list[str] = []
        thread = threading.Thread(
            target=lambda: outcomes.append(driver.perform("WITHDRAW", _OFFER).state)
        )
        thread.start()
        first = adapter.get("/queue/next", params={"waitSeconds": 5}).json()
        again = adapter.get("/queue/next", params={"waitSeconds": 5}).json()
        assert first == again
        assert (first["hook"], first["arguments"]) == ("WITHDRAW", _OFFER)
        place = f"/queue/{first['actionId']}/outcome"
        running = {"actionId": first["actionId"], "state": "RUNNING", "result": {}}
        assert adapter.post(place, json=running).status_code == 204
        assert adapter.post(place, json=running | {"state": "DONE"}).status_code == 204
        thread.join(5)
        assert outcomes == [DONE]
        assert adapter.post(place, json=running | {"state": "REFUSED"}).status_code == 204
        assert adapter.get("/queue/next", params={"waitSeconds": 0}).status_code == 204


def test_the_queue_answers_nobody_without_the_token() -> None:
    with OutboundDriver.serving("secret") as driver, _adapter(driver, "other") as stranger:
        assert stranger.get("/queue/next").status_code == 401
        refused = stranger.post(f"/queue/{uuid4()}/outcome", json={})
        assert (refused.status_code, refused.json()["code"]) == (401, "TOKEN_INVALID")


def test_what_was_never_given_cannot_be_reported() -> None:
    with OutboundDriver.serving("secret") as driver, _adapter(driver) as adapter:
        assert adapter.post(f"/queue/{uuid4()}/outcome", json={}).status_code == 404
        assert adapter.get("/elsewhere").status_code == 404


def test_an_order_that_nobody_fetches_ends_in_time() -> None:
    with OutboundDriver.serving("secret") as driver:
        driver.patience = 0.2
        outcome = driver.perform("WITHDRAW", _OFFER)
    assert outcome.state == NO_ANSWER
    assert "0.2 s" in outcome.reason


@contextmanager
def _adapter(driver: OutboundDriver, token: str = "secret") -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=driver.url, headers=headers, trust_env=False) as client:
        yield client


@pytest.mark.parametrize(
    ("typed", "state", "attested"),
    [
        ("d", DONE, True),
        (" Done ", DONE, True),
        ("r", REFUSED, True),
        ("n", NOT_OFFERED, True),
        ("", NO_ANSWER, False),
        ("what?", NO_ANSWER, False),
    ],
)
def test_a_person_is_told_what_to_do_and_believed(typed: str, state: str, attested: bool) -> None:
    said: list[str] = []

    def ask(sentence: str) -> str:
        said.append(sentence)
        return typed

    outcome = GuidedDriver(ask).perform("START_OFFER", _OFFER)
    assert (outcome.state, outcome.self_attested) == (state, attested)
    assert "Amara Fielding" in said[0]
    assert "901-REQ1001" in said[0]


def test_a_person_is_told_in_the_words_of_the_case() -> None:
    said: list[str] = []

    def ask(sentence: str) -> str:
        said.append(sentence)
        return "d"

    GuidedDriver(ask).perform("WITHDRAW", {}, "Withdraw Ms Fielding.")
    assert said == ["Withdraw Ms Fielding."]


def test_a_person_is_not_asked_what_the_system_holds() -> None:
    def ask(_sentence: str) -> str:
        pytest.fail("nobody is to be asked")

    assert GuidedDriver(ask).perform("REPORT_VIEW", _OFFER).state == NOT_OFFERED


def test_without_a_driver_nothing_is_offered() -> None:
    assert NoDriver().perform("WITHDRAW", _OFFER).state == NOT_OFFERED
