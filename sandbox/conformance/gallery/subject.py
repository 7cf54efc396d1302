"""The reference subject in this very process: a sandbox in a thread, so that a row of a table is switched in no time."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sandbox.app import contracts_of, make_app, make_runtime
from sandbox.runtime import SeedWorld
from sandbox.server import CannotStart, listen
from sandbox.settings import Settings
from sandbox.web.serving import server_of

_READY_SECONDS = 30.0


@contextmanager
def running(seed_world: SeedWorld, settings: Settings | None = None) -> Iterator[str]:
    """A sandbox in a thread of this process, in memory, on a free port; gives its address. Raises CannotStart."""
    taken, settings = listen(settings or Settings(port=0, request_seconds=10))
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
        yield settings.public_url
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
