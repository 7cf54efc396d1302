"""Reads a HAR 1.2 file as exchanges: what a supplier's own tool recorded of its calls to ESR and NHS Jobs.

https://github.com/ahmadnassri/har-spec/blob/master/versions/1.2.md. The format is plain JSON and needs no library of its own:
what we need of it is checked by a schema, and only a base64 body has to be decoded. Credentials and personal data are masked
while it is read, under a key that is the file's own, so that equal values stay equal and nothing else is kept.
"""

import base64
import binascii
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

from sandbox.conformance.traffic.reading import RecordingError, checked, content_of
from sandbox.contracts import load_contract
from sandbox.contracts.bundle import operations as operations_of
from sandbox.journal.masking import masked_body, masked_headers, masked_query
from sandbox.timestamps import from_text, to_text

_MOST_ENTRIES = 200_000
_DEEPEST_PATH = 8
"""Parts of a path of a contract, and some more."""
_BOM = b"\xef\xbb\xbf"
_APPLICANT = re.compile(r"/applicants/(\d{8})(?:/|$)")
_TEXT = {"type": "string"}
_PAIRS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["name", "value"],
        "properties": {"name": _TEXT, "value": _TEXT},
    },
}
_CONTENT = {
    "type": "object",
    "properties": {"text": _TEXT, "mimeType": _TEXT, "encoding": _TEXT},
}
_ENTRY = {
    "type": "object",
    "required": ["startedDateTime", "time", "request", "response"],
    "properties": {
        "startedDateTime": _TEXT,
        "time": {"type": "number"},
        "request": {
            "type": "object",
            "required": ["method", "url", "headers"],
            "properties": {"method": _TEXT, "url": _TEXT, "headers": _PAIRS, "postData": _CONTENT},
        },
        "response": {
            "type": "object",
            "required": ["status"],
            "properties": {
                "status": {"type": "integer"},
                "headers": _PAIRS,
                "content": _CONTENT,
            },
        },
    },
}
_HAR = jsonschema_rs.validator_for(
    {
        "type": "object",
        "required": ["log"],
        "properties": {
            "log": {
                "type": "object",
                "required": ["entries"],
                "properties": {
                    "version": _TEXT,
                    "entries": {"type": "array", "maxItems": _MOST_ENTRIES, "items": _ENTRY},
                },
            }
        },
    }
)


def read_har(path: Path, esr_url: str | None = None) -> list[dict[str, Any]]:
    """The calls of a HAR file to ESR and NHS Jobs, as exchanges; whatever else it holds is left out.

    `esr_url` is ESR's address, such as `https://esr.example/esr/v1`. When it is left out, the longest part of an address that
    most calls share before a path of the contract is taken for it. Raises RecordingError.
    """
    content = content_of(path)
    entries = _entries(content, path)
    key = b"har/" + hashlib.sha256(content).hexdigest().encode()
    bases = _bases(entries, esr_url)
    if not bases:
        raise RecordingError(
            f"{path}: no call goes to a path of the contracts; tell ESR's address (--esr-url)."
        )
    exchanges = []
    for number, entry in enumerate(entries, start=1):
        place = f"{path}, entry {number}"
        found = next((base for base in bases if base.holds(entry["request"]["url"])), None)
        if found is not None:
            exchanges.append(checked(_exchange(entry, number, found, key, place), place))
    if not exchanges:
        raise RecordingError(f"{path}: none of its {len(entries)} calls goes to {esr_url}.")
    return exchanges


@dataclass(frozen=True, slots=True)
class _Base:
    """Where a system is."""

    system: str
    address: str

    def holds(self, url: str) -> bool:
        plain = url.partition("?")[0]
        return plain == self.address or plain.startswith(f"{self.address}/")


def _entries(content: bytes, path: Path) -> list[dict[str, Any]]:
    try:
        document = orjson.loads(content.removeprefix(_BOM))
    except orjson.JSONDecodeError as problem:
        raise RecordingError(
            f"{path} is no JSON: {problem.msg} at line {problem.lineno}, column {problem.colno}."
        ) from problem
    for error in _HAR.iter_errors(document):
        where = "".join(f"/{part}" for part in error.instance_path) or "the whole"
        raise RecordingError(f"{path}: {where} is not what HAR 1.2 has there ({error.kind.name}).")
    found: list[dict[str, Any]] = document["log"]["entries"]
    return found


