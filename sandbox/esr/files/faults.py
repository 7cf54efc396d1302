"""What is wrong with a file as a whole, and what becomes of it then.

The rules are asked in the order of the table; the first that does not hold decides. A file that is set aside uses up no
sequence number: the next that is sent has the number that this one had, or should have had.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from sandbox.errors import Code
from sandbox.esr.files.envelope import (
    HEADER,
    TRAILER,
    VERSION,
    FileName,
    lines_of,
    parse_name,
    rows_between,
)
from sandbox.esr.files.hub import MOST_ROWS
from sandbox.esr.files.layouts import FILE_TYPES, IN, LAYOUTS
from sandbox.esr.files.rows import SEPARATOR, read_moment

MOST_OF_A_POSITION = 40
_SKEW = timedelta(minutes=5)
_BYTE_ORDER_MARK = "\ufeff"


class Result(StrEnum):
    """What becomes of a file with a fault. Nothing of it is loaded in any case."""

    QUARANTINED = "QUARANTINED"
    """Set aside in silence: no confirmation tells of it."""
    REJECTED = "REJECTED"
    """Set aside, and a confirmation says why."""
    IGNORED = "IGNORED"
    """Set aside as already loaded: the first confirmation stands."""


class Trouble(StrEnum):
    """Why a file could not be read at all."""

    UNREADABLE = "UNREADABLE"
    TOO_LARGE = "TOO_LARGE"


@dataclass(frozen=True)
class Arrival:
    """A file of an inbox, and what bears on whether it may be loaded."""

    name: str
    content: bytes
    vpd: str
    """The employer's."""
    is_enabled: bool
    """Whether the employer has the file interface switched on."""
    now: datetime
    """World time."""
    last_sequence: int
    """Of the last file of this type and employer that was loaded; 0 before the first."""
    is_loaded: bool
    """Whether a file with this content was loaded."""
    trouble: Trouble | None = None

    @cached_property
    def parts(self) -> FileName | None:
        """What the name says."""
        return parse_name(self.name)

    @cached_property
    def text(self) -> str | None:
        """The content, or None when it is not UTF-8."""
        try:
            text = self.content.decode()
        except UnicodeDecodeError:
            return None
        return None if text.startswith(_BYTE_ORDER_MARK) else text

    @cached_property
    def lines(self) -> list[str]:
        """Every row, header and footer included."""
        return lines_of(self.text or "")

    @cached_property
    def header(self) -> list[str] | None:
        """The columns of the header after its code, or None where there is none that is well formed."""
        columns = self.lines[0].split(SEPARATOR) if self.lines else []
        if len(columns) != 7 or columns[0] != HEADER:
            return None
        moments = (columns[2], columns[4], columns[5])
        return columns[1:] if all(read_moment(text) for text in moments) else None

    @property
    def created(self) -> datetime | None:
        """The moment of creation that the header names."""
        return read_moment(self.header[1]) if self.header else None

    @property
    def expected(self) -> int:
        """The sequence number that is due."""
        return self.last_sequence + 1

    @property
    def ends(self) -> bool:
        """Whether the last line is a footer and is ended."""
        is_ended = (self.text or "").endswith("\n")
        return is_ended and len(self.lines) > 1 and self.lines[-1].startswith(TRAILER + SEPARATOR)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at all, or nothing between header and footer."""
        return not self.content or (self.ends and len(self.lines) == 2)

    @property
    def header_agrees(self) -> bool:
        """Whether the header repeats what the name says."""
        if self.header is None or self.parts is None:
            return True
        name, created, vpd = self.header[:3]
        return (name, created[:8], vpd) == (self.name, self.parts.date, self.parts.vpd)

    @property
    def most_of_a_position(self) -> int:
        """How many new applicants the file holds for the position for which it holds most."""
        place = 1 + next(
            index
            for index, column in enumerate(LAYOUTS["APA"].columns)
            if column.name == "positionId"
        )
        rows = rows_between(self.lines)
        found = Counter(row[place] for row in rows if row[0] == "APA" and len(row) > place)
        return max(found.values(), default=0)


@dataclass(frozen=True, slots=True)
class FileFault:
    """A rule about a file; `text` may name what is `expected`."""

    code: Code
    result: Result
    holds: Callable[[Arrival], bool]
    text: str
    basis: str
    source: str


_OURS = "ours: the owners publish no list of what a file of theirs is refused for"
_IMPORTER = "modelled on what a public importer of ESR's generic outbound files refuses"
_QUARANTINE = (
    "https://hee-tis.atlassian.net/wiki/spaces/NTCS/pages/1928200193/Post+sharing+and+quarantine"
)
_PATCHWORK = "https://faq.patchwork.health/esr-integration"

FILE_FAULTS: tuple[FileFault, ...] = (
    FileFault(
        Code.FILE_UNREADABLE,
        Result.QUARANTINED,
        lambda file: file.trouble is not Trouble.UNREADABLE,
        "This is no regular file, or it cannot be opened.",
        "assumed",
        _OURS,
    ),
    FileFault(
        Code.FILE_NAME_UNKNOWN,
        Result.QUARANTINED,
        lambda file: file.parts is not None,
        "The name is not ER_<VPD>_<type>_<YYYYMMDD>_<sequence in 8 digits>.DAT.",
        "modelled",
        _IMPORTER,
    ),
    FileFault(
        Code.FILE_TYPE_UNKNOWN,
        Result.QUARANTINED,
        lambda file: file.parts is None or _comes_in(file.parts.file_type),
        "No file of this type is taken; send APP or CHK.",
        "modelled",
        _IMPORTER,
    ),
    FileFault(
        Code.FILE_INTERFACE_OFF,
        Result.QUARANTINED,
        lambda file: file.is_enabled,
        "The employer has not switched on the interface files.",
        "modelled",
        _PATCHWORK,
    ),
    FileFault(
        Code.FILE_TOO_LARGE,
        Result.REJECTED,
        lambda file: file.trouble is not Trouble.TOO_LARGE,
        f"The file holds more than 10 MB, or more than {MOST_ROWS:,} rows.",
        "assumed",
        _OURS,
    ),
    FileFault(
        Code.FILE_VPD_WRONG,
        Result.REJECTED,
        lambda file: file.parts is None or file.parts.vpd == file.vpd,
        "The VPD in the name is not that of the employer in whose inbox the file lies.",
        "modelled",
        _IMPORTER,
    ),
    FileFault(
        Code.FILE_ENCODING,
        Result.REJECTED,
        lambda file: file.text is not None,
        "The file is not UTF-8, or begins with a byte order mark.",
        "assumed",
        _OURS,
    ),
    FileFault(
        Code.FILE_EMPTY,
        Result.REJECTED,
        lambda file: not file.is_empty,
        "The file holds nothing, or nothing between header and footer.",
        "modelled",
        _IMPORTER,
    ),
    FileFault(
        Code.FILE_TRUNCATED,
        Result.REJECTED,
        lambda file: file.ends,
        "The file does not end with a footer whose line is ended.",
        "modelled",
        _IMPORTER,
    ),
    FileFault(
        Code.FILE_HEADER_INVALID,
        Result.REJECTED,
        lambda file: file.header is not None,
        "The first row is not a header of seven columns with its three moments.",
        "modelled",
        _IMPORTER,
    ),
    FileFault(
        Code.FILE_HEADER_DISAGREES,
        Result.REJECTED,
        lambda file: file.header_agrees,
        "The header names another file, VPD or date of creation than the name of the file.",
        "assumed",
        _OURS,
    ),
    FileFault(
        Code.FILE_VERSION_UNKNOWN,
        Result.REJECTED,
        lambda file: file.header is None or file.header[-1] == VERSION,
        f"The version of the format is not {VERSION}.",
        "assumed",
        _OURS,
    ),
    FileFault(
        Code.FILE_FROM_FUTURE,
        Result.REJECTED,
        lambda file: file.created is None or file.created <= file.now + _SKEW,
        "The file was made more than five minutes after the world's time.",
        "assumed",
        _OURS,
    ),
    FileFault(
        Code.FILE_COUNT_WRONG,
        Result.REJECTED,
        lambda file: not file.lines or file.lines[-1] == f"{TRAILER}{SEPARATOR}{len(file.lines)}",
        "The footer does not count the rows that there are.",
        "modelled",
        _IMPORTER,
    ),
    FileFault(
        Code.FILE_DUPLICATE,
        Result.IGNORED,
        lambda file: not file.is_loaded,
        "This very file was loaded before; its first confirmation stands.",
        "assumed",
        _OURS,
    ),
    FileFault(
        Code.FILE_SEQUENCE_REPEATED,
        Result.REJECTED,
        lambda file: file.parts is None or file.parts.sequence >= file.expected,
        "The sequence number is used up; the next is {expected}.",
        "modelled",
        _IMPORTER,
    ),
    FileFault(
        Code.FILE_SEQUENCE_GAP,
        Result.REJECTED,
        lambda file: file.parts is None or file.parts.sequence <= file.expected,
        "A file is missing before this one: the next sequence number is {expected}.",
        "modelled",
        _IMPORTER,
    ),
    FileFault(
        Code.FILE_POSITION_CROWDED,
        Result.QUARANTINED,
        lambda file: file.most_of_a_position <= MOST_OF_A_POSITION,
        f"The file holds more than {MOST_OF_A_POSITION} applicants for one position.",
        "public",
        _QUARANTINE,
    ),
)
"""Everything that is asked of a file before its rows are looked at."""


def fault_of(file: Arrival) -> FileFault | None:
    """The first rule that the file breaks, or None when its rows may be loaded."""
    return next((fault for fault in FILE_FAULTS if not fault.holds(file)), None)


def told(fault: FileFault, file: Arrival) -> str:
    """The sentence about this file."""
    return fault.text.format(expected=file.expected)


def _comes_in(file_type: str) -> bool:
    known = FILE_TYPES.get(file_type)
    return known is not None and known.direction == IN
