"""What a supplier has to tell ESR, whichever door it takes, and what ESR answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Door(StrEnum):
    """The way that a message takes."""

    FILES = "files"
    API = "API"


class Kind(StrEnum):
    """What a message is about."""

    SUBMISSION = "submission"
    AMENDMENT = "amendment"
    WITHDRAWAL = "withdrawal"
    CHECK = "check"


_ROW_CODES = {
    Kind.SUBMISSION: "APA",
    Kind.AMENDMENT: "APU",
    Kind.WITHDRAWAL: "APD",
    Kind.CHECK: "ECA",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `body` is what the API takes for it, with national codes."""

    kind: Kind
    moment: datetime
    """When the event happens of which it tells, in the world's time."""
    ods_code: str
    reference: str
    """The supplier's reference of the applicant."""
    vacancy: str
    position: int
    body: Mapping[str, Any]
    check_type: str | None = None

    @property
    def file_type(self) -> str:
        """The type of file that it goes into."""
        return "CHK" if self.kind is Kind.CHECK else "APP"

    @property
    def row(self) -> tuple[str, dict[str, Any]]:
        """The code of its row, and the row's document."""
        code = _ROW_CODES[self.kind]
        if self.kind is Kind.SUBMISSION:
            return code, dict(self.body)
        if self.kind is Kind.CHECK:
            key = {"supplierReference": self.reference, "vacancyReference": self.vacancy}
            return code, {"applicant": key, "checkType": self.check_type, **self.body}
        return code, {"supplierReference": self.reference, **self.body}

    @property
    def rows(self) -> int:
        """How many rows it takes: the registrations of an applicant have their own."""
        return 1 + (len(self.body.get("registrations", ())) if self.kind is Kind.SUBMISSION else 0)

    @property
    def what(self) -> str:
        """What it is about, for people."""
        return f"{self.kind} {self.check_type}" if self.check_type else str(self.kind)


@dataclass(frozen=True, slots=True)
class Answer:
    """What ESR answered to a message."""

    taken: bool
    """Whether it was loaded: SUCCESS of a confirmation, a status below 300 of the API."""
    codes: tuple[str, ...] = ()
    """The codes of all messages about it, sorted."""
    applicant_number: str | None = None
    seconds: float | None = None
    """How long ESR took, in wall time."""

    @property
    def said(self) -> str:
        """The answer in a few words."""
        return " ".join(["SUCCESS" if self.taken else "FAIL", *self.codes])
