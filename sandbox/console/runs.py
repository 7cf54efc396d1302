"""The runs that were started from the console: commands of ours, each in a process and a folder of its own.

    runs = Runs(console().folder)
    run = runs.start(Order("certify", "acme", made, "a supplier", "Example supplier", arguments))   # raises RunRefused
    runs.find(run.id).is_running
    runs.stop(run)

All state is in files, so that several processes of a server see the same runs. Kept are, of each kind, the newest `_MOST_KEPT`
ended runs of a workspace, none that ended over `_DAYS_KEPT` days ago, and in all no more than `_BYTES_KEPT`; the oldest go
first. The runs of a workspace that is deleted go with it.
"""

import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from sandbox.clock import wall_now
from sandbox.console.runs_process import READY
from sandbox.console.runs_record import DRAFT, STOP, End, Run
from sandbox.timestamps import from_text, to_text

__all__ = ["CERTIFY", "LOAD", "End", "Order", "Run", "RunRefused", "Runs"]

CERTIFY, LOAD = "certify", "load"
AT_ONCE = 2
"""How many runs go on at once in all; in one workspace, one."""
_MOST_KEPT = 50
_DAYS_KEPT = 90
_BYTES_KEPT = 2 * 1024**3
_ID = re.compile(r"[a-z0-9]{32}")
_START_SECONDS = 30.0
_STARTING = ".starting.lock"
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "PYTHONPATH", "VIRTUAL_ENV")
"""What a command has of the server's environment: none of its tokens, keys and addresses of databases."""


class RunRefused(Exception):
    """Nothing was started; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be run."""

    kind: str
    """CERTIFY or LOAD."""
    workspace: str
    made: str
    """When the workspace was made."""
    who: str
    """In whose name, in words."""
    title: str
    arguments: Callable[[Path], Sequence[str]]
    """The arguments of our command, told the run's folder; what it needs there, it may write there. No secret among them."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the command finds in its environment; it is written nowhere."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What the page wants to remember; no secret."""
    seconds: float = 4 * 3600.0
    """How long it may take."""


class Runs:
    """The runs of one console."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "runs"
        self._guarded: list[subprocess.Popen[bytes]] = []

    def start(self, order: Order) -> Run:
        """Starts a run. It ends with this process of the server at the latest.

        Raises RunRefused while another one goes on in the workspace, or as many as may in all.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._starting():
            self.prune()
            self._check_room(order.workspace)
            folder = self._folder / secrets.token_hex(16)
            folder.mkdir(mode=0o700)
            try:
                run = Run(
                    folder.name,
                    order.kind,
                    order.workspace,
                    order.made,
                    order.who,
                    order.title,
                    tuple(order.arguments(folder)),
                    order.seconds,
                    to_text(wall_now()),
                    order.about,
                    folder=folder,
                ).write(DRAFT)
                self._guard(folder, order.secrets)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
        return run

    @contextmanager
    def _starting(self) -> Iterator[None]:
        """One at a time, whichever process starts it. Raises RunRefused."""
        try:
            lock = FileLock(self._folder / _STARTING).acquire(timeout=_START_SECONDS)
        except Timeout as problem:
            raise RunRefused("Somebody else starts a run just now. Try again.") from problem
        with lock:
            yield

    def find(self, run_id: str) -> Run | None:
        """The run of an id, whoever's it is; None where there is none."""
        return self._read(self._folder / run_id) if _ID.fullmatch(run_id) else None

    def of(self, workspace: str, made: str, kind: str) -> list[Run]:
        """The runs of a workspace, newest first. Those of an earlier one of the same name are gone."""
        own = [run for run in self._all() if run.workspace == workspace]
        for run in own:
            if run.made != made:
                self.remove(run)
        kept = [run for run in own if run.made == made and run.kind == kind]
        return sorted(kept, key=lambda run: run.started, reverse=True)

    def going_on(self, workspace: str) -> Run | None:
        """The run that goes on in a workspace."""
        running = (run for run in self._all() if run.workspace == workspace and run.is_running)
        return next(running, None)

    def stop(self, run: Run) -> None:
        """Has a run end as Ctrl-C would; what it has done until then is reported."""
        with suppress(FileNotFoundError):
            (run.folder / STOP).touch(mode=0o600)

    def remove(self, run: Run) -> None:
        """Takes a run away with all its files; one that goes on is ended first, and goes soon after."""
        if run.is_running:
            self.stop(run)
        shutil.rmtree(run.folder, ignore_errors=True)

    def forget(self, workspace: str) -> None:
        """Takes away every run of a workspace."""
        for run in self._all():
            if run.workspace == workspace:
                self.remove(run)

    def prune(self) -> None:
        """Takes away the runs that are kept no longer, as the head of this module says."""
        oldest = to_text(wall_now() - timedelta(days=_DAYS_KEPT))
        ended = [run for run in self._all() if not run.is_running]
        kept: dict[tuple[str, str], int] = {}
        room = _BYTES_KEPT
        for run in sorted(ended, key=lambda run: run.ended or "", reverse=True):
            place = (run.workspace, run.kind)
            kept[place] = kept.get(place, 0) + 1
            room -= _size(run.folder)
            if kept[place] > _MOST_KEPT or (run.ended or "") < oldest or room < 0:
                self.remove(run)

    def _check_room(self, workspace: str) -> None:
        running = [run for run in self._all() if run.is_running]
        own = next((run for run in running if run.workspace == workspace), None)
        if own is not None:
            raise RunRefused(
                f"A run goes on in this workspace already ({own.title}). Wait for its end, or stop it."
            )
        if len(running) >= AT_ONCE:
            raise RunRefused(
                f"{AT_ONCE} runs go on in other workspaces, and this server has no more at once. Try again in a few minutes."
            )

    def _guard(self, folder: Path, held: Mapping[str, str]) -> None:
        """Starts the process that looks after a run, and waits until it does. Raises RunRefused."""
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        guard = subprocess.Popen(  # nosec B603  # noqa: S603  (our own program, and no shell)
            [sys.executable, "-m", "sandbox.console.runs_process", str(folder)],
            # Held open as long as this process lives: its end tells the other side that nobody is left.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**inherited, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "COLUMNS": "160", **held},
        )
        assert guard.stdout is not None
        with guard.stdout as said:
            is_ready = said.readline().strip() == READY.encode()
        # Those that have ended are waited for, so that no zombies are left.
        self._guarded = [each for each in [*self._guarded, guard] if each.poll() is None]
        if not is_ready:
            raise RunRefused("The run could not be started: the server has no room for a process.")

    def _all(self) -> Iterator[Run]:
        with suppress(FileNotFoundError):
            for folder in self._folder.iterdir():
                run = self._read(folder) if _ID.fullmatch(folder.name) else None
                if run is not None:
                    yield run

    def _read(self, folder: Path) -> Run | None:
        # It may be taken away while it is read.
        with suppress(FileNotFoundError):
            return Run.read(folder)
        return None


def age(run: Run) -> timedelta:
    """How long it has gone on, or went on."""
    until = wall_now() if run.ended is None else from_text(run.ended)
    return until - from_text(run.started)


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            total += path.lstat().st_size
    return total
