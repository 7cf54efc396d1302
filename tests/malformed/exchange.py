"""One conversation over a raw socket: what was sent, what came back, and whether that is right."""

import json
import re
import socket
import struct
from dataclasses import dataclass, field
from enum import StrEnum

PATIENCE = 30.0
"""Seconds after which an answer that has not come is a hang: longer than the server gives any request."""
_STATUS = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) [A-Za-z \-]*")
_AT_ONCE = struct.pack("ii", 1, 0)


class End(StrEnum):
    """What the client does when it has sent everything."""

    HALF_CLOSE = "half-close"
    """It says that there is no more, and reads until the server closes."""
    WAIT = "wait"
    """It waits for the server to answer and to close."""
    RESET = "reset"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Malformed:
    """What one client does on one connection."""

    kind: str
    pieces: tuple[bytes, ...]
    statuses: frozenset[int] | None = None
    """With what it must be answered; anything below 500 where it is left open."""
    answers: int = 1
    """How many answers are due at most, and at least where `ids` are given."""
    ids: tuple[str, ...] = ()
    """The request ids that the answers mirror, in order."""
    end: End = End.HALF_CLOSE
    is_head: bool = False
    other_style: bool = False
    """Whether its refusals are no problems: the token endpoint has the NHS platform's style."""


@dataclass(slots=True)
class Answer:
    """One answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes


class NotAnAnswer(Exception):
    """What came back is no well-formed HTTP/1.1."""


@dataclass(slots=True)
class Outcome:
    """What came of a conversation."""

    sent: Malformed
    answers: list[Answer] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    hung: bool = False


def converse(address: tuple[str, int], sent: Malformed) -> Outcome:
    """Has the conversation and judges it."""
    outcome = Outcome(sent)
    received = b""
    try:
        with socket.create_connection(address, timeout=PATIENCE) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _send(connection, sent)
            if sent.end is End.RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                return outcome
            if sent.end is End.CLOSE:
                return outcome
            while part := connection.recv(65_536):
                received += part
    except TimeoutError:
        outcome.hung = True
        outcome.wrong.append(f"nothing more came for {PATIENCE:g} seconds")
    except OSError as problem:
        outcome.wrong.append(f"the connection broke: {problem}")
    try:
        outcome.answers = answers_in(received, is_head=sent.is_head)
    except NotAnAnswer as problem:
        outcome.wrong.append(str(problem))
    outcome.wrong += _judge(sent, outcome.answers)
    return outcome


def _send(connection: socket.socket, sent: Malformed) -> None:
    try:
        for piece in sent.pieces:
            connection.sendall(piece)
        if sent.end is End.HALF_CLOSE:
            connection.shutdown(socket.SHUT_WR)
    except (BrokenPipeError, ConnectionResetError):
        # Refused before it was whole; the answer is still there to be read.
        return


def answers_in(received: bytes, *, is_head: bool = False) -> list[Answer]:
    """Every answer, one after the other, with nothing between or behind. Raises NotAnAnswer."""
    answers = []
    while received:
        head, separator, received = received.partition(b"\r\n\r\n")
        line, *lines = head.split(b"\r\n")
        found = _STATUS.fullmatch(line)
        if not separator or found is None:
            raise NotAnAnswer(f"no status line: {head[:80]!r}")
        headers: dict[str, str] = {}
        for text in lines:
            name, colon, value = text.decode("latin-1").partition(": ")
            if not colon or name.lower() in headers:
                raise NotAnAnswer(f"no header: {text[:80]!r}")
            headers[name.lower()] = value
        status = int(found[1])
        if status < 200:
            continue
        if is_head:
            body = b""
        elif headers.get("transfer-encoding") == "chunked":
            body, received = _chunks(received)
        elif status != 204:
            length = int(headers.get("content-length", "-1"))
            if not 0 <= length <= len(received):
                raise NotAnAnswer(f"a body of {len(received)} bytes where {length} were told")
            body, received = received[:length], received[length:]
        else:
            body = b""
        answers.append(Answer(status, headers, body))
    return answers


def _chunks(received: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        line, separator, received = received.partition(b"\r\n")
        if not separator:
            raise NotAnAnswer("a chunk is missing")
        size = int(line, 16)
        body, received = body + received[:size], received[size + 2 :]
        if not size:
            return body, received


def _judge(sent: Malformed, answers: list[Answer]) -> list[str]:
    wrong = []
    if not 1 <= len(answers) <= sent.answers:
        wrong.append(f"{len(answers)} answers where {sent.answers} were due")
    for answer in answers:
        if answer.status >= 500:
            wrong.append(f"{answer.status}: {answer.body[:300]!r}")
        elif answer.status >= 400 and not sent.is_head:
            wrong += _judge_refusal(sent, answer)
    if sent.statuses is not None and answers and answers[-1].status not in sent.statuses:
        wrong.append(f"{answers[-1].status} where {sorted(sent.statuses)} was due")
    if sent.ids:
        mirrored = [answer.headers.get("x-request-id") for answer in answers]
        if mirrored[: len(sent.ids)] != list(sent.ids):
            wrong.append(f"the answers are about {mirrored}")
    return wrong


def _judge_refusal(sent: Malformed, answer: Answer) -> list[str]:
    media_type = answer.headers.get("content-type", "")
    if media_type != "application/problem+json":
        return [] if sent.other_style else [f"{answer.status} as {media_type or 'nothing'}"]
    problem = json.loads(answer.body)
    if problem["status"] != answer.status or not problem["code"] or not problem["detail"]:
        return [f"{answer.status} with {answer.body[:200]!r}"]
    if "Traceback" in problem["detail"]:
        return ["a problem tells of our code"]
    return []
