"""A sandbox in a thread of the test's own process, so that the test sees every statement that it runs."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.app import contracts_of, make_app, make_runtime
from sandbox.cli.worlds import make_world
from sandbox.runtime import Runtime
from sandbox.server import listen, server_options
from sandbox.settings import Settings
from sandbox.web.serving import server_of

_PATIENCE = 3000


@contextmanager
def served(settings: Settings) -> Iterator[Runtime]:
    """A sandbox on a free port, with an empty default workspace; `settings.public_url` of the runtime is its address."""
    taken, settings = listen(settings)
    runtime = make_runtime(settings, make_world)
    server = server_of(
        make_app(runtime, contracts_of(settings.systems)),
        **server_options(runtime),
        timeout_graceful_shutdown=2,
    )

    def serve() -> None:
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(server.serve(sockets=[taken]))

    thread = threading.Thread(target=serve, name="sandbox", daemon=True)
    thread.start()
    try:
        for _ in range(_PATIENCE):
            if (server.started and runtime.is_ready) or not thread.is_alive():
                break
            threading.Event().wait(0.01)
        assert runtime.is_ready, "the sandbox did not start"
        yield runtime
    finally:
        server.should_exit = True
        thread.join(10)
        taken.close()
