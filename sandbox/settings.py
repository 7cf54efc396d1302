"""The settings of one running sandbox: built once, passed down, never changed."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """How a sandbox runs."""

    database: str = ":memory:"
    """A path to an SQLite file, or `:memory:` for a world that is gone when the process ends."""
    host: str = "127.0.0.1"
    """The address to listen on. Loopback only, since the control API asks for no token."""
    port: int = 8080
    """The port to listen on; 0 takes a free one."""
    systems: frozenset[str] = frozenset({"esr", "nhs-jobs"})
    """Which of the two mock systems to run."""
    seed: int = 1
    """The seed of the default workspace's world."""
    validate_responses: bool = False
    """Whether each answer is held against the contract before it is sent; one that breaks it becomes a 500."""
    public_url: str = "http://127.0.0.1:8080"
    """The address under which the sandbox reaches itself and is reached."""
    esr_url: str | None = None
    """Where NHS Jobs finds ESR; our own ESR when left out."""
    esr_token: str | None = None
    """The token with which NHS Jobs calls ESR; one of our own when left out."""
    token: str | None = None
    """A token to accept for the default workspace's client, besides those already known."""
    maximum_body_bytes: int = 1_048_576
    """The largest request body that is read."""
    request_seconds: float = 30.0
    """How long the sandbox waits for another system's answer."""
    hub: Path | None = None
    """The folder through which ESR exchanges files on the hour; no file is exchanged when left out."""
    sftp_port: int | None = None
    """The port on which the hub is served over SFTP, on the same host; 0 takes a free one, None serves none."""

    @property
    def database_path(self) -> Path | None:
        """The SQLite file, or None for a world in memory."""
        return None if self.database == ":memory:" else Path(self.database)
