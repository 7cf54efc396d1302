"""A contract is loaded when it is good; a bundle is trusted only while it is what its sources make."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sandbox.contracts import CONTRACT_NAMES, ContractError, contracts_folder, load_contract
from sandbox.contracts.library import stale_bundles, write_bundles
from tests.unit.contracts.conftest import OPENAPI, PATHS, line_of

WriteContract = Callable[[Mapping[str, str]], Path]


def faults_of(folder: Path) -> list[tuple[str, int, str]]:
    """The faults of the contract that a test broke: file (below the contract), line, message."""
    with pytest.raises(ContractError) as caught:
        load_contract("esr", folder)
    home = folder / "esr" / "v1"
    return [
        (str(fault.path.relative_to(home)), fault.line, fault.message)
        for fault in caught.value.faults
    ]


def test_a_good_contract_is_loaded(write_contract: WriteContract) -> None:
    contract = load_contract("esr", write_contract({}))

    assert (contract.base_path, contract.version) == ("/things/v1", "1.0.0")
    assert contract.operation_ids == ("read_thing",)


@pytest.mark.parametrize("name", CONTRACT_NAMES)
def test_every_bundle_of_the_repository_is_current(name: str) -> None:
    contract = load_contract(name)
    committed = json.loads((contracts_folder() / name / "v1" / "bundle.json").read_bytes())

    committed.pop("x-bundle-sha256")
    assert contract.document == committed


def test_an_example_that_breaks_its_schema_is_a_fault(write_contract: WriteContract) -> None:
    paths = PATHS.replace("name: pebble", "name: a name of more than ten letters")

    [(path, line, message)] = faults_of(write_contract({"paths/things.yaml": paths}))

    assert path == "paths/things.yaml"
    # The line of the value that holds what is wrong.
    assert line in {line_of(paths, "value:"), line_of(paths, "name: a name")}
    assert "the example breaks its schema at /name" in message


def test_every_example_that_breaks_its_schema_is_told_at_once(
    write_contract: WriteContract,
) -> None:
    paths = PATHS.replace("name: pebble", "nome: pebble").replace("2026-01-31", "2026-02-31")

    messages = [
        message for _, _, message in faults_of(write_contract({"paths/things.yaml": paths}))
    ]

    assert any("since" in message for message in messages)
    assert any('"name" is a required property' in message for message in messages)
    assert any("nome" in message for message in messages)


@pytest.mark.parametrize(
    ("name", "text", "broken", "message"),
    [
        (
            "paths/things.yaml",
            PATHS.replace("operationId: read_thing", "operationId: readThing"),
            "get:",
            "snake_case",
        ),
        ("paths/things.yaml", PATHS.replace("assumed", "guessed"), "get:", "x-basis is one of"),
        ("paths/things.yaml", PATHS.replace("'ours: a test'", "''"), "get:", "x-source says"),
        (
            "openapi.yaml",
            OPENAPI.replace("servers: [{url: /things/v1}]\n", ""),
            "openapi: 3.0.3",
            "the first server says",
        ),
        (
            "openapi.yaml",
            OPENAPI.replace("openapi: 3.0.3", "openapi: 3.1.0"),
            "openapi: 3.1.0",
            "a contract here is OpenAPI 3.0.x",
        ),
        (
            "openapi.yaml",
            OPENAPI.replace("{title: Things, version: 1.0.0}", "{title: Things}"),
            "info:",
            '"version" is a required property',
        ),
    ],
)
def test_what_is_not_valid_or_breaks_a_house_rule_is_named_with_file_and_line(
    write_contract: WriteContract, name: str, text: str, broken: str, message: str
) -> None:
    [(path, line, told)] = faults_of(write_contract({name: text}))

    assert (path, line) == (name, line_of(text, broken))
    assert message in told


def test_an_operation_id_stands_once_in_a_contract(write_contract: WriteContract) -> None:
    other = OPENAPI + "  /others/{thingId}:\n    $ref: 'paths/things.yaml#/thing'\n"

    messages = [message for _, _, message in faults_of(write_contract({"openapi.yaml": other}))]

    assert messages
    assert any("read_thing" in message for message in messages)


def test_a_missing_contract_is_named(tmp_path: Path) -> None:
    [(path, line, message)] = faults_of(tmp_path)

    assert (path, line) == ("openapi.yaml", 1)
    assert "missing" in message


@pytest.fixture
def folder(write_contract: WriteContract) -> Path:
    """A folder with a small contract under every name, and something shared."""
    folder = write_contract({"../../components/headers-and-errors.yaml": "components: {}\n"})
    for name in CONTRACT_NAMES[1:]:
        shutil.copytree(folder / CONTRACT_NAMES[0], folder / name)
    return folder


def test_a_current_bundle_is_loaded_without_its_sources_being_read_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judged(_root: Path) -> None:
        raise AssertionError("a current bundle is not judged again")

    write_bundles(folder)
    monkeypatch.setattr("sandbox.contracts.library._checked", judged)

    assert load_contract("esr", folder).operation_ids


def test_bundles_stay_current_where_an_installed_package_has_no_linters_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linters = folder / ".spectral.yaml"
    linters.write_text("rules: {}\n", encoding="utf-8")
    write_bundles(folder)
    linters.unlink()
    monkeypatch.setattr("sandbox.contracts.library._checked", lambda _root: pytest.fail("judged"))

    assert load_contract("esr", folder).operation_ids


def test_a_source_that_changed_is_believed_rather_than_the_bundle(folder: Path) -> None:
    write_bundles(folder)
    root = folder / "esr" / "v1" / "openapi.yaml"
    text = root.read_text(encoding="utf-8")
    root.write_text(text.replace("version: 1.0.0", "version: 9.9.9"), encoding="utf-8")

    assert load_contract("esr", folder).version == "9.9.9"
    assert root.with_name("bundle.json") in stale_bundles(folder)


def test_a_shared_source_that_changed_makes_every_bundle_stale(folder: Path) -> None:
    write_bundles(folder)
    shared = folder / "components" / "headers-and-errors.yaml"
    shared.write_text(shared.read_text(encoding="utf-8") + "# seen\n", encoding="utf-8")

    assert len(stale_bundles(folder)) == len(CONTRACT_NAMES)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace('"read_thing"', '"read_thong"'),
        lambda text: text[: len(text) // 2],
        lambda _: "[]",
        lambda _: "",
    ],
    ids=["edited", "cut short", "another document", "empty"],
)
def test_a_bundle_that_was_edited_by_hand_is_not_trusted(
    folder: Path, damage: Callable[[str], str]
) -> None:
    write_bundles(folder)
    path = folder / "esr" / "v1" / "bundle.json"
    before, good = path.read_text(encoding="utf-8"), load_contract("esr", folder).document
    path.write_text(damage(before), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != before

    assert load_contract("esr", folder).document == good
    assert path in stale_bundles(folder)


def test_bundles_that_were_written_are_current_and_the_same_every_time(folder: Path) -> None:
    first = {path: path.read_bytes() for path in write_bundles(folder)}
    second = {path: path.read_bytes() for path in write_bundles(folder)}

    assert first == second
    assert stale_bundles(folder) == []


def test_nothing_is_written_of_a_contract_that_is_not_good(folder: Path) -> None:
    path = folder / "esr" / "v1" / "bundle.json"
    write_bundles(folder)
    before = path.read_bytes()
    (folder / "esr" / "v1" / "openapi.yaml").write_text("openapi: 3.0.3\n", encoding="utf-8")

    with pytest.raises(ContractError):
        write_bundles(folder)

    assert path.read_bytes() == before
