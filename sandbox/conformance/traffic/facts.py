"""What a judge of recorded traffic has to be told, since no recording shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

UNSIGNED = "UNSIGNED"
"""Of a delivery that was altered: it lacks a header of its signature. Any other word: the signature is not good."""


@dataclass(frozen=True, slots=True)
class TrafficFacts:
    """The circumstances of a recording. Without any, all that is in it is taken for one subject's, and nothing for provoked."""

    workspace: str | None = None
    """Whose exchanges to look at, where some name another workspace."""
    client: str | None = None
    """The subject, as ESR names its client; None: every call in the recording is the subject's."""
    agents: frozenset[str] = frozenset()
    """The subject's User-Agents: by them it is known where no token says who calls."""
    enabled: frozenset[str] | None = None
    """ODS codes of the employers who have the interface switched on; None: not known."""
    profiles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By ODS code: the rule profiles that the employer carries, by name."""
    provoked: frozenset[str | int] = frozenset()
    """What the suite itself brought about, so that a refusal is no fault: exchange ids (numbers), request ids, applicant
    numbers and supplier references (texts)."""
    altered: Mapping[int, str] = field(default_factory=dict)
    """By exchange id: deliveries that were sent badly signed on purpose, and how. Missing signatures, bodies that do not fit
    their digest and signatures out of date are seen without being told."""
    unclear: frozenset[int] = frozenset()
    """Ids of exchanges whose answer was broken off, cut or spoilt on its way, whatever its status: they may be sent again."""
    personal_values: frozenset[str] = frozenset()
    """Values of people in the run, plain or masked, which no address may hold."""
    receiver: str | None = None
    """The address of the subject's receiver, or its beginning; None: every delivery is to the subject."""
    closed: str | None = None
    """When the recording ended (RFC 3339, wall time); None: with its last exchange."""
    complete: bool = True
    """Whether the recording holds all that the subject ever asked: if not, it may know a cursor from before."""
    patience: float = 60.0
    """Seconds of wall time, beyond what Retry-After asked for, after which a message that is not sent again was given up."""

    def __post_init__(self) -> None:
        # A request id is one id in either case (RFC 9562 section 4).
        names = {item.lower() if isinstance(item, str) else item for item in self.provoked}
        object.__setattr__(self, "provoked", frozenset(names))
