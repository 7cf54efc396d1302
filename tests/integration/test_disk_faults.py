"""What happens to the disk under a sandbox: a sentence that says so, nothing lost, and it goes on when the cause has gone."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from harness import Workspace

from sandbox.server import launch, stop
from simulators.world import World

WAIT = 60
PLACES = ("sandbox.db", "sandbox.db-wal")


@dataclass
class Disk:
    """A sandbox on a file in a folder of its own, as a supplier and as whoever has the disk see it."""

    process: subprocess.Popen[bytes]
    workspace: Workspace
    folder: Path
    taken: dict[str, str]
    """By request id: the answer to each write that was acknowledged."""

    @property
    def file(self) -> Path:
        return self.folder / "sandbox.db"

    def write(self) -> httpx.Response:
        """Sends the next applicant; an acknowledged one is remembered."""
        answer = self.workspace.write("POST", "/applicants", self.workspace.submission())
        if answer.status_code == 201:
            self.taken[answer.json()["applicantNumber"]] = answer.text
        return answer

    def is_refused(self, *words: str) -> None:
        """A write is answered with what is wrong, when to come again, and no word of our own code."""
        answer = self.write()
        assert answer.status_code == 503, answer.text
        assert answer.json()["code"] == "SERVICE_UNAVAILABLE"
        assert int(answer.headers["retry-after"]) > 0
        for word in (*words, "X-Request-ID"):
            assert word in answer.json()["detail"], answer.text
        assert "Traceback" not in answer.text

    def reads(self) -> set[str]:
        """The number of every applicant that can be read."""
        found, _ = self.workspace.walk("/applicants", limit=100)
        return {item["applicantNumber"] for item in found}

    def is_well(self) -> None:
        """It takes writes, and holds each that it acknowledged."""
        answer = self.write()
        assert answer.status_code == 201, answer.text
        assert self.reads() == set(self.taken)


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Disk]:
    place = folder / "disk"
    place.mkdir(exist_ok=True)
    process, sandbox = launch("--world", "small", folder=folder, database=str(place / "sandbox.db"))
    workspace = Workspace("default", sandbox.url, sandbox.token, World.make(1, 1, 60))
    try:
        yield Disk(process, workspace, place, {})
    finally:
        stop(process)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with running(tmp_path) as found:
        assert found.write().status_code == 201
        yield found


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    """A disk that each test leaves as well as it found it."""
    with running(tmp_path_factory.mktemp("lasting")) as found:
        assert found.write().status_code == 201
        yield found


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that a sandbox has left."""
    with running(tmp_path_factory.mktemp("left")) as found:
        assert found.write().status_code == 201
    return found.file


def killed_and_started(disk: Disk, folder: Path) -> set[str]:
    """What a sandbox holds that is started where another was killed."""
    disk.process.send_signal(signal.SIGKILL)
    disk.process.wait(WAIT)
    process, again = launch("--world", "small", folder=folder, database=str(disk.file))
    try:
        held = Workspace("default", again.url, again.token, disk.workspace.world)
        return {item["applicantNumber"] for item in held.walk("/applicants", limit=100)[0]}
    finally:
        stop(process)


