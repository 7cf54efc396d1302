"""A dispatcher over a database of its own, and somebody on loopback to whom it sends: what the tests of the outbox share."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import sqlalchemy as sa

from sandbox.clock import Clock, ClockMode, wall_now
from sandbox.database import Database
from sandbox.outbox.dispatcher import Dispatcher
from sandbox.outbox.sending import Answer, Route, Sign
from sandbox.outbox.store import ANNOUNCEMENT, CHANGED, WALL, Message, enqueue
from sandbox.outbox.tables import outbox
from sandbox.web.call import Unit
from sandbox.workspaces.store import set_clock

WAIT = 20.0
"""Seconds after which a test gives up."""
KIND = "test"


class Receiver:
    """Another system on loopback: answers as it is told to, and remembers what it was sent."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.signatures: list[str | None] = []
        self.answers: Callable[[str, int], tuple[int, dict[str, str]]] = lambda _, __: (200, {})
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                seen = receiver.bodies.count(body)
                receiver.bodies.append(body)
                receiver.signatures.append(self.headers["Signature"])
                status, headers = receiver.answers(body, seen)
                if status == 0:
                    self.connection.close()
                    return
                self.send_response(status)
                for name, value in {**headers, "Content-Length": "0"}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def send(
    database: Database, url: str, body: Any, lane: str = "lane", clock: str = WALL, **given: Any
) -> int:
    """Puts a message into the outbox."""
    values = {"sender": "esr", "kind": KIND, "reference": "r", "method": "POST", "headers": {}}
    due = given.pop("due_at", wall_now())
    workspace = given.pop("workspace", "w")
    return int(
        database.write(
            lambda transaction: enqueue(
                transaction,
                workspace,
                **{**values, **given},
                lane=lane,
                url=url,
                body=body,
                due_clock=clock,
                due_at=due,
            )
        ).result(WAIT)
    )


def held(database: Database) -> list[Any]:
    """Every message, oldest first."""
    query = sa.select(outbox).order_by(outbox.c.message_id)
    return list(
        database.read(lambda transaction: transaction.connection.execute(query).all()).result(WAIT)
    )


def states(database: Database) -> list[str]:
    return [row.state for row in held(database)]


def set_world(database: Database, moment: datetime) -> None:
    clock = Clock(ClockMode.FROZEN, moment, wall_now())
    database.write(lambda transaction: set_clock(transaction.connection, "w", clock)).result(WAIT)


async def until(condition: Callable[[], bool]) -> None:
    """Waits until the condition holds; fails when it never does."""
    async with asyncio.timeout(WAIT):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110  (it is in another thread)
            await asyncio.sleep(0.01)


Settled = list[tuple[int, Answer]]


@asynccontextmanager
async def dispatching(
    database: Database,
    settled: Settled | None = None,
    route: Route | None = None,
    sign: Sign | None = None,
) -> Any:
    """A dispatcher that runs while the block does; `settled` is given what each message's writer hears."""

    def settle(_unit: Unit, message: Message, answer: Answer) -> None:
        if settled is not None:
            settled.append((message.message_id, answer))

    signers = {KIND: sign} if sign else {}
    dispatcher = Dispatcher(database, {KIND: settle}, 5.0, route, signers)
    database.listen(ANNOUNCEMENT, dispatcher.wake)
    database.listen(CHANGED, dispatcher.read_again)
    try:
        yield dispatcher
    finally:
        await dispatcher.stop()


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)
