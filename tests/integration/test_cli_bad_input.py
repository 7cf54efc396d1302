"""Whatever is asked of the command that cannot be: one clear sentence, exit code 2, and nothing changed anywhere."""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sandbox.cli import run
from sandbox.contracts import contracts_folder
from sandbox.server import launch, started, stop

REPOSITORY = contracts_folder().parent
WAIT = 60
"""Seconds after which a command that should have refused is taken for one that started."""


def command(
    *arguments: str, folder: Path, home: Path = REPOSITORY, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Runs `esr-sandbox` in `folder`, with the package that lies in `home`."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("ESR_SANDBOX")
    }
    return subprocess.run(
        [sys.executable, "-m", "sandbox.cli", *arguments],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(home), "COLUMNS": "200"},
        input=stdin,
        capture_output=True,
        timeout=WAIT,
        check=False,
    )


def everything_in(folder: Path) -> dict[str, bytes | None]:
    """Each file of a folder with its bytes, and each folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if "__pycache__" not in path.parts
    }


def refused_by_process(*arguments: str, folder: Path, home: Path = REPOSITORY) -> str:
    """What the command says on standard error as it refuses, exit code 2, having changed nothing."""
    before = everything_in(folder)

    ended = command(*arguments, folder=folder, home=home)

    said = ended.stderr.decode()
    assert ended.returncode == 2, said
    assert "Traceback" not in said
    assert ended.stdout == b""
    assert everything_in(folder) == before
    return said.strip()


class Shell:
    """Runs the command within this process, which is quicker; a sandbox that would start is a failure."""

    def __init__(self, folder: Path, output: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._output = output

    def refused(self, *arguments: str) -> str:
        """What the command says on standard error as it refuses, exit code 2, having changed nothing."""
        before = everything_in(self.folder)

        code = run(arguments)

        printed, said = self._output.readouterr()
        assert code == 2, said
        assert "Traceback" not in said
        assert printed == ""
        assert everything_in(self.folder) == before
        return said.strip()

    def sentence(self, *arguments: str) -> str:
        """As `refused`, where one line says it all."""
        said = self.refused(*arguments)
        assert len(said.splitlines()) == 1
        assert said.endswith((".", ")."))
        return said

    def up(self, *arguments: str) -> str:
        """The sentence with which `up` refuses to start."""
        return self.sentence("up", "--port", "0", *arguments)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the command is run."""
    path = tmp_path / "here"
    path.mkdir()
    return path


@pytest.fixture
def shell(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    def served(*_: object) -> None:
        raise AssertionError("the sandbox started")

    monkeypatch.chdir(folder)
    monkeypatch.setattr("sandbox.server._run", served)
    for name in [name for name in os.environ if name.startswith("ESR_SANDBOX")]:
        monkeypatch.delenv(name)
    return Shell(folder, capsys)


def test_a_port_that_is_taken(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = shell.sentence("up", "--port", port)

    assert f"Port {port}" in said
    assert "--port" in said


def test_a_port_that_is_taken_costs_no_data_even_when_asked_to_begin_again(shell: Shell) -> None:
    database = shell.folder / "sandbox.db"
    with started("--world", "empty", folder=shell.folder, database=str(database)):
        pass
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = shell.sentence("up", "--port", port, "--database", str(database), "--fresh")

    assert "Port" in said


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "127.evil.example", "example.org"])
def test_an_address_that_others_could_reach(shell: Shell, host: str) -> None:
    assert f"{host} is not a loopback address" in shell.up("--host", host)


@pytest.mark.parametrize("place", ["file/sandbox.db", "file/below/sandbox.db"])
def test_a_folder_that_cannot_be_made(shell: Shell, place: str) -> None:
    (shell.folder / "file").write_text("text")

    assert "cannot be made" in shell.up("--database", place)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system nobody can write")
def test_a_folder_that_cannot_be_written(shell: Shell) -> None:
    said = shell.up("--database", "/proc/sandbox.db")

    assert "/proc" in said
    assert "--database" in said


def test_a_database_that_is_a_folder(shell: Shell) -> None:
    (shell.folder / "data").mkdir()

    assert "data is a folder" in shell.up("--database", "data")


@pytest.mark.parametrize("fresh", [[], ["--fresh"]], ids=["kept", "fresh"])
def test_a_database_that_is_no_database(shell: Shell, fresh: list[str]) -> None:
    (shell.folder / "diary.txt").write_text("Dear diary, nothing happened today. " * 10)

    said = shell.up("--database", "diary.txt", *fresh)

    assert "diary.txt is not an SQLite database" in said


@pytest.mark.parametrize("fresh", [[], ["--fresh"]], ids=["kept", "fresh"])
def test_a_database_of_another_program(shell: Shell, fresh: list[str]) -> None:
    with closing(sqlite3.connect(shell.folder / "music.db")) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
        connection.commit()

    assert "not a sandbox's" in shell.up("--database", "music.db", *fresh)


def test_a_database_of_a_newer_version(shell: Shell) -> None:
    database = shell.folder / "sandbox.db"
    with started("--world", "empty", folder=shell.folder, database=str(database)):
        pass
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE schema_version SET version = version + 1")
        connection.commit()

    said = shell.up("--database", "sandbox.db")

    assert "newer version of the sandbox" in said
    assert "--fresh" in said


@pytest.mark.parametrize("fresh", [[], ["--fresh"]], ids=["kept", "fresh"])
def test_a_database_that_is_in_use(tmp_path: Path, shell: Shell, fresh: list[str]) -> None:
    database = str(tmp_path / "elsewhere" / "sandbox.db")
    with started("--world", "empty", folder=tmp_path / "log", database=database):
        said = shell.up("--database", database, *fresh)

    assert "in use by another sandbox" in said


