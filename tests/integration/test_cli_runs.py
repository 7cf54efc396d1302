"""The command as a person uses it: it starts, says where it is, keeps what it was told, and ends in order."""

import csv
import hashlib
import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from click.testing import CliRunner

import sandbox.cli
from sandbox.cli import BROKE, FAILED, HELD, INCONCLUSIVE, MISUSED, Stop, group, run
from sandbox.contracts import load_contract
from sandbox.contracts.schema import compile_schema
from sandbox.server import Started, is_answering, launch, started, stop

COMMAND = [sys.executable, "-m", "sandbox.cli"]
WAIT = 60


def organisations(running: Started) -> list[Any]:
    answer = httpx.get(
        f"{running.url}/esr/v1/organisations",
        headers={"Authorization": f"Bearer {running.token}"},
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    return list(answer.json()["organisations"])


def ended_by(ending: signal.Signals, folder: Path) -> tuple[int, str, str]:
    """Starts `up`, ends it by a signal once it is ready; answers exit code, standard output and error."""
    with subprocess.Popen(
        [*COMMAND, "up", "--port", "0", "--world", "empty", "--database", str(folder / "s.db")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        seen = b""
        while b"Ctrl-C" not in seen:
            line = process.stdout.readline()
            assert line, "it ended before it was ready"
            seen += line
        process.send_signal(ending)
        rest, said = process.communicate(timeout=WAIT)
        return process.returncode, (seen + rest).decode(), said.decode()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_up_says_where_it_is_and_ends_in_order(tmp_path: Path, ending: signal.Signals) -> None:
    code, printed, said = ended_by(ending, tmp_path)

    assert (code, said) == (HELD, "")
    for part in ("/esr/v1", "/nhs-jobs/v1", "/control/v1", "/health", "Token", "curl -H"):
        assert part in printed
    [address] = [line.split()[1] for line in printed.splitlines() if line.startswith("Health")]
    assert not is_answering(address.removesuffix("/health"))
    assert not (tmp_path / "s.db-wal").exists()  # Written back, and closed.


def test_state_and_token_are_kept_across_a_restart_and_forgotten_when_asked(
    tmp_path: Path,
) -> None:
    database = str(tmp_path / "sandbox.db")
    with started(folder=tmp_path, database=database) as first:
        held = organisations(first)
        assert held
        kept = tmp_path / "sandbox.db.token"
        assert kept.read_text().strip() == first.token
        assert kept.stat().st_mode & 0o077 == 0  # For its owner's eyes.
    with started("--world", "empty", folder=tmp_path, database=database) as second:
        assert second.token == first.token
        assert organisations(second) == held
    with started("--world", "empty", "--fresh", folder=tmp_path, database=database) as third:
        assert organisations(third) == []


def test_a_token_of_ones_own_is_taken(tmp_path: Path) -> None:
    with started("--world", "empty", "--token", "mine", folder=tmp_path) as running:
        assert running.token == "mine"
        assert organisations(running) == []


def test_each_system_runs_alone(tmp_path: Path) -> None:
    pages = ("/esr/v1/organisations", "/nhs-jobs/v1/adverts")

    def statuses(running: Started) -> list[int]:
        headers = {"Authorization": f"Bearer {running.token}"}
        with httpx.Client(base_url=running.url, headers=headers, trust_env=False) as client:
            return [client.get(page).status_code for page in pages]

    empty = ("--world", "empty")
    with started(*empty, "--only", "esr", folder=tmp_path / "esr") as esr:
        away = ("--esr-url", f"{esr.url}/esr/v1", "--esr-token", esr.token)
        with started(*empty, "--only", "nhs-jobs", *away, folder=tmp_path / "nhs") as nhs_jobs:
            assert statuses(esr) == [200, 404]
            assert statuses(nhs_jobs) == [404, 200]


def test_a_command_that_is_told_to_end_takes_its_sandbox_with_it(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "import sandbox.cli, sandbox.server\n"
        "import click\n"
        "@click.command('wait')\n"
        "def wait():\n"
        "    with sandbox.server.started('--world', 'empty', folder=Path(sys.argv[1])) as running:\n"
        "        print(running.url, flush=True)\n"
        "        sys.stdin.read()\n"
        "sandbox.cli.group = wait\n"
        "sandbox.cli.main([])\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().decode().strip()
        assert is_answering(url)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=WAIT)

    assert process.returncode == INCONCLUSIVE
    assert said.decode().strip() == "Stopped. Nothing that was acknowledged is lost."
    assert not is_answering(url)


# -- exit codes


@pytest.mark.parametrize(
    ("problem", "code", "sentence"),
    [
        (Stop("Do this."), MISUSED, "Do this."),
        (Stop("It broke a rule.", FAILED), FAILED, "It broke a rule."),
        (KeyboardInterrupt(), INCONCLUSIVE, "Stopped. Nothing that was acknowledged is lost."),
        (PermissionError(13, "Permission denied", "/x"), MISUSED, "The system refused /x: Permission"),
        (ZeroDivisionError("by zero"), BROKE, "The sandbox itself failed: ZeroDivisionError: by zero"),
    ],
)  # fmt: skip
def test_each_way_to_end_has_its_exit_code_and_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    problem: BaseException,
    code: int,
    sentence: str,
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise problem

    monkeypatch.setattr(sandbox.cli.group, "main", fails)

    assert run(["up"]) == code
    said = capsys.readouterr().err.strip()
    assert said.startswith(sentence)
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("code", [HELD, FAILED, INCONCLUSIVE])
def test_what_a_command_answers_is_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(sandbox.cli.group, "main", lambda *_, **__: code)

    assert run(["fuzz"]) == code


def test_the_exit_codes_are_those_that_are_documented() -> None:
    assert (HELD, FAILED, MISUSED, INCONCLUSIVE, BROKE) == (0, 1, 2, 3, 4)


def test_the_command_lists_its_verbs_and_each_has_help() -> None:
    listed = CliRunner().invoke(group, ["--help"]).output

    for verb in ("up", "demo", "fuzz", "replay", "generate", "contracts"):
        assert f"  {verb} " in listed
    for verb in ("up", "generate", "contracts"):
        assert CliRunner().invoke(group, [verb, "--help"]).exit_code == 0


# -- generate


def generated(*arguments: str) -> bytes:
    return subprocess.run(
        [*COMMAND, "generate", "applicants", *arguments],
        capture_output=True,
        check=True,
        timeout=WAIT,
    ).stdout


def test_the_same_seed_gives_the_same_bytes_and_every_line_keeps_the_contract() -> None:
    first, second = (generated("--count", "200", "--seed", "7") for _ in range(2))

    assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest()
    document = load_contract("esr").document
    judge = compile_schema({"$ref": "#/components/schemas/ApplicantSubmission"}, document)
    lines = first.splitlines()
    assert len(lines) == 200
    assert [
        error.message for line in lines for error in judge.iter_errors(orjson.loads(line))
    ] == []


def test_applicants_as_csv(tmp_path: Path) -> None:
    file = tmp_path / "applicants.csv"

    printed = generated("--count", "20", "--seed", "7", "--format", "csv", "--output", str(file))

    assert printed.decode() == f"{file}\n"
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"), newline="")))
    lines = [orjson.loads(line) for line in generated("--count", "20", "--seed", "7").splitlines()]
    assert [row["supplierReference"] for row in rows] == [
        line["supplierReference"] for line in lines
    ]
    assert [row["person.lastName"] for row in rows] == [
        line["person"]["lastName"] for line in lines
    ]


@pytest.mark.parametrize("count", [1, 20_000], ids=["at the end", "on the way"])
def test_whoever_has_read_enough_is_not_told_of_it(count: int) -> None:
    with subprocess.Popen(
        [*COMMAND, "generate", "applicants", "--count", str(count)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        if count > 1:
            assert process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(WAIT) == HELD

    assert said == b""


def test_a_port_is_free_again_at_once(tmp_path: Path) -> None:
    process, first = launch("--world", "empty", folder=tmp_path)
    port = first.url.rsplit(":", 1)[1]
    organisations(first)
    stop(process)

    with started("--world", "empty", "--port", port, folder=tmp_path) as second:
        assert second.url == first.url
