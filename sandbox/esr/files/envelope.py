"""What is around the rows of a file: its name, its header and its footer.

    ER_901_APP_20300101_00000007.DAT
    HDR~ER_901_APP_20300101_00000007.DAT~20300101 083000~901~20300101 080000~20300101 083000~01
    ...
    TRL~3

The name holds the employer's VPD, the type, the date of creation and the sequence; the header repeats the name and
holds the moment of creation, the VPD, from when to when the file tells, and the version of the format. The footer counts
all rows, header and footer included. After the generic outbound file `GO_431_EXP_GOF_20121113_00000001.DAT`, which is
public.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from sandbox.esr.files.rows import SEPARATOR, moment_text

VERSION = "01"
HEADER, TRAILER = "HDR", "TRL"
_NAME = re.compile(r"ER_([0-9]{3})_([A-Z]{3})_([0-9]{8})_([0-9]{8})\.DAT", re.ASCII)


@dataclass(frozen=True, slots=True)
class FileName:
    """The parts of a file's name."""

    vpd: str
    file_type: str
    date: str
    sequence: int

    def __str__(self) -> str:
        return f"ER_{self.vpd}_{self.file_type}_{self.date}_{self.sequence:08d}.DAT"


@dataclass(frozen=True, slots=True)
class Period:
    """From when to when a file tells; the end is also when it was made."""

    since: datetime
    until: datetime


def parse_name(text: str) -> FileName | None:
    """The parts of a name, or None when it does not have the form."""
    found = _NAME.fullmatch(text)
    return FileName(found[1], found[2], found[3], int(found[4])) if found else None


def name_of(vpd: str, file_type: str, created: datetime, sequence: int) -> FileName:
    """The name of a file that is made at a moment."""
    return FileName(vpd, file_type, moment_text(created)[:8], sequence)


def lines_of(text: str) -> list[str]:
    """Every row, header and footer included; what stands after the last end of line is none."""
    return [line.removesuffix("\r") for line in text.split("\n")[:-1]]


def rows_between(lines: list[str]) -> list[list[str]]:
    """The columns of each row between header and footer."""
    return [line.split(SEPARATOR) for line in lines[1:-1]]


def compose(name: FileName, period: Period, rows: list[str]) -> bytes:
    """The whole file."""
    header = SEPARATOR.join(
        [
            HEADER,
            str(name),
            moment_text(period.until),
            name.vpd,
            moment_text(period.since),
            moment_text(period.until),
            VERSION,
        ]
    )
    trailer = f"{TRAILER}{SEPARATOR}{len(rows) + 2}"
    return "\n".join([header, *rows, trailer, ""]).encode()
