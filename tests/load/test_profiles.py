"""Profiles are read strictly: a misspelt limit is an error, not a limit left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loadtests.errors import PlanError
from loadtests.profiles import BUNDLED, bundled_profiles, load_profile

DAY = (BUNDLED / "day.toml").read_text(encoding="utf-8")


def changed(tmp_path: Path, pattern: str, replacement: str) -> Path:
    path = tmp_path / "profile.toml"
    text, count = re.subn(pattern, replacement, DAY, count=1, flags=re.MULTILINE)
    assert count == 1
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", bundled_profiles())
def test_bundled_profile_loads_under_its_own_name(name: str) -> None:
    assert load_profile(name).name == name


def test_day_is_a_busy_day_at_national_volume() -> None:
    volume = load_profile("day").volume

    assert volume.day().applicants * volume.scale == pytest.approx(250_000 / 253 * 1.8, abs=1)


@pytest.mark.parametrize(
    ("pattern", "replacement", "told"),
    [
        (r"^p95_ms = .*$", "p59_ms = 500", "unknown key limits.p59_ms"),
        (r"^p95_ms = .*$", "", "key limits.p95_ms is missing"),
        (r"^p95_ms = .*$", "p95_ms = 1", "limits must rise"),
        (r"^p95_ms = .*$", 'p95_ms = "fast"', "limits.p95_ms must be a number"),
        (r"^p95_ms = .*$", "p95_ms = nan", "limits.p95_ms must be a number"),
        (r"^connections = .*$", "connections = 1.5", "sending.connections must be a whole number"),
        (r"^connections = .*$", "connections = true", "sending.connections must be a whole number"),
        (r"^factor = .*$", "factor = 0", "pace.factor must be greater than zero"),
        (r"^factor = .*$", "factor = ", "cannot be read"),
        (r"^error_rate = .*$", "error_rate = 2", "limits.error_rate is a share"),
        (r"^history_share = .*$", "history_share = 1", "pace.history_share"),
        (r"^name = .*$", 'name = "day"\ncolour = "red"', "unknown key colour"),
    ],
)
def test_faulty_profile_is_refused_with_its_key(
    tmp_path: Path, pattern: str, replacement: str, told: str
) -> None:
    path = changed(tmp_path, pattern, replacement)

    with pytest.raises(PlanError, match=re.escape(told)) as caught:
        load_profile(path)

    assert str(path) in str(caught.value)


def test_unknown_profile_names_those_there_are() -> None:
    with pytest.raises(PlanError, match="choose day, smoke"):
        load_profile("weekend")
