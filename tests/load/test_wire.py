"""How an amendment becomes requests: under the ETag that was read, and sent again as the same request."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from loadtests.ledger import Entry
from loadtests.plan import Message
from loadtests.wire import EsrWire, Outcome
from simulators.year import STEPS, Kind

AMENDMENT = Message(
    number=STEPS + 3,
    kind=Kind.START_DATE_CHANGE,
    supplierReference="R1-0000001",
    requestId="60e0b220-8136-4ca5-ae46-1d97ef59d068",
    intended=0,
    odsCode="X0A1B",
    body=b'{"startDate":"2026-07-06"}',
)
REUSED = b'{"code":"REQUEST_ID_REUSED"}'


@dataclass
class Answer:
    """A response as Locust's client gives one."""

    status_code: int
    content: bytes = b"{}"
    headers: dict[str, str] | None = field(default_factory=dict)


@dataclass
class Client:
    """Answers in turn, and keeps what it was asked."""

    answers: list[Answer]
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """Methods, with If-Match."""

    def request(self, method: str, url: str, **arguments: Any) -> Answer:
        assert url == "/applicants/00000007"
        self.asked.append((method, arguments["headers"].get("If-Match")))
        return self.answers.pop(0)


def read(version: str) -> Answer:
    return Answer(200, headers={"etag": version})


def wire(*answers: Answer) -> tuple[EsrWire, Client]:
    client = Client(list(answers))
    found = EsrWire(client, lambda: {"Authorization": "Bearer x"})
    submission = Entry(STEPS, Kind.APPLICANT, 0, 0.0, 0.0, "", status=201, told=7)
    assert found.heard(1, submission)
    return found, client


def test_amendment_carries_the_etag_that_was_read() -> None:
    esr, client = wire(read('"3"'), Answer(200, b'{"version":4}'))

    outcome = esr.attempt(AMENDMENT)

    assert client.asked == [("GET", None), ("PATCH", '"3"')]
    assert esr.told(AMENDMENT, outcome) == {"told": 4}


@pytest.mark.parametrize("status", [0, 429, 500, 503])
def test_amendment_sent_again_is_the_same_request(status: int) -> None:
    esr, client = wire(read('"3"'), Answer(status, headers=None), Answer(200))

    first, second = esr.attempt(AMENDMENT), esr.attempt(AMENDMENT)

    assert (first.status, second.status) == (status, 200)
    assert client.asked == [("GET", None), ("PATCH", '"3"'), ("PATCH", '"3"')]


@pytest.mark.parametrize("status", [0, 404, 429, 503])
def test_amendment_of_what_cannot_be_read_is_not_sent_and_not_acknowledged(status: int) -> None:
    pause = {"retry-after": "2"}
    esr, client = wire(Answer(status, headers=pause), read('"3"'), Answer(200))

    outcome = esr.attempt(AMENDMENT)

    assert outcome.status == status
    assert client.asked == [("GET", None)]
    assert outcome.retry_after == (2.0 if status else None)
    assert esr.attempt(AMENDMENT).status == 200


def test_amendment_to_an_esr_that_gives_no_etag_is_sent_and_refused_by_it() -> None:
    esr, client = wire(Answer(200), Answer(428, b'{"code":"VERSION_MISSING"}'))

    outcome = esr.attempt(AMENDMENT)

    assert [method for method, _ in client.asked] == ["GET", "PATCH"]
    assert esr.told(AMENDMENT, outcome) == {"code": "VERSION_MISSING"}


def test_amendment_that_an_earlier_run_sent_gets_its_answer() -> None:
    esr, client = wire(read('"4"'), Answer(422, REUSED), Answer(200, b'{"version":4}'))

    outcome = esr.attempt(AMENDMENT)

    assert client.asked == [("GET", None), ("PATCH", '"4"'), ("PATCH", '"3"')]
    assert esr.told(AMENDMENT, outcome) == {"told": 4}


def test_request_id_that_somebody_else_used_stays_refused() -> None:
    esr, client = wire(read('"4"'), Answer(422, REUSED), Answer(422, REUSED))

    outcome = esr.attempt(AMENDMENT)

    assert esr.told(AMENDMENT, outcome) == {"code": "REQUEST_ID_REUSED"}
    assert client.answers == []


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", json.dumps({"code": 7}).encode()])
def test_answer_that_is_no_problem_has_no_code(content: bytes) -> None:
    esr, _ = wire(read('"4"'), Answer(500, content))

    outcome = esr.attempt(AMENDMENT)

    assert isinstance(outcome, Outcome)
    assert outcome.code is None
