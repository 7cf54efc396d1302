"""The recipes for pipelines are what each service takes, and the script that they share certifies a system."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from blocks import ROOT

_RECIPES = ROOT / "docs" / "examples" / "ci"
_BIN = Path(sys.executable).parent
_SUBJECT = """\
role: recruitment-system
product: Example recruitment system
name: Example Supplier Ltd
version: 1.0.0
build: pipeline
environment: pipeline
features: [esr]
driving: inbound
addresses:
  control: http://127.0.0.1:{sandbox}/control/v1
  receiver: http://127.0.0.1:{supplier}/receiver/v1
  driver: http://127.0.0.1:{supplier}/driver/v1
tokens: {{esr: 'env:ESR_TOKEN', driver: in-a-pipeline}}
"""


@pytest.mark.parametrize(
    ("recipe", "schema"),
    [
        ("github.yml", "vendor.github-workflows"),
        ("gitlab.yml", "vendor.gitlab-ci"),
        ("azure.yml", "vendor.azure-pipelines"),
    ],
)
def test_recipe_keeps_the_schema_of_its_service(recipe: str, schema: str) -> None:
    command: list[str | Path] = [_BIN / "check-jsonschema", "--regex-variant", "nonunicode"]
    command += ["--builtin-schema", schema, _RECIPES / recipe]

    checked = subprocess.run(command, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("recipe", ["github.yml", "gitlab.yml", "azure.yml", "Jenkinsfile"])
def test_recipe_runs_the_script_and_keeps_the_evidence(recipe: str) -> None:
    text = (_RECIPES / recipe).read_text("utf-8")

    for needed in ("ci/certify.sh", "START_SYSTEM", "SYSTEM_READY", "reports/certify"):
        assert needed in text


def _two_free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _certified(
    folder: Path, ports: tuple[int, int], *more: str
) -> subprocess.CompletedProcess[str]:
    sandbox, supplier = ports
    (folder / "subject.yaml").write_text(_SUBJECT.format(sandbox=sandbox, supplier=supplier))
    shutil.copy(_RECIPES / "certify.sh", folder)
    start = (
        f'exec esr-sandbox example-supplier --esr-url "$ESR_URL" --port {supplier} {" ".join(more)}'
    )
    environment = {
        **os.environ,
        "PATH": f"{_BIN}:{os.environ['PATH']}",
        "SANDBOX_PORT": str(sandbox),
        "START_SYSTEM": start.replace("--esr-url", '--esr-token "$ESR_TOKEN" --esr-url'),
        "SYSTEM_READY": f"http://127.0.0.1:{supplier}/",
        "ESR_SANDBOX_DRIVER_TOKEN": "in-a-pipeline",
    }
    part = ["--suite", "resilience", "--only", "*submit-recovers?answer-lost?"]
    command = ["bash", "certify.sh", *part]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.mark.prove
def test_script_tells_a_system_that_holds_from_one_that_fails(tmp_path: Path) -> None:
    ports = _two_free_ports()
    holds = _certified(tmp_path, ports)

    assert holds.returncode == 3, holds.stdout + holds.stderr  # a part certifies nothing
    assert "FAIL" not in holds.stdout

    fails = _certified(tmp_path, ports, "--defect", "new-request-ids")

    assert fails.returncode == 1, fails.stdout + fails.stderr
    assert list((tmp_path / "reports" / "certify").glob("*.junit.xml"))
