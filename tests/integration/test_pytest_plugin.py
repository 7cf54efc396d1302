"""What the pytest plugin gives to a supplier: its own test, ten lines, in a folder of its own, against a running sandbox."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.contracts import contracts_folder
from sandbox.pytest_plugin import _WORLDS
from sandbox.server import Started

EXAMPLES = contracts_folder().parent / "docs" / "examples"

REFUSED = """
import sys
from datetime import date, datetime, timedelta, UTC

import pytest
from recruitment_system import offer_job


def test_nothing_is_imported_before_it_is_asked_for():
    assert "sandbox.pytest_plugin" in sys.modules
    assert not {"sandbox.server", "locust", "schemathesis"} & set(sys.modules)


def test_the_clock_stands_and_moves(esr_clock, esr_workspace):
    assert esr_clock.now == datetime(2026, 4, 1, 9, tzinfo=UTC)
    assert esr_clock.advance(timedelta(days=1, hours=2)) == datetime(2026, 4, 2, 11, tzinfo=UTC)
    assert esr_clock.freeze(datetime(2026, 5, 1, tzinfo=UTC)) == esr_clock.now
    with pytest.raises(AssertionError, match="-> 4.*CLOCK"):
        esr_clock.advance(to=datetime(2026, 1, 1, tzinfo=UTC))


def test_each_has_a_world_of_its_own(esr_workspace):
    assert esr_workspace.events() == []
    assert esr_workspace.esr.get("/organisations").json()["organisations"]


def test_the_sandbox_refuses(esr_workspace, esr_token):
    offer_job(esr_workspace.esr_url, esr_token, "", "Okafor", date(2026, 4, 1))
"""


def run(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Runs a supplier's pytest in its folder, as a supplier does; answers the exit code and what it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ESR_SANDBOX")}
    quicker = ("-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:locust")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", *quicker, *arguments],
        cwd=folder,
        env={**kept, "COLUMNS": "200", **environment},
        capture_output=True,
        timeout=120,
        check=False,
    )
    return ended.returncode, ended.stdout.decode() + ended.stderr.decode()


@pytest.fixture
def supplier(tmp_path: Path) -> Path:
    """The folder of a supplier: its system, and its test."""
    for name in ("recruitment_system.py", "test_supplier.py"):
        shutil.copy(EXAMPLES / name, tmp_path)
    return tmp_path


def test_ten_lines_of_a_suppliers_own_hold(supplier: Path) -> None:
    assert len((supplier / "test_supplier.py").read_text().splitlines()) <= 12

    code, printed = run(supplier)

    assert code == 0, printed
    assert "1 passed" in printed
    assert "warning" not in printed
    # It was stopped: nothing runs on.
    assert sorted(path.name for path in supplier.iterdir() if path.suffix == ".py") == [
        "recruitment_system.py",
        "test_supplier.py",
    ]


def test_a_refusal_fails_the_test_and_is_told_with_its_rule(
    supplier: Path, sandbox: Started
) -> None:
    (supplier / "test_more.py").write_text(REFUSED)

    code, printed = run(supplier, "--esr-sandbox-url", sandbox.url)

    assert code == 1, printed
    assert "1 failed, 4 passed" in printed
    assert "FAILED test_more.py::test_the_sandbox_refuses" in printed
    assert "POST /esr/v1/applicants -> 400, CONTRACT_VIOLATION" in printed
    assert "/person/firstName: " in printed


@pytest.mark.prove
def test_a_sandbox_that_does_not_answer_is_told_in_a_sentence(supplier: Path) -> None:
    code, printed = run(supplier, "--esr-sandbox-url", "http://127.0.0.1:1")

    assert code == 1
    assert "Nothing answers at http://127.0.0.1:1/health. Start it with esr-sandbox up." in printed
    assert "Traceback" not in printed


def test_the_worlds_are_those_of_the_command() -> None:
    from sandbox.cli.worlds import WORLDS

    assert tuple(WORLDS) == _WORLDS


@pytest.mark.prove
@pytest.mark.parametrize(
    ("option", "value", "told"),
    [("level", "high", "choose open, sandbox, platform"), ("seed", "x", "write a whole number")],
)
def test_a_setting_that_cannot_be_is_told_in_a_sentence(
    supplier: Path, option: str, value: str, told: str
) -> None:
    code, printed = run(supplier, f"--esr-sandbox-{option}", value)

    assert code == 1
    assert f"esr_sandbox_{option} is {value}: {told}." in printed
    assert "Traceback" not in printed


@pytest.mark.prove
def test_each_worker_has_a_sandbox_of_its_own_at_every_level(supplier: Path) -> None:
    (supplier / "test_again.py").write_text((supplier / "test_supplier.py").read_text())
    for level in ("open", "sandbox", "platform"):
        (supplier / "pytest.ini").write_text(
            f"[pytest]\nesr_sandbox_level = {level}\nesr_sandbox_world = trust\nesr_sandbox_seed = 7\n"
        )

        code, printed = run(supplier, "-n", "2")

        assert code == 0, printed
        assert "2 passed" in printed
