"""`esr-sandbox realism`: the report, its exit code, and what it refuses."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.cli import realism, run

COUNT = "300"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("realism")
    assert run(["realism", "--count", COUNT, "--world", "trust", "--report", str(found)]) == 0
    return found


def test_the_report_is_a_page_and_json(folder: Path) -> None:
    page = (folder / "realism.html").read_text()
    data = json.loads((folder / "realism.json").read_bytes())

    assert data["result"] == "pass"
    assert {each["failed"] for each in data["diagnostics"]} == {0}
    assert page.count("<svg") == len(data["marginals"]) > 20
    for each in data["marginals"]:
        assert all(each[name] for name in ("urls", "date", "basis", "population")), each["id"]
        assert f'<figure id="{each["id"]}">' in page
    for each in data["assumptions"]:
        assert each["title"] in page


def test_every_chart_has_a_text_and_a_table(folder: Path) -> None:
    page = (folder / "realism.html").read_text()

    charts = page.count("<svg")
    assert len(re.findall(r'<div role="img" aria-label="[^"]{20,}">', page)) == charts
    assert page.count("The numbers behind the chart") == charts
    assert 'src="' not in page


def test_json_for_scripts_is_all_that_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--count", "20", "--world", "small", "--json", "--report", str(tmp_path)]

    assert run(["realism", *arguments]) == 0

    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "realism.json").read_bytes())
    assert printed["facts"]["Applicants"].startswith("20,")


def test_the_same_seed_gives_the_same_report(folder: Path, tmp_path: Path) -> None:
    assert run(["realism", "--count", COUNT, "--world", "trust", "--report", str(tmp_path)]) == 0

    first, second = (
        json.loads((each / "realism.json").read_bytes()) for each in (folder, tmp_path)
    )
    for report in (first, second):
        del report["facts"]["Took"]
    assert first == second


def test_one_failing_applicant_is_exit_code_1_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = realism._surroundings

    def without_a_code(*arguments: Any) -> Any:
        around = made(*arguments)
        codes = {**around.code_lists, "gender": frozenset({"1"})}
        return replace(around, code_lists=codes)

    monkeypatch.setattr(realism, "_surroundings", without_a_code)

    code = run(["realism", "--count", "20", "--world", "small", "--report", str(tmp_path)])

    assert code == 1
    assert "FAIL gender" in capsys.readouterr().out
    data = json.loads((tmp_path / "realism.json").read_bytes())
    assert data["result"] == "fail"
    [failed] = [each for each in data["diagnostics"] if each["failed"]]
    assert failed["examples"]
    assert "First: applicants" in (tmp_path / "realism.html").read_text()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--count", "0"],
        ["--count", "many"],
        ["--count", "1000001"],
        ["--seed", "-1"],
        ["--world", "galaxy"],
        ["--unheard-of"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_asked_is_refused(arguments: list[str], tmp_path: Path) -> None:
    assert run(["realism", *arguments, "--report", str(tmp_path / "out")]) == 2

    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("kept")

    assert run(["realism", "--count", "5", "--report", str(file)]) == 2
    assert file.read_text() == "kept"
