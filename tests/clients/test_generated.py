"""A client that a public generator makes from each contract works against the sandbox."""

import subprocess
import sys
from pathlib import Path

import pytest
from clients.tools import python_tool

from sandbox.contracts import CONTRACT_NAMES, contracts_folder
from sandbox.pytest_workspace import EsrWorkspace
from sandbox.server import Started

pytestmark = pytest.mark.prove
SPEAKING = Path(__file__).with_name("speaking.py")
LEFT_OUT = {"nhs-jobs": ["GET /search_xml within search"]}
"""What the generator says it leaves out: it knows no XML."""


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package for each contract, as openapi-python-client writes them."""
    command, environment = python_tool("openapi-python-client", "openapi_python_client")
    folder = tmp_path_factory.mktemp("clients")
    for name in CONTRACT_NAMES:
        bundle = contracts_folder() / name / "v1" / "bundle.json"
        made = subprocess.run(
            [
                *(*command, "generate", "--meta", "none", "--path", str(bundle)),
                *("--output-path", str(folder / f"{name.replace('-', '_')}_client")),
            ],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        told = made.stdout + made.stderr
        assert made.returncode == 0, told
        assert told.count("WARNING parsing") == len(LEFT_OUT.get(name, ())), told
        assert all(left_out in told for left_out in LEFT_OUT.get(name, ())), told
    return folder


def test_every_module_of_every_client_can_be_imported(clients: Path) -> None:
    _, environment = python_tool("openapi-python-client", "openapi_python_client")
    code = (
        "import importlib, pathlib, pkgutil\n"
        "for home in pathlib.Path().glob('*_client'):\n"
        "    package = importlib.import_module(home.name)\n"
        "    for each in pkgutil.walk_packages(package.__path__, f'{home.name}.'):\n"
        "        importlib.import_module(each.name)\n"
        "    print(home.name)\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=clients,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert len(ended.stdout.split()) == len(CONTRACT_NAMES)


def test_generated_clients_tell_a_whole_story(clients: Path, sandbox: Started) -> None:
    _, environment = python_tool("openapi-python-client", "openapi_python_client")
    with EsrWorkspace.make(sandbox, "generated", 1, 1, 10) as workspace:
        own = f"{workspace.url}/w/{workspace.name}"
        ended = subprocess.run(
            [
                *(sys.executable, str(SPEAKING), f"{own}/esr/v1", f"{own}/nhs-jobs/v1"),
                *(f"{own}/control/v1", workspace.token),
            ],
            env={**environment, "PYTHONPATH": f"{clients}:{environment['PYTHONPATH']}"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

        assert ended.returncode == 0, ended.stderr
        number = ended.stdout.strip()
        assert workspace.esr.get(f"/applicants/{number}").json()["status"] == "HIRED"
