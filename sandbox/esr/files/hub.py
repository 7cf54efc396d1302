"""The folders through which files are exchanged: one set for each employer of each workspace.

`<hub>/<workspace>/<odsCode>/` holds `inbox` (the supplier writes), `outbox` (ESR writes), `archive` (what ESR has loaded)
and `quarantine` (what it has set aside, each with a reason beside it). A file appears under its name only when it is
whole: it is written under a hidden name, flushed to the disk and renamed. Hidden files and those that end in `.part` are
somebody's work in progress and are not looked at. Nothing that is no regular file is ever followed or opened.
"""

import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

INBOX, OUTBOX, ARCHIVE, QUARANTINE = "inbox", "outbox", "archive", "quarantine"
FOLDERS = (INBOX, OUTBOX, ARCHIVE, QUARANTINE)
LARGEST_FILE = 10 * 1024 * 1024
"""Bytes; a larger file is set aside unread."""
MOST_ROWS = 100_000
"""Header and footer included; a file with more is set aside unread, however small they are."""

REASON = ".reason.json"
UNFINISHED = ".part"
_LONGEST_NAME = 200


class Unreadable(Exception):
    """There is no reading what lies under a name: it is no regular file, or the system refuses it."""


class TooLarge(Exception):
    """The file holds more than LARGEST_FILE bytes or more than MOST_ROWS rows."""


@dataclass(frozen=True, slots=True)
class EmployerFolder:
    """The four folders of one employer."""

    path: Path

    def make(self) -> None:
        """Makes what is missing. Raises OSError."""
        for name in FOLDERS:
            (self.path / name).mkdir(parents=True, exist_ok=True)

    def is_made(self) -> bool:
        """Whether all four are there."""
        return all((self.path / name).is_dir() for name in FOLDERS)

    def held(self) -> tuple[int, int]:
        """How many files came from the supplier and are still there, wherever they lie, and their bytes."""
        sizes = list[int]()
        for name in (INBOX, ARCHIVE, QUARANTINE):
            with (
                suppress(FileNotFoundError, NotADirectoryError),
                os.scandir(self.path / name) as entries,
            ):
                for entry in entries:
                    with suppress(FileNotFoundError):
                        sizes.append(entry.stat(follow_symlinks=False).st_size)
        return len(sizes), sum(sizes)

    def waiting(self) -> list[str]:
        """The names in the inbox that ask to be looked at, in order. Raises OSError where the inbox cannot be read."""
        try:
            names = [entry.name for entry in (self.path / INBOX).iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(name for name in names if is_finished(name))

    def read(self, name: str) -> bytes:
        """The content of a file of the inbox. Raises Unreadable or TooLarge."""
        try:
            # A pipe would wait for its writer, and a link may lead anywhere.
            opened = os.open(self.path / INBOX / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as problem:
            raise Unreadable(problem.strerror or "it cannot be opened") from problem
        try:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise Unreadable("it is no regular file")
            with os.fdopen(opened, "rb", closefd=False) as file:
                content = file.read(LARGEST_FILE + 1)
        except OSError as problem:
            raise Unreadable(problem.strerror or "it cannot be read") from problem
        finally:
            os.close(opened)
        if len(content) > LARGEST_FILE or content.count(b"\n") > MOST_ROWS:
            raise TooLarge
        return content

    def send(self, name: str, content: bytes) -> None:
        """Puts a file into the outbox; one of the same name is replaced. Raises OSError."""
        _put(self.path / OUTBOX, name, content)

    def keep(self, name: str) -> None:
        """Moves a file of the inbox to the archive, if it is there still. Raises OSError."""
        target = _free(self.path / ARCHIVE, name)
        with suppress(FileNotFoundError):
            (self.path / INBOX / name).rename(target)

    def set_aside(self, name: str, code: str, text: str, at: str) -> None:
        """Moves whatever lies under a name of the inbox to the quarantine, with the reason beside it.

        Raises OSError where it cannot be moved; the reason is there all the same.
        """
        if not os.path.lexists(self.path / INBOX / name):
            return
        said = {"code": code, "text": text, "at": at}
        reason = orjson.dumps(said, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        target = _free(self.path / QUARANTINE, _short(name), reason)
        _put(self.path / QUARANTINE, f"{target.name}{REASON}", reason)
        (self.path / INBOX / name).rename(target)


@dataclass(frozen=True, slots=True)
class Hub:
    """The folder below which all others are."""

    root: Path

    def employer(self, workspace: str, ods_code: str) -> EmployerFolder:
        """The folders of an employer, made or not."""
        return EmployerFolder(self.root / workspace / ods_code)

    def clear(self, workspace: str) -> None:
        """Deletes the folders of a workspace, with all that lies in them; a link goes, what it leads to stays. Raises OSError."""
        place = self.root / workspace
        if place.is_symlink():
            place.unlink()
        elif place.exists():
            shutil.rmtree(place)


def is_finished(name: str) -> bool:
    """Whether a name says that its file is whole."""
    return not name.startswith(".") and not name.endswith(UNFINISHED)


def _put(folder: Path, name: str, content: bytes) -> None:
    hidden = folder / f".{name}{UNFINISHED}"
    with hidden.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    hidden.replace(folder / name)
    # The name is on the disk only with its folder.
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _short(name: str) -> str:
    """The name, cut where a reason beside it would have too long a one."""
    return os.fsdecode(os.fsencode(name)[:_LONGEST_NAME])


def _free(folder: Path, name: str, reason: bytes | None = None) -> Path:
    """A place for `name`, and for the reason beside it where one is given: what was kept before is never replaced."""
    target, number = folder / name, 1
    while os.path.lexists(target) or (reason is not None and _holds_another(target, reason)):
        number += 1
        target = folder / f"{name}.{number}"
    return target


def _holds_another(target: Path, reason: bytes) -> bool:
    """Whether something lies where the reason belongs, and not this reason itself, of a move that failed."""
    beside = target.with_name(f"{target.name}{REASON}")
    if not os.path.lexists(beside):
        return False
    return beside.is_symlink() or not beside.is_file() or beside.read_bytes() != reason
