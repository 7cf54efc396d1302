"""A profile: which part of a year a replay sends, how fast, and which limits its verdict holds it to.

A profile is a TOML file; the bundled ones stand in `profiles/` beside this module. Every key is required unless it is
said to be optional, and an unknown key is an error, so that a misspelt limit can never be left out of a verdict unseen.

There are two kinds of pace, and so of verdict. At one *constant* factor latency means something and is judged. A
*capped* pace skips idle time and stretches the busy hours to what the target takes: it judges that nothing is lost, and
a limit of latency in such a profile is an error.
"""

from __future__ import annotations

import tomllib
import types
import typing
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from loadtests.errors import PlanError

BUNDLED = Path(__file__).parent / "profiles"
_UK = ZoneInfo("Europe/London")
_HOUR = 3_600_000_000


class Arrivals(StrEnum):
    """How the messages of an hour are spread over it."""

    SPREAD = "spread"
    """As the year has them."""
    HOURLY = "hourly"
    """All at once when the hour ends: the shape of the file interface."""


class Pacing(StrEnum):
    """How the year's time passes."""

    CONSTANT = "constant"
    CAPPED = "capped"


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the year that is replayed. Moments are local times of the United Kingdom."""

    begins: datetime
    ends: datetime
    arrivals: Arrivals
    closed_from: datetime | None = None
    """Optional: from when on ESR is closed. What is due meanwhile is sent when it opens, all at once."""
    closed_hours: float | None = None
    """Optional, with `closed_from`: for how long."""

    @property
    def moments(self) -> tuple[int, int]:
        """Where it begins and ends, in microseconds since the Unix epoch."""
        return _moment(self.begins), _moment(self.ends)

    def closed(self, hours: float | None = None) -> tuple[int, int] | None:
        """When ESR is closed, in microseconds since the epoch; `hours` in place of the profile's own."""
        if self.closed_from is None or self.closed_hours is None:
            return None
        begin = _moment(self.closed_from)
        return begin, begin + round((hours or self.closed_hours) * _HOUR)


def _moment(local: datetime) -> int:
    return round(local.replace(tzinfo=_UK).timestamp()) * 1_000_000


@dataclass(frozen=True, slots=True)
class Pace:
    """When messages are due."""

    kind: Pacing
    factor: float
    """Simulated seconds per second: throughout, or of an hour that need not be stretched."""
    share_of_capacity: float | None = None
    """With `capped`: the share of what the target was seen to take that is sent at most (0 to 1)."""


@dataclass(frozen=True, slots=True)
class Sending:
    """How the sender behaves; all of it in wall time."""

    connections: int
    """Most messages in flight at once. An open model must not reach it; if it does, the driver is late and says so."""
    answer_timeout_seconds: float
    """How long one attempt waits for its answer."""
    retry_for_seconds: float
    """How long after its first attempt a message is still tried again."""


@dataclass(frozen=True, slots=True)
class LatencyLimits:
    """The most that answers may take from the intended time, in milliseconds of wall time."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What the verdict demands."""

    error_rate: float
    """Share of sent messages that may end refused or without an answer (0 to 1)."""
    driver_lateness_p99_ms: float
    """Beyond this the driver itself could not keep pace, and nothing is concluded about latency."""
    latency: LatencyLimits | None = None
    """With a constant pace only, and there required."""
    recovery_seconds: float | None = None
    """With a closure, and there required: wall time from the opening until all that waited is answered."""
    growth: float | None = None
    """Optional, with a capped pace: the most that the median service time may have grown by the end, as a ratio.
    Judged from 100,000 messages on."""
    throughput_per_second: float | None = None
    """Optional, with a capped pace: the fewest messages a second, in wall time."""
    propagation_p95_ms: float | None = None
    """Optional: from ESR's answer to a change until the event of it reaches a receiver, in wall time."""
    longest_stall_seconds: float | None = None
    """For a supplier, and there required: how long nothing may arrive while something is due, in wall time."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of replay, as its file states it."""

    name: str
    title: str
    assumptions: tuple[str, ...]
    """What the profile takes for granted, each a sentence to be printed with the result."""
    applicants_per_year: int
    """How many applicants the year has of which this is a part, when the caller names no number."""
    pace: Pace
    sending: Sending
    limits: Limits
    window: Window | None = None
    """Optional: left out, the whole year is sent."""


def bundled_profiles() -> tuple[str, ...]:
    """The names that `load_profile` takes without a path."""
    return tuple(sorted(path.stem for path in BUNDLED.glob("*.toml")))


