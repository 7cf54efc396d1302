"""A clock that is moved does what is due on the way: in order, each thing at its own moment, through crashes."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.clock import Clock, ClockMode, wall_now
from sandbox.database import Database, Transaction
from sandbox.errors import Code, Refusal
from sandbox.jobs.store import Job, cancel, is_scheduled, next_job, schedule
from sandbox.jobs.timekeeper import Timekeeper
from sandbox.journal.store import FLUSH, append
from sandbox.outbox.dispatcher import DELIVERY_WAITS, Dispatcher
from sandbox.outbox.store import WORLD, enqueue
from sandbox.timestamps import to_text
from sandbox.web.call import Unit
from sandbox.workspaces.store import find_workspace, insert_workspace, set_clock

WAIT = 20.0
BEGIN = datetime(2030, 1, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "sandbox.db", {FLUSH: append})
    for name in ("v", "w"):
        opened.write(
            lambda transaction, name=name: insert_workspace(
                transaction.connection, name, 1, "FULL", wall_now()
            )
        ).result(WAIT)
        stand(opened, BEGIN, name=name)
    yield opened
    opened.close()


def stand(
    database: Database, moment: datetime, target: datetime | None = None, name: str = "w"
) -> None:
    """Freezes the clock at a moment; with `target` it is on its way there."""
    clock = Clock(ClockMode.FROZEN, moment, wall_now())
    database.write(
        lambda transaction: set_clock(transaction.connection, name, clock, target)
    ).result(WAIT)


def set_job(
    database: Database, kind: str, due_at: datetime, reference: str = "", name: str = "w"
) -> None:
    database.write(
        lambda transaction: schedule(
            transaction, name, kind=kind, reference=reference, due_at=due_at
        )
    ).result(WAIT)


def tell(transaction: Transaction, lane: str, due_at: datetime) -> None:
    """Writes a delivery to where nobody listens."""
    enqueue(
        transaction, "w", sender="esr", kind="test", reference="event", lane=lane, method="POST",
        url="http://127.0.0.1:9/", headers={}, body={}, due_clock=WORLD, due_at=due_at,
    )  # fmt: skip


def now(database: Database) -> datetime:
    def read(transaction: Transaction) -> datetime:
        workspace = find_workspace(transaction.connection, "w")
        assert workspace is not None
        assert workspace.clock_target is None
        return workspace.clock.now(wall_now())

    found: datetime = database.read(read).result(WAIT)
    return found


class Done:
    """What was done, and when in the world it was."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, datetime]] = []

    def act(self, unit: Unit, job: Job) -> None:
        self.rows.append((job.reference, unit.now))

    def repeat(self, unit: Unit, job: Job) -> None:
        """Does the job and sets the next, an hour on."""
        self.act(unit, job)
        schedule(
            unit.transaction,
            job.workspace,
            kind="repeat",
            reference=job.reference,
            due_at=unit.now + HOUR,
        )

    def fail(self, _unit: Unit, job: Job) -> None:
        raise Refusal(Code.STATE_FORBIDS, f"no {job.reference}")


@asynccontextmanager
async def keeping(database: Database, done: Done, **runs: Any) -> Any:
    """A timekeeper that runs while the block does."""
    dispatcher = Dispatcher(database, {"test": lambda *_: None}, 5.0)
    acts = {"act": done.act, "repeat": done.repeat, "fail": done.fail}
    timekeeper = Timekeeper(database, dispatcher, acts, runs)
    database.listen("jobs", timekeeper.wake)
    try:
        yield timekeeper
    finally:
        await timekeeper.stop()
        await dispatcher.stop()


def story(tale: Coroutine[Any, Any, None]) -> None:
    asyncio.run(tale)


async def move(database: Database, timekeeper: Timekeeper, to: datetime) -> None:
    begin = await asyncio.to_thread(now, database)
    await asyncio.to_thread(stand, database, begin, to)
    assert await timekeeper.quiet("w", WAIT) == []
    assert await asyncio.to_thread(now, database) == to


