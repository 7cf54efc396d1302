"""Which sessions and sign-in links were ended before their time.

A session is a signed cookie, and whoever has a copy has the session; so its end is kept here, in a file of the console's folder
that every process of the server reads. What has run out by itself is forgotten.
"""

import json
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

SESSION_SECONDS = 8 * 3600
"""How long somebody stays signed in."""
LINK_DAYS = 7
"""How long a sign-in link is good."""
_LONGEST = max(SESSION_SECONDS, LINK_DAYS * 86400)
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Ended:
    """What was ended. Moments are in seconds of the wall clock since 1970."""

    sessions: dict[str, float] = field(default_factory=dict)
    """By a session's id: when."""
    everywhere: dict[str, float] = field(default_factory=dict)
    """By whose sessions they were: what began until then is over."""

    def has(self, session: str, whose: str, since: float) -> bool:
        """Whether a session that began at `since` has been ended."""
        return session in self.sessions or since <= self.everywhere.get(whose, -1.0)


class Sessions:
    """The file, and what it held when it was last looked at; may be used from any thread."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ended-sessions.json"
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._held = Ended()

    def ended(self) -> Ended:
        """What has been ended so far."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return Ended()
        mark = (found.st_ino, found.st_mtime_ns)
        with self._lock:
            if mark != self._seen:
                held = json.loads(self._path.read_text("utf-8"))
                self._held, self._seen = Ended(held["sessions"], held["everywhere"]), mark
            return self._held

    def end(self, session: str, now: float) -> None:
        """Ends one session."""
        with self._changing(now) as held:
            held.sessions[session] = now

    def end_all(self, whose: str, now: float) -> None:
        """Ends every session that began until now, and every link that was made until now, of one workspace or the ESR team."""
        with self._changing(now) as held:
            held.everywhere[whose] = now

    @contextmanager
    def _changing(self, now: float) -> Iterator[Ended]:
        """One change at a time, whichever process makes it, of what the file holds now."""
        with FileLock(f"{self._path}.lock", timeout=_PATIENCE):
            found = self.ended()
            held = Ended(dict(found.sessions), dict(found.everywhere))
            yield held
            self._write(held, now)

    def _write(self, held: Ended, now: float) -> None:
        kept = {
            "sessions": {i: at for i, at in held.sessions.items() if now - at < SESSION_SECONDS},
            "everywhere": {who: at for who, at in held.everywhere.items() if now - at < _LONGEST},
        }
        descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(kept, file)
        Path(name).replace(self._path)
