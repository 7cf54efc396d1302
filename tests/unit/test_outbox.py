"""What one system has to tell another is sent until it is answered: in order, through failures and restarts."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from dispatching import (
    KIND,
    WAIT,
    Receiver,
    Settled,
    dispatching,
    held,
    run,
    send,
    set_world,
    states,
    until,
)

from sandbox.clock import wall_now
from sandbox.database import Database, Transaction
from sandbox.journal.store import FLUSH, append
from sandbox.outbox.dispatcher import DELIVERY_WAITS, Dispatcher, _back_off
from sandbox.outbox.sending import Answer
from sandbox.outbox.store import (
    DEAD,
    DONE,
    DROPPED,
    WAITING,
    WALL,
    WORLD,
    Message,
    cancel_lane,
    enqueue,
)
from sandbox.timestamps import from_text
from sandbox.web.call import Unit
from sandbox.workspaces.store import insert_workspace


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "sandbox.db", {FLUSH: append})
    opened.write(
        lambda transaction: insert_workspace(transaction.connection, "w", 1, "FULL", wall_now())
    ).result(WAIT)
    yield opened
    opened.close()


def test_a_message_is_sent_and_its_answer_goes_to_whoever_wrote_it(
    database: Database, receiver: Receiver
) -> None:
    settled: Settled = []

    async def story() -> None:
        async with dispatching(database, settled) as dispatcher:
            number = send(database, receiver.url, {"a": 1})
            assert await dispatcher.quiet("w", WAIT) == []
            assert [(message, answer.status) for message, answer in settled] == [(number, 200)]

    run(story())
    assert receiver.bodies == ['{"a":1}']
    assert states(database) == [DONE]


def test_messages_of_one_lane_are_sent_in_their_order(
    database: Database, receiver: Receiver
) -> None:
    receiver.answers = lambda body, seen: (503 if body == "3" and seen == 0 else 200, {})
    for body in range(8):
        send(database, receiver.url, body)

    async def story() -> None:
        async with dispatching(database):
            await until(lambda: set(states(database)) == {DONE})

    run(story())
    assert receiver.bodies == ["0", "1", "2", "3", "3", "4", "5", "6", "7"]


def test_a_lane_that_is_stuck_keeps_no_other_back(database: Database, receiver: Receiver) -> None:
    receiver.answers = lambda body, _: (503 if body == '"stuck"' else 200, {"Retry-After": "900"})
    send(database, receiver.url, "stuck", lane="one")
    send(database, receiver.url, "behind", lane="one")
    send(database, receiver.url, "free", lane="two")

    async def story() -> None:
        async with dispatching(database):
            await until(lambda: sorted(states(database)) == [DONE, WAITING, WAITING])

    run(story())
    assert '"behind"' not in receiver.bodies


def test_a_receiver_that_hangs_keeps_no_other_workspace_back(
    database: Database, receiver: Receiver
) -> None:
    database.write(
        lambda transaction: insert_workspace(transaction.connection, "other", 1, "FULL", wall_now())
    ).result(WAIT)
    end = Event()
    receiver.answers = lambda body, _: (200, {}) if body == '"quick"' or end.wait(WAIT) else (0, {})
    for number in range(100):
        send(database, receiver.url, "slow", lane=f"lane {number}")

    async def story() -> None:
        async with dispatching(database):
            await until(lambda: receiver.bodies.count('"slow"') == 16)
            for _ in range(3):
                await asyncio.to_thread(
                    send, database, receiver.url, "quick", lane="quick", workspace="other"
                )
            await until(lambda: receiver.bodies.count('"quick"') == 3)
            assert receiver.bodies.count('"slow"') == 16
            end.set()
            await until(lambda: states(database).count(DONE) == 103)

    run(story())
    assert len(receiver.bodies) == 103


@pytest.mark.parametrize("status", [0, 408, 429, 500, 503])
def test_an_answer_that_decides_nothing_has_the_message_sent_again(
    database: Database, receiver: Receiver, status: int
) -> None:
    settled: Settled = []
    receiver.answers = lambda _, seen: (status if seen == 0 else 201, {})
    send(database, receiver.url, "x")

    async def story() -> None:
        async with dispatching(database, settled):
            await until(lambda: states(database) == [DONE])

    run(story())
    assert receiver.bodies == ['"x"', '"x"']
    assert [answer.status for _, answer in settled] == [201]


@pytest.mark.parametrize("status", [200, 400, 404, 409, 422])
def test_an_answer_that_decides_is_final(
    database: Database, receiver: Receiver, status: int
) -> None:
    settled: Settled = []
    receiver.answers = lambda _, __: (status, {})
    send(database, receiver.url, "x")

    async def story() -> None:
        async with dispatching(database, settled):
            await until(lambda: states(database) == [DONE])

    run(story())
    assert receiver.bodies == ['"x"']
    assert [answer.status for _, answer in settled] == [status]


def test_a_message_survives_the_process_that_was_to_send_it(
    tmp_path: Path, receiver: Receiver
) -> None:
    path = tmp_path / "kept.db"
    first = Database(path, {FLUSH: append})
    first.write(
        lambda transaction: insert_workspace(transaction.connection, "w", 1, "FULL", wall_now())
    ).result(WAIT)
    send(first, receiver.url, "x")
    first.close()
    second = Database(path, {FLUSH: append})

    async def story() -> None:
        async with dispatching(second):
            await until(lambda: states(second) == [DONE])

    run(story())
    second.close()
    assert receiver.bodies == ['"x"']


def test_an_answer_that_could_not_be_stored_has_the_message_sent_again(
    database: Database, receiver: Receiver
) -> None:
    heard: list[int] = []

    def settle(_unit: Unit, _message: Message, answer: Answer) -> None:
        heard.append(answer.status)
        if len(heard) == 1:
            raise RuntimeError("the writer of the message fails")

    send(database, receiver.url, "x")

    async def story() -> None:
        dispatcher = Dispatcher(database, {KIND: settle}, 5.0)
        await until(lambda: states(database) == [DONE])
        await dispatcher.stop()

    run(story())
    assert receiver.bodies == ['"x"', '"x"']
    assert heard == [200, 200]


@pytest.mark.parametrize("url", ["http://[", "nothing://127.0.0.1/", "http://127.0.0.1:1/"])
def test_an_address_at_which_nobody_is_stops_no_other_message(
    database: Database, receiver: Receiver, url: str
) -> None:
    send(database, url, "lost", lane="one")
    send(database, receiver.url, "x", lane="two")

    async def story() -> None:
        async with dispatching(database):
            await until(lambda: states(database) == [WAITING, DONE])
            await until(lambda: held(database)[0].attempts > 0)

    run(story())
    assert held(database)[0].last_answer.startswith("0 ")


@pytest.mark.parametrize("told", ["9" * 400, "²", "-1", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_strange_retry_after_does_no_harm(
    database: Database, receiver: Receiver, told: str
) -> None:
    told_header = {"Retry-After": told.encode().decode("latin-1")}
    receiver.answers = lambda _, __: (503, told_header)
    send(database, receiver.url, "x")

    async def story() -> None:
        async with dispatching(database):
            await until(lambda: held(database)[0].attempts > 0)

    run(story())
    due = from_text(held(database)[0].due_at)
    assert due <= wall_now() + timedelta(days=1)


def test_a_failing_receiver_is_left_in_peace_for_longer_and_longer() -> None:
    failed = Answer(503, b"")
    waits = [_back_off(attempts, failed) for attempts in range(40)]

    assert waits == sorted(waits)
    assert waits[1] == 2 * waits[0]
    assert waits[-1] == timedelta(seconds=30)
    assert _back_off(0, Answer(429, b"", retry_after=7.0)) == timedelta(seconds=7)


def test_a_delivery_waits_for_the_clock_of_its_world(
    database: Database, receiver: Receiver
) -> None:
    moment = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    set_world(database, moment)
    send(database, receiver.url, "x", clock=WORLD, due_at=moment + timedelta(hours=1))

    async def story() -> None:
        async with dispatching(database) as dispatcher:
            assert await dispatcher.quiet("w", WAIT) == []
            assert receiver.bodies == []
            await asyncio.to_thread(set_world, database, moment + timedelta(hours=1))
            assert await dispatcher.quiet("w", WAIT) == []

    run(story())
    assert receiver.bodies == ['"x"']


def test_a_delivery_that_is_refused_is_tried_as_often_as_was_promised_and_given_up(
    database: Database, receiver: Receiver
) -> None:
    moment = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    receiver.answers = lambda _, __: (404, {})
    set_world(database, moment)
    sent_at = [moment + timedelta(minutes=1)]
    send(database, receiver.url, "x", clock=WORLD, due_at=sent_at[0])
    for wait in DELIVERY_WAITS:
        sent_at.append(sent_at[-1] + wait)

    async def story() -> None:
        async with dispatching(database) as dispatcher:
            for tries, at in enumerate(sent_at, 1):
                await asyncio.to_thread(set_world, database, at - timedelta(seconds=1))
                await dispatcher.quiet("w", WAIT)
                assert len(receiver.bodies) == tries - 1
                await asyncio.to_thread(set_world, database, at)
                await dispatcher.quiet("w", WAIT)
                assert len(receiver.bodies) == tries

    run(story())
    assert len(receiver.bodies) == len(DELIVERY_WAITS) + 1
    assert states(database) == [DEAD]


def test_a_delivery_waits_as_long_as_its_receiver_asks(
    database: Database, receiver: Receiver
) -> None:
    moment = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    receiver.answers = lambda _, seen: (503 if seen == 0 else 200, {"Retry-After": "900"})
    set_world(database, moment)
    send(database, receiver.url, "x", clock=WORLD, due_at=moment)

    async def story() -> None:
        async with dispatching(database) as dispatcher:
            await dispatcher.quiet("w", WAIT)
            await asyncio.to_thread(set_world, database, moment + timedelta(seconds=899))
            await dispatcher.quiet("w", WAIT)
            assert len(receiver.bodies) == 1
            await asyncio.to_thread(set_world, database, moment + timedelta(seconds=900))
            await dispatcher.quiet("w", WAIT)

    run(story())
    assert states(database) == [DONE]


def test_a_lane_that_was_cancelled_is_not_sent(database: Database, receiver: Receiver) -> None:
    def cancel(transaction: Transaction) -> None:
        cancel_lane(transaction, "w", "sub_1/")

    send(database, receiver.url, "dropped", lane="sub_1/applicant")
    send(database, receiver.url, "kept", lane="subX1/applicant")  # No wildcard: _ is a letter here.
    database.write(cancel).result(WAIT)

    async def story() -> None:
        async with dispatching(database) as dispatcher:
            assert await dispatcher.quiet("w", WAIT) == []

    run(story())
    assert receiver.bodies == ['"kept"']
    assert states(database) == [DROPPED, DONE]


def test_quiet_tells_what_still_waits_when_time_is_up(
    database: Database, receiver: Receiver
) -> None:
    moment = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    set_world(database, moment)
    receiver.answers = lambda _, __: (503, {})

    async def story() -> None:
        async with dispatching(database) as dispatcher:
            number = await asyncio.to_thread(send, database, "http://127.0.0.1:1/", "x")
            left = await dispatcher.quiet("w", 0.0)
            assert [message.message_id for message in left] in ([], [number])
            assert await dispatcher.quiet("another", WAIT) == []

    run(story())


def test_the_message_is_written_with_the_change_that_causes_it_or_not_at_all(
    database: Database,
) -> None:
    def change(transaction: Transaction) -> None:
        enqueue(
            transaction, "w", sender="esr", kind=KIND, reference="r", lane="lane", method="POST",
            url="http://127.0.0.1:1/", headers={}, body={}, due_clock=WALL, due_at=wall_now(),
        )  # fmt: skip
        raise ValueError("the change is refused")

    with pytest.raises(ValueError, match="refused"):
        database.write(change).result(WAIT)

    assert held(database) == []


class _ToEsr:
    """A route as NHS Jobs has one."""

    def __init__(self, url: str) -> None:
        self._url = url

    def address(self, url: str) -> str:
        return url.replace("esr:/", self._url)

    async def authorization(self, workspace: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {workspace}"}

    def renew(self, workspace: str) -> bool:
        return False


def test_a_message_of_nhs_jobs_goes_where_esr_is_now(
    database: Database, receiver: Receiver
) -> None:
    send(database, "esr:/applicants", "x", sender="nhs-jobs")

    async def story() -> None:
        async with dispatching(database, route=_ToEsr(receiver.url)) as dispatcher:
            assert await dispatcher.quiet("w", WAIT) == []

    run(story())
    assert receiver.bodies == ['"x"']


def test_each_attempt_is_signed_for_itself_when_it_is_made(
    database: Database, receiver: Receiver
) -> None:
    asked: list[str] = []

    async def sign(message: Message, url: str) -> dict[str, str]:
        asked.append(url)
        return {"Signature": f"{message.message_id}/{len(asked)}"}

    receiver.answers = lambda _, seen: ((0, 503, 200)[seen], {})
    number = send(database, receiver.url, "x")

    async def story() -> None:
        async with dispatching(database, sign=sign):
            await until(lambda: states(database) == [DONE])

    run(story())
    assert receiver.signatures == [f"{number}/{attempt}" for attempt in (1, 2, 3)]
    assert set(asked) == {receiver.url}


def test_while_a_world_ends_nothing_of_it_is_on_its_way_to_the_other_system(
    database: Database, receiver: Receiver
) -> None:
    came, go = Event(), Event()

    def answer(_body: str, seen: int) -> tuple[int, dict[str, str]]:
        came.set()
        go.wait(WAIT)
        return 200, {}

    receiver.answers = answer
    send(database, receiver.url, "first")

    async def story() -> None:
        async with dispatching(database) as dispatcher:
            await until(came.is_set)
            async with dispatcher.holding("w", "http://127.0.0.1:1/"):
                assert states(database) == [WAITING]  # What goes elsewhere is not waited for.
                go.set()
            async with dispatcher.holding("w", receiver.url):
                assert states(database) == [DONE]
                send(database, receiver.url, "second")
                dispatcher.wake()
                await until(lambda: states(database) == [DONE, WAITING])
                assert receiver.bodies == ['"first"']
            assert await dispatcher.quiet("w", WAIT) == []

    run(story())
    assert receiver.bodies == ['"first"', '"second"']
