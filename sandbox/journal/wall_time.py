"""What of a journalled exchange hangs on the machine and not on the world.

Two runs from the same seed that make the same moves in a workspace whose clock stands still have the same journal, once
this is left out. A move is over when `settle_world` or a move of the clock has answered.
"""

from collections.abc import Mapping
from typing import Any

import orjson

EXCHANGE = frozenset({"startedAt", "durationMilliseconds", "chain"})
"""Wall time, and the digest that covers it."""

HEADERS = frozenset(
    {
        "host",
        "date",
        "signature",
        "signature-input",
        "user-agent",
        "accept-encoding",
        "connection",
    }
)
"""Headers that carry wall time, a random number, an address of this machine, or the version of a client."""

CONTROL_BODY = frozenset({"createdAt", "waitedSeconds"})
"""What the sandbox's own powers tell of wall time. In the two systems every moment is the world's."""

RANDOM_ANSWERS = frozenset({"read_event_signing_keys"})
"""Operations whose answer holds a random number: a key is never made from the seed."""

_DIGESTS = frozenset({"requestDigest", "responseDigest"})


def without_wall_time(exchange: Mapping[str, Any]) -> dict[str, Any]:
    """An `Exchange` of the control contract without what hangs on the machine."""
    left = {name: value for name, value in exchange.items() if name not in EXCHANGE}
    for name in ("requestHeaders", "responseHeaders"):
        if name in left:
            left[name] = {key: text for key, text in left[name].items() if key not in HEADERS}
    if left["direction"] == "OUT":
        # The whole address stands there, and where a sandbox listens is the machine's affair.
        left["path"] = "/" + left["path"].split("/", 3)[-1]
    if left.get("operationId") in RANDOM_ANSWERS or left["path"].endswith("/event-signing-keys"):
        for name in ("responseBody", "responseDigest"):
            left.pop(name, None)
    if left["system"] == "control":
        for digest in _DIGESTS:
            left.pop(digest, None)
        left |= {
            name: _thinned(orjson.loads(left[name]))
            for name in ("requestBody", "responseBody")
            if left.get(name)
        }
    return left


def _thinned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _thinned(item) for name, item in value.items() if name not in CONTROL_BODY}
    if isinstance(value, list):
        return [_thinned(item) for item in value]
    return value