def test_a_file_that_may_not_grow_refuses_writes_and_goes_on_when_it_may(
    disk: Disk, tmp_path: Path
) -> None:
    # A limit to the size of files, set on the process that runs, is a disk that is full: for any user, on any file system.
    def limit(size: int) -> None:
        resource.prlimit(disk.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    limit((disk.folder / "sandbox.db-wal").stat().st_size)

    for _ in range(3):
        disk.is_refused("disk")
    assert disk.reads() == set(disk.taken)
    assert httpx.get(f"{disk.workspace.url}/health", trust_env=False).status_code == 200

    limit(resource.RLIM_INFINITY)
    disk.is_well()
    assert killed_and_started(disk, tmp_path) == set(disk.taken)


@pytest.mark.prove
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a disk of its own")
def test_a_full_disk_refuses_writes_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)], check=False
    )
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    try:
        with running(tmp_path) as disk:
            assert disk.write().status_code == 201
            filler = place / "filler"
            with filler.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(4096))
            answers = [disk.write().status_code for _ in range(20)]
            assert answers[-1] == 503, answers
            disk.is_refused("room")
            assert disk.reads() == set(disk.taken)

            filler.unlink()
            disk.is_well()
            assert killed_and_started(disk, tmp_path) == set(disk.taken)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_file_that_another_process_locks_refuses_writes_and_is_read_meanwhile(
    lasting: Disk,
) -> None:
    disk = lasting
    with closing(sqlite3.connect(disk.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert disk.reads() == set(disk.taken)
        disk.is_refused("locked by another process")
        assert disk.reads() == set(disk.taken)
        other.execute("ROLLBACK")

    disk.is_well()


@pytest.mark.parametrize("what", ["the folder", "the file", "the log"])
def test_what_was_moved_away_takes_no_write_until_it_is_back(
    lasting: Disk, tmp_path: Path, what: str
) -> None:
    disk = lasting
    place = {"the folder": disk.folder, "the file": disk.file}.get(what, disk.folder / PLACES[1])
    away = tmp_path / "away"
    place.rename(away)

    disk.is_refused("was moved or deleted")
    disk.is_refused("was moved or deleted")

    away.rename(place)
    disk.is_well()


def test_a_file_that_was_deleted_takes_no_write(disk: Disk) -> None:
    disk.file.unlink()

    disk.is_refused("was moved or deleted")
    disk.file.write_bytes(b"")
    disk.is_refused("was moved or deleted")


def _page(path: Path) -> None:
    """Spoils every page from the second on: what is read next is damaged."""
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))


def test_a_file_that_is_damaged_while_it_runs_says_so_and_never_acknowledges(disk: Disk) -> None:
    with closing(sqlite3.connect(disk.file)) as other:
        other.execute("PRAGMA wal_checkpoint(FULL)")
    _page(disk.file)

    answers = [
        httpx.get(f"{disk.workspace.url}/esr/v1/positions", headers=headers, trust_env=False)
        for headers in [{"Authorization": f"Bearer {disk.workspace.token}"}] * 2
    ]

    for answer in answers:
        assert answer.status_code == 503, answer.text
        assert "damaged" in answer.json()["detail"]
        assert "backup" in answer.json()["detail"]


def _header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\0" * 100)


def _truncated(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def _version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute("UPDATE schema_version SET version = 999")
        file.commit()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_header, "is not an SQLite database"),
        (_page, "malformed"),
        (_truncated, "malformed"),
        (_version, "newer version"),
    ],
)
def test_a_start_on_a_damaged_file_is_refused_in_a_sentence_and_leaves_it_as_it_is(
    left: Path, tmp_path: Path, spoil: Callable[[Path], Any], sentence: str
) -> None:
    file = tmp_path / "sandbox.db"
    file.write_bytes(left.read_bytes())
    spoil(file)
    before = file.read_bytes()

    ended = subprocess.run(
        [sys.executable, "-m", "sandbox.cli", "up", "--port", "0", "--database", str(file)],
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )

    assert ended.returncode == 2, ended.stderr
    assert sentence in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert file.read_bytes() == before


@pytest.mark.prove
def test_rubbish_at_the_end_of_the_log_takes_nothing_away(disk: Disk, tmp_path: Path) -> None:
    disk.process.send_signal(signal.SIGKILL)
    disk.process.wait(WAIT)
    with (disk.folder / PLACES[1]).open("ab") as log:
        log.write(os.urandom(9_000))

    assert killed_and_started(disk, tmp_path) == set(disk.taken)


@pytest.mark.prove
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a disk for reading only")
def test_a_disk_that_is_read_only_is_told_at_the_start_and_serves_when_it_is_not(
    tmp_path: Path,
) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        with running(tmp_path) as disk:
            assert disk.write().status_code == 201
        # A running sandbox has the file open for writing, and the system lets no such disk be made read-only.
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        ended = subprocess.run(
            [
                sys.executable,
                "-m",
                "sandbox.cli",
                "up",
                "--port",
                "0",
                "--database",
                str(disk.file),
            ],
            capture_output=True,
            text=True,
            timeout=WAIT,
            check=False,
        )
        assert ended.returncode == 2, ended.stderr
        assert "cannot be read and written by this user" in ended.stderr
        assert len(ended.stderr.strip().splitlines()) == 1
        subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
        assert killed_and_started(disk, tmp_path) == set(disk.taken)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
