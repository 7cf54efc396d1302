"""What is counted while a sandbox runs."""

from typing import NamedTuple

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names where the processes of one sandbox keep their counts; the library reads it when it is imported."""


class Exchange(NamedTuple):
    """One request and its answer, as far as operators may see it: no person, no token, no body, no query."""

    system: str
    """The contract, or empty for what none describes."""
    operation: str
    """The operationId; empty where the request is for none."""
    method: str
    status: int
    """0 where no answer was sent."""
    seconds: float
    code: str
    """The code of the refusal, where it was refused."""
    workspace: str
    client: str | None
    caller: str
    """The address of the caller, as the server or a proxy that is believed knows it."""
    request_id: str | None
    correlation_id: str | None
    trace_id: str | None
    token_error: str | None
    """What the token endpoint answered as `error`, empty where it gave a token; None for every other operation."""


class Meter:
    """Counts. This one counts nothing: it costs nothing where no metrics are wanted."""

    def request_began(self) -> None:
        """A request is being served."""

    def request_ended(self, exchange: Exchange) -> None:
        """It was answered, or its caller has gone."""

    def group_ended(self, size: int, seconds: float, *, committed: bool) -> None:
        """A group of writes was committed, or none of it was. Called in the writer's thread."""

    def message_sent(self, sender: str, outcome: str) -> None:
        """A message of the outbox was tried: ANSWERED, PUT_OFF, GIVEN_UP, or DROPPED where nobody wants it any more."""

    def fault_struck(self, kind: str) -> None:
        """A fault that a test asked for struck."""
