"""The request collection: Postman's own runner sends all of it to a sandbox, and every answer is one that the contract has."""

import json
import stat
import subprocess
from pathlib import Path

import pytest
from clients.tools import node_tool

from sandbox.cli import run
from sandbox.contracts import load_contract
from sandbox.contracts.bundle import operations
from sandbox.contracts.collection import CONTRACTS
from sandbox.pytest_workspace import EsrWorkspace
from sandbox.server import Started

STORY = "From a vacancy to a hire"


def test_every_operation_is_in_it_and_no_token(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["contracts", "collection", "--token", "a secret", "--out", str(tmp_path)]) == 0

    paths = [Path(line) for line in capsys.readouterr().out.splitlines()]
    collection, environment = (json.loads(path.read_bytes()) for path in paths)
    held = {value["key"]: value["value"] for value in environment["values"]}
    story, *folders = collection["item"]
    listed = [len(part["item"]) for folder in folders for part in folder["item"]]
    known = [list(operations(load_contract(name).document)) for name in CONTRACTS]
    assert story["name"] == STORY
    assert sum(listed) == sum(map(len, known))
    assert held["token"] == "a secret"
    assert held["esr"] == "http://127.0.0.1:8080/w/default/esr/v1"
    assert "a secret" not in paths[0].read_text()
    assert stat.S_IMODE(paths[1].stat().st_mode) == 0o600


@pytest.mark.prove
def test_newman_sends_all_of_it_and_each_answer_is_one_of_the_contract(
    sandbox: Started, tmp_path: Path
) -> None:
    newman = node_tool("newman")
    with EsrWorkspace.make(sandbox, "collection", 1, 1, 10) as workspace:
        run(
            [
                *("contracts", "collection", "--url", sandbox.url, "--out", str(tmp_path)),
                *("--workspace", workspace.name, "--token", workspace.token),
            ]
        )
        named = [
            str(tmp_path / f"esr-sandbox.postman_{part}.json")
            for part in ("collection", "environment")
        ]

        # The story twice: what the first time left does not stand in the way of the second.
        for more in (["--folder", STORY], ["--folder", STORY], []):
            ended = subprocess.run(
                [newman, "run", named[0], "-e", named[1], "--color", "off", *more],
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            assert ended.returncode == 0, ended.stdout[-6000:]
            if more:
                assert [event for event in workspace.event_types() if event == "applicant.hired"]
