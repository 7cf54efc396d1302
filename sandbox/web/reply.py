"""What a handler answers."""

from dataclasses import dataclass, field
from typing import Any

import orjson

JSON = "application/json"
PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: a status, a body ready to be sent, and the headers that belong to what is answered."""

    status: int
    body: bytes = b""
    media_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


def answer(status: int, document: Any, headers: dict[str, str] | None = None) -> Reply:
    """A reply whose body is `document` as JSON."""
    return Reply(status, orjson.dumps(document), JSON, headers or {})


def no_content() -> Reply:
    """204, with nothing to say."""
    return Reply(204)