def test_what_is_due_on_the_way_is_done_in_order_each_at_its_own_moment(
    database: Database,
) -> None:
    done = Done()
    for reference, hours in (("c", 3), ("a", 1), ("b", 1), ("late", 30)):
        set_job(database, "act", BEGIN + hours * HOUR, reference)

    async def tale() -> None:
        async with keeping(database, done) as timekeeper:
            await move(database, timekeeper, BEGIN + 24 * HOUR)

    story(tale())
    assert done.rows == [("a", BEGIN + HOUR), ("b", BEGIN + HOUR), ("c", BEGIN + 3 * HOUR)]


@pytest.mark.parametrize("moves", [[6], [1, 5], [2, 2, 2], [5.5, 0.5], [0.25] * 24])
def test_the_length_of_each_move_changes_nothing(database: Database, moves: list[float]) -> None:
    done = Done()
    set_job(database, "repeat", BEGIN + HOUR, "hourly")
    set_job(database, "act", BEGIN + 2.5 * HOUR, "once")

    async def tale() -> None:
        async with keeping(database, done) as timekeeper:
            moment = BEGIN
            for hours in moves:
                moment += hours * HOUR
                await move(database, timekeeper, moment)

    story(tale())
    hourly = [("hourly", BEGIN + hour * HOUR) for hour in range(1, 7)]
    assert done.rows == [*hourly[:2], ("once", BEGIN + 2.5 * HOUR), *hourly[2:]]


def test_a_move_that_was_broken_off_goes_on_at_the_next_start(database: Database) -> None:
    done = Done()
    set_job(database, "repeat", BEGIN + HOUR, "hourly")
    stand(database, BEGIN, BEGIN + 3 * HOUR)

    async def tale() -> None:
        async with keeping(database, done):
            pass
        async with keeping(database, done) as timekeeper:
            assert await timekeeper.quiet("w", WAIT) == []

    story(tale())
    assert now(database) == BEGIN + 3 * HOUR
    assert [moment for _, moment in done.rows] == [BEGIN + hour * HOUR for hour in (1, 2, 3)]


def test_a_long_job_that_was_broken_off_is_begun_again_and_done_once_it_ends(
    database: Database,
) -> None:
    begun: list[str] = []
    may_end = asyncio.Event()

    async def long(job: Job) -> None:
        begun.append(job.reference)
        await may_end.wait()

    set_job(database, "long", BEGIN, "hour")

    async def tale() -> None:
        async with keeping(database, Done(), long=long) as timekeeper:
            [left] = await timekeeper.quiet("w", 0.3)
            assert left.reference == "hour"
        may_end.set()
        async with keeping(database, Done(), long=long) as timekeeper:
            assert await timekeeper.quiet("w", WAIT) == []

    story(tale())
    assert begun == ["hour", "hour"]


