"""A row says in a file what a message says at the API, and a value that has no place in a file is refused."""

import random
from typing import Any

import pytest

from sandbox.contracts import load_contract
from sandbox.contracts.schema import resolve
from sandbox.esr.files.layouts import FILE_TYPES, LAYOUTS, REMOVED, Column, Kind
from sandbox.esr.files.rows import (
    COLUMNS,
    CONTROL,
    LONG,
    MISSING,
    ROW_FAULTS,
    SEPARATOR,
    TWO_KEYS,
    UNKNOWN_ROW,
    WITHOUT_KEY,
    WITHOUT_PARENT,
    RowFault,
    Unwritable,
    fitting,
    put,
    read_row,
    write_row,
)

CONTRACT = load_contract("esr").document
SCHEMAS = CONTRACT["components"]["schemas"]
PROPERTIES_OF = {
    "APA": "ApplicantSubmission",
    "REA": "ApplicantRegistration",
    "APU": "ApplicantAmendment",
    "APD": "Withdrawal",
    "ECA": "EmploymentCheckUpdate",
    "POA": "Position",
    "VAA": "Vacancy",
}
# What a row says otherwise than by a column: by its code, or by what it is about.
SAID_OTHERWISE = {"POA": {"changeDeleteIndicator"}}
KEYS = {
    "APU": {"supplierReference"},
    "APD": {"supplierReference"},
    "ECA": {
        "applicant.applicantNumber",
        "applicant.supplierReference",
        "applicant.vacancyReference",
        "checkType",
    },
}


def leaves(schema: dict[str, Any], before: str = "") -> dict[str, dict[str, Any]]:
    """By dotted path: every property of a schema that is no object; a list is one."""
    found: dict[str, dict[str, Any]] = {}
    for name, reference in resolve(schema, CONTRACT)["properties"].items():
        item = resolve(reference, CONTRACT)
        item = resolve(item.get("allOf", [item])[0], CONTRACT)
        if item["type"] == "object":
            found |= leaves(item, f"{before}{name}.")
        else:
            found[before + name] = item
    return found


@pytest.mark.parametrize("code", PROPERTIES_OF)
def test_every_property_of_the_api_has_a_column(code: str) -> None:
    columns = {column.name for column in LAYOUTS[code].columns} - KEYS.get(code, set())

    properties = set(leaves(SCHEMAS[PROPERTIES_OF[code]])) - SAID_OTHERWISE.get(code, set())

    assert columns == properties


@pytest.mark.parametrize("code", PROPERTIES_OF)
def test_a_column_has_the_kind_and_the_room_of_its_property(code: str) -> None:
    properties = leaves(SCHEMAS[PROPERTIES_OF[code]])
    for column in LAYOUTS[code].columns:
        item = properties.get(column.name)
        if item is None or column.kind is Kind.CODE:
            continue
        if column.kind is Kind.TEXT:
            longest = max(map(len, item["enum"])) if "enum" in item else item["maxLength"]
            assert item["type"] == "string", column.name
            assert column.longest >= longest, column.name
        wanted = {
            Kind.DATE: ("string", "date"),
            Kind.MOMENT: ("string", "date-time"),
            Kind.FLAG: ("boolean", None),
            Kind.COUNT: ("array", None),
        }.get(column.kind)
        if wanted:
            assert (item["type"], item.get("format")) == wanted, column.name
        if column.kind is Kind.NUMBER:
            assert item["type"] in ("integer", "number"), column.name
            assert len(str(item["maximum"])) <= column.longest, column.name


@pytest.mark.parametrize("code", ["APA", "REA", "APD", "POA", "VAA"])
def test_what_the_api_requires_is_required(code: str) -> None:
    schema = SCHEMAS[PROPERTIES_OF[code]]
    required = set(schema["required"]) - SAID_OTHERWISE.get(code, set())

    columns = {column.name.split(".")[0] for column in LAYOUTS[code].columns if column.required}

    assert columns - KEYS.get(code, set()) == required


def test_a_file_holds_rows_that_have_a_layout_and_is_confirmed_by_a_file_that_goes_out() -> None:
    for item in FILE_TYPES.values():
        assert set(item.rows) <= set(LAYOUTS)
        assert (item.confirmed_by == "") == (item.direction == "OUT")
        if item.confirmed_by:
            assert FILE_TYPES[item.confirmed_by].direction == "OUT"
    assert {code for item in FILE_TYPES.values() for code in item.rows} == set(LAYOUTS)


def some_text(draw: random.Random, longest: int) -> str:
    """Any characters that a row can carry, of all planes, astral and combining ones too."""
    letters = []
    for _ in range(draw.randint(1, max(1, longest))):
        point = draw.choice(
            [
                draw.randint(0x21, 0x7D),
                draw.randint(0xA0, 0x2FF),
                draw.randint(0x300, 0x36F),
                draw.randint(0x2028, 0x2029),
                draw.randint(0x4E00, 0x9FFF),
                draw.randint(0x1F300, 0x1FAFF),
            ]
        )
        letters.append(chr(point))
    text = "".join(letters)[:longest]
    return "x" if text == REMOVED else text


