"""What is held of one applicant, whichever table it stands in."""

from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A row of the journal. Bodies are masked, and None where the journal keeps none or they are no JSON objects."""

    number: int
    system: str
    """`esr`, `nhs-jobs` or `control`: whose it is. Of what was sent (`is_out`), the sender's."""
    is_out: bool
    operation: str
    """The operation's id; empty where the journal knows none."""
    path: str
    status: int
    """0 where no answer came."""
    world: str
    wall: str
    client: str = ""
    request_id: str = ""
    request: Document | None = None
    answer: Document | None = None
    digest: str = ""
    """SHA-256 of the request's body as it was sent."""
    applicant_number: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether it was answered well."""
        return 200 <= self.status < 400


@dataclass(frozen=True, slots=True)
class Sending:
    """A row of the outbox: what one system has to tell another."""

    kind: str
    reference: str
    """Of a delivery, the id of the event."""
    receiver: str
    """Of a delivery, the id of the subscription."""
    url: str
    digest: str
    body: Document
    state: str
    """WAITING, DONE, DEAD or DROPPED."""
    attempts: int
    due_at: str
    last_answer: str


@dataclass(frozen=True, slots=True)
class Receiver:
    """Whom ESR delivers its events to."""

    url: str
    is_nhs_jobs: bool


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row of a file of the hourly interface, with what became of it: an outcome of the confirmation."""

    file_name: str
    noted_at: str
    outcome: Document


@dataclass(frozen=True, slots=True)
class Application:
    """NHS Jobs' side."""

    document: Document
    advert: Document | None = None
    vacancy_problem: str | None = None
    offer: Document | None = None
    checks: list[Document] = field(default_factory=list)
    waiting: int = 0
    """Updates of checks that are kept until ESR has given the applicant a number."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is held of one applicant; what is not there is None or empty."""

    nhs_jobs_client: str
    """The client as which NHS Jobs calls ESR."""
    applicant: Document | None = None
    vacancy: Document | None = None
    checks: list[Document] = field(default_factory=list)
    application: Application | None = None
    events: list[Document] = field(default_factory=list)
    """`CloudEvent` in their order."""
    sendings: list[Sending] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    """In the order of the journal."""
    receivers: dict[str, Receiver] = field(default_factory=dict)
    """By the id of the subscription."""
    receipts: dict[str, str] = field(default_factory=dict)
    """By the id of an event, what became of it at NHS Jobs: APPLIED, HELD or IGNORED."""
    rows: list[FileRow] = field(default_factory=list)
    keeps_bodies: bool = True
    """Whether the journal keeps bodies."""

    @property
    def other_side(self) -> str:
        """What the side is called from which the applicant comes."""
        return "NHS Jobs" if self.application else "Recruitment system"

    def receiver_of(self, url: str) -> str:
        """What the receiver at an address is called."""
        is_nhs_jobs = any(each.is_nhs_jobs and each.url == url for each in self.receivers.values())
        return "NHS Jobs" if is_nhs_jobs else url