def test_a_job_that_cannot_be_done_does_not_stop_the_world(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    done = Done()
    set_job(database, "fail", BEGIN + HOUR, "wrong")
    set_job(database, "act", BEGIN + 2 * HOUR, "next")

    async def tale() -> None:
        async with keeping(database, done) as timekeeper:
            await move(database, timekeeper, BEGIN + 3 * HOUR)

    story(tale())
    assert done.rows == [("next", BEGIN + 2 * HOUR)]
    assert "fail" in caplog.text


def test_attempts_of_deliveries_and_jobs_take_turns_by_their_moments(database: Database) -> None:
    done = Done()
    for count, wait in enumerate(DELIVERY_WAITS[:3]):
        set_job(database, "act", BEGIN + sum(DELIVERY_WAITS[:count], wait), f"after {count}")
    # Nobody listens at port 9: each attempt fails at once and is put off on the world's clock.
    database.write(lambda transaction: tell(transaction, "lane", BEGIN)).result(WAIT)
    seen: list[int] = []

    class Watching(Done):
        def act(self, unit: Unit, job: Job) -> None:
            super().act(unit, job)
            rows = unit.connection.exec_driver_sql("SELECT attempts FROM outbox").scalars()
            seen.extend(rows)

    done = Watching()

    async def tale() -> None:
        async with keeping(database, done) as timekeeper:
            await move(database, timekeeper, BEGIN + HOUR)

    story(tale())
    # The job at the very moment of an attempt comes first: by then as many attempts have failed as waits have passed.
    assert seen == [1, 2, 3]


def test_a_real_clock_does_what_fell_due_while_nobody_kept_it(database: Database) -> None:
    done = Done()
    wall = wall_now()
    clock = Clock(ClockMode.REAL, wall, wall)
    database.write(lambda transaction: set_clock(transaction.connection, "w", clock)).result(WAIT)
    set_job(database, "act", wall - HOUR, "overdue")
    set_job(database, "act", wall - 2 * HOUR, "long overdue")
    set_job(database, "act", wall + HOUR, "ahead")

    async def tale() -> None:
        async with keeping(database, done) as timekeeper:
            assert await timekeeper.quiet("w", WAIT) == []

    story(tale())
    assert [reference for reference, _ in done.rows] == ["long overdue", "overdue"]
    assert all(moment >= wall for _, moment in done.rows)


def test_a_workspace_does_not_wait_for_another(database: Database) -> None:
    done = Done()

    async def stuck(_job: Job) -> None:
        await asyncio.Event().wait()

    set_job(database, "stuck", BEGIN, name="v")
    set_job(database, "act", BEGIN + HOUR, "free")

    async def tale() -> None:
        async with keeping(database, done, stuck=stuck) as timekeeper:
            await move(database, timekeeper, BEGIN + HOUR)

    story(tale())
    assert done.rows == [("free", BEGIN + HOUR)]


def test_a_job_that_was_dropped_is_not_done(database: Database) -> None:
    done = Done()
    set_job(database, "act", BEGIN + HOUR, "dropped")
    set_job(database, "act", BEGIN + HOUR, "kept")

    def drop(transaction: Transaction) -> None:
        cancel(transaction.connection, "w", "act", "dropped")
        assert not is_scheduled(transaction.connection, "w", "act", "dropped")
        left = next_job(transaction.connection, "w")
        assert left is not None
        assert (left.reference, left.due_at) == ("kept", to_text(BEGIN + HOUR))

    database.write(drop).result(WAIT)

    async def tale() -> None:
        async with keeping(database, done) as timekeeper:
            await move(database, timekeeper, BEGIN + HOUR)

    story(tale())
    assert done.rows == [("kept", BEGIN + HOUR)]


def test_hundreds_of_jobs_keep_their_order_and_their_moments_and_one_that_fails_leaves_the_others(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    done = Done()
    moments = [BEGIN + timedelta(seconds=7 * (count % 90)) for count in range(200)]
    for count, moment in enumerate(moments):
        set_job(database, "fail" if count == 100 else "act", moment, f"{count}")

    async def tale() -> None:
        async with keeping(database, done) as timekeeper:
            await move(database, timekeeper, BEGIN + HOUR)

    story(tale())
    in_order = sorted(enumerate(moments), key=lambda each: (each[1], each[0]))
    assert done.rows == [(f"{count}", moment) for count, moment in in_order if count != 100]
    assert caplog.text.count("failed and is dropped") == 1


def test_what_a_job_tells_has_arrived_before_the_next_one_is_done(database: Database) -> None:
    left: list[int] = []

    class Telling(Done):
        def act(self, unit: Unit, job: Job) -> None:
            waiting = "SELECT count(*) FROM outbox WHERE attempts = 0"
            left.extend(unit.connection.exec_driver_sql(waiting).scalars())
            # Nobody listens at port 9: an attempt is made all the same.
            tell(unit.transaction, f"lane {job.reference}", unit.now)

    for count in range(3):
        set_job(database, "act", BEGIN + HOUR, f"{count}")

    async def tale() -> None:
        async with keeping(database, Telling()) as timekeeper:
            await move(database, timekeeper, BEGIN + HOUR)

    story(tale())
    assert left == [0, 0, 0]
