"""Names that stand twice in one object of a JSON document: which of the two counts is left to the reader, so neither does."""

import json
from collections.abc import Iterator
from typing import Any

import orjson

_ESCAPED = b"\\u003"
"""How a colon may stand in a string unseen; some other characters are taken for one, and looked at in vain."""


def repeated_names(raw: bytes, document: Any) -> list[tuple[str, ...]]:
    """The path of each name that its object has twice (RFC 7493 section 2.3); `document` is what was read from `raw`.

    What was read has lost one of the two, and with it a colon: only where colons are missing when it is written anew is the
    text read again.
    """
    if _ESCAPED not in raw and raw.count(b":") == orjson.dumps(document).count(b":"):
        return []
    read = json.loads(raw.decode(), object_pairs_hook=_Object, parse_int=str, parse_float=str)
    return list(_walk(read, ()))


class _Object:
    """An object as it was written: a name may stand in it more than once."""

    def __init__(self, members: list[tuple[str, Any]]) -> None:
        self.members = members


def _walk(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from _walk(item, (*path, str(place)))
    elif isinstance(value, _Object):
        seen: set[str] = set()
        for name, item in value.members:
            if name in seen:
                yield (*path, name)
            seen.add(name)
            yield from _walk(item, (*path, name))
