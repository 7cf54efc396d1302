"""The supplier at the door of the hourly files: writes what goes in, reads the confirmations that come out.

Files are numbered in one sequence for each type and employer. No file holds more than 40 applicants for one position,
since ESR would quarantine it whole; what is over goes into the next file.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sandbox.esr.files.envelope import parse_name
from sandbox.esr.files.supplier import Confirmation, inbound_file, read_confirmation
from sandbox.rehearsal.messages import Answer, Kind, Message

MOST_OF_A_POSITION = 40
_TYPES = ("APP", "CHK")
_CONFIRMATIONS = frozenset({"APC", "CKC"})
_SUCCESS = "SUCCESS"


@dataclass(frozen=True, slots=True)
class Deposited:
    """A file that was put into an inbox."""

    name: str
    ods_code: str
    file_type: str
    messages: Mapping[int, Message]
    """By the ordinal of the row."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A message and what its confirmation says."""

    message: Message
    answer: Answer
    at: float
    """When the confirmation was written, in seconds since the epoch."""


class FileDoor:
    """The folders of one workspace's employers, seen from the supplier's side."""

    def __init__(self, hub: Path, workspace: str, vpds: Mapping[str, str]) -> None:
        """`vpds` by ODS code."""
        self._folder = hub / workspace
        self._vpds = vpds
        self._next: Counter[tuple[str, str]] = Counter()
        self._seen: set[Path] = set()
        self.waiting: dict[str, Deposited] = {}
        """The files of which nothing was heard yet, by name."""
        self.files_sent = 0
        self.files_split = 0
        """How many of them there were only because of the limit for a position."""

    def deposit(self, messages: Iterable[Message], created: datetime) -> None:
        """Writes the messages, in their order, into files that say they were made at `created`."""
        sorted_out: dict[tuple[str, str], list[Message]] = {}
        for message in messages:
            key = (message.file_type, message.ods_code)
            sorted_out.setdefault(key, []).append(message)
        for file_type in _TYPES:
            for ods_code in self._vpds:
                shared_out = list(parts(sorted_out.get((file_type, ods_code), [])))
                for part in shared_out:
                    self._write(ods_code, file_type, part, created)
                self.files_split += max(0, len(shared_out) - 1)

    def collect(self) -> list[Confirmed]:
        """What has come into the outboxes since the last time."""
        found: list[Confirmed] = []
        for ods_code in self._vpds:
            for path in sorted((self._folder / ods_code / "outbox").glob("ER_*.DAT")):
                name = parse_name(path.name)
                if path in self._seen or name is None or name.file_type not in _CONFIRMATIONS:
                    continue
                self._seen.add(path)
                confirmation = read_confirmation(path.read_bytes())
                found.extend(self._read(confirmation, path.stat().st_mtime))
        return found

    def give_up(self, name: str) -> Deposited:
        """Takes a file that was set aside for gone: its sequence number is the next one's."""
        gone = self.waiting.pop(name)
        self._next[gone.ods_code, gone.file_type] -= 1
        return gone

    def _write(
        self, ods_code: str, file_type: str, messages: list[Message], created: datetime
    ) -> None:
        self._next[ods_code, file_type] += 1
        sequence = self._next[ods_code, file_type]
        name, content = inbound_file(
            file_type,
            self._vpds[ods_code],
            sequence,
            created,
            [message.row for message in messages],
        )
        by_ordinal: dict[int, Message] = {}
        ordinal = 1
        for message in messages:
            by_ordinal[ordinal] = message
            ordinal += message.rows
        inbox = self._folder / ods_code / "inbox"
        inbox.mkdir(parents=True, exist_ok=True)
        # A file appears under its name only when it is whole.
        hidden = inbox / f".{name}.part"
        hidden.write_bytes(content)
        hidden.rename(inbox / name)
        self.waiting[name] = Deposited(name, ods_code, file_type, by_ordinal)
        self.files_sent += 1

    def _read(self, confirmation: Confirmation, at: float) -> Iterator[Confirmed]:
        file = self.waiting.pop(confirmation.name)
        whole = [message["messageCode"] for message in confirmation.messages]
        outcomes = {outcome.ordinal: outcome for outcome in confirmation.outcomes}
        for ordinal, message in file.messages.items():
            outcome = outcomes.get(ordinal)
            if outcome is None:
                yield Confirmed(message, Answer(False, tuple(whole)), at)
                continue
            codes = sorted(item["messageCode"] for item in outcome.messages)
            number = outcome.columns.get("applicantNumber")
            taken = outcome.columns["loadStatusCode"] == _SUCCESS
            yield Confirmed(message, Answer(taken, tuple(codes), number), at)
        if whole:
            self._next[file.ods_code, file.file_type] -= 1


def parts(messages: list[Message]) -> Iterator[list[Message]]:
    """The messages of one file, shared out over as many files as the limit asks for, in their order."""
    held: Counter[int] = Counter()
    part: list[Message] = []
    for message in messages:
        if message.kind is Kind.SUBMISSION:
            if held[message.position] == MOST_OF_A_POSITION:
                yield part
                held, part = Counter(), []
            held[message.position] += 1
        part.append(message)
    if part:
        yield part
