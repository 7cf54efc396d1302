"""The ledger: what was sent and what came back, one JSON line for each message, appended and never changed.

A line is written when a message's fate is known, and goes to the operating system in one write before the sender goes
on, so that killing the sender loses nothing that was acknowledged; what was under way then is sent again, under the
same request ids, when the replay is resumed. The first line says which replay it is. A ledger holds numbers, digests,
times and statuses, never a token and nothing about a person: a message's number and the scope in the first line make
the message itself again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import isnan
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar

import numpy as np
import orjson

from loadtests.errors import LedgerError
from loadtests.pacer import RETRIED
from simulators.year import STEPS, Kind

FORMAT = 2
KINDS = tuple(Kind)
_UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Entry:
    """One message as far as it is known. Times `due` to `answered` are wall seconds since the epoch."""

    number: int
    """The message's number in the plan; vacancies of the set-up count from -1 down."""
    kind: Kind
    intended: int
    """Microseconds since the epoch, on the year's calendar."""
    due: float
    sent: float
    """When the first attempt was handed to the network."""
    digest: str
    """SHA-256 of the body."""
    lastSent: float | None = None
    """When the attempt that was answered was handed to the network."""
    answered: float | None = None
    status: int | None = None
    """HTTP status of the last answer; 0 when every attempt was lost; None when the sender was stopped before it came."""
    attempts: int = 1
    """0 where nobody knows whether the message was sent."""
    late: float = 0.0
    """Seconds for which the driver held the message back."""
    code: str | None = None
    """The problem code of a refusal."""
    told: int | None = None
    """What the answer says: the applicant's number for a submission, the record's version for anything else."""

    @property
    def acknowledged(self) -> bool:
        """True when ESR said that it did what the message asks."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """True when ESR answered and said no, for good."""
        return self.status is not None and self.status >= 300 and self.status not in RETRIED

    @property
    def given_up(self) -> bool:
        """True when the sender stopped trying: ESR may have done what the message asks, or not."""
        return self.status is not None and self.status in RETRIED

    @property
    def settled(self) -> bool:
        """True when ESR has said yes or no."""
        return self.acknowledged or self.refused

    def line(self) -> bytes:
        """The entry as it stands in the file."""
        known = {
            "n": self.number,
            "kind": self.kind.value,
            "at": self.intended,
            "due": round(self.due, 6),
            "sent": round(self.sent, 6),
            "status": self.status,
            "digest": self.digest,
        }
        if self.answered is not None:
            known["last"] = round(self.lastSent or self.sent, 6)
            known["answered"] = round(self.answered, 6)
        if self.attempts != 1:
            known["attempts"] = self.attempts
        if self.late >= 0.000_001:
            known["late"] = round(self.late, 6)
        if self.code is not None:
            known["code"] = self.code
        if self.told is not None:
            known["told"] = self.told
        return orjson.dumps(known, option=orjson.OPT_APPEND_NEWLINE)


_ROW = np.dtype(
    [
        ("number", "i8"),
        ("kind", "i1"),
        ("intended", "i8"),
        ("due", "f8"),
        ("sent", "f8"),
        ("last", "f8"),
        ("answered", "f8"),
        ("status", "i2"),
        ("attempts", "i4"),
        ("late", "f4"),
        ("told", "i8"),
        ("digest", "V32"),
    ]
)
"""One message in memory: a year's 1.5 million take some 150 MB."""


