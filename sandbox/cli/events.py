"""`--events FILE`: what a command tells as it goes, as NDJSON in a file, for whoever watches it."""

import time
from contextlib import AbstractContextManager, suppress
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import click
import orjson

from sandbox.cli import Stop

_PROGRESS = "progress"

events_option = click.option(
    "--events",
    "events_path",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the events to a file too, one JSON object on each line, as they happen.",
)


class EventFile(AbstractContextManager["EventFile"]):
    """A file of events; nothing where no path is given. Each line is there as soon as it is told.

    Events of the name `progress`, which may come many times a second, are written once in `progress_seconds` at most.
    """

    def __init__(self, path: Path | None, *, progress_seconds: float = 1.0) -> None:
        """Raises Stop where the file cannot be written."""
        self._progress_seconds = progress_seconds
        self._told_progress = float("-inf")
        self._file: FileIO | None = None
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("wb", buffering=0)
        except OSError as problem:
            raise Stop(
                f"{path} cannot be written ({problem.strerror}); name another file with --events."
            ) from problem

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _problem: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def tell(self, event: dict[str, Any]) -> None:
        """Writes one event: an object with its name under `event`."""
        if self._file is None:
            return
        if event.get("event") == _PROGRESS:
            now = time.monotonic()
            if now - self._told_progress < self._progress_seconds:
                return
            self._told_progress = now
        # A file that can be written no more ends no run.
        with suppress(OSError):
            self._file.write(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE))