def load_profile(name_or_path: str | Path) -> Profile:
    """Read a bundled profile by name, or any profile by the path of its TOML file.

    Raises `PlanError` that names the file and the key: unreadable, not TOML, a key missing or unknown, a value of the
    wrong type or out of range, limits that contradict each other.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = BUNDLED / f"{name_or_path}.toml"
        if not path.is_file():
            known = ", ".join(bundled_profiles())
            raise PlanError(
                f"There is no profile {str(name_or_path)!r}; choose {known} or give the path of a .toml file."
            )
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PlanError(f"The profile {path} cannot be read: {error}.") from error
    return parse_profile(document, source=str(path))


def parse_profile(document: dict[str, object], source: str) -> Profile:
    """Turn a parsed TOML document into a profile; `source` names it in errors. Raises `PlanError`."""
    profile = _build(Profile, document, source, "")
    assert isinstance(profile, Profile)
    _check(profile, source)
    return profile


def _build(kind: type, table: object, source: str, place: str) -> object:
    if not isinstance(table, dict):
        raise PlanError(f"{source}: {place.rstrip('.')} must be a table.")
    hints = typing.get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}
    for key in sorted(set(table) - set(known)):
        raise PlanError(
            f"{source}: unknown key {place}{key}; known here: {', '.join(sorted(known))}."
        )
    for key, field in sorted(known.items()):
        if key not in table and field.default is MISSING:
            raise PlanError(f"{source}: key {place}{key} is missing.")
    return kind(
        **{key: _value(hints[key], table[key], source, f"{place}{key}") for key in sorted(table)}
    )


def _value(hint: object, value: object, source: str, place: str) -> object:
    if isinstance(hint, types.UnionType):
        hint = next(each for each in typing.get_args(hint) if each is not types.NoneType)
    if isinstance(hint, type) and is_dataclass(hint):
        return _build(hint, value, source, f"{place}.")
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        if isinstance(value, str) and value in list(hint):
            return hint(value)
        raise PlanError(f"{source}: {place} must be one of {', '.join(hint)}.")
    if hint is str:
        if isinstance(value, str) and value.strip():
            return value
        raise PlanError(f"{source}: {place} must be a text.")
    if hint is datetime:
        if isinstance(value, datetime) and value.tzinfo is None:
            return value
        raise PlanError(f"{source}: {place} must be a local date and time: 2026-09-07T08:00:00.")
    if hint in (int, float):
        number = isinstance(value, int if hint is int else (int, float)) and not isinstance(
            value, bool
        )
        if not number or not 0 <= float(typing.cast(float, value)) < 1e12:
            raise PlanError(
                f"{source}: {place} must be a {'whole ' if hint is int else ''}number, zero or more."
            )
        return value if hint is int else float(typing.cast(float, value))
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise PlanError(f"{source}: {place} must be a list of texts.")


def _check(profile: Profile, source: str) -> None:
    """What goes together, and what is in range. Raises PlanError."""
    _check_window(profile, source)
    limits, pace = profile.limits, profile.pace
    latency = limits.latency
    if pace.kind is Pacing.CONSTANT:
        if latency is None:
            raise PlanError(
                f"{source}: key limits.latency is missing: a constant pace is judged by it."
            )
        if pace.share_of_capacity is not None:
            raise PlanError(f"{source}: pace.share_of_capacity belongs to a capped pace.")
        if not 0 < latency.p50_ms <= latency.p95_ms <= latency.p99_ms <= latency.max_ms:
            raise PlanError(
                f"{source}: limits of latency must rise: 0 < p50_ms <= p95_ms <= p99_ms <= max_ms."
            )
    else:
        if latency is not None or limits.propagation_p95_ms is not None:
            raise PlanError(
                f"{source}: a capped pace stretches the busy hours, so latency cannot be judged; leave limits.latency "
                "and limits.propagation_p95_ms out."
            )
        if pace.share_of_capacity is None or not 0 < pace.share_of_capacity <= 1:
            raise PlanError(
                f"{source}: pace.share_of_capacity must be more than 0 and at most 1 with a capped pace."
            )
    if limits.error_rate > 1:
        raise PlanError(f"{source}: limits.error_rate is a share, from 0 to 1.")
    positive = {
        "applicants_per_year": profile.applicants_per_year,
        "pace.factor": pace.factor,
        "sending.connections": profile.sending.connections,
        "sending.answer_timeout_seconds": profile.sending.answer_timeout_seconds,
        "limits.driver_lateness_p99_ms": limits.driver_lateness_p99_ms,
    }
    for key, value in positive.items():
        if value <= 0:
            raise PlanError(f"{source}: {key} must be greater than zero.")


def _check_window(profile: Profile, source: str) -> None:
    window = profile.window
    if window is None:
        if profile.pace.kind is Pacing.CONSTANT:
            raise PlanError(
                f"{source}: key window is missing: a whole year at one factor takes too long; cap the pace."
            )
        return
    if window.begins >= window.ends:
        raise PlanError(f"{source}: window.begins must lie before window.ends.")
    if (window.closed_from is None) != (window.closed_hours is None):
        raise PlanError(f"{source}: window.closed_from and window.closed_hours go together.")
    closed = window.closed()
    first, last = window.moments
    if closed is not None and not (first <= closed[0] < closed[1] < last):
        raise PlanError(f"{source}: ESR must close and open again within the window.")
    if (closed is None) != (profile.limits.recovery_seconds is None):
        raise PlanError(
            f"{source}: limits.recovery_seconds goes with window.closed_from: it limits the recovery after a closure."
        )
