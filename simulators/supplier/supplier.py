"""A whole supplier in a thread: its records, its sender, its receiver and its driver.

    with running_supplier(Settings(esr_url, esr_token)) as supplier:
        httpx.get(f"{supplier.driver_url}/driver", headers=...)

One that does something wrong is made by a subclass of `Policies`, or of a part: `class Forgetful(Office): receiver_class = ...`.
"""

import asyncio
import logging
import socket
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulators.supplier import driver, problems
from simulators.supplier.actions import Actions
from simulators.supplier.connection import Connection, EsrRefused
from simulators.supplier.events import Events
from simulators.supplier.feed import Feed
from simulators.supplier.orders import Orders
from simulators.supplier.organisations import Organisations
from simulators.supplier.outbound import Outbound
from simulators.supplier.outcomes import Outcomes
from simulators.supplier.policies import Policies
from simulators.supplier.positions import Positions
from simulators.supplier.receiver import Receiver
from simulators.supplier.sender import Sender
from simulators.supplier.settings import Settings
from simulators.supplier.signing_keys import SigningKeys
from simulators.supplier.storage import Storage
from simulators.supplier.subscription import Subscription

logger = logging.getLogger(__name__)

RECEIVER, DRIVER = "/receiver/v1", "/driver/v1"
_EVENTS = f"{RECEIVER}/events"
_BACKLOG = 128
_START_SECONDS = 20.0
_STOP_SECONDS = 10.0


