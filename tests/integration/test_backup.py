"""A backup is of one moment, whole, and made while the sandbox runs under load."""

import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from harness import Workspace

from sandbox.server import Started, launch, started, stop
from simulators.world import World

WAIT = 60


def esr_sandbox(*arguments: str, code: int = 0) -> str:
    """What a command says; it ends with `code`."""
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stdout + ended.stderr


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "sandbox.db"


@pytest.fixture
def running(tmp_path: Path, database: Path) -> Iterator[Started]:
    with started("--world", "small", folder=tmp_path, database=str(database)) as sandbox:
        yield sandbox


def tenant(sandbox: Started) -> Workspace:
    """The default workspace, which holds the small world."""
    answer = httpx.get(f"{sandbox.url}/control/v1/workspaces", trust_env=False).json()
    assert [item["name"] for item in answer["workspaces"]] == ["default"]
    return Workspace("default", sandbox.url, sandbox.token, World.make(1, 1, 60))


def test_a_backup_under_load_holds_what_was_acknowledged_before_it_and_nothing_in_part(
    running: Started, database: Path, tmp_path: Path
) -> None:
    workspace = tenant(running)
    before = [workspace.submit() for _ in range(5)]
    after: list[str] = []
    over = threading.Event()

    def load() -> None:
        while not over.is_set():
            after.append(workspace.submit())

    loading = threading.Thread(target=load)
    loading.start()
    backup = tmp_path / "backup.db"
    try:
        said = esr_sandbox("backup", "--database", str(database), "--to", str(backup))
    finally:
        over.set()
        loading.join(WAIT)

    assert "every journal is whole" in said
    assert after
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir() if "backup" in path.name) == [
        "backup.db"
    ]
    process, copy = launch(
        *("--world", "empty", "--token", running.token),
        folder=tmp_path / "copy",
        database=str(backup),
    )
    try:
        held = Workspace("default", copy.url, running.token, workspace.world)
        numbers = [item["applicantNumber"] for item in held.walk("/applicants", limit=100)[0]]
        assert numbers[: len(before)] == before
        # What came after it follows in its order, up to the moment of the backup.
        assert numbers[len(before) :] == after[: len(numbers) - len(before)]
        assert held.write("POST", "/applicants", workspace.submission()).status_code == 201
    finally:
        stop(process)
    assert workspace.read(after[-1])["applicantNumber"] == after[-1]


def test_a_backup_replaces_nothing_unless_it_is_told_to(
    running: Started, database: Path, tmp_path: Path
) -> None:
    there = tmp_path / "there.db"
    there.write_text("mine")

    refused = esr_sandbox("backup", "--database", str(database), "--to", str(there), code=2)

    assert "--force" in refused
    assert there.read_text() == "mine"
    esr_sandbox("backup", "--database", str(database), "--to", str(there), "--force")
    with closing(sqlite3.connect(there)) as copy:
        assert copy.execute("SELECT name FROM workspaces").fetchall() == [("default",)]
    itself = ("--to", str(database), "--force")
    assert "itself" in esr_sandbox("backup", "--database", str(database), *itself, code=2)


def test_what_is_damaged_is_no_backup(tmp_path: Path, database: Path) -> None:
    with started("--world", "small", folder=tmp_path, database=str(database)):
        pass
    backup = tmp_path / "backup.db"
    with closing(sqlite3.connect(database)) as file:
        file.execute("UPDATE exchanges SET status = 500 WHERE exchange_id = 1")
        file.commit()

    told = esr_sandbox("backup", "--database", str(database), "--to", str(backup), code=2)

    assert "the journal of workspace default is broken at exchange 1" in told
    with database.open("r+b") as file:
        file.seek(20 * 4096)
        file.write(b"\xff" * 8 * 4096)
    told = esr_sandbox("backup", "--database", str(database), "--to", str(backup), code=2)
    assert "damaged" in told
    assert not backup.exists()


@pytest.mark.parametrize(
    ("database", "sentence"),
    [
        ("postgresql+psycopg://me:hidden@127.0.0.1/world", "pg_dump"),
        (":memory:", "in memory"),
        ("nothing.db", "no sandbox's database"),
    ],
)
def test_what_cannot_be_copied_so_is_told(tmp_path: Path, database: str, sentence: str) -> None:
    told = esr_sandbox("backup", "--database", database, "--to", str(tmp_path / "copy.db"), code=2)

    assert sentence in told
    assert "hidden" not in told
    assert not list(tmp_path.iterdir())
