"""The profiles of a replay, as a page tells them, and who may start which with what."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from loadtests.profiles import Pacing, Profile, bundled_profiles, load_profile
from sandbox.console.words import milliseconds

SUPPLIER = "supplier"
OWN, HERE = "own", "here"
AGAINST: Mapping[str, str] = {
    OWN: "a sandbox of its own, started for it and stopped at the end",
    HERE: "this sandbox, in a workspace of its own that stays",
}
NOT_HERE = (
    "Against a sandbox that serves many suppliers nothing is replayed from here: it would slow all of them down, and it sends no "
    "events to the machine that it runs on. Choose a sandbox of its own."
)
_LIGHT = "smoke"
"""What whoever shares a machine with others may start."""
MOST_APPLICANTS = 250_000
_MESSAGES: Mapping[str, int] = {
    "smoke": 100,
    "peak-hour": 1_250,
    "day": 11_000,
    "hourly-burst": 11_000,
    "backlog": 13_000,
    "month": 168_000,
    "supplier": 1_100,
    "year": 1_500_000,
}
"""Counted with seed 1 at full scale; another seed gives a few more or less."""
_CAPPED_PER_SECOND = 1_000
"""About what a sandbox on two cores takes, by which a capped pace goes."""
_ORDER = ("smoke", "peak-hour", "day", "hourly-burst", "backlog", "supplier", "month", "year")


@dataclass(frozen=True, slots=True)
class Shown:
    """One profile."""

    name: str
    title: str
    applicants: int
    messages: int
    """About how many at full scale; 0 where nobody has counted."""
    takes: str
    """How long the sending takes at full scale, in words."""
    pace: str
    limits: tuple[str, ...]
    assumptions: tuple[str, ...]


@cache
def profiles() -> Mapping[str, Shown]:
    """By name, the quick ones first."""
    known = bundled_profiles()
    names = [name for name in _ORDER if name in known]
    names += [name for name in known if name not in names]
    return {name: _shown(load_profile(name)) for name in names}


def refusal(profile: str, applicants: int | None, *, is_esr_team: bool) -> str:
    """Why somebody on a machine that others use may not start this; empty where it may be started."""
    if is_esr_team:
        return ""
    most = profiles()[_LIGHT].applicants
    if profile == _LIGHT and (applicants or most) <= most:
        return ""
    return (
        "This sandbox serves many suppliers, and a replay takes processors from all of them. Here you can start the profile "
        f"{_LIGHT} with up to {most:,} applicants, against a sandbox of its own. Ask the ESR team for more, or run the command "
        "on a machine of yours."
    )


def _shown(profile: Profile) -> Shown:
    messages = _MESSAGES.get(profile.name, 0)
    window, factor = profile.window, profile.pace.factor
    if profile.pace.kind is Pacing.CONSTANT and window is not None:
        first, last = window.moments
        takes = _length((last - first) / 1e6 / factor)
        pace = f"{factor:,.0f} times as fast as life, throughout"
    else:
        takes = f"about {_length(messages / _CAPPED_PER_SECOND)} at {_CAPPED_PER_SECOND:,} a second"
        pace = "idle hours are skipped, busy ones stretched to what ESR takes"
    return Shown(
        profile.name,
        profile.title,
        profile.applicants_per_year,
        messages,
        takes,
        pace,
        tuple(_limits(profile)),
        profile.assumptions,
    )


def _limits(profile: Profile) -> Iterator[str]:
    limits, latency = profile.limits, profile.limits.latency
    yield "nothing lost, doubled or altered"
    yield "no errors" if limits.error_rate == 0 else f"errors: {limits.error_rate:.2%} at most"
    if latency is not None:
        yield (
            f"answers: half within {_time(latency.p50_ms)}, 95 in 100 within {_time(latency.p95_ms)}, 99 in 100 within "
            f"{_time(latency.p99_ms)}, all within {_time(latency.max_ms)}"
        )
    if limits.propagation_p95_ms is not None:
        yield f"events: 95 in 100 at the receiver within {_time(limits.propagation_p95_ms)}"
    if limits.recovery_seconds is not None:
        yield f"what waited is answered within {limits.recovery_seconds:,.0f} s of the opening"
    if limits.longest_stall_seconds is not None:
        yield f"no stall over {limits.longest_stall_seconds:,.0f} s"
    if limits.growth is not None:
        yield f"answers take no more than {limits.growth:g} times as long at the end"
    if limits.throughput_per_second is not None:
        yield f"{limits.throughput_per_second:g} messages a second at least"


def _time(value: float) -> str:
    return f"{value / 1000:g} s" if value >= 1000 else milliseconds(value).replace(".0 ", " ")


def _length(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds < 120 else f"{seconds / 60:,.0f} min"
