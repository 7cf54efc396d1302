"""A stranger finds anything by its name: the contract's operation, its handler, its service."""

import ast
from pathlib import Path

import pytest

from sandbox.contracts import CONTRACT_NAMES, contracts_folder, load_contract

REPOSITORY = contracts_folder().parent
HANDLERS = {
    "esr": [REPOSITORY / "sandbox" / "esr" / "handlers"],
    "nhs-jobs": [REPOSITORY / "sandbox" / "nhsjobs" / "handlers"],
    "receiver": [REPOSITORY / "sandbox" / "nhsjobs" / "handlers"],
    # The example supplier offers what a supplier does, and asks for what the suite does.
    "driver": [
        REPOSITORY / "simulators" / "supplier" / "driver.py",
        REPOSITORY / "simulators" / "supplier" / "outbound.py",
    ],
    "identity": [REPOSITORY / "sandbox" / "identity" / "handlers"],
    "control": [
        REPOSITORY / "sandbox" / "control" / "handlers",
        REPOSITORY / "sandbox" / "esr" / "handlers" / "control_acts.py",
        REPOSITORY / "sandbox" / "nhsjobs" / "handlers" / "control_acts.py",
    ],
}


def _files(place: Path) -> list[Path]:
    return [place] if place.is_file() else sorted(place.rglob("*.py"))


def _public_functions(file: Path) -> set[str]:
    """The public functions at the top of a module."""
    found = ast.parse(file.read_text(encoding="utf-8")).body
    return {
        item.name
        for item in found
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)
        and not item.name.startswith("_")
    }


def _handlers(name: str) -> dict[str, list[str]]:
    """By name: the files that hold a public function of a contract's handlers."""
    found: dict[str, list[str]] = {}
    for place in HANDLERS[name]:
        for file in _files(place):
            if file.name == "control_acts.py" and name != "control":
                continue
            for function in _public_functions(file):
                found.setdefault(function, []).append(str(file.relative_to(REPOSITORY)))
    return found


@pytest.mark.parametrize("name", CONTRACT_NAMES)
def test_every_operation_has_the_one_handler_of_its_name(name: str) -> None:
    handlers = _handlers(name)

    for operation_id in load_contract(name).operation_ids:
        assert len(handlers.get(operation_id, [])) == 1, (operation_id, handlers.get(operation_id))


@pytest.mark.parametrize(
    "names", [["esr"], ["nhs-jobs", "receiver"], ["identity"], ["control"]], ids="+".join
)
def test_handlers_hold_operations_and_nothing_else_in_public(names: list[str]) -> None:
    operations = {name for each in names for name in load_contract(each).operation_ids}

    assert set(_handlers(names[0])) == operations


def test_a_name_is_one_operation_of_all_contracts() -> None:
    # NHS Jobs and ESR are systems of their own, so what only one of them has in its address is told by the system.
    seen: dict[str, str] = {}
    for name in CONTRACT_NAMES:
        for operation_id in load_contract(name).operation_ids:
            assert operation_id not in seen, f"{operation_id} is in {seen[operation_id]} and {name}"
            seen[operation_id] = name


@pytest.mark.parametrize("operation_id", load_contract("esr").operation_ids)
def test_an_operation_of_esr_is_found_by_its_name_in_every_layer(operation_id: str) -> None:
    layers = {
        "contract": (contracts_folder() / "esr", "*.yaml"),
        "handler": (REPOSITORY / "sandbox" / "esr" / "handlers", "*.py"),
        "service": (REPOSITORY / "sandbox" / "esr" / "service", "*.py"),
    }

    for layer, (folder, pattern) in layers.items():
        texts = (file.read_text(encoding="utf-8") for file in folder.rglob(pattern))
        assert any(operation_id in text for text in texts), f"{operation_id} is not in the {layer}"
