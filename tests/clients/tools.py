"""Others' tools with which suppliers meet the sandbox, installed when a test asks for them: generators, runners, linters.

They are pinned by constraints.txt and by package-lock.json beside this file, and kept in folders of their own below the
virtual environment, so that nothing else meets them. Where they cannot be had, the tests that need them say so.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest
from filelock import FileLock

_HERE = Path(__file__).parent
_REPOSITORY = _HERE.parents[1]
_FOLDER = Path(sys.prefix) / "clients"
_SECONDS = 600


def python_tool(package: str, module: str) -> tuple[list[str], dict[str, str]]:
    """The command that runs `module` of a package from PyPI, and its environment. Skips where it cannot be had."""
    folder = _installed(
        package,
        [
            *(sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq", "install"),
            *("-c", str(_REPOSITORY / "constraints.txt"), package, "--target"),
        ],
        _REPOSITORY / "constraints.txt",
    )
    path = os.pathsep.join((str(folder / "bin"), os.environ.get("PATH", "")))
    environment = {**os.environ, "PYTHONPATH": str(folder), "PATH": path}
    return [sys.executable, "-m", module], environment


def executable(package: str, name: str) -> str:
    """A program that a package from PyPI brings. Skips where it cannot be had."""
    _, environment = python_tool(package, name)
    return str(Path(environment["PYTHONPATH"]) / "bin" / name)


def node_tool(name: str) -> str:
    """A program of the npm packages that are locked beside this file. Skips where there is no Node, or it cannot be had."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"{name} was not run: there is no Node.")
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"]
    folder = _installed("node", command, _HERE / "package-lock.json")
    return str(folder / "node_modules" / ".bin" / name)


def _installed(name: str, command: Sequence[str], pins: Path) -> Path:
    """The folder to which `command` has installed; done once for these pins."""
    digest = sha256(pins.read_bytes()).hexdigest()[:12]
    folder = _FOLDER / f"{name}-{digest}"
    _FOLDER.mkdir(exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if (folder / ".ready").exists():
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for manifest in _HERE.glob("package*.json"):
            shutil.copy(manifest, folder)
        ended = subprocess.run(
            [*command, str(folder)], capture_output=True, timeout=_SECONDS, check=False
        )
        if ended.returncode:
            said = (ended.stderr or ended.stdout).decode().strip().splitlines() or ["no word"]
            pytest.skip(
                f"{name} could not be installed, so what needs it was not tested: {said[-1]}"
            )
        (folder / ".ready").touch()
    return folder
