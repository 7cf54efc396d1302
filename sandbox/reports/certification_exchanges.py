"""An exchange as a report shows it: bodies indented and cut, nothing hidden in them, and a `curl` that sends it again."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from sandbox.conformance.record import json_of

TOKEN_VARIABLE = "ESR_SANDBOX_TOKEN"
_LONGEST_BODY = 2_400
_LONGEST_HEADER = 300
_LONGEST_COMMAND = 3_000
_MASK = "[masked"
_UNSEEN = re.compile(
    # What XML cannot hold, what no eye can see, and what turns the direction of the text around.
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_BY_THE_CLIENT = frozenset(
    {"accept-encoding", "connection", "content-length", "host", "transfer-encoding", "user-agent"}
)
"""Headers that any client writes by itself."""


@dataclass(frozen=True, slots=True)
class ShownExchange:
    """One request and its answer, as texts."""

    title: str
    """`submit_applicant: POST /esr/v1/applicants`."""
    asked: str
    """The first line, the headers that matter and the body."""
    status: int
    """0 where no answer came."""
    answered: str
    curl: str
    """Empty where the subject itself sent the request: no command makes it do so."""
    by_subject: bool
    at: str = ""
    """Wall time."""

    @property
    def has_masks(self) -> bool:
        """Whether the command holds values that were masked, and so is not what was sent."""
        return _MASK in self.curl


def shown(exchange: Mapping[str, Any], role: str, addresses: Mapping[str, str]) -> ShownExchange:
    """An exchange of the pack for people. `addresses` are those of the subject, by the system that it serves."""
    by_subject = sent_by_subject(exchange, role)
    address = _address(exchange, addresses)
    target = _target(exchange)
    name = exchange.get("operationId")
    line = f"{exchange.get('method', '')} {target}"
    short = line.split("?", 1)[0]
    return ShownExchange(
        printable(f"{name}: {short}" if name else short),
        _message(line, exchange.get("requestHeaders"), exchange.get("requestBody")),
        exchange["status"],
        _message("", exchange.get("responseHeaders"), exchange.get("responseBody")),
        "" if by_subject else curl(exchange, address),
        by_subject,
        exchange.get("startedAt", ""),
    )


def sent_by_subject(exchange: Mapping[str, Any], role: str) -> bool:
    """Whether the subject made the request, so that the suite only saw it."""
    system, direction = exchange.get("system"), exchange.get("direction")
    if direction == "IN":
        # The journal of a system keeps what came in to it, and the suite's receiver what was delivered to it.
        return system in ("receiver", "driver") or system != role
    return "chain" in exchange and role == system


def printable(text: str) -> str:
    """The text with every character that cannot be seen written out, as its number."""
    return _UNSEEN.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def cut(text: str, longest: int) -> str:
    """The text up to a length, with what is missing said."""
    return (
        text
        if len(text) <= longest
        else f"{text[:longest]}\n… {len(text) - longest:,} more characters"
    )


def pretty(body: Any) -> str:
    """A body indented where it is JSON, else as it is; cut."""
    if body in (None, ""):
        return ""
    value = json_of(body)
    text = str(body)
    if isinstance(value, dict | list):
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    return cut(printable(text), _LONGEST_BODY)


def _message(line: str, headers: Mapping[str, Any] | None, body: Any) -> str:
    kept = {
        name: str(value)
        for name, value in (headers or {}).items()
        if name.lower() not in _BY_THE_CLIENT
    }
    head = [printable(line)] if line else []
    head += [
        cut(printable(f"{name}: {value}"), _LONGEST_HEADER) for name, value in sorted(kept.items())
    ]
    return "\n".join(head) + (f"\n\n{pretty(body)}" if body not in (None, "") else "")


def _target(exchange: Mapping[str, Any]) -> str:
    query = exchange.get("query")
    path = str(exchange.get("path", ""))
    return f"{path}?{query}" if query and "?" not in path else path


def _address(exchange: Mapping[str, Any], addresses: Mapping[str, str]) -> str:
    """The whole address; where the record holds only the path, at the subject's origin."""
    url = exchange.get("url")
    if url:
        return str(url)
    target = _target(exchange)
    if "://" in target.split("?", 1)[0]:
        return target
    base = addresses.get(str(exchange.get("system", "")), next(iter(addresses.values()), ""))
    parts = urlsplit(base)
    return f"{parts.scheme}://{parts.netloc}{target}" if parts.netloc else target


def curl(exchange: Mapping[str, Any], address: str) -> str:
    """The command that sends a request again, quoted for a shell.

    The token is taken from the environment variable `ESR_SANDBOX_TOKEN`. A body that is too long for a command line is
    read from the file `body.json`, which the reader copies out of the pack.
    """
    method = str(exchange.get("method", "GET"))
    parts = ["curl --include --globoff --path-as-is"]
    parts += ["--head"] if method == "HEAD" else [f"--request {shlex.quote(method)}"]
    for name, value in sorted((exchange.get("requestHeaders") or {}).items()):
        if name.lower() == "authorization" and _MASK in str(value):
            parts.append(f'--header "Authorization: Bearer ${TOKEN_VARIABLE}"')
        elif name.lower() not in _BY_THE_CLIENT:
            parts.append(f"--header {shlex.quote(f'{name}: {value}')}")
    body = exchange.get("requestBody")
    if isinstance(body, str) and body:
        is_short = len(body) <= _LONGEST_COMMAND
        parts.append(f"--data-raw {shlex.quote(body)}" if is_short else "--data-binary @body.json")
    parts.append(shlex.quote(address))
    return printable(" \\\n  ".join(parts))
