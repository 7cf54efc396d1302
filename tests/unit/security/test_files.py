"""Files that pass between strangers: YAML that would fill the memory, XML and CSV that a reader would take for more than text."""

import csv
import io
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from sandbox.contracts.faults import ContractError
from sandbox.contracts.sources import read_source
from sandbox.nhsjobs.search_xml import search_document
from simulators.generate import safe_cell

NINES = ",".join(["*a{}"] * 9)
BOMBS = {
    "aliases": "a0: &a0 [1,1,1,1,1,1,1,1,1]\n"
    + "".join(f"a{n}: &a{n} [{NINES.replace('{}', str(n - 1))}]\n" for n in range(1, 12)),
    "itself": "&a [*a]",
    "arrays": "[" * 100_000 + "]" * 100_000,
    "objects": "{a: " * 50_000 + "1" + "}" * 50_000,
    "dashes": "- " * 100_000 + "1",
    "large": "a: " + "x" * 5_000_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_source_that_would_fill_the_memory_or_the_stack_is_refused_in_words(
    tmp_path: Path, name: str
) -> None:
    """In a process of its own, since what is not refused here ends the process or never ends."""
    path = tmp_path / "subject.yaml"
    path.write_text(BOMBS[name], "utf-8")
    program = (
        "import resource, sys; from pathlib import Path;"
        "resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30));"
        "from sandbox.contracts.faults import ContractError;"
        "from sandbox.contracts.sources import read_source\n"
        "try: read_source(Path(sys.argv[1]))\n"
        "except ContractError as refused: print(refused)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{path}:1: ")


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['true']",
        "!!python/name:os.system",
        "a: !!python/object/new:subprocess.Popen [['true']]",
        "a: !!int b",
        "a: {<<: 1}",
    ],
)
def test_a_source_makes_no_object(tmp_path: Path, text: str) -> None:
    path = tmp_path / "subject.yaml"
    path.write_text(text, "utf-8")

    try:
        value = read_source(path).value
    except ContractError:
        return
    assert not callable(value)


MARKUP = "<script>alert(1)</script>&x;]]><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>\x00\x1b\ufffe"


def advert(text: str) -> dict[str, Any]:
    return {
        "advertId": text,
        "reference": text,
        "title": text,
        "description": text,
        "employer": text,
        "contractType": text,
        "salary": {"text": text},
        "closeDate": "2026-09-01",
        "publishedAt": "2026-08-01T08:00:00Z",
        "postDate": "2026-08-01T08:00:00Z",
        "url": text,
        "locations": [{"line1": text, "town": text, "postcode": text}],
    }


def test_the_search_in_xml_holds_what_is_told_as_text_and_names_no_entity(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "sandbox.nhsjobs.search_xml.local_post_date", lambda found: found["postDate"]
    )
    monkeypatch.setattr("sandbox.nhsjobs.search_xml.place", lambda found: found["line1"])

    document = search_document([advert(MARKUP)], 1, 1)

    root = ElementTree.fromstring(document)
    assert {each.tag for each in root} == {"vacancyDetails", "totalPages", "totalResults"}
    assert b"<!" not in document
    assert root.findtext("vacancyDetails/title") == MARKUP.translate(
        {0: "\ufffd", 0x1B: "\ufffd", 0xFFFE: "\ufffd"}
    )


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_an_export_is_a_formula(start: str) -> None:
    line = io.StringIO(newline="")
    csv.writer(line).writerow([safe_cell(f"{start}cmd|' /C calc'!A0"), safe_cell("Amara")])

    [formula, name] = next(csv.reader(io.StringIO(line.getvalue(), newline="")))

    assert formula[0] == "'"
    assert name == "Amara"
