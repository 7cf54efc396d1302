"""What holds for every file of the repository."""

import subprocess
from pathlib import Path

import pytest

from sandbox.contracts import contracts_folder

REPOSITORY = contracts_folder().parent
TOO_LONG = 600
"""Lines beyond which a Python file is split; most stay below half of it."""

# Written in two parts, so that this file does not name them either.
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs"),
        ("registry", "yarnpkg"),
        ("deb", "debian"),
        ("archive", "ubuntu"),
    )
)
OUTSIDE = "/".join(("..", "shared"))


def tracked() -> list[Path]:
    """Every file that git knows, and every new one that it does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("this is no git repository")
    names = listed.stdout.decode().split("\0")
    return [REPOSITORY / name for name in names if name and (REPOSITORY / name).is_file()]


@pytest.mark.parametrize("text", [*REGISTRY_HOSTS, OUTSIDE])
def test_no_file_names_what_lies_outside_the_repository(text: str) -> None:
    assert [str(file) for file in tracked() if text.encode() in file.read_bytes()] == []


def test_no_python_file_is_too_long() -> None:
    lengths = {
        str(file.relative_to(REPOSITORY)): len(file.read_bytes().splitlines())
        for file in tracked()
        if file.suffix == ".py"
    }

    assert {name: lines for name, lines in lengths.items() if lines > TOO_LONG} == {}


@pytest.mark.parametrize("name", ["utils", "util", "helpers", "helper", "common", "manager"])
def test_no_module_has_a_name_that_says_nothing(name: str) -> None:
    assert [
        file for file in tracked() if file.suffix == ".py" and name in (file.stem, file.parent.name)
    ] == []
