"""The reference subject in this very process: a sandbox in a thread, so that a row of a table is switched in no time."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sandbox.app import contracts_of, make_app, make_runtime
from sandbox.identity.store import new_token
from sandbox.runtime import SeedWorld
from sandbox.server import CannotStart, listen, own_database, own_level
from sandbox.settings import LOOPBACK, Level, Settings
from sandbox.web.serving import server_of

_READY_SECONDS = 30.0


@contextmanager
def running(
    seed_world: SeedWorld, systems: frozenset[str] = frozenset({"esr", "nhs-jobs"})
) -> Iterator[Settings]:
    """A sandbox in a thread of this process, on a free port; gives its settings.

    It is in memory and at level `sandbox`, unless the environment names a database server or another level. Raises
    CannotStart.
    """
    with own_database(":memory:") as place:
        level = own_level()
        settings = Settings(
            database=place,
            port=0,
            request_seconds=10,
            systems=systems,
            level=level,
            operator_token=new_token() if level == Level.PLATFORM else None,
            # The suite's receivers and suppliers listen on this machine.
            allowed_networks=LOOPBACK,
        )
        with _served(seed_world, settings) as ready:
            yield ready


@contextmanager
def _served(seed_world: SeedWorld, settings: Settings) -> Iterator[Settings]:
    taken, settings = listen(settings)
    runtime = make_runtime(settings, seed_world)
    app = make_app(runtime, contracts_of(settings.systems))
    server = server_of(app, log_config=None, timeout_graceful_shutdown=2)

    def serve() -> None:
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(server.serve(sockets=[taken]))

    thread = threading.Thread(target=serve, name="subject", daemon=True)
    thread.start()
    try:
        _wait_for(lambda: server.started and runtime.is_ready, thread)
        yield settings
    finally:
        server.should_exit = True
        thread.join(10)
        taken.close()


def _wait_for(condition: Callable[[], bool], thread: threading.Thread) -> None:
    pause = threading.Event()
    for _ in range(int(_READY_SECONDS / 0.01)):
        if condition():
            return
        if not thread.is_alive():
            break
        pause.wait(0.01)
    raise CannotStart("The reference subject did not start in time.")
