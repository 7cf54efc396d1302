"""`esr-sandbox replay` through the front door: a small replay, its results on the terminal, in JSON and as files."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from junitparser import JUnitXml

from sandbox.server import Started

WAIT = 120
ARGUMENTS = ("--profile", "smoke", "--applicants", "600", "--factor", "36000", "--world", "small")
"""The busiest hours of a year of 600 applicants, in a second."""
CODES = {"pass": 0, "fail": 1, "inconclusive": 3}


def replay(sandbox: Started, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox.cli", "replay", "--url", sandbox.url, *ARGUMENTS, *arguments],
        cwd=folder,
        env={**os.environ, "ESR_SANDBOX_TOKEN": sandbox.token, "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )  # fmt: skip


def test_a_replay_ends_with_a_verdict_and_the_paths_of_its_results(
    sandbox: Started, tmp_path: Path
) -> None:
    report = tmp_path / "reports" / "replay"
    report.mkdir(parents=True)
    (report / "locust_of_an_earlier_run.csv").write_text("old")

    ended = replay(sandbox, tmp_path, "--seed", "11", "--events", "told/events.ndjson")

    # How fast the answers come is the machine's affair; that they are all found again is not.
    data = json.loads((report / "replay.json").read_bytes())
    assert ended.returncode == CODES[data["outcome"]], ended.stderr
    assert data["counts"]["acknowledged"] == data["counts"]["planned"] > 0
    assert data["reconciliation"]["clean"] is True
    assert data["reconciliation"]["confirmed"] == data["reconciliation"]["acknowledged"]
    lines = ended.stdout.splitlines()
    assert f"Verdict: {data['outcome'].upper()}" in ended.stdout
    assert lines[-8:-4] == [
        "reports/replay/replay.html",
        "reports/replay/replay.json",
        "reports/replay/replay.junit.xml",
        "reports/replay/ledger.ndjson",
    ]
    assert lines[-4:] == sorted(f"reports/replay/{path.name}" for path in report.glob("locust_*"))
    assert "reports/replay/locust_stats.csv" in lines
    assert all((tmp_path / path).is_file() for path in lines[-8:])
    assert next(iter(data["phases"])) == "setting up"
    assert {"replaying", "reconciling"} <= set(data["phases"])
    assert data["facts"]["Target"] == f"{sandbox.url}/esr/v1"
    first, *steps, last = map(
        json.loads, (tmp_path / "told" / "events.ndjson").read_text().splitlines()
    )
    assert (first["event"], first["profile"], first["factor"]) == ("plan", "smoke", 36_000)
    assert [step["event"] for step in steps] == ["progress"] * len(steps)
    assert (steps[0]["phase"], steps[-1]["phase"]) == ("prepare", "reconcile")
    assert steps[-1]["answered"] == data["counts"]["acknowledged"]
    assert (
        sum(step["latency"]["count"] for step in steps if step["latency"]) == steps[-1]["answered"]
    )
    assert (last["event"], last["outcome"]) == ("verdict", data["outcome"])
    assert [item["what"] for item in last["findings"]] == [
        item["name"] for item in data["findings"]
    ]


def test_the_same_replay_as_json_has_standard_output_to_itself(
    sandbox: Started, tmp_path: Path
) -> None:
    ended = replay(sandbox, tmp_path, "--seed", "12", "--json", "--report", "results")

    told = json.loads(ended.stdout)
    assert ended.returncode == CODES[told["outcome"]]
    assert told["reconciliation"]["lost"] == 0
    assert "results/replay.html" in ended.stderr.splitlines()
    [suite] = list(JUnitXml.fromfile(str(tmp_path / "results" / "replay.junit.xml")))
    assert [case.name for case in suite] == [finding["name"] for finding in told["findings"]]
    failed = [finding for finding in told["findings"] if finding["outcome"] == "fail"]
    assert suite.failures == len(failed)


@pytest.mark.parametrize("taken", ["reports", "reports/replay"])
def test_a_report_that_cannot_be_written_is_known_before_anything_is_sent(
    sandbox: Started, tmp_path: Path, taken: str
) -> None:
    path = tmp_path / taken
    path.parent.mkdir(exist_ok=True)
    path.write_text("a file, no folder")

    ended = replay(sandbox, tmp_path)

    assert ended.returncode == 2
    assert "reports/replay" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""
