"""The settings of one running sandbox: built once, passed down, never changed."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

Network = IPv4Network | IPv6Network

_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (what listens everywhere is reached on loopback)


class Level(StrEnum):
    """How much a sandbox asks of whoever calls it."""

    OPEN = "open"
    """No token is needed, and one is looked at only for the workspace that it names. On loopback only."""
    SANDBOX = "sandbox"
    """A ready token is accepted beside those from the token endpoint; the control API asks for none. On loopback only."""
    PLATFORM = "platform"
    """As on the NHS platform: tokens come from the token endpoint alone, and the control API asks for one too."""


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
    public_url: str = ""
    """The address under which others reach the sandbox; `own_url` when left out."""
    allowed_networks: tuple[Network, ...] | None = None
    """To which networks events may be delivered, and whence key sets are fetched, besides public addresses over HTTPS.
    When left out: none at level `platform`; loopback, and nothing else, at the others."""
    esr_url: str | None = None
    """Where NHS Jobs finds ESR; our own ESR when left out."""
    esr_token: str | None = None
    """The token with which NHS Jobs calls ESR; one of our own when left out."""
    token: str | None = None
    """A token to accept for the default workspace's client, besides those already known."""
    level: Level = Level.SANDBOX
    """How much is asked of whoever calls."""
    operator_token: str | None = None
    """At level `platform`: the token with which the ESR team reaches the control API of every workspace."""
    client_key: Path | None = None
    """At level `platform`: the file that holds the private key of the default workspace's ready client."""
    maximum_body_bytes: int = 1_048_576
    """The largest request body that is read."""
    request_seconds: float = 30.0
    """How long the sandbox waits for another system's answer."""
    hub: Path | None = None
    """The folder through which ESR exchanges files on the hour; no file is exchanged when left out."""
    sftp_port: int | None = None
    """The port on which the hub is served over SFTP, on the same host; 0 takes a free one, None serves none."""

    @property
    def token_url(self) -> str:
        """Where tokens are had; an assertion names it as its audience."""
        return f"{self.public_url}/oauth2/token"

    @property
    def database_path(self) -> Path | None:
        """The SQLite file, or None for a world in memory."""
        return None if self.database == ":memory:" else Path(self.database)

    @property
    def own_url(self) -> str:
        """The address under which the sandbox reaches itself."""
        host = _ANY.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def reaches_public(self) -> bool:
        """Whether public addresses may be sent to. Nothing of a test on one's own machine leaves it."""
        return self.level is Level.PLATFORM

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks that may be sent to although they are not public."""
        if self.allowed_networks is not None:
            return self.allowed_networks
        return () if self.reaches_public else _LOOPBACK
