"""Many files become one document, and whatever stands in the way is named with its file and line."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sandbox.contracts.bundle import Bundle, ContractError, bundle_contract
from tests.unit.contracts.conftest import OPENAPI, PATHS, SCHEMAS, line_of

WriteContract = Callable[[Mapping[str, str]], Path]


def bundle(folder: Path) -> Bundle:
    return bundle_contract(folder / "esr" / "v1" / "openapi.yaml")


def fault_of(folder: Path) -> tuple[str, int, str]:
    """The one fault of a contract that does not bundle: file (below the contract), line, message."""
    with pytest.raises(ContractError) as caught:
        bundle(folder)
    [fault] = caught.value.faults
    return str(fault.path.relative_to(folder / "esr" / "v1")), fault.line, fault.message


def test_a_path_item_is_written_in_place_of_its_reference(write_contract: WriteContract) -> None:
    document = bundle(write_contract({})).document

    assert document["paths"]["/things/{thingId}"]["get"]["operationId"] == "read_thing"


def test_a_component_of_another_file_keeps_its_pointer(write_contract: WriteContract) -> None:
    document = bundle(write_contract({})).document

    answer = document["paths"]["/things/{thingId}"]["get"]["responses"]["200"]
    schema = answer["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/Thing"}
    assert document["components"]["schemas"]["Thing"]["required"] == ["name"]


def test_a_reference_within_another_file_means_that_file(write_contract: WriteContract) -> None:
    document = bundle(write_contract({})).document

    schemas = document["components"]["schemas"]
    assert schemas["Thing"]["properties"]["name"] == {"$ref": "#/components/schemas/Name"}
    assert schemas["Name"] == {"type": "string", "maxLength": 10}


def test_no_reference_of_the_bundle_leaves_it(write_contract: WriteContract) -> None:
    document = bundle(write_contract({})).document

    def references(value: object) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [ref for item in value.values() for ref in references(item)]
        return (
            [ref for item in value for ref in references(item)] if isinstance(value, list) else []
        )

    assert references(document)
    assert all(reference.startswith("#/components/") for reference in references(document))


def test_a_schema_that_refers_to_itself_is_bundled_once(write_contract: WriteContract) -> None:
    schemas = SCHEMAS.replace(
        "since: {type: string, format: date}", "part: {$ref: '#/components/schemas/Thing'}"
    )

    document = bundle(write_contract({"schemas/thing.yaml": schemas})).document

    thing = document["components"]["schemas"]["Thing"]
    assert thing["properties"]["part"] == {"$ref": "#/components/schemas/Thing"}


def test_a_part_of_the_bundle_is_traced_to_where_it_was_written(
    write_contract: WriteContract,
) -> None:
    folder = write_contract({})

    path, line = bundle(folder).locate(("components", "schemas", "Name", "maxLength"))

    assert path == folder / "esr" / "v1" / "schemas" / "thing.yaml"
    assert line == line_of(SCHEMAS, "maxLength")


def test_dates_stay_the_text_that_goes_over_the_wire(write_contract: WriteContract) -> None:
    unquoted = PATHS.replace("'2026-01-31'", "2026-01-31")

    document = bundle(write_contract({"paths/things.yaml": unquoted})).document

    answer = document["paths"]["/things/{thingId}"]["get"]["responses"]["200"]
    examples = answer["content"]["application/json"]["examples"]
    assert examples["small"]["value"]["since"] == "2026-01-31"


SECOND = "components: {schemas: {Name: {type: integer}}}\n"
WITH_SECOND = PATHS.replace(
    "schema: {type: string}}", "schema: {$ref: '../schemas/second.yaml#/components/schemas/Name'}}"
)


def test_one_name_with_two_meanings_is_a_fault(write_contract: WriteContract) -> None:
    folder = write_contract({"paths/things.yaml": WITH_SECOND, "schemas/second.yaml": SECOND})

    path, line, message = fault_of(folder)

    # Whichever of the two is met second is the one that is named.
    assert (path, line) == ("schemas/thing.yaml", line_of(SCHEMAS, "name: {$ref"))
    assert "'Name' means another thing in" in message
    assert "second.yaml" in message


def test_one_name_with_the_same_meaning_twice_is_no_fault(write_contract: WriteContract) -> None:
    same = "components: {schemas: {Name: {type: string, maxLength: 10}}}\n"

    document = bundle(
        write_contract({"paths/things.yaml": WITH_SECOND, "schemas/second.yaml": same})
    ).document

    assert document["components"]["schemas"]["Name"] == {"type": "string", "maxLength": 10}


def test_the_same_words_that_refer_to_different_things_are_a_fault(
    write_contract: WriteContract,
) -> None:
    alike = SCHEMAS.replace("maxLength: 10", "maxLength: 99")
    paths = PATHS.replace(
        "schema: {type: string}}",
        "schema: {$ref: '../schemas/alike.yaml#/components/schemas/Thing'}}",
    )

    _, _, message = fault_of(
        write_contract({"paths/things.yaml": paths, "schemas/alike.yaml": alike})
    )

    assert "'Name' means another thing" in message


@pytest.mark.parametrize(
    ("name", "text", "broken", "message"),
    [
        (
            "paths/things.yaml",
            PATHS.replace("schemas/Thing'", "schemas/Thong'"),
            "schemas/Thong",
            "there is nothing at ../schemas/thing.yaml#/components/schemas/Thong",
        ),
        (
            "paths/things.yaml",
            PATHS.replace("../schemas/thing.yaml", "../schemas/gone.yaml"),
            "gone.yaml",
            "there is no file ../schemas/gone.yaml",
        ),
        (
            "openapi.yaml",
            OPENAPI.replace("paths/things.yaml", "paths/gone.yaml"),
            "gone.yaml",
            "there is no file paths/gone.yaml",
        ),
        (
            "openapi.yaml",
            OPENAPI.replace("#/thing", "#/thong"),
            "#/thong",
            "there is nothing at paths/things.yaml#/thong",
        ),
        (
            "schemas/thing.yaml",
            SCHEMAS.replace("#/components/schemas/Name", "#/components/schemas/Nome"),
            "Nome",
            "there is nothing at #/components/schemas/Nome",
        ),
        (
            "paths/things.yaml",
            PATHS.replace("schemas/Thing'", "schemas/Thing/properties'"),
            "Thing/properties",
            "a reference must point at #/components/<section>/<name>",
        ),
        (
            "schemas/thing.yaml",
            SCHEMAS.replace("      maxLength: 10\n", "      maxLength: 10\n      maxLength: 11\n"),
            "maxLength: 11",
            "the key 'maxLength' stands here twice",
        ),
        (
            "schemas/thing.yaml",
            SCHEMAS.replace("      type: string\n", "      type: [string\n"),
            "maxLength",
            "not valid YAML",
        ),
        ("openapi.yaml", "- a list\n", "- a list", "a contract is a mapping"),
        (
            "openapi.yaml",
            OPENAPI + "components: [Thing]\n",
            "components: [",
            "components is a mapping",
        ),
        (
            "openapi.yaml",
            OPENAPI + "components:\n  schemas: none\n",
            "schemas: none",
            "schemas is a mapping",
        ),
    ],
)
def test_what_cannot_be_bundled_is_named_with_file_and_line(
    write_contract: WriteContract, name: str, text: str, broken: str, message: str
) -> None:
    path, line, told = fault_of(write_contract({name: text}))

    assert (path, line) == (name, line_of(text, broken))
    assert message in told


def test_a_file_that_is_no_text_is_named(write_contract: WriteContract) -> None:
    folder = write_contract({})
    (folder / "esr" / "v1" / "schemas" / "thing.yaml").write_bytes(b"\xff\xfe\x00")

    path, line, message = fault_of(folder)

    assert (path, line) == ("schemas/thing.yaml", 1)
    assert "cannot be read" in message
