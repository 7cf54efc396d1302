"""Runs that are started from the console: processes of their own, whose state is in files."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.console.runs import CERTIFY, End, Order, Run, RunRefused, Runs
from sandbox.console.runs_record import RECORD

SHORT = ("requirements", "--help")
LONG = ("up", "--port", "0", "--world", "empty", "--database", ":memory:")
SECRET = "a-token-of-somebodys-own"  # pragma: allowlist secret
ORDER = Order(CERTIFY, "acme", "2026", "a supplier", "A short one", lambda _folder: SHORT)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    held = Runs(tmp_path)
    yield held
    for run in held.of("acme", "2026", CERTIFY):
        held.stop(run)
        until(held, run, lambda seen: not seen.is_running)


def until(runs: Runs, run: Run, condition: Callable[[Run], bool]) -> Run:
    deadline = time.monotonic() + 30
    while True:
        seen = runs.find(run.id)
        assert seen is not None
        if condition(seen):
            return seen
        assert time.monotonic() < deadline, f"{seen} {seen.log()}"
        time.sleep(0.02)


def over(runs: Runs, run: Run) -> Run:
    return until(runs, run, lambda seen: not seen.is_running)


def test_a_run_keeps_its_log_and_its_exit_code(runs: Runs) -> None:
    run = runs.start(ORDER)

    ended = over(runs, run)

    assert (ended.end, ended.exit_code) == (End.BY_ITSELF, 0)
    assert "Usage" in ended.log()
    assert [each.id for each in runs.of("acme", "2026", CERTIFY)] == [run.id]


def test_one_run_goes_on_in_a_workspace_and_it_ends_when_it_is_told_to(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the server was started with is not the run's; what is the run's stands in no record.
    monkeypatch.setenv("ESR_SANDBOX_LEVEL", "nonsense")
    held = {"ESR_SANDBOX_TOKEN": SECRET}
    run = runs.start(replace(ORDER, arguments=lambda _folder: LONG, secrets=held))
    with pytest.raises(RunRefused, match="goes on in this workspace already"):
        runs.start(ORDER)
    until(runs, run, lambda seen: f"Token     {SECRET}" in seen.log())
    assert SECRET not in (run.folder / RECORD).read_text()

    runs.stop(run)

    ended = over(runs, run)
    assert (ended.end, ended.exit_code) == (End.STOPPED, None)
    assert "Stopped." in ended.log()


def test_a_run_ends_with_the_server_and_is_known_for_cut_off(runs: Runs, tmp_path: Path) -> None:
    run = runs.start(replace(ORDER, arguments=lambda _folder: LONG))
    until(runs, run, lambda seen: "Ctrl-C" in seen.log())

    # As when the process of the server ends, in whatever way.
    held = runs._guarded[-1].stdin
    assert held is not None
    held.close()

    assert over(Runs(tmp_path), run).end is End.CUT_OFF


def test_a_run_whose_processes_were_killed_is_known_for_cut_off(runs: Runs) -> None:
    run = runs.start(replace(ORDER, arguments=lambda _folder: LONG))
    guard = runs._guarded[-1]
    pid = until(runs, run, lambda seen: seen.pid is not None).pid
    assert pid is not None

    guard.kill()
    os.kill(pid, signal.SIGKILL)
    guard.wait()

    assert over(runs, run).end is End.CUT_OFF


def test_the_runs_of_a_workspace_go_with_it(runs: Runs) -> None:
    run = over(runs, runs.start(ORDER))

    assert runs.of("acme", "made later", CERTIFY) == []

    assert runs.find(run.id) is None
    assert not run.folder.exists()


def test_an_id_is_no_path(runs: Runs) -> None:
    run = over(runs, runs.start(ORDER))

    assert runs.find(f"../runs/{run.id}") is None
    assert runs.find("..") is None
