"""Packs that are verified from the console: each in a folder of its own, by a process of its own (`examiner`).

    examinations.begin(order, save)   the folder is made, `save` puts the pack there, and its verification begins
    examinations.find(id).outcome     what came of it; None as long as it goes on

A pack is kept for a day, and of all of them the newest ten.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sandbox.console.runs_record import write_whole

PACK, ORDER, OUTCOME, WAIVERS, REVIEWS = (
    "pack.zip",
    "order.json",
    "outcome.json",
    "waivers.yaml",
    "reviews.txt",
)
SECONDS = 900
"""How long one may take."""
_FIRST = "verified.json"
_MOST_KEPT = 10
_SECONDS_KEPT = 86_400
_ID = re.compile(r"[0-9a-f]{32}")
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "PYTHONPATH", "VIRTUAL_ENV")
_AT_ONCE = threading.BoundedSemaphore(2)
"""How many go on at once in one process of the server; others wait for their turn."""
_CUT_OFF = (
    "The verification did not come to its end: it took too long, needed too much memory, or the server was stopped. "
    "Try again, or use the command esr-sandbox verify."
)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done with a pack."""

    name: str
    """What its file was called."""
    register: str
    trustedKeys: str
    key: str = ""
    """The file of the issuer's private key."""
    supplier: str = ""
    """The id of the supplier's key that must have signed it; any supplier's when empty."""
    nonce: str = ""
    publicPages: str = ""
    issue: dict[str, Any] | None = None
    """Who answers for a certificate, and what was decided; None where the pack is only verified."""


@dataclass(frozen=True, slots=True)
class Examination:
    """One pack, and what is known of it."""

    id: str
    folder: Path

    @property
    def order(self) -> dict[str, Any]:
        """What was last ordered."""
        return dict(json.loads((self.folder / ORDER).read_text("utf-8")))

    @property
    def verified(self) -> dict[str, Any] | None:
        """The verification; None as long as it goes on."""
        return self._read(_FIRST)

    @property
    def outcome(self) -> dict[str, Any] | None:
        """What came of the last order; None as long as it goes on."""
        return self._read(OUTCOME)

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            return dict(json.loads((self.folder / name).read_text("utf-8")))
        except FileNotFoundError:
            started = (self.folder / ORDER).stat().st_mtime
            return {"problem": _CUT_OFF} if time.time() - started > 2 * SECONDS else None


class Examinations:
    """Those of one console."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "examinations"

    def begin(self, order: Order, save: Callable[[Path], None], patience: float) -> Examination:
        """Verifies a pack; answers once it is verified, or after `patience` seconds."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._prune()
        folder = self._folder / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        try:
            save(folder / PACK)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return self.go_on(Examination(folder.name, folder), order, patience)

    def find(self, name: str) -> Examination | None:
        """The examination of an id; None where there is none, or it is kept no longer."""
        folder = self._folder / name
        is_there = _ID.fullmatch(name) is not None and (folder / ORDER).is_file()
        return Examination(name, folder) if is_there else None

    def go_on(self, examination: Examination, order: Order, patience: float) -> Examination:
        """Does what an order says with the pack; answers as `begin` does."""
        with suppress(FileNotFoundError):
            (examination.folder / OUTCOME).unlink()
        write_whole(examination.folder / ORDER, json.dumps(asdict(order)).encode())
        work = threading.Thread(target=_run, args=(examination.folder, order.issue is None))
        work.daemon = True
        work.start()
        work.join(patience)
        return examination

    def _prune(self) -> None:
        held = sorted(self._folder.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
        oldest = time.time() - _SECONDS_KEPT
        for place, each in enumerate(held):
            if place >= _MOST_KEPT - 1 or each.stat().st_mtime < oldest:
                shutil.rmtree(each, ignore_errors=True)


def _run(folder: Path, is_first: bool) -> None:
    """Has the examiner do its work, and sees to it that there is an outcome."""
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    with _AT_ONCE, suppress(subprocess.TimeoutExpired):
        subprocess.run(  # nosec B603  # noqa: S603  (our own program, and no shell)
            [sys.executable, "-m", "sandbox.console.examiner", str(folder)],
            timeout=SECONDS,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    with suppress(FileNotFoundError):  # kept no longer
        if not (folder / OUTCOME).exists():
            write_whole(folder / OUTCOME, json.dumps({"problem": _CUT_OFF}).encode())
        if is_first:
            write_whole(folder / _FIRST, (folder / OUTCOME).read_bytes())
