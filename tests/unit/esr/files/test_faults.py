"""A file with a fault is told its fault, and what becomes of it is defined; each row of the table stands on its own."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.errors import Code
from sandbox.esr.files import faults
from sandbox.esr.files.envelope import Period, compose, name_of
from sandbox.esr.files.faults import FILE_FAULTS, Arrival, Result, Trouble, fault_of, told
from sandbox.esr.files.layouts import LAYOUTS
from sandbox.esr.files.rows import SEPARATOR

NOW = datetime(2030, 1, 1, 9, tzinfo=UTC)
CREATED = NOW - timedelta(minutes=30)
VPD = "901"


def apa(position: int) -> str:
    """A row of an applicant, of whom only the position counts here."""
    names = [column.name for column in LAYOUTS["APA"].columns]
    fields = [""] * len(names)
    fields[names.index("positionId")] = str(position)
    return SEPARATOR.join(["APA", *fields])


def good(
    rows: list[str] | None = None,
    created: datetime = CREATED,
    sequence: int = 7,
    file_type: str = "APP",
) -> Arrival:
    name = name_of(VPD, file_type, created, sequence)
    content = compose(name, Period(created, created), rows or [apa(1)])
    return Arrival(
        name=str(name),
        content=content,
        vpd=VPD,
        is_enabled=True,
        now=NOW,
        last_sequence=6,
        is_loaded=False,
    )


def with_text(old: str, new: str) -> Callable[[Arrival], Arrival]:
    return lambda file: replace(file, content=file.content.replace(old.encode(), new.encode(), 1))


@dataclass
class Case:
    """A way to spoil a good file, and what must come of it."""

    code: Code
    result: Result
    spoil: Callable[[Arrival], Arrival]
    base: dict[str, Any] = field(default_factory=dict)


def crowd(most: int) -> list[str]:
    return [apa(1)] * most + [apa(2)] * 40


NAME = "ER_901_APP_20300101_00000007.DAT"
CASES = {
    "a link": Case(
        Code.FILE_UNREADABLE,
        Result.QUARANTINED,
        lambda file: replace(file, content=b"", trouble=Trouble.UNREADABLE),
    ),
    "a strange name": Case(
        Code.FILE_NAME_UNKNOWN,
        Result.QUARANTINED,
        lambda file: replace(file, name="applicants.csv"),
    ),
    "a short sequence": Case(
        Code.FILE_NAME_UNKNOWN,
        Result.QUARANTINED,
        lambda file: replace(file, name="ER_901_APP_20300101_0000007.DAT"),
    ),
    "digits of another script": Case(
        Code.FILE_NAME_UNKNOWN,
        Result.QUARANTINED,
        lambda file: replace(file, name="ER_٩٠١_APP_20300101_00000007.DAT"),
    ),
    "a type that goes out": Case(
        Code.FILE_TYPE_UNKNOWN, Result.QUARANTINED, lambda file: file, {"file_type": "POS"}
    ),
    "a type that nobody knows": Case(
        Code.FILE_TYPE_UNKNOWN, Result.QUARANTINED, lambda file: file, {"file_type": "XYZ"}
    ),
    "an interface that is off": Case(
        Code.FILE_INTERFACE_OFF, Result.QUARANTINED, lambda file: replace(file, is_enabled=False)
    ),
    "too many bytes": Case(
        Code.FILE_TOO_LARGE,
        Result.REJECTED,
        lambda file: replace(file, content=b"", trouble=Trouble.TOO_LARGE),
    ),
    "another employer's": Case(
        Code.FILE_VPD_WRONG, Result.REJECTED, lambda file: replace(file, vpd="902")
    ),
    "no UTF-8": Case(
        Code.FILE_ENCODING,
        Result.REJECTED,
        lambda file: replace(file, content=file.content.replace(b"APA", b"AP\xe9")),
    ),
    "a byte order mark": Case(
        Code.FILE_ENCODING,
        Result.REJECTED,
        lambda file: replace(file, content=b"\xef\xbb\xbf" + file.content),
    ),
    "nothing": Case(Code.FILE_EMPTY, Result.REJECTED, lambda file: replace(file, content=b"")),
    "no rows": Case(
        Code.FILE_EMPTY,
        Result.REJECTED,
        lambda file: replace(
            file, content=compose(name_of(VPD, "APP", CREATED, 7), Period(CREATED, CREATED), [])
        ),
    ),
    "no footer": Case(
        Code.FILE_TRUNCATED,
        Result.REJECTED,
        lambda file: replace(file, content=file.content[: file.content.index(b"TRL")]),
    ),
    "a footer that is broken off": Case(
        Code.FILE_TRUNCATED, Result.REJECTED, lambda file: replace(file, content=file.content[:-1])
    ),
    "no header": Case(Code.FILE_HEADER_INVALID, Result.REJECTED, with_text("HDR~", "HDX~")),
    "a header of six columns": Case(
        Code.FILE_HEADER_INVALID, Result.REJECTED, with_text("~01\n", "\n")
    ),
    "a moment that is none": Case(
        Code.FILE_HEADER_INVALID, Result.REJECTED, with_text("20300101 083000", "20300101 250000")
    ),
    "another name in the header": Case(
        Code.FILE_HEADER_DISAGREES, Result.REJECTED, with_text("00000007.DAT", "00000008.DAT")
    ),
    "another VPD in the header": Case(
        Code.FILE_HEADER_DISAGREES, Result.REJECTED, with_text("~901~", "~902~")
    ),
    "another date in the header": Case(
        Code.FILE_HEADER_DISAGREES,
        Result.REJECTED,
        with_text("20300101 083000", "20291231 083000"),
    ),
    "another version": Case(
        Code.FILE_VERSION_UNKNOWN, Result.REJECTED, with_text("~01\n", "~02\n")
    ),
    "made after now": Case(
        Code.FILE_FROM_FUTURE,
        Result.REJECTED,
        lambda file: file,
        {"created": NOW + timedelta(minutes=5, seconds=1)},
    ),
    "a row too many": Case(Code.FILE_COUNT_WRONG, Result.REJECTED, with_text("TRL~3", "TRL~2")),
    "a count that is none": Case(
        Code.FILE_COUNT_WRONG, Result.REJECTED, with_text("TRL~3", "TRL~03")
    ),
    "loaded before": Case(
        Code.FILE_DUPLICATE,
        Result.IGNORED,
        lambda file: replace(file, is_loaded=True, last_sequence=7),
    ),
    "a number that is used up": Case(
        Code.FILE_SEQUENCE_REPEATED,
        Result.REJECTED,
        lambda file: replace(file, last_sequence=7),
    ),
    "the number nought": Case(
        Code.FILE_SEQUENCE_REPEATED,
        Result.REJECTED,
        lambda file: replace(file, last_sequence=0),
        {"sequence": 0},
    ),
    "a gap": Case(
        Code.FILE_SEQUENCE_GAP, Result.REJECTED, lambda file: replace(file, last_sequence=5)
    ),
    "41 of a position": Case(
        Code.FILE_POSITION_CROWDED, Result.QUARANTINED, lambda file: file, {"rows": crowd(41)}
    ),
}


def spoilt(case: Case) -> Arrival:
    return case.spoil(
        good(**{name: value for name, value in case.base.items() if value is not None})
    )


def test_a_good_file_has_no_fault() -> None:
    assert fault_of(good()) is None
    assert fault_of(good(created=NOW + timedelta(minutes=5))) is None


def test_lines_may_end_as_on_windows() -> None:
    file = good()

    assert fault_of(replace(file, content=file.content.replace(b"\n", b"\r\n"))) is None


@pytest.mark.parametrize("most", [1, 39, 40])
def test_forty_applicants_for_each_of_two_positions_may_come_in_one_file(most: int) -> None:
    assert fault_of(good(rows=crowd(most))) is None


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_spoilt_file_is_told_its_fault(case: Case) -> None:
    found = fault_of(spoilt(case))

    assert found is not None
    assert (found.code, found.result) == (case.code, case.result)


def test_a_gap_and_a_repetition_name_the_number_that_is_due() -> None:
    for name in ("a gap", "a number that is used up"):
        file = spoilt(CASES[name])
        found = fault_of(file)
        assert found is not None
        assert f"is {file.last_sequence + 1}." in told(found, file)


def test_what_is_silent_and_what_is_told() -> None:
    assert {str(fault.code): str(fault.result) for fault in FILE_FAULTS} == {
        "FILE_UNREADABLE": "QUARANTINED",
        "FILE_NAME_UNKNOWN": "QUARANTINED",
        "FILE_TYPE_UNKNOWN": "QUARANTINED",
        "FILE_INTERFACE_OFF": "QUARANTINED",
        "FILE_TOO_LARGE": "REJECTED",
        "FILE_VPD_WRONG": "REJECTED",
        "FILE_ENCODING": "REJECTED",
        "FILE_EMPTY": "REJECTED",
        "FILE_TRUNCATED": "REJECTED",
        "FILE_HEADER_INVALID": "REJECTED",
        "FILE_HEADER_DISAGREES": "REJECTED",
        "FILE_VERSION_UNKNOWN": "REJECTED",
        "FILE_FROM_FUTURE": "REJECTED",
        "FILE_COUNT_WRONG": "REJECTED",
        "FILE_DUPLICATE": "IGNORED",
        "FILE_SEQUENCE_REPEATED": "REJECTED",
        "FILE_SEQUENCE_GAP": "REJECTED",
        "FILE_POSITION_CROWDED": "QUARANTINED",
    }
    assert {str(fault.code) for fault in FILE_FAULTS if fault.basis == "public"} == {
        "FILE_POSITION_CROWDED"
    }
    for fault in FILE_FAULTS:
        assert fault.basis in ("public", "modelled", "assumed")
        assert fault.source
        assert len(fault.text) <= 200


def test_every_rule_about_a_file_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    survivors = []
    for taken_away in FILE_FAULTS:
        left = tuple(fault for fault in FILE_FAULTS if fault is not taken_away)
        monkeypatch.setattr(faults, "FILE_FAULTS", left)
        verdicts = [(fault_of(spoilt(case)), case) for case in CASES.values()]
        if all(
            found is not None and (found.code, found.result) == (case.code, case.result)
            for found, case in verdicts
        ):
            survivors.append(taken_away.code)

    print(f"{len(FILE_FAULTS)} rows taken away in turn, survivors: {len(survivors)}")
    assert survivors == []


def test_the_order_of_the_rules_decides_which_fault_is_told() -> None:
    gap_and_crowd = replace(good(rows=crowd(41)), last_sequence=2)
    duplicate_under_another_number = replace(good(), is_loaded=True, last_sequence=9)

    first, second = fault_of(gap_and_crowd), fault_of(duplicate_under_another_number)

    assert first is not None
    assert second is not None
    assert (first.code, second.code) == (Code.FILE_SEQUENCE_GAP, Code.FILE_DUPLICATE)
