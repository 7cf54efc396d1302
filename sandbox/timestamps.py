"""Moments as text: UTC, millisecond precision, one width, so that text order is time order."""

import re
from datetime import UTC, datetime, timedelta

_DURATION = re.compile(
    r"P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.ASCII,
)


def to_text(moment: datetime) -> str:
    """`2026-04-01T09:30:00.000Z`; a moment without a zone is refused."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """The moment that an RFC 3339 text names, in UTC. Raises ValueError when it is none."""
    # RFC 3339 allows the letters in either case; Python reads capitals only.
    moment = datetime.fromisoformat(text.upper())
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone")
    return moment.astimezone(UTC)


def duration(text: str) -> timedelta:
    """The length of time that an ISO 8601 text of the contract names. Raises ValueError when it is none."""
    parts = _DURATION.fullmatch(text)
    if parts is None:
        raise ValueError(f"{text!r} is not an ISO 8601 duration")
    return timedelta(**{name: int(value) for name, value in parts.groupdict("0").items()})
