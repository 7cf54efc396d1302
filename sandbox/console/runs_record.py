"""What is kept of a run: a folder of its own, with `run.json` and what the command has written.

    <console folder>/runs/<id>/run.json        what was started, by whom, and how it ended
                              /events.ndjson   what the command tells as it goes
                              /log.txt         what it would have shown at a terminal
                              /alive.lock      held by the process that looks after it, as long as it lives
                              /stop            there as soon as somebody has asked it to end

`run.json` is replaced whole, so that whoever reads it reads one state of it. No secret ever stands in it.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from sandbox.clock import wall_now
from sandbox.timestamps import to_text

RECORD, EVENTS, LOG, ALIVE, STOP = "run.json", "events.ndjson", "log.txt", "alive.lock", "stop"
DRAFT = "run.new.json"
"""What is to become `run.json` once somebody looks after the run."""
_LARGEST_EVENTS = 32 * 1024 * 1024


class End(StrEnum):
    """How a run came to its end."""

    BY_ITSELF = "by itself"
    STOPPED = "stopped"
    """Somebody asked it to."""
    TOO_LONG = "too long"
    """It took longer than a run may."""
    CUT_OFF = "cut off"
    """What ran it ended first: the sandbox was stopped or killed, or the machine was."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command that was started from the console."""

    id: str
    """Drawn: nobody guesses it."""
    kind: str
    """`certify` or `load`."""
    workspace: str
    made: str
    """When the workspace was made: one of the same name that is made later is another's."""
    who: str
    title: str
    """What is run, in a few words."""
    arguments: tuple[str, ...]
    """Of our own command."""
    seconds: float
    """How long it may take."""
    started: str
    about: Mapping[str, Any] = field(default_factory=dict)
    """Whatever a page has to remember of it."""
    pid: int | None = None
    ended: str | None = None
    end: End | None = None
    exit_code: int | None = None
    """None where it did not end by itself."""
    folder: Path = field(default=Path(), compare=False)

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return self.ended is None

    @property
    def is_interrupted(self) -> bool:
        """Whether it ended before its end."""
        return self.end is not None and self.end is not End.BY_ITSELF

    @property
    def is_stopping(self) -> bool:
        """Whether it goes on and has been asked to end."""
        return self.is_running and (self.folder / STOP).exists()

    def events(self) -> Iterator[dict[str, Any]]:
        """What the command has told so far; a line that is not whole yet is left out."""
        with suppress(FileNotFoundError), (self.folder / EVENTS).open("rb") as file:
            for line in file.read(_LARGEST_EVENTS).split(b"\n")[:-1]:
                with suppress(ValueError):
                    told = json.loads(line)
                    if isinstance(told, dict):
                        yield told

    def log(self, size: int = 20_000) -> str:
        """The end of what the command has said, of `size` bytes at most."""
        try:
            with (self.folder / LOG).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - size))
                return file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The run of a folder; one whose process has died is ended there and then. Raises FileNotFoundError."""
        held = cls.kept_in(folder)
        if held.ended is not None:
            return held
        alive = FileLock(folder / ALIVE)
        try:
            with alive.acquire(blocking=False):
                # It may have ended in order between the two looks.
                held = cls.kept_in(folder)
                return held if held.ended is not None else held.over(End.CUT_OFF, None)
        except Timeout:
            return held

    @classmethod
    def kept_in(cls, folder: Path) -> Self:
        """The run as its folder says it was last. Raises FileNotFoundError."""
        told = json.loads((folder / RECORD).read_bytes())
        told |= {
            "arguments": tuple(told["arguments"]),
            "end": None if told["end"] is None else End(told["end"]),
        }
        return cls(**told, folder=folder)

    def write(self, name: str = RECORD) -> Self:
        """Keeps it, whole or not at all. Raises OSError where its folder is gone."""
        told = {noun: value for noun, value in asdict(self).items() if noun != "folder"}
        write_whole(self.folder / name, json.dumps(told).encode())
        return self

    def over(self, end: End, exit_code: int | None) -> Self:
        """This run, ended now, and kept so."""
        return replace(self, ended=to_text(wall_now()), end=end, exit_code=exit_code).write()


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file that only its owner may read; whoever reads it meanwhile reads the old one. Raises OSError."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