def some_value(draw: random.Random, column: Column) -> Any:  # noqa: PLR0911  (one for each kind)
    match column.kind:
        case Kind.DATE:
            return f"{draw.randint(1900, 2099)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}"
        case Kind.MOMENT:
            return (
                f"2030-0{draw.randint(1, 9)}-1{draw.randint(0, 9)}T1{draw.randint(0, 9)}:00:59.000Z"
            )
        case Kind.NUMBER:
            digits = draw.randint(1, min(column.longest, 15))
            whole = draw.randint(10 ** (digits - 1), 10**digits - 1)
            has_fraction = column.name in ("hoursPerWeek", "contractedHours")
            return (whole % 10_000 * 4 + 1) / 4 if has_fraction else whole
        case Kind.FLAG:
            return draw.random() < 0.5
        case Kind.COUNT:
            return [{}] * draw.randint(0, 5)
        case Kind.CODE:
            # No code of a list: what is one is translated, and that is on trial elsewhere.
            return "?" + some_text(draw, column.longest - 1)
        case _:
            return some_text(draw, column.longest)


@pytest.mark.parametrize("code", LAYOUTS)
def test_what_is_written_is_read_as_it_was(code: str) -> None:
    draw = random.Random(code)
    layout = LAYOUTS[code]
    for _ in range(300):
        document: dict[str, Any] = {}
        for column in layout.columns:
            if column.required or draw.random() < 0.5:
                put(document, column.name, some_value(draw, column))
            elif layout.removes and draw.random() < 0.3:
                put(document, column.name, None)

        row_code, *fields = write_row(code, document).split(SEPARATOR)
        read, faults = read_row(layout, fields)

        for column in layout.columns:
            if column.kind is Kind.COUNT and column.name in document:
                document[column.name] = len(document[column.name])
        assert (row_code, read, faults) == (code, document, [])


@pytest.mark.parametrize("text", ["a~b", "a\nb", "a\rb", "a\tb", "a\u0000b", "a\u0085b", "\u007f"])
def test_a_value_that_cannot_stand_in_a_row_is_refused_on_writing(text: str) -> None:
    document = {"name": text, "result": "LOADED"}

    with pytest.raises(Unwritable, match=r"^name: "):
        write_row("FIL", document)

    assert " " in write_row("FIL", fitting(document))


@pytest.mark.parametrize(
    ("code", "document"),
    [
        ("FIL", {"name": "", "result": "LOADED"}),
        ("FIL", {"name": None, "result": "LOADED"}),
        ("APU", {"supplierReference": "A", "person": {"title": REMOVED}}),
    ],
)
def test_a_value_that_would_be_read_as_another_is_refused_on_writing(
    code: str, document: dict[str, Any]
) -> None:
    with pytest.raises(Unwritable):
        write_row(code, document)


def faults_of(code: str, **texts: str) -> list[RowFault]:
    """What is wrong with a row that is otherwise empty, but for what is required."""
    plain = {
        Kind.DATE: "20300101",
        Kind.MOMENT: "20300101 000000",
        Kind.FLAG: "Y",
        Kind.NUMBER: "1",
    }
    layout = LAYOUTS[code]
    fields = [
        texts.get(
            column.name.replace(".", "_"), plain.get(column.kind, "X") if column.required else ""
        )
        for column in layout.columns
    ]
    return read_row(layout, fields)[1]


@pytest.mark.parametrize(
    ("code", "texts", "column", "reason"),
    [
        ("APA", {"supplierReference": ""}, "supplierReference", MISSING),
        ("APA", {"person_firstName": "x" * 36}, "person.firstName", LONG),
        ("APA", {"person_firstName": "a\tb"}, "person.firstName", CONTROL),
        ("APA", {"person_firstName": "a\rb"}, "person.firstName", CONTROL),
        ("APA", {"startDate": "20300230"}, "startDate", Kind.DATE),
        ("APA", {"startDate": "2030-1-1"}, "startDate", Kind.DATE),
        ("APA", {"startDate": "00000000"}, "startDate", Kind.DATE),
        ("APA", {"startDate": "٢٠٣٠٠١٠١"}, "startDate", Kind.DATE),
        ("APA", {"positionId": "1e5"}, "positionId", Kind.NUMBER),
        ("APA", {"positionId": "007"}, "positionId", Kind.NUMBER),
        ("APA", {"hoursPerWeek": "37,5"}, "hoursPerWeek", Kind.NUMBER),
        ("APA", {"dataSharingConsent": "y"}, "dataSharingConsent", Kind.FLAG),
        ("APA", {"registrations": "x"}, "registrations", Kind.COUNT),
        ("ECO", {"updatedAt": "20300101 250000"}, "updatedAt", Kind.MOMENT),
        ("APA", {"supplierReference": "-"}, None, None),
        ("APU", {"person_title": "-"}, None, None),
        ("APA", {"hoursPerWeek": "37.5"}, None, None),
    ],
)
def test_a_column_is_read_by_its_kind(
    code: str, texts: dict[str, str], column: str | None, reason: str | None
) -> None:
    expected = [] if column is None or reason is None else [RowFault(column, reason)]

    assert faults_of(code, **texts) == expected


@pytest.mark.parametrize("more", [-1, 1])
def test_a_row_has_as_many_columns_as_its_layout(more: int) -> None:
    fields = [""] * (len(LAYOUTS["APD"].columns) + more)

    assert read_row(LAYOUTS["APD"], fields) == ({}, [RowFault("", COLUMNS)])


def test_every_fault_of_a_row_has_a_sentence_that_fits_a_message() -> None:
    assert set(ROW_FAULTS) == {
        COLUMNS,
        CONTROL,
        LONG,
        MISSING,
        TWO_KEYS,
        UNKNOWN_ROW,
        WITHOUT_KEY,
        WITHOUT_PARENT,
        Kind.COUNT,
        Kind.DATE,
        Kind.FLAG,
        Kind.MOMENT,
        Kind.NUMBER,
    }
    assert all(len(text) <= 200 and text.endswith(".") for text in ROW_FAULTS.values())
