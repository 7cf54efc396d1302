"""The process that looks after one run: `python -m sandbox.console.runs_process FOLDER`.

It starts the command that `run.json` names, waits for it and writes down how it ended. As long as it lives it holds the lock
`alive.lock`, which the system lets go of whatever becomes of it; so every process of a server knows which runs go on. It ends the
command where it is asked to (the file `stop`, a folder that was taken away, SIGTERM), where it has taken too long, and where the
server that started it is gone, which it knows by the end of its standard input. It ends it as Ctrl-C does, so that a report is
written of what was done.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from filelock import FileLock

from sandbox.console.runs_record import ALIVE, DRAFT, LOG, RECORD, STOP, End, Run

_LOOK_SECONDS = 0.1
_PATIENCE_SECONDS = {signal.SIGINT: 90.0, signal.SIGTERM: 10.0}
"""How long a command that was told to end has for it; the report of a long run takes a while to write."""
READY = "running"


def main(folder: Path) -> None:
    """Runs the command of a folder to its end. Prints a line as soon as the run can be told to be one that goes on."""
    asked, left = threading.Event(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    signal.signal(signal.SIGINT, lambda *_: asked.set())
    with FileLock(folder / ALIVE):
        # Only now is there a run to be seen, so that nobody takes it for one whose process has died.
        (folder / DRAFT).rename(folder / RECORD)
        run = Run.kept_in(folder)
        with (folder / LOG).open("ab") as log:
            command = subprocess.Popen(  # nosec B603  # noqa: S603  (our own command, and no shell)
                [sys.executable, "-m", "sandbox.cli", *run.arguments],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            run = replace(run, pid=command.pid).write()
            print(READY, flush=True)
            threading.Thread(target=_wait_for_end_of_input, args=(left,), daemon=True).start()
            end = _watched(command, folder, time.monotonic() + run.seconds, asked, left)
        finally:
            _end(command)
        # Whoever keeps a world in memory takes the console's folder along.
        with suppress(OSError):
            run.over(end, command.returncode if end is End.BY_ITSELF else None)
            return
    shutil.rmtree(folder, ignore_errors=True)


def _watched(
    command: subprocess.Popen[bytes],
    folder: Path,
    deadline: float,
    asked: threading.Event,
    left: threading.Event,
) -> End:
    """How the command came to its end, or why it must come to it."""
    while True:
        try:
            command.wait(_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if asked.is_set() or (folder / STOP).exists() or not (folder / RECORD).exists():
                return End.STOPPED
            if time.monotonic() > deadline:
                return End.TOO_LONG
            if left.is_set():
                return End.CUT_OFF
        else:
            return End.BY_ITSELF


def _end(command: subprocess.Popen[bytes]) -> None:
    """Ends the command and what it has started in its group, first in order, then at once."""
    for way, patience in _PATIENCE_SECONDS.items():
        if command.poll() is not None:
            break
        with suppress(ProcessLookupError):
            os.killpg(command.pid, way)
        with suppress(subprocess.TimeoutExpired):
            command.wait(patience)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(command.pid, signal.SIGKILL)
    command.wait()


def _wait_for_end_of_input(left: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    left.set()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
