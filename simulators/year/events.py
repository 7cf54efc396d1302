"""What happens in a year: one message that a recruitment system means to send, with its moment."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

STEPS = 64
"""Numbers set aside for each applicant: far more than anybody has events."""


class Kind(StrEnum):
    """What a message is."""

    APPLICANT = "applicant"
    CHECK = "check"
    START_DATE_CHANGE = "start-date-change"
    WITHDRAWAL = "withdrawal"
    RESEND = "re-send"


class Event(NamedTuple):
    """One message and when it is due."""

    number: int
    """STEPS x applicant + its place in the applicant's history: names the event for good."""
    at: int
    """When it is meant to be sent: microseconds since 1970-01-01T00:00:00Z."""
    kind: Kind
    check_type: str | None
    """Of a check, or of the check that is sent again."""
    body: Mapping[str, Any]
    """The contract's ApplicantSubmission, EmploymentCheckUpdate, ApplicantAmendment or Withdrawal; of a re-send
    the body of the first sending. For reading; copy it to change it.
    """
    vacancy: str
    """The `vacancyReference` that its applicant is for."""
    of: int | None = None
    """Of a re-send: the number of the event that is sent again, as a new request. It is earlier and the same
    applicant's.
    """

    @property
    def applicant(self) -> int:
        """Whose it is."""
        return self.number // STEPS
