"""A profile: how much a replay sends, how fast, and which limits its verdict holds it to.

A profile is a TOML file; the bundled ones stand in `profiles/` beside this module. Every key is required and an unknown
key is an error, so that a misspelt limit can never be left out of a verdict unseen.
"""

from __future__ import annotations

import tomllib
import typing
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path

from loadtests.errors import PlanError
from simulators.working_day import WorkingDay

BUNDLED = Path(__file__).parent / "profiles"


@dataclass(frozen=True, slots=True)
class Volume:
    """How many messages one day holds."""

    applicants_per_year: int
    """New starters' applications that reach ESR in a year, all employers together."""
    check_updates_per_year: int
    """Employment-check updates that reach ESR in a year."""
    working_days: int
    """Working days that the year is spread over."""
    busy_day_factor: float
    """How many times an average working day this day is."""
    scale: float
    """The share of that day which is replayed; 1 is national volume."""

    def day(self) -> WorkingDay:
        """The working day with these volumes, before `scale`."""
        return WorkingDay(
            applicants_a_year=self.applicants_per_year,
            check_updates_a_year=self.check_updates_per_year,
            working_days=self.working_days,
            peak_factor=self.busy_day_factor,
        )


@dataclass(frozen=True, slots=True)
class Pace:
    """When messages are due."""

    factor: float
    """Simulated seconds per second of wall time, when the caller names none."""
    history_share: float
    """The share of the day's volume over which one applicant's messages are spread (0 to 1)."""


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
class Limits:
    """What the verdict demands. Latencies are from the intended time, in milliseconds of wall time."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    error_rate: float
    """Share of sent messages that may end refused or without an answer (0 to 1)."""
    driver_lateness_p99_ms: float
    """Beyond this the driver itself could not keep pace, and nothing is concluded about latency."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of replay, as its file states it."""

    name: str
    title: str
    assumptions: tuple[str, ...]
    """What the profile takes for granted, each a sentence to be printed with the result."""
    volume: Volume
    pace: Pace
    sending: Sending
    limits: Limits


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
    _check_limits(profile, source)
    return profile


def _build(kind: type, table: object, source: str, place: str) -> object:
    if not isinstance(table, dict):
        raise PlanError(f"{source}: {place.rstrip('.')} must be a table.")
    hints = typing.get_type_hints(kind)
    expected = {field.name for field in fields(kind)}
    for key in sorted(set(table) - expected):
        raise PlanError(
            f"{source}: unknown key {place}{key}; known here: {', '.join(sorted(expected))}."
        )
    for key in sorted(expected - set(table)):
        raise PlanError(f"{source}: key {place}{key} is missing.")
    return kind(
        **{key: _value(hints[key], table[key], source, f"{place}{key}") for key in sorted(expected)}
    )


def _value(hint: object, value: object, source: str, place: str) -> object:
    if isinstance(hint, type) and is_dataclass(hint):
        return _build(hint, value, source, f"{place}.")
    if hint is str:
        if isinstance(value, str) and value.strip():
            return value
        raise PlanError(f"{source}: {place} must be a text.")
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


def _check_limits(profile: Profile, source: str) -> None:
    limits = profile.limits
    if not 0 < limits.p50_ms <= limits.p95_ms <= limits.p99_ms <= limits.max_ms:
        raise PlanError(f"{source}: limits must rise: 0 < p50_ms <= p95_ms <= p99_ms <= max_ms.")
    if not 0 < profile.pace.history_share < 1:
        raise PlanError(f"{source}: pace.history_share must be more than 0 and less than 1.")
    if limits.error_rate > 1:
        raise PlanError(f"{source}: limits.error_rate is a share, from 0 to 1.")
    positive = {
        "volume.applicants_per_year": profile.volume.applicants_per_year,
        "volume.working_days": profile.volume.working_days,
        "volume.busy_day_factor": profile.volume.busy_day_factor,
        "volume.check_updates_per_year": profile.volume.check_updates_per_year,
        "volume.scale": profile.volume.scale,
        "pace.factor": profile.pace.factor,
        "sending.connections": profile.sending.connections,
        "sending.answer_timeout_seconds": profile.sending.answer_timeout_seconds,
        "limits.driver_lateness_p99_ms": limits.driver_lateness_p99_ms,
    }
    for key, value in positive.items():
        if value <= 0:
            raise PlanError(f"{source}: {key} must be greater than zero.")
