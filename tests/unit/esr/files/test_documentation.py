"""docs/reference/hourly-interface.md says what the tables of the program say."""

from pathlib import Path

import pytest

from sandbox.contracts import contracts_folder
from sandbox.errors import Code
from sandbox.esr.files.faults import FILE_FAULTS, FileFault
from sandbox.esr.files.layouts import FILE_TYPES, IN, LAYOUTS, FileType, Kind, Layout
from sandbox.esr.files.rows import ROW_FAULTS

LINES = (
    (Path(contracts_folder().parent) / "docs/reference/hourly-interface.md")
    .read_text()
    .splitlines()
)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_is_described_column_by_column(layout: Layout) -> None:
    place = LINES.index(f"### `{layout.code}`: {layout.title}")
    rows = []
    for number, column in enumerate(layout.columns, start=1):
        kind = f"{column.kind} of `{column.code_list}`" if column.code_list else column.kind
        required = "yes" if column.required else ""
        rows.append(f"| {number} | `{column.name}` | {kind} | {column.longest} | {required} |")

    described = LINES[place + 4 :]

    assert described[: len(rows)] == rows
    assert described[len(rows) : len(rows) + 1] in ([], [""])


@pytest.mark.parametrize("item", FILE_TYPES.values(), ids=FILE_TYPES)
def test_every_type_is_described(item: FileType) -> None:
    rows = ", ".join(f"`{row}`" for row in item.rows)
    way = "in" if item.direction == IN else "out"
    by = f"`{item.confirmed_by}`" if item.confirmed_by else ""

    assert f"| `{item.code}` | {way} | {item.title} | {rows} | {by} |" in LINES


def test_the_rules_about_files_are_described_in_their_order() -> None:
    def row(fault: FileFault) -> str:
        text = fault.text.format(expected="N").replace("<", "&lt;")
        return f"| `{fault.code}` | {fault.result} | {text} | {fault.basis} |"

    described = [line for line in LINES if line.startswith("| `FILE_")]

    assert described == [row(fault) for fault in FILE_FAULTS]


def test_every_kind_of_column_and_every_fault_of_a_row_is_described() -> None:
    assert [f"| {text} |" for text in ROW_FAULTS.values()] == [
        line for line in LINES if line.removeprefix("| ").removesuffix(" |") in ROW_FAULTS.values()
    ]
    for kind in Kind:
        assert any(line.startswith(f"| {kind} | ") for line in LINES), kind


def test_every_code_of_files_is_mentioned() -> None:
    text = "\n".join(LINES)

    for code in Code:
        if code.startswith("FILE_"):
            assert f"`{code}`" in text, code