def test_nhs_jobs_alone_without_an_esr(shell: Shell) -> None:
    assert "--esr-url" in shell.up("--only", "nhs-jobs")


@pytest.mark.parametrize("verb", [["fuzz", "--target", "esr"], ["replay"]], ids=["fuzz", "replay"])
@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1", "nonsense", "http://[", "ftp://127.0.0.1"]
)
def test_a_target_that_does_not_answer(shell: Shell, verb: list[str], address: str) -> None:
    (shell.folder / "reports" / "replay").mkdir(parents=True)
    (shell.folder / "reports" / "replay" / "ledger.ndjson").write_text("the last replay's\n")

    said = shell.sentence(*verb, "--url", address, "--token", "any")

    assert f"Nothing answers at {address}/health" in said


@pytest.mark.parametrize("verb", [["fuzz", "--target", "esr"], ["replay"]], ids=["fuzz", "replay"])
def test_a_target_without_a_token(shell: Shell, verb: list[str]) -> None:
    said = shell.sentence(*verb, "--url", "http://127.0.0.1:1")

    assert "needs --token" in said


@pytest.mark.parametrize(
    ("profile", "told"),
    [("nope", "choose backlog, day"), ("gone.toml", "gone.toml"), ("bad.toml", "bad.toml")],
)
def test_a_profile_that_is_not_known_or_not_good(shell: Shell, profile: str, told: str) -> None:
    (shell.folder / "bad.toml").write_text("name = 'bad'\n")

    assert told in shell.sentence("replay", "--profile", profile)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["up", "--prot", "1"], "--prot"),
        (["up", "--port", "seventy"], "seventy"),
        (["up", "--port", "70000"], "70000"),
        (["up", "--only", "everything"], "everything"),
        (["up", "--seed", "-1"], "-1"),
        (["fuzz"], "--target"),
        (["fuzz", "--target", "both"], "both"),
        (["replay", "--applicants", "0"], "0"),
        (["generate", "applicants"], "--count"),
        (["generate", "applicants", "--count", "-1"], "-1"),
        (["generate", "applicants", "--count", "1", "--format", "xml"], "xml"),
        (["contracts", "check", "--folder", "nowhere"], "nowhere"),
        (["dance"], "dance"),
    ],
    ids=" ".join,
)
def test_a_command_or_an_option_that_is_not_known(
    shell: Shell, arguments: list[str], told: str
) -> None:
    assert told in shell.refused(*arguments)


@pytest.mark.parametrize(
    ("option", "value"), [("--factor", "0"), ("--factor", "-5"), ("--scale", "0")]
)
def test_a_replay_that_cannot_be(shell: Shell, option: str, value: str) -> None:
    assert option in shell.refused("replay", "--profile", "smoke", option, value)


def test_an_output_that_cannot_be_written(shell: Shell) -> None:
    said = shell.sentence("generate", "applicants", "--count", "1", "--output", "no/such/file")

    assert "no/such/file" in said


# -- contracts


@pytest.fixture
def copied(tmp_path: Path) -> Iterator[Path]:
    """A copy of the program and its contracts, to be spoilt."""
    home = tmp_path / "copy"
    ignored = shutil.ignore_patterns("__pycache__", "node_modules")
    for name in ("sandbox", "simulators", "loadtests", "openapi"):
        shutil.copytree(REPOSITORY / name, home / name, ignore=ignored)
    yield home
    shutil.rmtree(home)


def test_a_contract_that_does_not_validate(copied: Path, folder: Path) -> None:
    path = copied / "openapi" / "esr" / "v1" / "openapi.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    number = next(n for n, line in enumerate(lines, 1) if line.startswith("openapi:"))
    lines[number - 1] = "openapi: 2.0.0"
    path.write_text("\n".join(lines), encoding="utf-8")

    for verb in (["up", "--port", "0"], ["contracts", "check"]):
        said = refused_by_process(*verb, folder=folder, home=copied)

        assert f"{path}:{number}: " in said


def test_a_contract_with_a_broken_reference(copied: Path, folder: Path) -> None:
    path = copied / "openapi" / "esr" / "v1" / "openapi.yaml"
    text = path.read_text(encoding="utf-8")
    assert "paths/applicants.yaml#/applicants'" in text
    path.write_text(
        text.replace("paths/applicants.yaml#/applicants'", "paths/applicants.yaml#/appliers'"),
        encoding="utf-8",
    )

    said = refused_by_process("up", "--port", "0", "--fresh", folder=folder, home=copied)

    [number] = [n for n, line in enumerate(path.read_text().splitlines(), 1) if "appliers" in line]
    assert f"{path}:{number}: there is nothing at paths/applicants.yaml#/appliers" in said


def test_a_contract_that_is_missing(copied: Path, folder: Path) -> None:
    path = copied / "openapi" / "esr" / "v1" / "openapi.yaml"
    path.unlink()

    for verb in (["up", "--port", "0"], ["contracts", "check"]):
        said = refused_by_process(*verb, folder=folder, home=copied)

        assert f"{path}:1: " in said


def test_no_contracts_at_all(copied: Path, folder: Path) -> None:
    shutil.rmtree(copied / "openapi")

    said = refused_by_process("up", "--port", "0", folder=folder, home=copied)

    assert f"{copied / 'openapi'}:1: the folder of the contracts is missing" in said


def test_a_sandbox_that_another_command_cannot_start_says_why(tmp_path: Path) -> None:
    from sandbox.server import CannotStart

    with pytest.raises(CannotStart, match="is a folder"):
        stop(launch(folder=tmp_path, database=str(tmp_path))[0])
