"""What a start waits for: a sandbox reads what it serves with, and nothing that other commands need."""

from pathlib import Path

import httpx
import pytest

from sandbox.server import started

_OF_OTHER_COMMANDS = {
    "aiohttp",
    "asyncssh",
    "gevent",
    "hypothesis",
    "loadtests",
    "locust",
    "matplotlib",
    "opentelemetry",
    "prometheus_client",
    "sandbox.conformance",
    "sandbox.rehearsal",
    "sandbox.reports",
    "schemathesis",
    "securesystemslib",
    "structlog",
}
_OF_WORLDS = {"faker", "numpy", "simulators"}


def imported(folder: Path, *arguments: str) -> set[str]:
    """The modules that a sandbox has imported when it has answered a first request, and the packages they are in."""
    with started(*arguments, folder=folder) as running:
        headers = {"Authorization": f"Bearer {running.token}"}
        answer = httpx.get(f"{running.url}/control/v1/clock", headers=headers, trust_env=False)
        assert answer.status_code == 200
    lines = (folder / "sandbox.log").read_text().splitlines()
    modules = {line.split("|")[-1].strip() for line in lines if line.startswith("import time:")}
    return modules | {
        module.rsplit(".", depth)[0]
        for module in modules
        for depth in range(1, module.count(".") + 1)
    }


@pytest.fixture(autouse=True)
def _told_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    # Python then says on stderr what it imports.
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")


@pytest.mark.parametrize("systems", [["--only", "esr"], []], ids=["esr", "both"])
def test_start_without_a_world_imports_nothing_that_serving_does_not_need(
    tmp_path: Path, systems: list[str]
) -> None:
    found = imported(tmp_path, *systems, "--world", "empty")

    assert {"sandbox.web.front", "sqlalchemy", "uvicorn"} <= found
    assert not found & (_OF_OTHER_COMMANDS | _OF_WORLDS)


def test_start_with_a_world_imports_what_makes_people_and_nothing_of_other_commands(
    tmp_path: Path,
) -> None:
    found = imported(tmp_path, "--world", "small")

    assert {"faker", "simulators.world"} <= found
    assert not found & _OF_OTHER_COMMANDS
