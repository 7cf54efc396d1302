"""Finds, loads, checks and writes the contracts of this installation."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from sandbox.contracts.bundle import Bundle, bundle_contract, operations
from sandbox.contracts.faults import ContractError, Fault

CONTRACT_NAMES = ("esr", "nhs-jobs", "receiver", "driver", "control", "identity")
_DIGEST = "x-bundle-sha256"


@dataclass(frozen=True)
class Contract:
    """A contract that has been judged good: its name and its whole document."""

    name: str
    document: dict[str, Any]

    @property
    def base_path(self) -> str:
        """The path under which the sandbox serves it, for instance `/esr/v1`."""
        return str(self.document["servers"][0]["url"]).rstrip("/")

    @property
    def version(self) -> str:
        """The contract's own version, for instance `1.0.0`."""
        return str(self.document["info"]["version"])

    @cached_property
    def operation_ids(self) -> tuple[str, ...]:
        """Every operationId, in the order of the document."""
        return tuple(item["operationId"] for _, _, item in operations(self.document))


def contracts_folder() -> Path:
    """The folder that holds the contracts: the repository's own, else the one inside the installed package."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package.parent / "openapi", package / "_openapi"):
        if folder.is_dir():
            return folder
    missing = package.parent / "openapi"
    raise ContractError(
        [Fault(missing, 1, "the folder of the contracts is missing; install again")]
    )


def load_contract(name: str, folder: Path | None = None) -> Contract:
    """The contract `name`, from its bundle where that is current, else from its sources.

    Raises ContractError, with file and line of every fault, when the contract is missing or does not validate.
    """
    home = (folder or contracts_folder()) / name / "v1"
    root, bundle_path = home / "openapi.yaml", home / "bundle.json"
    if not root.is_file():
        raise ContractError(
            [Fault(root, 1, "the contract is missing; restore it or install again")]
        )
    document = _current_bundle(bundle_path, home)
    if document is None:
        document = _checked(root)
    return Contract(name, document)


def write_bundles(folder: Path | None = None) -> list[Path]:
    """Bundles and judges every contract and writes each bundle; answers the files written.

    Raises ContractError with the faults of the first contract that has any; nothing of it is written then.
    """
    written = []
    for name in CONTRACT_NAMES:
        home = (folder or contracts_folder()) / name / "v1"
        path = home / "bundle.json"
        path.write_bytes(_render(home / "openapi.yaml", home))
        written.append(path)
    return written


def stale_bundles(folder: Path | None = None) -> list[Path]:
    """The bundles that are not, byte for byte, what their sources make."""
    stale = []
    for name in CONTRACT_NAMES:
        home = (folder or contracts_folder()) / name / "v1"
        path = home / "bundle.json"
        if not path.is_file() or path.read_bytes() != _render(home / "openapi.yaml", home):
            stale.append(path)
    return stale


def _render(root: Path, home: Path) -> bytes:
    document = _checked(root)
    document[_DIGEST] = _bundle_digest(document, home)
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


def _checked(root: Path) -> dict[str, Any]:
    # The validator takes most of a second to import; a start from current bundles never needs it.
    from sandbox.contracts.validation import contract_faults

    bundle: Bundle = bundle_contract(root)
    faults = contract_faults(bundle)
    if faults:
        raise ContractError(faults)
    return bundle.document


def _current_bundle(path: Path, home: Path) -> dict[str, Any] | None:
    try:
        document = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    if not isinstance(document, dict):
        return None
    told = document.pop(_DIGEST, None)
    return document if told == _bundle_digest(document, home) else None


def _bundle_digest(document: dict[str, Any], home: Path) -> str:
    """What a bundle carries: it changes when a source does, and when anybody edits the bundle itself."""
    digest = hashlib.sha256(_sources_digest(home).encode())
    digest.update(orjson.dumps(document))
    return digest.hexdigest()


def _sources_digest(home: Path) -> str:
    """One digest over every YAML file under `openapi/` to which a contract may refer; the register is not one of them, nor is
    the linter's file, which an installed package does not have.
    """
    digest = hashlib.sha256()
    folder = home.parent.parent
    for path in sorted(folder.rglob("*.yaml")):
        place = path.relative_to(folder)
        if place.name.startswith(".") or {"node_modules", "requirements"} & set(place.parts):
            continue
        relative = place.as_posix()
        content = path.read_bytes()
        digest.update(f"{relative} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()
