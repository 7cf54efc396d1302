"""How deep a JSON document nests: what is told before anything that calls itself walks through it."""

from typing import Any

DEEPEST = 100
"""Levels of objects and arrays. No contract has more than ten; what reads and writes JSON gives up at some 250."""


def is_too_deep(raw: bytes, document: Any) -> bool:
    """Whether `document`, which was read from `raw`, nests deeper than DEEPEST."""
    if raw.count(b"[") + raw.count(b"{") <= DEEPEST:
        return False
    level = [document]
    for _ in range(DEEPEST):
        level = [
            item
            for value in level
            for item in (value.values() if isinstance(value, dict) else value)
            if isinstance(item, dict | list)
        ]
        if not level:
            return False
    return True
