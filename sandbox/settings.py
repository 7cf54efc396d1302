"""The settings of one running sandbox: built once, passed down, never changed."""

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

Network = IPv4Network | IPv6Network

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # nosec B104  # noqa: S104  (what listens everywhere is reached on loopback)


class Level(StrEnum):
    """How much a sandbox asks of whoever calls it."""

    OPEN = "open"
    """No token is needed, and one is looked at only for the workspace that it names. On loopback only."""
    SANDBOX = "sandbox"
    """A ready token is accepted beside those from the token endpoint; the control API asks for none. On loopback only."""
    PLATFORM = "platform"
    """As on the NHS platform: tokens come from the token endpoint alone, and the control API asks for one too."""


class LogFormat(StrEnum):
    """What a sandbox writes to its log."""

    TEXT = "text"
    """Of trouble only, for people."""
    JSON = "json"
    """One JSON object a line, and one line for every request."""


class Mode(StrEnum):
    """How much of the sandbox there is."""

    FULL = "full"
    """The mock systems and every power over them."""
    CONTRACT_ONLY = "contract-only"
    """What the contracts of ESR, NHS Jobs and the token endpoint describe, and health; every power of the sandbox answers 404."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a sandbox runs."""

    database: str = ":memory:"
    """A path to an SQLite file, `:memory:` for a world that is gone when the process ends, or an address on a PostgreSQL
    server (`postgresql+psycopg://user:password@host/database`), which several processes may share."""
    host: str = "127.0.0.1"
    """The address to listen on: loopback below level `platform`, since the control API asks for no token there."""
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
    esr_client_id: str | None = None
    """The client as which NHS Jobs gets its own tokens for an ESR elsewhere, in place of `esr_token`."""
    esr_key: Path | None = None
    """The file of that client's private key (PEM)."""
    esr_token_url: str | None = None
    """Where it gets them; `/oauth2/token` beside that ESR when left out."""
    token: str | None = None
    """A token to accept for the default workspace's client, besides those already known."""
    level: Level = Level.SANDBOX
    """How much is asked of whoever calls."""
    mode: Mode = Mode.FULL
    """Whether there are any powers of the sandbox."""
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

    console_folder: Path | None = None
    """Where the console keeps its key and the runs that are started there; beside the SQLite file when left out."""
    prepares_console: bool = False
    """Whether the console is made ready once the sandbox serves, so that the first page is as quick as the next; not with
    `--json`."""
    console_key: str = ""
    """What the console signs its sessions and share links with; one is kept in its folder when left out."""

    register: Path | None = None
    """The folder of the register of certificates, which the ESR team sees in the console; there is none when left out."""
    register_key: Path | None = None
    """The file of the ESR team's private key (PEM), with which the console signs certificates; it gives none when left out."""
    trusted_keys: Path | None = None
    """The folder of the public keys that count in the console: `suppliers`, `hosts`, `witnesses` and `reviewers` below it."""

    tls_certificate: Path | None = None
    """The certificate (PEM, with its chain) with which HTTPS is served; plain HTTP is when left out."""
    tls_key: Path | None = None
    """The certificate's private key."""
    proxies: tuple[Network, ...] = ()
    """Whose X-Forwarded-For and X-Forwarded-Proto are believed. No other header of a proxy is read."""
    log_format: LogFormat = LogFormat.TEXT
    """What is written to the log."""
    metrics: bool = False
    """Whether Prometheus metrics are served."""
    traces: bool = False
    """Whether OpenTelemetry traces are sent."""
    drain_seconds: float = 0.0
    """How long requests are still taken after SIGTERM, while /ready says that none should be sent."""

    @property
    def token_url(self) -> str:
        """Where tokens are had; an assertion names it as its audience."""
        return f"{self.public_url}/oauth2/token"

    @property
    def database_path(self) -> Path | None:
        """The SQLite file; None for a world in memory, and for a database on a PostgreSQL server."""
        place = self.database_place
        return place if isinstance(place, Path) else None

    @property
    def database_place(self) -> Path | str | None:
        """The SQLite file, the address on a PostgreSQL server, or None for a world in memory."""
        if self.database == ":memory:":
            return None
        return (
            self.database
            if self.database.startswith("postgresql") and "://" in self.database
            else Path(self.database)
        )

    @property
    def shown_database(self) -> str:
        """The database as it may be shown: an address without its password."""
        return re.sub(r"(?<=://)([^:@/]*):[^@/]*@", r"\1:***@", self.database)

    @property
    def signs_in(self) -> bool:
        """Whether visitors of the console sign in: wherever callers are asked who they are. Elsewhere it is on loopback only."""
        return self.level is Level.PLATFORM

    @property
    def own_url(self) -> str:
        """The address under which the sandbox reaches itself."""
        host = _ANY.get(self.host, self.host)
        scheme = "https" if self.tls_certificate else "http"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def reaches_public(self) -> bool:
        """Whether public addresses may be sent to. Nothing of a test on one's own machine leaves it."""
        return self.level is Level.PLATFORM

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks that may be sent to although they are not public."""
        if self.allowed_networks is not None:
            return self.allowed_networks
        return () if self.reaches_public else LOOPBACK