@dataclass(slots=True)
class Ledger:
    """A ledger as read: the last word on every message, by number."""

    header: dict[str, Any]
    rows: np.ndarray[Any, Any]
    """By number, each once; times are NaN and numbers -1 where not known."""
    codes: dict[int, str] = field(default_factory=dict)
    """Problem codes of refusals, by number."""
    vacancies: list[dict[str, Any]] = field(default_factory=list)
    """What the set-up created, as the lines say it."""
    stretches: list[dict[str, Any]] = field(default_factory=list)
    """How wall time was made of the year's, in the order in which it was sent."""
    notes: list[dict[str, Any]] = field(default_factory=list)
    """Other lines: what the sending process says of itself."""
    finished: bool = False
    """Whether every message that was sent has its line. A ledger that was cut off lacks those that were under way."""
    _numbers: np.ndarray[Any, Any] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # By themselves: looked up in the rows, where they lie far apart, they would be copied at every look.
        self._numbers = np.ascontiguousarray(self.rows["number"])

    @property
    def begun(self) -> bool:
        """Whether any message was sent."""
        return bool(len(self.rows)) or bool(self.stretches)

    def of(self, applicant: int) -> dict[int, Entry]:
        """The entries of one applicant, by number."""
        first, last = self._numbers.searchsorted([STEPS * applicant, STEPS * (applicant + 1)])
        return {int(row["number"]): self._entry(row) for row in self.rows[first:last]}

    def entries(self) -> Iterator[Entry]:
        """Every entry, by number."""
        return map(self._entry, self.rows)

    def _entry(self, row: Any) -> Entry:
        number = int(row["number"])
        status = int(row["status"])
        answered = float(row["answered"])
        heard = not isnan(answered)
        return Entry(
            number=number,
            kind=KINDS[row["kind"]],
            intended=int(row["intended"]),
            due=float(row["due"]),
            sent=float(row["sent"]),
            digest=bytes(row["digest"]).hex(),
            lastSent=float(row["last"]) if heard else None,
            answered=answered if heard else None,
            status=None if status == _UNKNOWN else status,
            attempts=int(row["attempts"]),
            late=float(row["late"]),
            code=self.codes.get(number),
            told=None if row["told"] == _UNKNOWN else int(row["told"]),
        )


class LedgerWriter:
    """Appends to a ledger. Raises `LedgerError` when the file cannot be written, for instance on a full disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._broken = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise LedgerError(
                f"The ledger {path} cannot be opened for writing: {error.strerror}."
            ) from error

    def write_header(self, about: dict[str, Any]) -> None:
        """Say which replay this ledger belongs to; the first line of a new file."""
        self.note({"ledger": FORMAT, **about})

    def note(self, said: dict[str, Any]) -> None:
        """Append a line that is not about a message: `vacancy`, `stretch` or another name with its object."""
        self.append(orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE))

    def append(self, lines: bytes) -> None:
        """Append whole lines; on return the operating system has them."""
        # After a failure nothing more is written: a line behind half a line would make both unreadable.
        reason, written = "an earlier line could not be written", 0
        if not self._broken:
            try:
                reason, written = "the disk is full", os.write(self._file, lines)
            except OSError as error:
                reason = str(error.strerror)
        if written != len(lines):
            self._broken = True
            raise LedgerError(f"The ledger {self._path} cannot be written: {reason}.")

    def close(self) -> None:
        os.close(self._file)

    def __enter__(self) -> LedgerWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class LedgerTail:
    """Follows a ledger while another process writes it, to show progress; reads each byte once."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._rest = b""

    def __enter__(self) -> LedgerTail:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def lines(self) -> Iterator[bytes]:
        """The whole lines written since the last call."""
        *whole, self._rest = (self._rest + self._file.read()).split(b"\n")
        return filter(None, whole)


def read_ledger(path: Path) -> Ledger:
    """Read a ledger to its last whole line; a line cut off by a kill or a full disk at the very end is left out.

    Raises `LedgerError` when it is not a ledger of this format or is damaged before its end.
    """
    try:
        with path.open("rb") as file:
            return read_ledger_lines(file, path)
    except OSError as error:
        raise LedgerError(f"The ledger {path} cannot be read: {error.strerror}.") from error


def read_ledger_lines(lines: Iterable[bytes], path: Path) -> Ledger:
    """Read a ledger that is not a file of its own, as `read_ledger` does; errors call it `path`."""
    reading = _Reading(path)
    numbered = enumerate(lines, start=1)
    header = _header(path, next(numbered, (1, b""))[1])
    for position, line in numbered:
        if not line.endswith(b"\n"):
            break
        reading.take(position, line)
    return reading.ledger(header)


def trim_ledger(path: Path) -> None:
    """Cut off a half-written last line, so that a resumed replay can append. Raises `LedgerError`."""
    try:
        with path.open("rb+") as file:
            content_end = file.seek(0, os.SEEK_END)
            while content_end > 0:
                start = max(0, content_end - 4096)
                file.seek(start)
                block = file.read(content_end - start)
                if b"\n" in block:
                    file.truncate(start + block.rindex(b"\n") + 1)
                    return
                content_end = start
            file.truncate(0)
    except OSError as error:
        raise LedgerError(f"The ledger {path} cannot be written: {error.strerror}.") from error


