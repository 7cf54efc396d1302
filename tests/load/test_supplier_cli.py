"""`esr-sandbox replay --subject`: through the supplier of a subject file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from harness import Workspace

from sandbox.server import Started
from simulators.supplier import Settings, running_supplier

SUBJECT = """
role: {role}
product: Example
name: Example Ltd
version: 1.0.0
build: 1.0.0+1
environment: test
addresses:
  control: {control}
  driver: {driver}
driving: {driving}
tokens:
  esr: env:OF_ESR
  driver: env:OF_DRIVER
"""
PROFILE = """
name = "quick"
title = "Three busy hours in a second"
assumptions = []
applicants_per_year = 400
[window]
begins = 2026-09-01T09:00:00
ends = 2026-09-01T12:00:00
arrivals = "spread"
[pace]
kind = "constant"
factor = 10800
[sending]
connections = 50
answer_timeout_seconds = 20
retry_for_seconds = 20
[limits]
error_rate = 0.0
driver_lateness_p99_ms = 60000
propagation_p95_ms = 60000
longest_stall_seconds = 60
[limits.latency]
p50_ms = 60000
p95_ms = 60000
p99_ms = 60000
max_ms = 60000
"""
TOKENS = {"OF_ESR": "none", "OF_DRIVER": "none"}


def replay(
    folder: Path, *arguments: str, tokens: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox.cli", "replay", *arguments],
        cwd=folder,
        env={**os.environ, **(tokens or TOKENS), "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def write_subject(
    folder: Path,
    role: str = "recruitment-system",
    control: str = "http://127.0.0.1:9/control/v1",
    driver: str = "http://127.0.0.1:9/driver/v1",
    driving: str = "inbound",
) -> None:
    text = SUBJECT.format(role=role, control=control, driver=driver, driving=driving)
    (folder / "subject.yaml").write_text(text)


def replay_through(
    url: str, name: str, token: str, folder: Path
) -> subprocess.CompletedProcess[str]:
    """Through an example supplier that runs already, connected to a workspace that runs already."""
    (folder / "quick.toml").write_text(PROFILE)
    settings = Settings(f"{url}/esr/v1", token)
    with running_supplier(settings) as supplier:
        control = f"{url}/w/{name}/control/v1"
        write_subject(folder, control=control, driver=supplier.driver_url)
        return replay(
            folder,
            *("--subject", "subject.yaml", "--profile", "quick.toml"),
            *("--applicants", "1000", "--world", "small", "--world-seed", "3"),
            tokens={"OF_ESR": token, "OF_DRIVER": settings.driver_token},
        )


def test_a_supplier_of_a_subject_file_is_replayed_through(sandbox: Started, tmp_path: Path) -> None:
    name = f"supplier-{uuid4().hex[:12]}"
    made = httpx.post(f"{sandbox.url}/control/v1/workspaces", json={"name": name}, timeout=30)
    assert made.status_code == 201, made.text

    ended = replay_through(sandbox.url, name, made.json()["token"], tmp_path)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "lost (sender)" in ended.stdout
    told = json.loads((tmp_path / "reports" / "replay" / "replay.json").read_text())
    assert told["counts"]["acknowledged"] == told["counts"]["planned"] > 0


def test_a_workspace_with_another_world_is_left_as_it_is(
    workspace: Workspace, tmp_path: Path
) -> None:
    ended = replay_through(workspace.url, workspace.name, workspace.token, tmp_path)

    assert ended.returncode == 2
    assert "seed the sandbox with that world" in " ".join(ended.stderr.split())
    assert len(workspace.walk("/organisations")[0]) == len(workspace.world.organisations)
    assert workspace.control.get("/faults").json()["faults"] == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"driving": "outbound"}, "only an inbound driver can be given orders"),
        ({"driving": "guided"}, "only an inbound driver can be given orders"),
        ({"role": "esr"}, "an ESR is replayed against with --esr"),
        ({"control": "http://127.0.0.1:9"}, "esr-sandbox up --only esr"),
        ({}, "does not answer"),
    ],
)
def test_a_subject_that_cannot_be_replayed_through_is_told_what_to_change(
    tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    write_subject(tmp_path, **changes)

    ended = replay(tmp_path, "--subject", "subject.yaml")

    assert ended.returncode == 2
    assert said in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--subject", "none.yaml"), "There is no subject file none.yaml"),
        (("--subject", "subject.yaml", "--reference", "supplier"), "leave the other"),
        (("--subject", "subject.yaml", "--url", "http://127.0.0.1:9"), "leave the other"),
        (("--reference", "supplier", "--profile", "year"), "take the profile supplier"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    write_subject(tmp_path)

    ended = replay(tmp_path, *arguments)

    assert ended.returncode == 2
    assert said in " ".join(ended.stderr.split())


def test_the_example_supplier_is_replayed_through_in_a_sandbox_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "quick.toml").write_text(PROFILE)

    ended = replay(
        tmp_path,
        *("--reference", "supplier", "--profile", "quick.toml", "--applicants", "1000"),
        *("--world", "small", "--json"),
    )

    told = json.loads(ended.stdout)
    assert ended.returncode == 0, told
    findings = {finding["name"]: finding["outcome"] for finding in told["findings"]}
    assert findings["lost (sender)"] == findings["lost (receiver)"] == "pass"
    assert (tmp_path / "reports" / "replay" / "replay.html").is_file()
