"""The ledger keeps what it was told, whatever cut it off."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from loadtests.errors import LedgerError
from loadtests.ledger import Entry, LedgerTail, LedgerWriter, read_ledger, trim_ledger
from simulators.year import Kind

ENTRY = Entry(
    number=64,
    kind=Kind.APPLICANT,
    intended=1_780_000_000_000_000,
    due=1.0,
    sent=1.5,
    digest="d1" * 32,
)
ANSWERED = replace(ENTRY, lastSent=1.75, answered=2.0, status=201, attempts=2, late=0.5, told=1)
REFUSED = replace(
    ENTRY, number=65, kind=Kind.CHECK, lastSent=1.5, answered=2.0, status=409, code="STATE_FORBIDS"
)
UNHEARD = replace(ENTRY, number=66, kind=Kind.WITHDRAWAL, lastSent=1.5, answered=2.0, status=0)
CUT_OFF = replace(ENTRY, number=128)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.ndjson"
    with LedgerWriter(path) as writer:
        writer.write_header({"scope": {"seed": 7}})
        writer.note({"vacancy": {"place": 0}})
        writer.append(CUT_OFF.line())
        writer.note({"stretch": {"number": 0}})
        writer.append(UNHEARD.line() + REFUSED.line())
        writer.append(ANSWERED.line())
        writer.note({"lost": {"share": 1, "of": 2}})
    return path


def test_everything_written_is_read_as_it_was(path: Path) -> None:
    ledger = read_ledger(path)

    assert list(ledger.entries()) == [ANSWERED, REFUSED, UNHEARD, CUT_OFF]
    assert ledger.header["scope"] == {"seed": 7}
    assert ledger.vacancies == [{"place": 0}]
    assert ledger.stretches == [{"number": 0}]
    assert ledger.notes == [{"lost": {"share": 1, "of": 2}}]


def test_entries_of_one_applicant_are_found_by_number(path: Path) -> None:
    ledger = read_ledger(path)

    assert ledger.of(1) == {64: ANSWERED, 65: REFUSED, 66: UNHEARD}
    assert ledger.of(2) == {128: CUT_OFF}
    assert ledger.of(3) == {}


def test_each_end_of_a_message_is_one_of_four() -> None:
    ends = {
        entry.number: (entry.acknowledged, entry.refused, entry.given_up, entry.settled)
        for entry in (ANSWERED, REFUSED, UNHEARD, CUT_OFF)
    }

    assert ends[64] == (True, False, False, True)
    assert ends[65] == (False, True, False, True)
    assert ends[66] == (False, False, True, False)
    assert ends[128] == (False, False, False, False)


def test_of_two_lines_about_one_message_the_later_stands(path: Path) -> None:
    with LedgerWriter(path) as writer:
        writer.append(replace(ANSWERED, number=128, told=2).line())
        writer.append(replace(REFUSED, code="OTHER").line())

    ledger = read_ledger(path)

    assert ledger.of(2)[128] == replace(ANSWERED, number=128, told=2)
    assert ledger.of(1)[65].code == "OTHER"
    assert len(list(ledger.entries())) == 4


def note(path: Path, *said: dict[str, object]) -> None:
    with LedgerWriter(path) as writer:
        for each in said:
            writer.note(each)


def test_ledger_is_finished_when_nothing_was_sent_after_the_senders_ended(path: Path) -> None:
    assert not read_ledger(path).finished
    note(path, {"finished": {"at": 3.0}}, {"lost": {"share": 0, "of": 2}})
    assert read_ledger(path).finished
    with LedgerWriter(path) as writer:
        writer.append(ANSWERED.line())
    assert not read_ledger(path).finished
    note(path, {"finished": {"at": 4.0}})
    assert read_ledger(path).finished
    note(path, {"begun": {"at": 5.0}})
    assert not read_ledger(path).finished


def test_share_that_was_lost_is_so_until_the_replay_is_taken_up_again(path: Path) -> None:
    assert [each["lost"] for each in read_ledger(path).notes] == [{"share": 1, "of": 2}]

    note(path, {"begun": {"at": 5.0}}, {"lost": {"share": 0, "of": 1}})

    lost = [each["lost"] for each in read_ledger(path).notes if "lost" in each]
    assert lost == [{"share": 0, "of": 1}]


def test_half_written_last_line_is_left_out_and_cut_off_before_going_on(path: Path) -> None:
    whole = list(read_ledger(path).entries())
    with path.open("ab") as file:
        file.write(replace(ANSWERED, number=128).line()[:40])

    assert list(read_ledger(path).entries()) == whole
    trim_ledger(path)
    with LedgerWriter(path) as writer:
        writer.append(replace(ANSWERED, number=192).line())
    assert [entry.number for entry in read_ledger(path).entries()] == [64, 65, 66, 128, 192]


def test_ledger_that_is_half_a_line_becomes_empty(tmp_path: Path) -> None:
    path = tmp_path / "ledger.ndjson"
    path.write_bytes(b'{"ledger":')

    trim_ledger(path)

    assert path.read_bytes() == b""


@pytest.mark.parametrize(
    "damage",
    [
        b"{broken}\n",
        b"[]\n",
        b"\n",
        b'{"n": 64}\n',
        ENTRY.line().replace(b"applicant", b"nobody"),
        ENTRY.line().replace(b"d1d1", b"zz"),
        b'{"n":"x"' + ENTRY.line().removeprefix(b'{"n":64'),
    ],
)
def test_damage_before_the_end_is_named_with_its_line(path: Path, damage: bytes) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], damage, *lines[3:]]))

    with pytest.raises(LedgerError, match="line 4: the ledger is damaged") as caught:
        read_ledger(path)

    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is not a ledger"),
        (b"hello\n", "is not a ledger"),
        (b"[]\n", "is not a ledger"),
        (b'{"ledger": 1}\n', "of format 1; this program reads format 2"),
    ],
)
def test_other_files_are_no_ledgers(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)

    with pytest.raises(LedgerError, match=told):
        read_ledger(path)


def test_ledger_that_cannot_be_opened_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot be read: No such file"):
        read_ledger(tmp_path / "gone")
    with pytest.raises(LedgerError, match="cannot be written: No such file"):
        trim_ledger(tmp_path / "gone")
    with pytest.raises(LedgerError, match="cannot be opened for writing: Is a directory"):
        LedgerWriter(tmp_path)


def test_full_disk_is_one_clear_sentence_and_nothing_is_written_behind_it() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")

    with LedgerWriter(full) as writer:
        with pytest.raises(LedgerError, match="cannot be written: No space left"):
            writer.append(ENTRY.line())
        with pytest.raises(LedgerError, match="an earlier line could not be written"):
            writer.append(ENTRY.line())


def test_line_of_which_only_a_part_fitted_is_a_full_disk(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr("loadtests.ledger.os.write", lambda file, lines: write(file, lines[:9]))

    with LedgerWriter(path) as writer, pytest.raises(LedgerError, match="the disk is full"):
        writer.append(ENTRY.line())


def test_ledger_is_for_this_account_alone(path: Path) -> None:
    assert path.stat().st_mode & 0o077 == 0


def test_tail_gives_each_whole_line_once(path: Path) -> None:
    with LedgerTail(path) as tail, path.open("ab", buffering=0) as file:
        assert len(list(tail.lines())) == 8
        file.write(ANSWERED.line()[:40])
        assert list(tail.lines()) == []
        file.write(ANSWERED.line()[40:])
        assert [line + b"\n" for line in tail.lines()] == [ANSWERED.line()]
        assert list(tail.lines()) == []
