"""How often somebody may be wrong at the sign-in."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from threading import Lock

MOST_WRONG = 10
"""So many wrong tokens may come from one address ..."""
WITHIN_SECONDS = 60.0
"""... in so long; then none is looked at until the first of them is so long ago."""
_MOST_ADDRESSES = 10_000


@dataclass(slots=True)
class Guesses:
    """The wrong tokens of each address in this process. Other addresses are never held up, nor is who is right."""

    now: Callable[[], float] = time.monotonic
    _wrong: OrderedDict[str, deque[float]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def wait(self, address: str) -> float:
        """How many seconds an address must wait before its next try; 0 where it need not."""
        with self._lock:
            held = self._wrong.get(_place(address), deque[float]())
            now = self.now()
            while held and now - held[0] >= WITHIN_SECONDS:
                held.popleft()
            return WITHIN_SECONDS - (now - held[0]) if len(held) >= MOST_WRONG else 0.0

    def note(self, address: str) -> None:
        """Counts a wrong token."""
        with self._lock:
            place = _place(address)
            self._wrong.setdefault(place, deque[float](maxlen=MOST_WRONG)).append(self.now())
            self._wrong.move_to_end(place)
            while len(self._wrong) > _MOST_ADDRESSES:
                self._wrong.popitem(last=False)


def _place(address: str) -> str:
    """An address, or the network of one of IPv6: who has one address of it has all (RFC 6177)."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found, 64), strict=False)) if found.version == 6 else str(found)
