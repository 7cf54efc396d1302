"""How long a record is on its way through each door: measured by a rehearsal, or assumed where there is none."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

LARGEST_REPORT = 20 * 1024 * 1024
"""Bytes; a longer file is no report of a rehearsal."""
MEASURED = "measured"


class ReportUnusable(Exception):
    """A file does not hold the times of a rehearsal; the message says which file, and what is wrong."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds: the median, the 95th percentile and the longest."""

    median: float
    p95: float
    longest: float

    def __add__(self, other: "Spread") -> "Spread":
        return Spread(
            self.median + other.median, self.p95 + other.p95, self.longest + other.longest
        )


@dataclass(frozen=True, slots=True)
class DoorTimes:
    """One door: how long a record waits for its turn, and how long ESR then takes."""

    waiting: Spread
    processing: Spread

    @property
    def total(self) -> Spread:
        """Both, added value by value: the sum of two percentiles, somewhat more than the percentile of the sum."""
        return self.waiting + self.processing


@dataclass(frozen=True, slots=True)
class Timing:
    """Both doors, and where the figures come from."""

    files: DoorTimes
    api: DoorTimes
    basis: str
    source: str


NOTHING = Spread(0.0, 0.0, 0.0)

ASSUMED = Timing(
    files=DoorTimes(Spread(1800.0, 3420.0, 3600.0), Spread(60.0, 300.0, 900.0)),
    api=DoorTimes(NOTHING, Spread(1.0, 5.0, 30.0)),
    basis="assumed",
    source="files on every full hour, as published in March 2022, records spread evenly over it; the rest is ours",
)
"""What stands in until somebody rehearses."""


def read_timing(path: Path) -> Timing:
    """The times in the JSON report of a rehearsal. Raises ReportUnusable."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_REPORT + 1)
    except OSError as problem:
        raise ReportUnusable(f"{path} cannot be read: {problem.strerror or problem}.") from problem
    if len(content) > LARGEST_REPORT:
        raise ReportUnusable(f"{path} is too long for the report of a rehearsal.")
    try:
        report = orjson.loads(content)
    except orjson.JSONDecodeError as problem:
        raise ReportUnusable(f"{path} is not JSON: {problem}.") from problem
    where = f"{path} is not the report of a rehearsal"
    timing = _part(report, "timing", where)
    files, api = _part(timing, "files", where), _part(timing, "api", where)
    return Timing(
        files=DoorTimes(
            _spread(files, "waiting", "timing.files", where),
            _spread(files, "processing", "timing.files", where),
        ),
        api=DoorTimes(
            _spread(api, "waiting", "timing.api", where) if "waiting" in api else NOTHING,
            _spread(api, "processing", "timing.api", where),
        ),
        basis=MEASURED,
        source=f"{path}: this sandbox on one machine, not ESR",
    )


def _part(document: Any, name: str, where: str) -> dict[str, Any]:
    found = document.get(name) if isinstance(document, dict) else None
    if not isinstance(found, dict):
        raise ReportUnusable(f"{where}: it has no object {name!r}.")
    return found


def _spread(door: dict[str, Any], name: str, place: str, where: str) -> Spread:
    found = _part(door, name, f"{where} (in {place})")
    seconds = []
    for key in ("median", "p95", "max"):
        value = found.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise ReportUnusable(f"{where}: {place}.{name}.{key} is not a number of seconds.")
        seconds.append(float(value))
    if seconds != sorted(seconds):
        raise ReportUnusable(
            f"{where}: {place}.{name} is out of order; the median is the least of the three, and max the greatest."
        )
    return Spread(*seconds)
