"""The supplier at the door of the API: paced by the clock, in order within a lane, and what it waits for counts."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import orjson
import pytest

from sandbox.rehearsal import connections
from sandbox.rehearsal.api_door import ApiDoor, Lanes, NoAnswer
from sandbox.rehearsal.connections import ConnectionBroken, Connections
from sandbox.rehearsal.messages import Answer, Kind, Message

Answering = Callable[[bytes], Awaitable[bytes]]


def message(number: int, kind: Kind = Kind.SUBMISSION, position: int = 1) -> Message:
    moment = datetime(2030, 3, 4, tzinfo=UTC)
    check_type = "dbs" if kind is Kind.CHECK else None
    body = {"number": number}
    return Message(kind, moment, "X0A1B", f"APP-{number}", "V", position, body, check_type)


def answer(status: int, document: object) -> bytes:
    body = orjson.dumps(document)
    head = f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def with_server(answering: Answering, work: Callable[[str], Awaitable[None]]) -> None:
    """Runs `work` with the address of a server that answers each request as `answering` says."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lengths = [
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                ]
                body = await reader.readexactly(lengths[0]) if lengths else b""
                writer.write(await answering(head + body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            await work(f"http://127.0.0.1:{port}")
        finally:
            server.close()

    asyncio.run(run())


def loaded(number: str = "10000017", *codes: str) -> bytes:
    messages = [{"messageCode": code} for code in codes]
    return answer(201, {"applicantNumber": number, "messages": messages})


def test_a_message_that_waits_for_the_one_before_it_is_charged_with_the_waiting() -> None:
    first_may_end = asyncio.Event()
    asked: list[bytes] = []

    async def answering(request: bytes) -> bytes:
        asked.append(request)
        if len(asked) == 1:
            await first_may_end.wait()
        return loaded()

    told: dict[str, Answer] = {}

    async def work(url: str) -> None:
        loop = asyncio.get_running_loop()
        async with ApiDoor(url, "token", "run") as door:
            loop.call_later(0.3, first_may_end.set)
            await door.send_all(
                [message(1), message(2), message(3, position=2)],
                1000,
                lambda sent, answered: told.update({sent.reference: answered}),
            )

    with_server(answering, work)

    seconds = {reference: answered.seconds or 0.0 for reference, answered in told.items()}
    assert seconds["APP-1"] >= 0.29
    assert seconds["APP-2"] >= 0.29  # It was due a millisecond later, and waited all that time.
    assert seconds["APP-3"] < 0.25  # Another position does not wait.


def test_what_esr_says_becomes_an_answer_with_its_codes() -> None:
    async def answering(request: bytes) -> bytes:
        if request.startswith(b"POST /esr/v1/applicants "):
            return loaded("10000017", "NI_NUMBER_ABSENT", "MATCHED_APPLICANT")
        if request.startswith(b"PUT /esr/v1/applicants/10000017/employment-checks/dbs "):
            return answer(409, {"code": "STATE_FORBIDS", "detail": "no"})
        confirmation = {"messages": [{"messageCode": "APPLICANT_EXISTS"}]}
        return answer(409, {"code": "APPLICANT_EXISTS", "confirmation": confirmation})

    async def work(url: str) -> None:
        async with ApiDoor(url, "token", "run") as door:
            unknown = await door.send(message(1, Kind.CHECK))
            assert (unknown.taken, unknown.codes) == (False, ("NOT_SENT",))
            taken = await door.send(message(1))
            assert taken.said == "SUCCESS MATCHED_APPLICANT NI_NUMBER_ABSENT"
            assert taken.applicant_number == "10000017"
            assert (await door.send(message(1, Kind.CHECK))).said == "FAIL STATE_FORBIDS"
            assert (await door.send(message(1, Kind.WITHDRAWAL))).said == "FAIL APPLICANT_EXISTS"

    with_server(answering, work)


def test_an_amendment_names_the_version_it_was_made_on_or_the_one_before() -> None:
    asked: list[str] = []

    async def answering(request: bytes) -> bytes:
        if request.startswith(b"GET "):
            return answer(200, {"version": 7})
        if request.startswith(b"PATCH "):
            head = request.decode()
            asked.append(head.split("If-Match: ")[1].split("\r\n")[0])
            assert "Content-Type: application/merge-patch+json" in head
            return answer(200, {"applicantNumber": "10000017"})
        return loaded()

    async def work(url: str) -> None:
        async with ApiDoor(url, "token", "run") as door:
            await door.send(message(1))
            await door.send(message(1, Kind.AMENDMENT))
            await door.send(message(1, Kind.AMENDMENT), version_before=True)

    with_server(answering, work)

    assert asked == ['"7"', '"6"']


def test_the_same_request_is_named_alike_and_others_differ() -> None:
    asked: list[str] = []

    async def answering(request: bytes) -> bytes:
        asked.append(request.decode().split("X-Request-ID: ")[1].split("\r\n")[0])
        return loaded()

    async def work(url: str) -> None:
        async with ApiDoor(url, "token", "run") as door:
            for request in ("a", "a", None, None):
                await door.send(message(1), request=request)

    with_server(answering, work)

    assert asked[0] == asked[1]
    assert len(set(asked)) == 3


def test_a_request_goes_again_while_esr_is_busy_and_is_given_up_after_a_server_fault() -> None:
    answers = [answer(503, {"code": "SERVICE_UNAVAILABLE"}), loaded(), answer(500, {"code": "X"})]

    async def answering(_request: bytes) -> bytes:
        return answers.pop(0)

    async def work(url: str) -> None:
        async with ApiDoor(url, "token", "run") as door:
            assert (await door.send(message(1))).taken
            with pytest.raises(NoAnswer, match="500"):
                await door.send(message(2))

    with_server(answering, work)


def test_a_server_that_is_not_there_is_told_of() -> None:
    async def run() -> None:
        async with ApiDoor("http://127.0.0.1:1", "token", "run") as door:
            with pytest.raises(NoAnswer, match="not answered"):
                await door.send(message(1))

    asyncio.run(run())


def test_a_connection_that_breaks_or_stays_silent_is_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "_ANSWER_SECONDS", 0.05)

    async def answering(request: bytes) -> bytes:
        if request.startswith(b"GET /silent"):
            await asyncio.Event().wait()
        if request.startswith(b"GET /foreign"):
            return b"SSH-2.0-none\r\n"
        raise ConnectionError

    async def work(url: str) -> None:
        async with Connections(url, 1) as held:
            for path in ("/silent", "/foreign", "/broken"):
                with pytest.raises(ConnectionBroken):
                    await held.request("GET", path, {})

    with_server(answering, work)


def test_a_connection_is_used_again() -> None:
    async def answering(_request: bytes) -> bytes:
        return answer(200, {})

    async def work(url: str) -> None:
        async with Connections(url, 4) as held:
            for _ in range(3):
                assert await held.request("GET", "/a", {}, {"limit": 5}) == (200, b"{}")
            assert len(held._all) == 1

    with_server(answering, work)


def test_lanes_keep_their_order_and_do_not_wait_for_each_other() -> None:
    done: list[str] = []

    async def run() -> None:
        lanes, gate = Lanes(), asyncio.Event()

        async def first() -> None:
            await gate.wait()
            done.append("first")

        async def second() -> None:
            done.append("second")

        async def other() -> None:
            done.append("other")
            gate.set()

        lanes.add("a", first)
        lanes.add("a", second)
        lanes.add("b", other)
        await lanes.done()

    asyncio.run(run())

    assert done == ["other", "first", "second"]


def test_the_first_failure_in_a_lane_ends_the_work() -> None:
    async def run() -> None:
        lanes = Lanes()

        async def fails() -> None:
            raise NoAnswer("nobody")

        async def waits() -> None:
            await asyncio.Event().wait()

        lanes.add("a", fails)
        lanes.add("b", waits)
        await asyncio.wait_for(lanes.done(), 5)

    with pytest.raises(NoAnswer):
        asyncio.run(run())
