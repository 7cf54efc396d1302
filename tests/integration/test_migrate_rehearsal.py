"""`esr-sandbox migrate-rehearsal`: both doors agree, and what does not agree is found and listed."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from sandbox.cli import FAILED, HELD, INCONCLUSIVE, MISUSED, run
from sandbox.esr.reference import coded_lists
from sandbox.rehearsal import cutover, overlaps
from sandbox.rehearsal.cutover import CutoverResult, run_cutover
from sandbox.rehearsal.file_door import FileDoor
from sandbox.rehearsal.intentions import Verdict
from sandbox.rehearsal.messages import Door
from sandbox.rehearsal.overlaps import OVERLAPS, Direction
from sandbox.rehearsal.run import LEAST_IN_FLIGHT, first_day
from sandbox.rehearsal.schedule import Schedule
from sandbox.server import Started, started
from simulators.world import World

COUNT = 40
WAIT = 60


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One rehearsal for all tests of its report, whichever processes they run in."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "shared-rehearsal"
    with FileLock(f"{shared}.lock"):
        if not shared.exists():
            out = ["--report", str(shared)]
            assert run(["migrate-rehearsal", "--count", str(COUNT), *out]) == HELD
    return shared


@pytest.fixture(scope="session")
def report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "rehearsal.json").read_bytes())
    return found


def test_both_doors_agree_field_by_field_and_answer_by_answer(report: dict[str, Any]) -> None:
    parity = report["parity"]

    assert report["result"] == "pass"
    assert parity["agrees"]
    assert (parity["differences"], parity["answerDifferences"]) == ([], [])
    assert parity["applicants"] >= COUNT - 5
    assert parity["checks"] > 2 * COUNT
    assert parity["fields"] > 50 * COUNT
    assert {item["pointer"] for item in parity["leftOut"]} >= {"/applicantNumber", "/updatedAt"}


def test_in_both_directions_nothing_is_lost_doubled_or_contradictory(
    report: dict[str, Any],
) -> None:
    assert [item["direction"] for item in report["cutovers"]] == list(Direction)
    for item in report["cutovers"]:
        assert (item["lost"], item["doubled"], item["contradictory"]) == (0, 0, 0)
        assert (item["unexpected"], item["faults"]) == ([], [])
        assert item["inFlight"] == LEAST_IN_FLIGHT
        assert all(kind["seen"] == kind["as_defined"] >= 2 for kind in item["overlaps"])
    names = {kind["name"] for item in report["cutovers"] for kind in item["overlaps"]}
    assert names == {overlap.name for overlap in OVERLAPS}


def test_waiting_is_told_apart_from_processing(report: dict[str, Any]) -> None:
    timing = report["timing"]

    assert timing["api"]["waiting"]["max"] == 0
    assert 0 < timing["files"]["waiting"]["median"] < timing["files"]["waiting"]["max"] <= 3600
    for door in ("files", "api"):
        spread = timing[door]["processing"]
        assert 0 < spread["median"] <= spread["p95"] <= spread["max"]
        assert spread["count"] == sum(report["parity"]["messages"].values())
    assert timing["claimed"]["confirmed"] is False
    assert timing["claimed"]["source"].startswith("https://esrnews.nhs.uk/march-2022/")


def test_the_page_shows_the_verdict_with_a_text_and_a_table_behind_each_chart(
    folder: Path, report: dict[str, Any]
) -> None:
    page = (folder / "rehearsal.html").read_text()

    assert page.count("<svg") == page.count("The numbers behind the chart") == 2
    assert len(re.findall(r'<div role="img" aria-label="[^"]{20,}">', page)) == 2
    assert "confirms nothing of that" in page
    assert 'src="' not in page
    for item in report["parity"]["leftOut"]:
        assert item["pointer"] in page


def test_the_benefits_are_computed_from_its_report(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["benefits", "--from", str(folder / "rehearsal.json"), "--json"]) == HELD

    assert json.loads(capsys.readouterr().out)["timing"]["basis"] == "measured"


def test_a_mapping_that_was_changed_in_one_door_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The supplier's side alone: ESR runs in a process of its own.
    codes = coded_lists()["ethnic-category"].interface
    monkeypatch.setitem(codes, "A", codes["C"])  # type: ignore[arg-type]

    code = run(["migrate-rehearsal", "--count", "30", "--json", "--report", str(tmp_path)])

    assert code == FAILED
    found = json.loads(capsys.readouterr().out)
    differences = found["parity"]["differences"]
    assert found["result"] == "fail"
    assert not found["parity"]["agrees"]
    assert {item["pointer"] for item in differences} == {"/person/ethnicOrigin"}
    assert all(item["files"].startswith("[masked ") for item in differences)
    assert len({(item["files"], item["api"]) for item in differences}) == 1
    # The cutover finds it too: what ESR holds was never meant.
    assert all(item["contradictory"] for item in found["cutovers"])
    page = (tmp_path / "rehearsal.html").read_text()
    assert "What differs" in page
    assert "/person/ethnicOrigin" in page


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Started]:
    hub = str(tmp_path / "hub")
    with started("--only", "esr", "--world", "empty", "--hub", hub, folder=tmp_path) as found:
        yield found


def moved(running: Started, folder: Path, direction: Direction) -> CutoverResult:
    day = first_day()
    begins = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
    world = World.make(1, 1, 30)
    return run_cutover(running, folder / "hub", direction, 75, world, begins, lambda *_: None)


def test_a_supplier_that_forgets_what_was_set_aside_has_lost_it(
    running: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = cutover.schedule

    def forgetful(*arguments: Any) -> Schedule:
        found = schedule(*arguments)
        kept = tuple(item for item in found.planned if item.sending.hour != 4 or not item.overlap)
        return replace(found, planned=kept)

    monkeypatch.setattr(cutover, "schedule", forgetful)

    found = moved(running, tmp_path, Direction.TO_API)

    assert not found.agrees
    assert found.count(Verdict.LOST) > 0
    assert {fault.record.split()[0] for fault in found.faults} >= {"applicant", "withdrawal"}


def test_a_result_that_is_not_as_defined_is_listed(
    running: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [first, *others] = OVERLAPS
    file, api = first.sendings
    wrong = replace(first, sendings=(replace(file, result="ALREADY_EXISTS"), api))
    monkeypatch.setattr(overlaps, "OVERLAPS", (wrong, *others))

    found = moved(running, tmp_path, Direction.TO_FILES)

    [kind] = [kind for kind in found.kinds if kind.seen != kind.as_defined]
    assert not found.agrees
    assert (kind.name, kind.as_defined) == (first.name, 0)
    assert {(item.defined, item.found.split()[0]) for item in found.unexpected} == {
        ("ALREADY_EXISTS", "APPLICANT_EXISTS")
    }
    assert {item.door for item in found.unexpected} == {Door.FILES}


def test_a_file_that_is_lost_on_its_way_is_found_out(
    running: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = FileDoor._write
    lost: list[int] = []

    def careless(self: FileDoor, *arguments: Any) -> None:
        if not lost:
            lost.append(len(arguments[2]))
            arguments = (*arguments[:2], arguments[2][:-1], *arguments[3:])
        write(self, *arguments)

    monkeypatch.setattr(FileDoor, "_write", careless)

    found = moved(running, tmp_path, Direction.TO_API)

    assert lost[0] > 1
    assert not found.agrees
    assert found.count(Verdict.LOST) == 1
    assert "NEVER_ANSWERED" in {item.found for item in found.unexpected}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--count", "0"], "--count"),
        (["--count", "many"], "--count"),
        (["--seed", "-1"], "--seed"),
        (["--report", "taken"], "taken"),
        (["--files"], "--files"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(
    arguments: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file, no folder")

    assert run(["migrate-rehearsal", *arguments]) == MISUSED

    said = capsys.readouterr().err
    assert says in said
    assert "Traceback" not in said


def test_ctrl_c_stops_everything_and_is_inconclusive(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox.cli", "migrate-rehearsal", "--report", str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        sandbox = _child_of(process)
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=WAIT)

    assert process.returncode == INCONCLUSIVE
    assert printed == b""
    assert said.decode().splitlines()[-1] == "Stopped. Nothing that was acknowledged is lost."
    with pytest.raises(ProcessLookupError):
        os.kill(sandbox, 0)


def _child_of(process: subprocess.Popen[bytes]) -> int:
    """The sandbox that the command has started; waits until it has made its hub."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while process.poll() is None:
        for child in children.read_text().split():
            words = Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0")
            if "--hub" in words and Path(words[words.index("--hub") + 1]).exists():
                return int(child)
    raise AssertionError("it ended before it had started a sandbox")


@pytest.mark.prove
def test_five_thousand_applicants_agree_and_a_thousand_in_flight_are_kept(tmp_path: Path) -> None:
    code = run(["migrate-rehearsal", "--count", "5000", "--seed", "7", "--report", str(tmp_path)])

    found = json.loads((tmp_path / "rehearsal.json").read_bytes())
    parity = found["parity"]
    print(
        f"{parity['applicants']:,} applicants, {parity['checks']:,} checks, {parity['fields']:,} fields: "
        f"{len(parity['differences'])} differences; timing {found['timing']}"
    )
    for item in found["cutovers"]:
        told = {name: item[name] for name in ("inFlight", "lost", "doubled", "contradictory")}
        print(f"{item['direction']}: {told}")
        assert told == {"inFlight": 1000, "lost": 0, "doubled": 0, "contradictory": 0}
    assert (parity["differences"], parity["answerDifferences"]) == ([], [])
    assert parity["messages"]["check"] > 23_000
    assert code == HELD
