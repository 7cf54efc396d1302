"""What an example supplier is told when it starts."""

from dataclasses import dataclass, field
from secrets import token_urlsafe

from simulators.credentials import Access


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation of the example supplier. Seconds are wall time."""

    esr_url: str
    """The base of the ESR contract, such as `http://127.0.0.1:8080/esr/v1`."""
    esr_token: Access = field(repr=False)
    """The token for ESR, or the key with which we get tokens as on the NHS platform."""
    database: str = ":memory:"
    """An SQLite file, or `:memory:` for a supplier that forgets when it stops."""
    host: str = "127.0.0.1"
    port: int = 0
    """0 takes a free one."""
    driver_token: str = field(default_factory=lambda: token_urlsafe(24))
    """What the suite shows at the driver, and what we show at its queue."""
    queue_url: str | None = None
    """The base of the driver contract at the suite, for an outbound driver; None where the suite calls us."""

    product: str = "Example Supplier"
    version: str = "1.0.0"
    build: str = "1.0.0+example"

    subscribes: bool = True
    """Whether ESR is asked to deliver events. Without it they come by the feed alone; see `feed_seconds`."""
    feed_seconds: float | None = None
    """How often the feed is read while we run; None reads it at the start and when asked."""

    request_seconds: float = 10.0
    """How long an answer may take before it counts as lost."""
    first_wait_seconds: float = 0.2
    """The wait after a first failure; each further one doubles it. A live system begins with some seconds."""
    longest_wait_seconds: float = 5.0
    """What the doubling stops at. A live system takes some minutes."""
    organisation_seconds: float = 0.0
    """How long what ESR said of an employer is believed. A live system takes some minutes; a test is told of a change at once."""
    keys_seconds: float = 3600.0
    """How long ESR's signing keys are believed."""
    at_once: int = 4
    """How many applications are told of at the same time. What concerns one application goes in its order."""
    queue_wait_seconds: int = 5
    """How long the suite may hold back the answer of its queue."""
    ready_seconds: float = 10.0
    """How long a start waits for ESR before it goes on without."""
