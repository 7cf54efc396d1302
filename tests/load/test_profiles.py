"""Profiles are read strictly: a misspelt limit is an error, not a limit left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loadtests.errors import PlanError
from loadtests.pacer import constant
from loadtests.profiles import BUNDLED, Arrivals, Pacing, bundled_profiles, load_profile

HOUR = 3_600_000_000


def changed(folder: Path, name: str, pattern: str, replacement: str) -> Path:
    """A copy of a bundled profile with one change."""
    path = folder / "profile.toml"
    text = (BUNDLED / f"{name}.toml").read_text(encoding="utf-8")
    text, count = re.subn(pattern, replacement, text, count=1, flags=re.MULTILINE)
    assert count == 1
    path.write_text(text, encoding="utf-8")
    return path


def test_profiles_of_the_year_are_bundled() -> None:
    names = {"smoke", "peak-hour", "day", "month", "year", "backlog", "hourly-burst"}

    assert names <= set(bundled_profiles())


@pytest.mark.parametrize("name", bundled_profiles())
def test_bundled_profile_loads_under_its_own_name(name: str) -> None:
    assert load_profile(name).name == name


@pytest.mark.parametrize("name", bundled_profiles())
def test_latency_is_limited_at_a_constant_pace_alone(name: str) -> None:
    profile = load_profile(name)

    is_constant = profile.pace.kind is Pacing.CONSTANT
    assert (profile.limits.latency is not None) == is_constant
    assert is_constant == (name not in ("month", "year"))


@pytest.mark.parametrize("name", bundled_profiles())
def test_window_is_whole_hours_of_the_year(name: str) -> None:
    window = load_profile(name).window
    if window is None:
        assert name == "year"
        return
    first, last = window.moments

    assert first < last
    assert first % HOUR == last % HOUR == 0
    assert constant(first, last, 1, 1.0).seconds == (last - first) / 1_000_000


def test_window_is_in_the_time_of_the_united_kingdom() -> None:
    window = load_profile("peak-hour").window
    assert window is not None

    # Eleven o'clock of summer time.
    assert window.moments[0] == 1_785_837_600_000_000


def test_shapes_of_the_profiles_are_those_of_their_names() -> None:
    burst, backlog = load_profile("hourly-burst").window, load_profile("backlog").window
    assert burst is not None
    assert backlog is not None

    assert burst.arrivals is Arrivals.HOURLY
    for hours in (None, 2.0, 144.0):
        closed = backlog.closed(hours)
        assert closed is not None
        assert closed[1] - closed[0] == (hours or 12) * HOUR


@pytest.mark.parametrize(
    ("name", "pattern", "replacement", "told"),
    [
        ("day", r"^p95_ms = .*$", "p59_ms = 500", "unknown key limits.latency.p59_ms; known here: "),
        ("day", r"^p95_ms = .*$", "", "key limits.latency.p95_ms is missing"),
        ("day", r"^name = .*$", 'name = "day"\ncolour = "red"', "unknown key colour; known here: "),
        ("day", r"^error_rate = .*$", "", "key limits.error_rate is missing"),
        ("day", r"^name = .*$", "", "key name is missing"),
        ("day", r"^\[sending\]$", "[posting]", "unknown key posting"),
        ("day", r"^p95_ms = .*$", "p95_ms = 1", "limits of latency must rise"),
        ("day", r"^p50_ms = .*$", "p50_ms = 0", "limits of latency must rise"),
        ("day", r"^p95_ms = .*$", 'p95_ms = "fast"', "limits.latency.p95_ms must be a number"),
        ("day", r"^p95_ms = .*$", "p95_ms = nan", "limits.latency.p95_ms must be a number"),
        ("day", r"^max_ms = .*$", "max_ms = inf", "limits.latency.max_ms must be a number"),
        ("day", r"^error_rate = .*$", "error_rate = 2", "limits.error_rate is a share"),
        ("day", r"^error_rate = .*$", "error_rate = -0.1", "limits.error_rate must be a number"),
        ("day", r"^connections = .*$", "connections = 1.5", "sending.connections must be a whole"),
        ("day", r"^connections = .*$", "connections = true", "sending.connections must be a whole"),
        ("day", r"^connections = .*$", "connections = 0", "sending.connections must be greater"),
        ("day", r"^applicants_per_year = .*$", "applicants_per_year = 0", "applicants_per_year must"),
        ("day", r"^factor = .*$", "factor = 0", "pace.factor must be greater than zero"),
        ("day", r"^factor = .*$", "factor = ", "cannot be read"),
        ("day", r"^kind = .*$", 'kind = "quick"', "pace.kind must be one of constant, capped"),
        ("day", r"^arrivals = .*$", "arrivals = 1", "window.arrivals must be one of spread, hourly"),
        ("day", r"^title = .*$", 'title = " "', "title must be a text"),
        ("day", r"^assumptions = .*$", "assumptions = [1]", "assumptions must be a list of texts"),
        ("day", r"^begins = .*$", "begins = 2026-09-03T00:00:00", "window.begins must lie before"),
        ("day", r"^begins = .*$", "begins = 2026-09-01T00:00:00Z", "window.begins must be a local"),
        ("day", r"^begins = .*$", 'begins = "monday"', "window.begins must be a local date"),
        ("day", r"^\[limits.latency\]$", "[limits.other]", "unknown key limits.other"),
        ("day", r"^\[limits.latency\](.|\n)*", "", "key limits.latency is missing"),
        ("day", r"^\[window\](.|\n)*\[pace\]$", "[pace]", "key window is missing"),
        ("day", r"^factor = .*$", "factor = 7\nshare_of_capacity = 0.5", "pace.share_of_capacity"),
        ("day", r"^error_rate = .*$", "error_rate = 0\nrecovery_seconds = 9", "recovery_seconds goes"),
        ("year", r"^share_of_capacity = .*$", "", "pace.share_of_capacity must be more than 0"),
        ("year", r"^share_of_capacity = .*$", "share_of_capacity = 1.5", "pace.share_of_capacity"),
        (
            "year",
            r"^growth = (.|\n)*",
            "[limits.latency]\np50_ms = 1\np95_ms = 2\np99_ms = 3\nmax_ms = 4",
            "leave limits.latency and limits.propagation_p95_ms out",
        ),
        ("month", r"^growth = .*$", "propagation_p95_ms = 9", "so latency cannot be judged"),
        ("backlog", r"^recovery_seconds = .*$", "", "limits.recovery_seconds goes with"),
        ("backlog", r"^closed_hours = .*$", "", "closed_from and window.closed_hours go together"),
        ("backlog", r"^closed_hours = .*$", "closed_hours = 0", "must close and open again within"),
        ("backlog", r"^closed_hours = .*$", "closed_hours = 99", "must close and open again within"),
    ],
)  # fmt: skip
def test_faulty_profile_is_refused_with_its_file_and_key(
    tmp_path: Path, name: str, pattern: str, replacement: str, told: str
) -> None:
    path = changed(tmp_path, name, pattern, replacement)

    with pytest.raises(PlanError, match=re.escape(told)) as caught:
        load_profile(path)

    assert str(caught.value).removeprefix("The profile ").startswith(str(path))


def test_unknown_profile_names_those_there_are() -> None:
    with pytest.raises(PlanError, match="choose backlog, day, hourly-burst"):
        load_profile("weekend")


def test_profile_that_is_not_there_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"gone\.toml cannot be read: .*No such file"):
        load_profile(tmp_path / "gone.toml")


def test_profile_that_is_no_text_is_one_clear_sentence(tmp_path: Path) -> None:
    path = tmp_path / "binary.toml"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(PlanError, match="cannot be read"):
        load_profile(path)
