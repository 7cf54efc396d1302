"""The command that sends a request of the journal again, and what a person has to put into it first."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from sandbox.conformance.record import json_of
from sandbox.journal.masking import is_mask

NEW_ID = '"$(uuidgen)"'
_LEFT_OUT = frozenset(
    {
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "cookie",
        "host",
        "transfer-encoding",
        "user-agent",
    }
)
_REQUEST_ID = "x-request-id"


def curl(
    exchange: Mapping[str, Any], address: str, *, has_token: bool, same_id: bool = False
) -> str:
    """The command for `exchange` (of the control contract) at `address`, under a new request id or the same.

    `$TOKEN` stands in place of a token, and masks in place of what the journal does not keep.
    """
    lines = [f"curl -i -X {exchange['method']} {shlex.quote(address)}"]
    if has_token:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    for name, value in exchange.get("requestHeaders", {}).items():
        if name in _LEFT_OUT or (name == "accept" and value == "*/*"):
            continue
        if name == _REQUEST_ID and not same_id:
            lines.append(f"-H {name}:{NEW_ID}")
        else:
            lines.append(f"-H {shlex.quote(f'{name}: {value}')}")
    body = exchange.get("requestBody")
    if body:
        document = json_of(body)
        text = body if document is None else orjson.dumps(document, option=orjson.OPT_INDENT_2)
        shown = text if isinstance(text, str) else text.decode()
        lines.append(f"--data-raw {shlex.quote(shown)}")
    return " \\\n  ".join(lines)


def masked_places(document: Any, pointer: str = "") -> Iterator[str]:
    """The pointers of all texts of a body that stand for what was masked."""
    if isinstance(document, str):
        if is_mask(document):
            yield pointer or "/"
    elif isinstance(document, dict):
        for name, item in document.items():
            yield from masked_places(item, f"{pointer}/{name}")
    elif isinstance(document, list):
        for place, item in enumerate(document):
            yield from masked_places(item, f"{pointer}/{place}")
