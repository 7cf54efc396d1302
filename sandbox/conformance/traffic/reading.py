"""Reads a recording: a HAR file, or NDJSON with one exchange of the control contract on each line.

Whatever is wrong with a file is told with its place, and nothing of what it holds is repeated.
"""

from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

from sandbox.timestamps import from_text

LARGEST = 256 * 1024 * 1024
"""Bytes of a recording: some hundred thousand exchanges."""
_LONGEST_LINE = 16 * 1024 * 1024
_TEXT = {"type": "string"}
_HEADERS = {"type": "object", "additionalProperties": _TEXT}
_EXCHANGE = jsonschema_rs.validator_for(
    {
        "type": "object",
        "required": ["system", "direction", "method", "path", "status", "startedAt"],
        "properties": {
            "exchangeId": {"type": "integer"},
            "direction": {"enum": ["IN", "OUT"]},
            "status": {"type": "integer", "minimum": 0, "maximum": 599},
            "durationMilliseconds": {"type": "number", "minimum": 0},
            "requestHeaders": _HEADERS,
            "responseHeaders": _HEADERS,
            "requestDigest": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            **dict.fromkeys(
                """
                system operationId method path query requestBody responseBody startedAt worldTime requestId client
                applicantNumber workspace
                """.split(),
                _TEXT,
            ),
        },
    }
)


class RecordingError(Exception):
    """A recording cannot be used; the message says where and why."""


def read_recording(path: Path, esr_url: str | None = None) -> list[dict[str, Any]]:
    """The exchanges of a file: HAR where its name ends in `.har`, else NDJSON. Raises RecordingError.

    `esr_url` is the address of ESR in a HAR file, such as `https://esr.example/esr/v1`; it is looked for when left out.
    """
    from sandbox.conformance.traffic.har import read_har

    return read_har(path, esr_url) if path.suffix.lower() == ".har" else _read_ndjson(path)


def content_of(path: Path) -> bytes:
    """The bytes of a file. Raises RecordingError where it is not to be had, empty or too large."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise RecordingError(
                f"{path} holds {size:,} bytes; {LARGEST:,} are the most that is read."
            )
        content = path.read_bytes()
    except OSError as problem:
        raise RecordingError(f"{path} cannot be read: {problem.strerror}.") from problem
    if not content.strip():
        raise RecordingError(f"{path} is empty.")
    return content


def checked(exchange: Any, place: str) -> dict[str, Any]:
    """An exchange that rules can look at. Raises RecordingError that names `place`."""
    for error in _EXCHANGE.iter_errors(exchange):
        where = "".join(f"/{part}" for part in error.instance_path) or "the exchange"
        raise RecordingError(
            f"{place}: {where} is not what an exchange has there ({error.kind.name})."
        )
    for name in ("startedAt", "worldTime"):
        try:
            from_text(exchange.get(name, "2000-01-01T00:00:00Z"))
        except (ValueError, OverflowError) as problem:
            raise RecordingError(f"{place}: /{name} is no moment with a zone.") from problem
    found: dict[str, Any] = exchange
    return found


def _read_ndjson(path: Path) -> list[dict[str, Any]]:
    exchanges = []
    for number, line in enumerate(content_of(path).splitlines(), start=1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        if len(line) > _LONGEST_LINE:
            raise RecordingError(f"{place} is longer than {_LONGEST_LINE:,} bytes.")
        try:
            exchange = orjson.loads(line)
        except orjson.JSONDecodeError as problem:
            raise RecordingError(
                f"{place} is no JSON: {problem.msg} at column {problem.colno}."
            ) from problem
        exchanges.append(checked(exchange, place))
    return exchanges
