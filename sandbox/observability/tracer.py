"""What is traced while a sandbox runs."""

from contextlib import AbstractContextManager, nullcontext

from starlette.types import ASGIApp

_NOTHING: AbstractContextManager[None] = nullcontext()


class Tracer:
    """Traces. This one traces nothing: it costs nothing where no traces are wanted."""

    def requests(self, app: ASGIApp) -> ASGIApp:
        """The application with a span around each request."""
        return app

    def unit(self) -> AbstractContextManager[None]:
        """A span around a unit of work, from the moment it is asked for until it is durable."""
        return _NOTHING

    def sending(self, sender: str, kind: str) -> AbstractContextManager[dict[str, str]]:
        """A span around one attempt to send a message of the outbox; the headers that tell the receiver of it."""
        _ = sender, kind
        return nullcontext({})

    def close(self) -> None:
        """Sends what is left, and stops."""