def _bases(entries: list[dict[str, Any]], esr_url: str | None) -> list[_Base]:
    """Where ESR and NHS Jobs are, as far as the calls tell."""
    found = []
    votes: dict[str, Counter[str]] = {"esr": Counter(), "nhs-jobs": Counter()}
    for entry in entries:
        for system, counted in votes.items():
            counted.update(set(_paths(system).beginnings(entry["request"]["url"])))
    if esr_url is not None:
        found.append(_Base("esr", esr_url.partition("?")[0].rstrip("/")))
    elif votes["esr"]:
        usual = _paths("esr").base_path
        address, _ = max(votes["esr"].items(), key=lambda item: (item[0].endswith(usual), item[1]))
        found.append(_Base("esr", address))
    # Much on the web is called /search: nothing but the whole path tells of NHS Jobs.
    usual = _paths("nhs-jobs").base_path
    found += [_Base("nhs-jobs", item) for item in votes["nhs-jobs"] if item.endswith(usual)]
    return found


def _exchange(
    entry: Mapping[str, Any], number: int, base: _Base, key: bytes, place: str
) -> dict[str, Any]:
    request, response = entry["request"], entry["response"]
    address, _, query = request["url"].partition("#")[0].partition("?")
    path = address.removeprefix(base.address) or "/"
    paths = _paths(base.system)
    sent = _bytes(request.get("postData", {}), f"{place}: the body of the request")
    headers, answered = _headers(request["headers"]), _headers(response.get("headers", []))
    status = max(0, response["status"])
    content = response.get("content", {})
    told = _bytes(content, f"{place}: the body of the answer")
    media = answered.get("content-type", content.get("mimeType", "")).split(";")[0].strip()
    try:
        started = to_text(from_text(entry["startedDateTime"]))
    except (ValueError, OverflowError) as problem:
        raise RecordingError(f"{place}: startedDateTime is no moment with a zone.") from problem
    exchange = {
        "exchangeId": number,
        "system": base.system,
        "direction": "IN",
        "operationId": paths.operation(request["method"].upper(), path),
        "method": request["method"].upper(),
        "path": paths.base_path + path,
        "query": masked_query(query, key) if query else None,
        "requestHeaders": masked_headers(headers),
        "requestBody": masked_body(sent, key),
        "requestDigest": hashlib.sha256(sent).hexdigest() if sent else None,
        "status": status,
        "responseHeaders": masked_headers(answered),
        "responseBody": masked_body(told, key, media),
        "startedAt": started,
        "durationMilliseconds": max(0, entry["time"]),
        "requestId": headers.get("x-request-id"),
        "applicantNumber": _applicant(path, told),
    }
    return {name: value for name, value in exchange.items() if value is not None}


def _headers(pairs: list[dict[str, str]]) -> dict[str, str]:
    """By name in lower case, without the pseudo-headers of HTTP/2; one that came more than once is joined."""
    headers: dict[str, str] = {}
    for pair in pairs:
        name = pair["name"].lower()
        if not name.startswith(":"):
            headers[name] = (
                f"{headers[name]}, {pair['value']}" if name in headers else pair["value"]
            )
    return headers


def _bytes(content: Mapping[str, Any], place: str) -> bytes:
    text = content.get("text", "")
    if content.get("encoding") != "base64":
        return str(text).encode()
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise RecordingError(f"{place} says that it is base64, and is not.") from problem


def _applicant(path: str, told: bytes) -> str | None:
    """The applicant whom a call is about: named in the path, or new with the answer."""
    found = _APPLICANT.search(path)
    if found or path != "/applicants":
        return found[1] if found else None
    try:
        answer = orjson.loads(told)
    except orjson.JSONDecodeError:
        return None
    number = answer.get("applicantNumber") if isinstance(answer, dict) else None
    return number if isinstance(number, str) else None


class _Paths:
    """Finds the operation of a method and a path below a system's base."""

    def __init__(self, system: str) -> None:
        contract = load_contract(system)
        self.base_path = contract.base_path
        self._found = [
            (_pattern(path), method.upper(), definition["operationId"])
            for path, method, definition in operations_of(contract.document)
        ]

    def operation(self, method: str, path: str) -> str | None:
        """The operationId; None where there is none."""
        return next(
            (
                name
                for pattern, verb, name in self._found
                if verb == method and pattern.fullmatch(path)
            ),
            None,
        )

    def beginnings(self, url: str) -> Iterator[str]:
        """Each beginning of an address after which a path of the contract follows."""
        plain = url.partition("?")[0].partition("#")[0]
        host = plain.find("/", plain.find("//") + 2)
        slashes = [place for place in range(max(host, 0), len(plain)) if plain[place] == "/"]
        for start in slashes[-_DEEPEST_PATH:]:
            if any(pattern.fullmatch(plain, start) for pattern, _, _ in self._found):
                yield plain[:start]


@cache
def _paths(system: str) -> _Paths:
    return _Paths(system)


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(re.escape(part) for part in re.split(r"\{[^}]*\}", template)))
