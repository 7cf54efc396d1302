"""The ledger: what was sent and what came back, one JSON line for each step, appended and never changed.

A line is written before a message is sent and another when its fate is known; each goes to the operating system in one
write before the sender goes on, so that killing the sender loses nothing that was acknowledged. The first line says
which replay it is. A ledger holds ids, digests, times and statuses, never a token and nothing about a person.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any

from loadtests.errors import LedgerError
from loadtests.pacer import RETRIED

FORMAT = 1


class Kind(StrEnum):
    """What a message asks of ESR. Vacancies belong to the set-up and are counted apart."""

    VACANCY = "vacancy"
    APPLICANT = "applicant"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Entry:
    """One message as far as it is known. Times `due` to `answered` are wall seconds since the epoch."""

    number: int
    """The message's number; with `kind` it names the message."""
    kind: Kind
    supplierReference: str
    requestId: str
    intended: float
    """Simulated seconds after midnight."""
    due: float
    sent: float
    """When the first attempt was handed to the network."""
    digest: str
    """SHA-256 of the body."""
    checkType: str | None = None
    applicantNumber: str | None = None
    lastSent: float | None = None
    """When the attempt that was answered was handed to the network."""
    answered: float | None = None
    status: int | None = None
    """HTTP status of the last answer; 0 when every attempt was lost; None while the message is under way."""
    attempts: int = 1
    late: float = 0.0
    """Seconds for which the driver held the message back."""
    code: str | None = None
    """The problem code of a refusal."""
    version: int | None = None
    """The version that ESR answered for a check: it counts the changes of the record."""
    answer: dict[str, Any] | None = None
    """What a vacancy's creation answered that later messages build on."""

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
        known = {key: value for key, value in asdict(self).items() if value is not None}
        return json.dumps(known, separators=(",", ":")).encode() + b"\n"


@dataclass(slots=True)
class Ledger:
    """A ledger as read: the last word on every message."""

    header: dict[str, Any]
    entries: dict[tuple[Kind, int], Entry] = field(default_factory=dict)
    paces: list[dict[str, float]] = field(default_factory=list)
    """Each run's pacer: one unless the replay was resumed."""

    def of(self, *kinds: Kind) -> Iterator[Entry]:
        """The entries of these kinds, in the order in which they were first sent."""
        return (entry for entry in self.entries.values() if entry.kind in kinds)


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
        self._append(
            json.dumps({"ledger": FORMAT, **about}, separators=(",", ":")).encode() + b"\n"
        )

    def write_pace(self, started: float, first: float, factor: float) -> None:
        """Say how the run that follows turns simulated into wall time."""
        pace = {"pace": {"started": started, "first": first, "factor": factor}}
        self._append(json.dumps(pace, separators=(",", ":")).encode() + b"\n")

    def write(self, entry: Entry) -> None:
        """Append one step of one message; on return the operating system has it."""
        self._append(entry.line())

    def _append(self, line: bytes) -> None:
        # After a failure nothing more is written: a line behind half a line would make both unreadable.
        reason, written = "an earlier line could not be written", 0
        if not self._broken:
            try:
                reason, written = "the disk is full", os.write(self._file, line)
            except OSError as error:
                reason = str(error.strerror)
        if written != len(line):
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

    def lines(self) -> Iterator[dict[str, Any]]:
        """The whole lines written since the last call."""
        *whole, self._rest = (self._rest + self._file.read()).split(b"\n")
        return (json.loads(line) for line in whole if line)


def read_ledger(path: Path) -> Ledger:
    """Read a ledger to its last whole line; a line cut off by a kill or a full disk at the very end is left out.

    Raises `LedgerError` when it is not a ledger of this format or is damaged before its end.
    """
    try:
        with path.open("rb") as file:
            ledger = Ledger(header=_header(path, file.readline()))
            for position, line in enumerate(file, start=2):
                if not line.endswith(b"\n"):
                    break
                _take(ledger, path, position, line)
    except OSError as error:
        raise LedgerError(f"The ledger {path} cannot be read: {error.strerror}.") from error
    return ledger


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
        header = json.loads(line)
    except ValueError:
        header = None
    if not isinstance(header, dict) or "ledger" not in header:
        raise LedgerError(f"{path} is not a ledger of a replay; its first line does not say so.")
    if header["ledger"] != FORMAT:
        raise LedgerError(
            f"{path} is a ledger of format {header['ledger']}; this program reads format {FORMAT}."
        )
    return header


def _take(ledger: Ledger, path: Path, position: int, line: bytes) -> None:
    try:
        record = json.loads(line)
        if "pace" in record:
            ledger.paces.append(record["pace"])
            return
        entry = Entry(**{**record, "kind": Kind(record["kind"])})
    except (ValueError, TypeError, KeyError) as error:
        raise LedgerError(f"{path}, line {position}: the ledger is damaged ({error}).") from error
    ledger.entries[entry.kind, entry.number] = entry
