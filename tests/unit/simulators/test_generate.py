import csv
import io
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from simulators.applicants import applicant
from simulators.generate import COLUMNS, FORMATS, Format, safe_cell, write_applicants
from simulators.world import World

ROOT = Path(__file__).parents[3]


def written(count: int, seed: int, file_format: Format = "ndjson", start: int = 0) -> bytes:
    out = io.BytesIO()
    write_applicants(out, count, seed, file_format, start=start)
    return out.getvalue()


@pytest.mark.parametrize("file_format", FORMATS)
def test_same_seed_gives_the_same_bytes_in_another_process(file_format: Format) -> None:
    code = (
        "import sys; from simulators.generate import write_applicants;"
        f" write_applicants(sys.stdout.buffer, 200, 5, {file_format!r})"
    )
    environment = os.environ | {"PYTHONHASHSEED": "77", "PYTHONPATH": str(ROOT), "TZ": "Asia/Tokyo"}

    other = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, check=True
    )

    assert other.stdout == written(200, 5, file_format)
    assert written(200, 6, file_format) != other.stdout


def test_parts_make_up_the_whole() -> None:
    assert written(30, 5) + written(20, 5, start=30) == written(50, 5)


def test_each_line_is_an_applicant() -> None:
    world = World.make(5)

    lines = [json.loads(line) for line in written(20, 5).splitlines()]

    assert lines == [applicant(5, index, world) for index in range(20)]


def test_a_table_holds_every_property() -> None:
    rows = list(csv.DictReader(io.StringIO(written(500, 5, "csv").decode())))
    lines = [json.loads(line) for line in written(500, 5).splitlines()]

    assert len(rows) == 500
    for row, line in zip(rows, lines, strict=True):
        found = {path: text for path, text in row.items() if text}
        assert found == {path: safe_cell(value) for path, value in flat(line).items()}


def flat(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, dict):
        return {
            k: v for key in value for k, v in flat(value[key], f"{path}.{key}".strip(".")).items()
        }
    if isinstance(value, list):
        return {k: v for n, item in enumerate(value) for k, v in flat(item, f"{path}.{n}").items()}
    return {path: value}


def test_columns_are_unique() -> None:
    assert len(set(COLUMNS)) == len(COLUMNS)


@pytest.mark.parametrize("text", ["=1+1", "+44", "-2", "@SUM(A1)", "\tx", "\rx", "\nx"])
def test_a_cell_is_never_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize(("value", "cell"), [(None, ""), (True, "true"), (-2, "-2"), ("a", "a")])
def test_other_cells_stay_as_they_are(value: object, cell: str) -> None:
    assert safe_cell(value) == cell


def test_nothing_is_written_for_nobody() -> None:
    assert written(0, 5) == b""
    assert written(0, 5, "csv").decode() == ",".join(COLUMNS) + "\r\n"


@pytest.mark.parametrize(("count", "file_format"), [(1, "xml"), (-1, "csv")])
def test_impossible_requests_are_refused_before_writing(count: int, file_format: Any) -> None:
    out = io.BytesIO()

    with pytest.raises(ValueError, match="must"):
        write_applicants(out, count, 5, file_format)

    assert out.getvalue() == b""


def test_memory_does_not_grow_with_the_count() -> None:
    class Nowhere(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            return len(data)

    def peak(count: int) -> int:
        tracemalloc.start()
        write_applicants(Nowhere(), count, 5)  # type: ignore[arg-type]
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    # What is drawn once and kept, whoever runs before.
    peak(4_000)
    assert peak(4_000) < peak(500) + 200_000
