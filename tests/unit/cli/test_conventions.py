"""What holds for every command, found by walking the tree of them."""

import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import click
import pytest
from recruiting import until

from sandbox.cli import group, run

NO_JSON = {
    "completion": "a script for a shell",
    "generate applicants": "data already: a JSON object on each line, or CSV",
}
"""Commands without --json, and what they print instead."""


@pytest.fixture(scope="module")
def tree() -> dict[str, click.Command]:
    """Every command by its words, the groups among them."""
    return dict(commands(group, ()))


def commands(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(words), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, (*words, name))


def test_the_help_of_each_command_shows_an_example_that_it_takes(
    tree: dict[str, click.Command],
) -> None:
    for words, command in tree.items():
        found = re.search(r"Examples?:\s[^·\n]*?(esr-sandbox[^·\n]*)", command.epilog or "")
        assert found, f"{words} has no example"
        _, *example = shlex.split(found[1].split(")")[0])
        named = " ".join(takewhile(re.compile("[a-z]").match, example))
        called = max((each for each in tree if f"{named} ".startswith(f"{each} ")), key=len)
        options = {name for each in tree[called].params for name in (*each.opts, "--help")}

        assert f"{named} ".startswith(f"{words} ".lstrip()), f"{words} shows another command"
        assert {each for each in example if each.startswith("-")} <= options, found[1]


def test_each_command_prints_json_for_scripts_or_data_already(
    tree: dict[str, click.Command],
) -> None:
    without = {
        words
        for words, command in tree.items()
        if not isinstance(command, click.Group)
        and "--json" not in {name for each in command.params for name in each.opts}
    }

    assert without == set(NO_JSON)


def test_json_is_alone_on_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = str(tmp_path / "keys")
    for arguments in (
        ["key", "new", "--out", keys, "--json"],
        ["key", "show", f"{keys}/signer.public.pem", "--json"],
        ["certificate", "challenge", "new", "--register", str(tmp_path / "register"), "--json"],
        ["benefits", "--json"],
    ):
        code = run(arguments)

        printed, said = capsys.readouterr()
        assert (code, said) == (0, "")
        assert isinstance(json.loads(printed), dict)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_and_options(
    shell: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["completion", shell]) == 0
    assert "_ESR_SANDBOX_COMPLETE" in capsys.readouterr().out

    monkeypatch.setenv("_ESR_SANDBOX_COMPLETE", f"{shell}_complete")
    for words, wanted in (("esr-sandbox cert", "certify"), ("esr-sandbox verify --tr", "--trust")):
        last = len(words.split()) - 1
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", words.split()[-1] if shell == "fish" else str(last))
        assert run([]) == 0
        assert wanted in capsys.readouterr().out


def on_a_terminal(*arguments: str, folder: Path, **environment: str) -> str:
    """What a person sees of a command, with every escape sequence."""
    ours, theirs = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    command = [sys.executable, "-m", "sandbox.cli", *arguments]
    with subprocess.Popen(
        command,
        stdout=theirs,
        stderr=theirs,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env={**kept, "TERM": "xterm-256color", **environment},
    ) as process:
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 65536):
                seen += piece
        except OSError:
            # So Linux says that nobody writes to the terminal any more.
            pass
        finally:
            os.close(ours)
        assert process.wait(60) == 0
    return seen.decode()


def test_bars_are_for_terminals_and_colours_go_on_request(tmp_path: Path) -> None:
    wanted = ["generate", "applicants", "--count", "1500", "--output", "applicants.ndjson"]

    shown = on_a_terminal("--no-color", *wanted, folder=tmp_path)
    piped = subprocess.run(
        [sys.executable, "-m", "sandbox.cli", *wanted],
        cwd=tmp_path,
        env={**os.environ, "FORCE_COLOR": "1"},
        capture_output=True,
        check=True,
        timeout=60,
    )

    assert "Writing 1,500 applicants" in shown
    assert "\x1b[3" not in shown
    # The path of the result, and nothing besides.
    assert (piped.stdout, piped.stderr) == (b"applicants.ndjson\n", b"")


@pytest.mark.prove
def test_what_is_stopped_half_way_leaves_no_half_file_and_the_old_one(tmp_path: Path) -> None:
    old = tmp_path / "applicants.ndjson"
    old.write_text("the last one\n")
    command = [sys.executable, "-m", "sandbox.cli", "generate", "applicants", "--count", "2000000"]
    with subprocess.Popen(
        [*command, "--output", str(old)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        until((tmp_path / "applicants.ndjson.part").exists)
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=60)

    assert process.returncode == 3
    assert (printed, said.strip()) == (b"", b"Stopped. Nothing that was acknowledged is lost.")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "applicants.ndjson": "the last one\n"
    }