class Office:
    """The parts of one supplier, put together. Each is made by a class that a subclass may replace."""

    storage_class: type[Storage] = Storage
    connection_class: type[Connection] = Connection
    events_class: type[Events] = Events
    signing_keys_class: type[SigningKeys] = SigningKeys
    receiver_class: type[Receiver] = Receiver
    organisations_class: type[Organisations] = Organisations
    outcomes_class: type[Outcomes] = Outcomes
    sender_class: type[Sender] = Sender
    orders_class: type[Orders] = Orders
    positions_class: type[Positions] = Positions
    feed_class: type[Feed] = Feed
    subscription_class: type[Subscription] = Subscription
    actions_class: type[Actions] = Actions

    def __init__(self, settings: Settings, policies: Policies, url: str) -> None:
        """`url` is where this supplier listens. Raises sqlite3.Error where the database cannot be used."""
        self.settings = settings
        self.policies = policies
        self.receiver_url = url + _EVENTS
        self.storage = self.storage_class(settings.database)
        self.connection = self.connection_class(settings, policies)
        self.events = self.events_class(self.storage, policies)
        self.positions = self.positions_class(self.storage, self.connection, policies)
        self.feed = self.feed_class(self.storage, self.connection, policies, self.events)
        self.subscription = self.subscription_class(self.storage, self.connection, policies)
        self.receiver = self.receiver_class(
            policies,
            self.signing_keys_class(settings, self.connection),
            self.events,
            lambda: self.receiver_url,
        )
        self.sender = self.sender_class(
            settings,
            self.storage,
            self.connection,
            policies,
            self.organisations_class(settings, self.connection),
            self.outcomes_class(self.storage, policies, self.events),
        )
        self.orders = self.orders_class(self.storage, policies, self.positions, self.events)
        self.actions = self.actions_class(
            self.storage,
            self.orders,
            {"SYNC_POSITIONS": self.positions.load, "SYNC_EVENTS": self._sync_events},
            lambda: driver.describe(self),
            self.sender.wake,
        )
        self.is_prepared = threading.Event()

    def work(self) -> list[Coroutine[Any, Any, None]]:
        """What goes on in the background while the supplier runs."""
        work = [self.sender.run(), self._prepare()]
        if self.settings.queue_url is not None:
            work.append(Outbound(self.settings, self.actions).run(self.settings.queue_url))
        if self.settings.feed_seconds is not None:
            work.append(self._read_feed(self.settings.feed_seconds))
        return work

    async def _prepare(self) -> None:
        """Subscribes first and reads the feed last, so that nothing falls between the two."""
        steps: list[Callable[[], Coroutine[Any, Any, None]]] = [
            self._subscribe,
            self.positions.load,
            self.feed.catch_up,
        ]
        while steps:
            try:
                await steps[0]()
            except EsrRefused as problem:
                logger.warning("ESR refuses what a start needs: %s", problem)
                await asyncio.sleep(self.settings.longest_wait_seconds)
            else:
                steps.pop(0)
        self.is_prepared.set()

    async def _subscribe(self) -> None:
        if self.settings.subscribes:
            await self.subscription.establish(self.receiver_url)

    async def _sync_events(self) -> None:
        """Whoever asks for this misses events, so whether ESR still delivers to us is looked at as well."""
        await self._subscribe()
        await self.feed.catch_up()

    async def _read_feed(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.feed.catch_up()
            except EsrRefused as problem:
                logger.warning("ESR refuses the feed: %s", problem)

    async def close(self) -> None:
        """Ends connections and closes the database."""
        await self.actions.stop()
        await self.connection.close()
        self.storage.close()


class CannotStart(Exception):
    """The supplier cannot start; the message says why."""


class Supplier:
    """One running supplier: `start` it, and `stop` it; once. What its database holds is there at the next start."""

    office_class: type[Office] = Office

    def __init__(
        self,
        settings: Settings,
        policies: type[Policies] = Policies,
        office: type[Office] | None = None,
    ) -> None:
        self.settings = settings
        self._policies = policies
        self._office_class = office or self.office_class
        self._office: Office | None = None
        self._thread: threading.Thread | None = None
        self._server: uvicorn.Server | None = None
        self.url = ""

    @property
    def driver_url(self) -> str:
        """The base of the driver contract here."""
        return self.url + DRIVER

    @property
    def receiver_url(self) -> str:
        """Where ESR delivers events."""
        return self.url + _EVENTS

    def start(self) -> bool:
        """Returns when it serves, and has subscribed and read what it needs at ESR, or has waited long enough for that.

        Answers whether ESR has been reached; if not, it goes on trying. Raises CannotStart.
        """
        taken = _listen(self.settings)
        try:
            self._begin(taken)
        except CannotStart:
            taken.close()
            raise
        assert self._office is not None
        return self._office.is_prepared.wait(self.settings.ready_seconds)

    def stop(self) -> None:
        """Ends it. What it has not sent yet is sent after the next start with this database."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(_STOP_SECONDS)

    def _begin(self, taken: socket.socket) -> None:
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        self.url = f"http://{host}:{taken.getsockname()[1]}"
        try:
            self._office = self._office_class(
                self.settings, self._policies(self.settings), self.url
            )
        except sqlite3.Error as problem:
            raise CannotStart(
                f"The database {self.settings.database} cannot be used ({problem})."
            ) from problem
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app(),
                log_config=None,
                access_log=False,
                lifespan="on",
                ws="none",
                server_header=False,
                timeout_graceful_shutdown=1,
                # Longer than ESR keeps an idle connection, so that none is closed under a delivery.
                timeout_keep_alive=30,
            )
        )
        self._thread = threading.Thread(
            target=self._serve, args=(self._server, taken), name="supplier", daemon=True
        )
        self._thread.start()
        self._await_service(self._server, self._thread)

    def _await_service(self, server: uvicorn.Server, thread: threading.Thread) -> None:
        deadline = time.monotonic() + _START_SECONDS
        pause = threading.Event()
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                self.stop()
                raise CannotStart("The example supplier did not come up in time.")
            pause.wait(0.005)

    def _serve(self, server: uvicorn.Server, taken: socket.socket) -> None:
        with taken, asyncio.Runner() as runner:
            runner.run(server.serve(sockets=[taken]))

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                Route(_EVENTS, _receive_event, methods=["POST"]),
                Route(f"{DRIVER}/driver", driver.read_driver, methods=["GET"]),
                Route(f"{DRIVER}/actions", driver.perform_action, methods=["POST"]),
                Route(f"{DRIVER}/actions/{{action_id}}", driver.read_action, methods=["GET"]),
            ],
            lifespan=self._lifespan,
            exception_handlers={
                problems.Refused: problems.refused,
                HTTPException: problems.refused_by_route,
                Exception: problems.failed,
            },
        )

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        office = app.state.office = self._office
        assert office is not None
        tasks = [asyncio.create_task(work) for work in office.work()]
        office.actions.resume()
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await office.close()


async def _receive_event(request: Request) -> Response:
    office: Office = request.app.state.office
    return await office.receiver.receive(request)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With its protocol named, the event loop turns Nagle's algorithm off on every connection: answers go out at once.
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((settings.host, settings.port))
        taken.listen(_BACKLOG)
    except OSError as problem:
        taken.close()
        raise CannotStart(
            f"Port {settings.port} on {settings.host} cannot be used ({problem.strerror})."
        ) from problem
    return taken


@contextmanager
def running_supplier(
    settings: Settings,
    policies: type[Policies] = Policies,
    office: type[Office] | None = None,
) -> Iterator[Supplier]:
    """A supplier that runs while the block does. Raises CannotStart."""
    supplier = Supplier(settings, policies, office)
    supplier.start()
    try:
        yield supplier
    finally:
        supplier.stop()
