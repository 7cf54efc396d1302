"""Hours and pounds a year from measured times and named assumptions: the arithmetic, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.benefits import model
from sandbox.benefits.model import ASSUMPTIONS, PUBLISHED_SAVING, Benefits, Range, benefits
from sandbox.benefits.timing import (
    ASSUMED,
    NOTHING,
    DoorTimes,
    ReportUnusable,
    Spread,
    Timing,
    read_timing,
)
from sandbox.cli import run

REPORT: dict[str, Any] = {
    "verdict": "pass",
    "timing": {
        "files": {
            "waiting": {"median": 1790, "p95": 3400, "max": 3590},
            "processing": {"median": 10.0, "p95": 20.0, "max": 30.0},
        },
        "api": {"processing": {"median": 0.02, "p95": 0.05, "max": 0.5}},
    },
}
HALF = Timing(
    files=DoorTimes(Spread(3600.0, 3600.0, 3600.0), NOTHING),
    api=DoorTimes(NOTHING, Spread(1800.0, 1800.0, 1800.0)),
    basis="measured",
    source="a test",
)


def written(folder: Path, content: Any) -> Path:
    path = folder / "rehearsal.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["benefits", "--json", *arguments]) == 0
    return dict(json.loads(capsys.readouterr().out))


def near(found: Range, *expected: float) -> bool:
    return found.values() == pytest.approx(expected)


def test_the_arithmetic_is_what_the_model_says() -> None:
    found = benefits(HALF)

    records = 250_000 + 1_200_000
    looks = [
        records * share * minutes * 0.5 for share, minutes in ((0.02, 1), (0.05, 3), (0.15, 5))
    ]
    entered = [
        250_000 * share * minutes * mended
        for share, minutes, mended in ((0.005, 10, 0.25), (0.02, 20, 0.5), (0.05, 30, 0.75))
    ]
    hours = [sum(pair) / 60 for pair in zip(looks, entered, strict=True)]
    assert near(found.faster_percent, 50, 50, 50)
    assert near(found.elapsed_hours, *[records * 0.5] * 3)
    assert near(found.working_hours, *hours)
    assert near(found.pounds, hours[0] * 19, hours[1] * 22, hours[2] * 26)


def test_the_break_even_is_the_published_saving_over_records_and_cost() -> None:
    found = benefits(ASSUMED, 30.0)

    minutes = PUBLISHED_SAVING / 1_450_000 / 30.0 * 60
    assert near(found.break_even_minutes, minutes, minutes, minutes)
    assert minutes == pytest.approx(4.0)


def test_low_is_not_above_middle_nor_middle_above_high() -> None:
    found = benefits(ASSUMED)

    for values in (
        found.elapsed_hours,
        found.faster_percent,
        found.working_hours,
        found.pounds,
        found.break_even_minutes,
    ):
        assert values.low <= values.mid <= values.high


def test_an_api_that_is_slower_saves_nothing_on_the_way_and_is_said_to_be_later() -> None:
    slower = Timing(HALF.api, HALF.files, "measured", "a test")

    found = benefits(slower)

    assert near(found.faster_percent, 0, 0, 0)
    assert found.elapsed_hours.high < 0


def test_files_that_take_no_time_leave_nothing_to_save() -> None:
    nothing = DoorTimes(NOTHING, NOTHING)

    assert near(benefits(Timing(nothing, nothing, "measured", "a test")).faster_percent, 0, 0, 0)


@pytest.mark.parametrize("row", ASSUMPTIONS, ids=lambda row: row.name)
def test_every_assumption_names_its_basis_and_its_source(row: model.Assumption) -> None:
    assert row.basis in ("public", "assumed")
    assert row.source.startswith("https://") is (row.basis == "public")
    assert row.value.low <= row.value.mid <= row.value.high


@pytest.mark.parametrize("row", ASSUMPTIONS, ids=lambda row: row.name)
def test_every_assumption_bears_on_the_result(
    row: model.Assumption, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = benefits(ASSUMED)
    twice = Range(*(2 * value for value in row.value.values()))
    changed = model.Assumption(row.name, row.what, twice, row.unit, row.basis, row.source)
    rows = tuple(changed if item is row else item for item in ASSUMPTIONS)
    monkeypatch.setattr(model, "ASSUMPTIONS", rows)

    assert _numbers(benefits(ASSUMED)) != _numbers(before)


def _numbers(found: Benefits) -> tuple[Range, Range]:
    return found.pounds, found.break_even_minutes


def test_without_a_rehearsal_the_times_are_assumed_and_it_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["benefits"]) == 0

    said = " ".join(capsys.readouterr().out.split())
    assert "Nothing was measured" in said
    assert "does not confirm" in said
    assert "minutes of a recruiter's time" in said
    for row in ASSUMPTIONS:
        assert row.source in said


def test_measured_times_take_the_place_of_assumed_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, REPORT)

    found = printed(capsys, "--from", str(path))

    assert found["timing"]["basis"] == "measured"
    assert found["timing"]["files"]["waiting"]["median"] == 1790
    assert found["timing"]["api"]["waiting"]["median"] == 0
    assert found["result"]["fasterPercent"]["mid"] == pytest.approx(100 * (1 - 0.02 / 1800))
    assert found["published"]["confirmed"] is False
    assert [row["name"] for row in found["assumptions"]] == [row.name for row in ASSUMPTIONS]


def test_an_hourly_cost_takes_the_place_of_the_assumed_range(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = printed(capsys, "--hourly-cost", "24.5")

    (row,) = [item for item in found["assumptions"] if item["name"] == "hourlyCost"]
    assert set(row["value"].values()) == {24.5}
    assert row["source"] == "given: --hourly-cost"
    assert found["result"]["pounds"]["mid"] == pytest.approx(
        24.5 * found["result"]["workingHours"]["mid"]
    )


def _with(path: str, value: Any) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(json.dumps(REPORT))
    *way, last = path.split(".")
    target = report
    for step in way:
        target = target[step]
    target[last] = value
    return report


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[1, 2]", "no object 'timing'"),
        (b"null", "no object 'timing'"),
        ({}, "no object 'timing'"),
        ({"timing": []}, "no object 'timing'"),
        (_with("timing.files", None), "no object 'files'"),
        (_with("timing.api", {}), "no object 'processing'"),
        (_with("timing.files.waiting", 5), "no object 'waiting'"),
        (_with("timing.files.waiting.median", "1790"), "timing.files.waiting.median"),
        (_with("timing.files.waiting.median", True), "timing.files.waiting.median"),
        (_with("timing.files.waiting.p95", None), "timing.files.waiting.p95"),
        (_with("timing.api.processing.max", -1), "timing.api.processing.max"),
        (_with("timing.api.processing.median", 9), "out of order"),
        (_with("timing.api.waiting", {"median": 0, "p95": 0}), "timing.api.waiting.max"),
    ],
    ids=str,
)
def test_a_file_that_is_no_report_is_refused_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: Any, named: str
) -> None:
    path = written(tmp_path, content)

    code = run(["benefits", "--from", str(path)])

    said = capsys.readouterr()
    assert code == 2
    assert said.out == ""
    assert named in said.err
    assert str(path) in said.err


def test_a_file_that_is_not_there_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["benefits", "--from", str(tmp_path / "none.json")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_file_that_is_too_long_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.benefits.timing.LARGEST_REPORT", 10)

    with pytest.raises(ReportUnusable, match="too long"):
        read_timing(written(tmp_path, REPORT))


@pytest.mark.parametrize("cost", ["0", "-1", "1001", "nan", "much"])
def test_an_hourly_cost_that_is_none_is_refused(
    cost: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["benefits", "--hourly-cost", cost]) == 2
    assert capsys.readouterr().out == ""
