"""The supplier's side of the files: writes what goes in and reads what comes out, by the same layouts.

For instance `inbound_file("APP", "901", 7, created, [("APA", submission)])` makes a file for the inbox, and
`read_confirmation(content).of(1)` tells what became of its first row.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.esr.files.envelope import Period, compose, lines_of, name_of, rows_between
from sandbox.esr.files.layouts import LAYOUTS
from sandbox.esr.files.rows import read_row, write_row


@dataclass(slots=True)
class RowOutcome:
    """What became of one row. `ordinal` counts the rows after the header from 1."""

    ordinal: int
    columns: dict[str, Any]
    """By column: `loadStatusCode`, and what ESR gave."""
    messages: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What became of a file."""

    name: str
    """Of the file that is answered."""
    result: str
    """LOADED or REJECTED."""
    outcomes: list[RowOutcome]
    messages: list[dict[str, Any]]
    """About the file as a whole."""

    def of(self, ordinal: int) -> RowOutcome:
        """The outcome of a row. Raises StopIteration for one that was not answered."""
        return next(outcome for outcome in self.outcomes if outcome.ordinal == ordinal)


def inbound_file(
    file_type: str,
    vpd: str,
    sequence: int,
    created: datetime,
    rows: Iterable[tuple[str, Mapping[str, Any]]],
) -> tuple[str, bytes]:
    """The name and the content of a file of (row code, document) in the API's model with national codes.

    An applicant's registrations become rows of their own. Raises Unwritable.
    """
    name = name_of(vpd, file_type, created, sequence)
    lines: list[str] = []
    for code, document in rows:
        lines.append(write_row(code, document))
        if code == "APA":
            lines.extend(write_row("REA", item) for item in document.get("registrations", ()))
    return str(name), compose(name, Period(created, created), lines)


def read_rows(content: bytes) -> list[tuple[str, dict[str, Any]]]:
    """(row code, document) of each row of a file of ESR's. What a coded column holds stays as interfaces write it."""
    found = []
    for code, *fields in rows_between(lines_of(content.decode())):
        document, faults = read_row(LAYOUTS[code], fields)
        if faults:
            raise ValueError(f"a row {code} of ESR's cannot be read: {faults}")
        found.append((code, document))
    return found


def read_confirmation(content: bytes) -> Confirmation:
    """What an APC or CKC file says."""
    (_, answered), *rows = read_rows(content)
    outcomes: list[RowOutcome] = []
    messages: list[dict[str, Any]] = []
    for code, document in rows:
        ordinal = document.pop("ordinal")
        if code != "MSG":
            outcomes.append(RowOutcome(ordinal, document))
        elif ordinal == 0:
            messages.append(document)
        else:
            outcomes[-1].messages.append(document)
    return Confirmation(answered["name"], answered["result"], outcomes, messages)
