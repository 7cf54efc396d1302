"""The ledger keeps what it was told, whatever cut it off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from loadtests.errors import LedgerError
from loadtests.ledger import Entry, Kind, LedgerTail, LedgerWriter, read_ledger, trim_ledger

ENTRY = Entry(
    number=64,
    kind=Kind.APPLICANT,
    supplierReference="R1-0000001",
    requestId="60e0b220-8136-4ca5-ae46-1d97ef59d068",
    intended=30_000.5,
    due=1.0,
    sent=1.5,
    digest="d",
)
ANSWERED = replace(ENTRY, lastSent=1.5, answered=2.0, status=201, applicantNumber="00000001")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.ndjson"
    with LedgerWriter(path) as writer:
        writer.write_header({"scope": {}})
        writer.write(ENTRY)
        writer.write_pace(1.0, 2.0, 3.0)
        writer.write(ANSWERED)
        writer.write(replace(ENTRY, number=128))
    return path


def test_last_word_on_a_message_stands(path: Path) -> None:
    ledger = read_ledger(path)

    assert ledger.entries[Kind.APPLICANT, 64] == ANSWERED
    assert ledger.entries[Kind.APPLICANT, 128].status is None
    assert ledger.paces == [{"started": 1.0, "first": 2.0, "factor": 3.0}]


def test_half_written_last_line_is_left_out_and_cut_off_before_going_on(path: Path) -> None:
    whole = read_ledger(path)
    with path.open("ab") as file:
        file.write(ANSWERED.line()[:40])

    assert read_ledger(path) == whole
    trim_ledger(path)
    with LedgerWriter(path) as writer:
        writer.write(replace(ANSWERED, number=128))
    assert read_ledger(path).entries[Kind.APPLICANT, 128].acknowledged


def test_damage_in_the_middle_is_named_with_its_line(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"{broken}\n", *lines[1:]]))

    with pytest.raises(LedgerError, match="line 2"):
        read_ledger(path)


@pytest.mark.parametrize("content", [b"", b"hello\n", b"[]\n", b'{"ledger": 99}\n'])
def test_other_files_are_no_ledgers(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)

    with pytest.raises(LedgerError, match="ledger"):
        read_ledger(path)


def test_full_disk_is_one_clear_sentence() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")

    with LedgerWriter(full) as writer, pytest.raises(LedgerError, match="No space left"):
        writer.write(ENTRY)


def test_tail_gives_each_whole_line_once(path: Path) -> None:
    with LedgerTail(path) as tail, LedgerWriter(path) as writer:
        assert len(list(tail.lines())) == 5
        writer.write(ANSWERED)
        assert [line["number"] for line in tail.lines()] == [64]
        assert list(tail.lines()) == []
