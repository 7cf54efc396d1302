"""What may happen where two doors meet, each with its defined result: the table that a cutover is held against.

The hours of a cutover: in 0 and 1 the old door alone is open; from the beginning of 2 both are; shortly before the end of
3 the old one is closed. Within an hour there are three slots: files made before the API's messages of that hour, those
messages, files made after them. A file is loaded when the hour is over.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from sandbox.rehearsal.messages import Door


class Direction(StrEnum):
    """Which way an employer moves."""

    TO_API = "from files to the API"
    TO_FILES = "from the API back to files"


class Slot(IntEnum):
    """When within an hour; the number is the minute."""

    BEFORE = 10
    API = 20
    AFTER = 40


class Content(StrEnum):
    """What is sent: each applicant has one of each, as far as it has any."""

    SUBMISSION = "submission"
    CHECK = "check"
    OLDER_CHECK = "an earlier state of the check"
    AMENDMENT = "amendment"
    OLDER_AMENDMENT = "an earlier amendment of the same"
    WITHDRAWAL = "withdrawal"


TAKEN = "TAKEN"
"""The result of a message that was loaded."""
UNSEEN = "NO_CONFIRMATION"
"""The result of a row of which nothing was heard."""

OVERLAP_BEGINS, CLOSES_IN, LAST_HOUR = 2, 3, 6
CLOSING_MINUTE = 50


@dataclass(frozen=True, slots=True)
class Sending:
    """One message through one door, and what has to come of it."""

    content: Content
    door: Door
    hour: int
    slot: Slot
    result: str
    version_before: bool = False
    """Sent on a version that was read before the last change."""
    repeats: bool = False
    """The same request again, under its request id."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """One kind of overlap. What is TAKEN is meant to hold, in the order of the sendings."""

    name: str
    sendings: tuple[Sending, ...]
    directions: tuple[Direction, ...] = tuple(Direction)

    @property
    def ends(self) -> bool:
        """Whether the applicant is withdrawn in it."""
        return any(item.content is Content.WITHDRAWAL for item in self.sendings)


def _file(content: Content, hour: int, slot: Slot, result: str) -> Sending:
    return Sending(content, Door.FILES, hour, slot, result)


def _api(content: Content, hour: int, result: str, **how: bool) -> Sending:
    return Sending(content, Door.API, hour, Slot.API, result, **how)


_BEFORE, _AFTER = Slot.BEFORE, Slot.AFTER
_TO_API, _TO_FILES = (Direction.TO_API,), (Direction.TO_FILES,)
_SUBMISSION, _CHECK, _OLDER_CHECK = Content.SUBMISSION, Content.CHECK, Content.OLDER_CHECK
_AMENDMENT, _OLDER_AMENDMENT = Content.AMENDMENT, Content.OLDER_AMENDMENT
_WITHDRAWAL = Content.WITHDRAWAL
_MOVABLE = (_SUBMISSION, _CHECK, _AMENDMENT, _WITHDRAWAL)


def _lost_answer(content: Content, result: str) -> Overlap:
    return Overlap(
        f"{content} by the API, the answer lost as the door closes; again in a file",
        (_api(content, 3, TAKEN), _file(content, 4, _BEFORE, result)),
        _TO_FILES,
    )


OVERLAPS: tuple[Overlap, ...] = (
    Overlap(
        "the same applicant by both doors, the API first",
        (_file(_SUBMISSION, 2, _BEFORE, "APPLICANT_EXISTS"), _api(_SUBMISSION, 2, TAKEN)),
    ),
    Overlap(
        "the same applicant by both doors, the file first",
        (_file(_SUBMISSION, 2, _BEFORE, TAKEN), _api(_SUBMISSION, 3, "APPLICANT_EXISTS")),
    ),
    Overlap(
        "the same check update by both doors, the API first",
        (_file(_CHECK, 2, _BEFORE, "CHECK_UNCHANGED"), _api(_CHECK, 2, TAKEN)),
    ),
    Overlap(
        "the same check update by both doors, the file first",
        (_file(_CHECK, 2, _BEFORE, TAKEN), _api(_CHECK, 3, TAKEN)),
    ),
    Overlap(
        "an older state of a check in a file that waits, the newer by the API",
        (_file(_OLDER_CHECK, 2, _BEFORE, "FILE_ROW_STALE"), _api(_CHECK, 2, TAKEN)),
    ),
    Overlap(
        "an older state of a check by the API, the newer in a file made after",
        (_api(_OLDER_CHECK, 2, TAKEN), _file(_CHECK, 2, _AFTER, TAKEN)),
    ),
    Overlap(
        "an older amendment in a file that waits, the newer by the API",
        (_file(_OLDER_AMENDMENT, 2, _BEFORE, "FILE_ROW_STALE"), _api(_AMENDMENT, 2, TAKEN)),
    ),
    Overlap(
        "an older amendment by the API, the newer in a file made after",
        (_api(_OLDER_AMENDMENT, 2, TAKEN), _file(_AMENDMENT, 2, _AFTER, TAKEN)),
    ),
    Overlap(
        "an amendment by the API on a version read before a file changed it, then on the present one",
        (
            _file(_OLDER_AMENDMENT, 2, _BEFORE, TAKEN),
            _api(_AMENDMENT, 3, "VERSION_STALE", version_before=True),
            _api(_AMENDMENT, 3, TAKEN),
        ),
    ),
    Overlap(
        "withdrawn by the API, an amendment in a file made before",
        (_file(_AMENDMENT, 2, _BEFORE, "FILE_ROW_STALE"), _api(_WITHDRAWAL, 2, TAKEN)),
    ),
    Overlap(
        "withdrawn by the API, an amendment in a file made after",
        (_api(_WITHDRAWAL, 2, TAKEN), _file(_AMENDMENT, 2, _AFTER, "REINSTATEMENT_REFUSED")),
    ),
    Overlap(
        "withdrawn by the API, a check in a file made after",
        (_api(_WITHDRAWAL, 2, TAKEN), _file(_CHECK, 2, _AFTER, "STATE_FORBIDS")),
    ),
    Overlap(
        "withdrawn by both doors, the file made before",
        (_file(_WITHDRAWAL, 2, _BEFORE, "FILE_ROW_STALE"), _api(_WITHDRAWAL, 2, TAKEN)),
    ),
    Overlap(
        "withdrawn by both doors, the file made after",
        (_api(_WITHDRAWAL, 2, TAKEN), _file(_WITHDRAWAL, 2, _AFTER, "STATE_FORBIDS")),
    ),
    Overlap(
        "withdrawn in a file, then amended by the API",
        (_file(_WITHDRAWAL, 2, _BEFORE, TAKEN), _api(_AMENDMENT, 3, "REINSTATEMENT_REFUSED")),
    ),
    Overlap(
        "withdrawn in a file, then a check by the API",
        (_file(_WITHDRAWAL, 2, _BEFORE, TAKEN), _api(_CHECK, 3, "STATE_FORBIDS")),
    ),
    *(
        Overlap(
            f"{content} in the inbox when the files are switched off, then by the API",
            (_file(content, 3, _AFTER, "FILE_INTERFACE_OFF"), _api(content, 4, TAKEN)),
            _TO_API,
        )
        for content in _MOVABLE
    ),
    *(
        Overlap(
            f"{content} put into the inbox after the files are switched off, then by the API",
            (_file(content, 4, _BEFORE, "FILE_INTERFACE_OFF"), _api(content, 5, TAKEN)),
            _TO_API,
        )
        for content in _MOVABLE
    ),
    *(
        Overlap(
            f"{content} by the API after it is switched off, then in a file",
            (_api(content, 4, "INTERFACE_NOT_ENABLED"), _file(content, 4, _AFTER, TAKEN)),
            _TO_FILES,
        )
        for content in _MOVABLE
    ),
    _lost_answer(_SUBMISSION, "APPLICANT_EXISTS"),
    _lost_answer(_CHECK, "CHECK_UNCHANGED"),
    _lost_answer(_AMENDMENT, TAKEN),
    _lost_answer(_WITHDRAWAL, "STATE_FORBIDS"),
    *(
        Overlap(
            f"{content} by the API, the same request once more after the door is closed",
            (_api(content, 3, TAKEN), _api(content, 4, TAKEN, repeats=True)),
            _TO_FILES,
        )
        for content in (_SUBMISSION, _CHECK)
    ),
)
"""Every kind of overlap."""


def overlaps_of(direction: Direction) -> tuple[Overlap, ...]:
    """The kinds that can occur in a direction."""
    return tuple(item for item in OVERLAPS if direction in item.directions)