def _header(path: Path, line: bytes) -> dict[str, Any]:
    try:
        header = orjson.loads(line)
    except ValueError:
        header = None
    if not isinstance(header, dict) or "ledger" not in header:
        raise LedgerError(f"{path} is not a ledger of a replay; its first line does not say so.")
    if header["ledger"] != FORMAT:
        raise LedgerError(
            f"{path} is a ledger of format {header['ledger']}; this program reads format {FORMAT}."
        )
    return header


_DAMAGED = (ValueError, TypeError, KeyError, OverflowError)
"""What a value raises that is not what a line has at its place."""


class _Reading:
    """Takes a ledger's lines in, a block of rows at a time."""

    _BLOCK = 65_536
    _CODES: ClassVar = {kind.value: place for place, kind in enumerate(KINDS)}

    def __init__(self, path: Path) -> None:
        self._path = path
        self._blocks: list[np.ndarray[Any, Any]] = []
        self._rows: list[tuple[Any, ...]] = []
        self._positions: list[int] = []
        self._codes: dict[int, str] = {}
        self._vacancies: list[dict[str, Any]] = []
        self._stretches: list[dict[str, Any]] = []
        self._notes: list[dict[str, Any]] = []
        self._finished = False

    def take(self, position: int, line: bytes) -> None:
        """One whole line. Raises LedgerError when it is damaged."""
        try:
            record = orjson.loads(line)
            if not isinstance(record, dict):
                raise TypeError("no object")
            if "n" in record:
                self._rows.append(self._row(record))
                self._positions.append(position)
                self._finished = False
                if "code" in record:
                    self._codes[record["n"]] = record["code"]
            elif "vacancy" in record:
                self._vacancies.append(record["vacancy"])
            elif "stretch" in record:
                self._stretches.append(record["stretch"])
            else:
                self._take_note(record)
        except _DAMAGED as error:
            raise self._damaged(position, error) from error
        if len(self._rows) >= self._BLOCK:
            self._pack()

    def _take_note(self, record: dict[str, Any]) -> None:
        if "begun" in record:
            # What an earlier run of the replay lost, this one makes good.
            self._notes = [note for note in self._notes if "lost" not in note]
            self._finished = False
        self._notes.append(record)
        self._finished = self._finished or "finished" in record

    def ledger(self, header: dict[str, Any]) -> Ledger:
        """All that was taken in."""
        self._pack()
        rows = np.concatenate(self._blocks) if self._blocks else np.empty(0, _ROW)
        # Stable, so that of two lines about one message the later stands last; that one is kept.
        rows = rows[np.argsort(rows["number"], kind="stable")]
        if len(rows):
            rows = rows[np.append(rows["number"][1:] != rows["number"][:-1], True)]
        return Ledger(
            header,
            rows,
            self._codes,
            self._vacancies,
            self._stretches,
            self._notes,
            self._finished,
        )

    def _row(self, record: dict[str, Any]) -> tuple[Any, ...]:
        nothing = float("nan")
        status = record["status"]
        return (
            record["n"],
            self._CODES[record["kind"]],
            record["at"],
            record["due"],
            record["sent"],
            record.get("last", nothing),
            record.get("answered", nothing),
            _UNKNOWN if status is None else status,
            record.get("attempts", 1),
            record.get("late", 0.0),
            record.get("told", _UNKNOWN),
            bytes.fromhex(record["digest"]),
        )

    def _pack(self) -> None:
        if self._rows:
            try:
                self._blocks.append(np.array(self._rows, _ROW))
            except _DAMAGED:
                for position, row in zip(self._positions, self._rows, strict=True):
                    try:
                        np.array([row], _ROW)
                    except _DAMAGED as error:
                        raise self._damaged(position, error) from error
                raise
            self._rows, self._positions = [], []

    def _damaged(self, position: int, error: Exception) -> LedgerError:
        return LedgerError(f"{self._path}, line {position}: the ledger is damaged ({error}).")
