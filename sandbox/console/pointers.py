"""What stands at a place of a request, as the journal keeps it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson

from sandbox.conformance.record import json_of

_SHOWN = 200
NOTHING = "nothing"


def sent_at(exchange: Mapping[str, Any], location: str, pointer: str) -> str:
    """What stood at a place that a refusal names: a JSON pointer into the body, or the name of a parameter."""
    if location == "header":
        return str(exchange.get("requestHeaders", {}).get(pointer.lower(), NOTHING))[:_SHOWN]
    if location == "query":
        given = parse_qs(exchange.get("query", ""), keep_blank_values=True)
        return ", ".join(given.get(pointer, [NOTHING]))[:_SHOWN]
    if location != "body":
        return ""
    if exchange.get("requestBody") is None:
        return "not kept" if exchange.get("requestDigest") else NOTHING
    value = json_of(exchange["requestBody"])
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return NOTHING
    text = orjson.dumps(value).decode()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"
