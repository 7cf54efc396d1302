"""The supplier at the door of the files: split, numbered, and read back row by row."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.esr.files.confirmations import confirmation_rows, rejection_rows
from sandbox.esr.files.envelope import Period, compose, name_of
from sandbox.esr.files.supplier import read_rows
from sandbox.rehearsal.file_door import MOST_OF_A_POSITION, FileDoor, parts
from sandbox.rehearsal.messages import Kind, Message
from simulators.applicants import applicant
from simulators.world import World

WORLD = World.make(1, 1, 10)
[EMPLOYER] = WORLD.organisations
ODS, VPD = EMPLOYER["odsCode"], EMPLOYER["vpd"]
AT = datetime(2030, 3, 4, 9, 59, tzinfo=UTC)


def message(
    index: int,
    kind: Kind = Kind.SUBMISSION,
    body: Mapping[str, Any] | None = None,
    position: int = 1,
) -> Message:
    submission = applicant(1, index, WORLD)
    check_type = "identity" if kind is Kind.CHECK else None
    return Message(
        kind,
        AT,
        ODS,
        submission["supplierReference"],
        submission["vacancyReference"],
        position,
        submission if body is None else body,
        check_type,
    )


def check(index: int) -> Message:
    return message(index, Kind.CHECK, {"state": "REQUESTED", "requestedDate": "2030-03-04"})


@pytest.fixture
def door(tmp_path: Path) -> FileDoor:
    return FileDoor(tmp_path, "acme", {ODS: VPD})


@pytest.fixture
def employer(tmp_path: Path) -> Path:
    folder = tmp_path / "acme" / ODS
    (folder / "outbox").mkdir(parents=True)
    return folder


def inbox(employer: Path) -> list[str]:
    return sorted(path.name for path in (employer / "inbox").iterdir())


def confirm(employer: Path, rows: list[str], number: int = 1) -> None:
    name = name_of(VPD, "APC", AT, number)
    (employer / "outbox" / str(name)).write_bytes(compose(name, Period(AT, AT), rows))


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (1, [1]), (40, [40]), (41, [40, 1]), (81, [40, 40, 1])]
)
def test_no_file_holds_more_than_forty_applicants_for_a_position(
    count: int, sizes: list[int]
) -> None:
    assert MOST_OF_A_POSITION == 40
    assert [len(part) for part in parts([message(index) for index in range(count)])] == sizes


def test_other_positions_and_other_rows_do_not_count_towards_the_forty() -> None:
    held = [message(index, position=index % 2) for index in range(80)]
    held += [message(index, Kind.WITHDRAWAL, {}) for index in range(50)]

    [part] = parts(held)

    assert part == held


def test_applicants_and_checks_go_into_files_of_their_own_numbered_apart(
    door: FileDoor, employer: Path
) -> None:
    door.deposit([check(0), message(0), check(1)], AT)
    door.deposit([message(1)], AT)

    assert inbox(employer) == [
        f"ER_{VPD}_APP_20300304_00000001.DAT",
        f"ER_{VPD}_APP_20300304_00000002.DAT",
        f"ER_{VPD}_CHK_20300304_00000001.DAT",
    ]
    rows = read_rows((employer / "inbox" / f"ER_{VPD}_CHK_20300304_00000001.DAT").read_bytes())
    assert [code for code, _ in rows] == ["ECA", "ECA"]


def test_what_was_split_is_counted(door: FileDoor, employer: Path) -> None:
    door.deposit([message(index) for index in range(41)], AT)

    assert (door.files_sent, door.files_split) == (2, 1)
    assert len(inbox(employer)) == 2


def test_a_confirmation_is_read_row_by_row_and_registrations_have_ordinals_of_their_own(
    door: FileDoor, employer: Path
) -> None:
    registration = {"body": "09", "number": "12A3456E"}
    registered = message(0, body={**applicant(1, 0, WORLD), "registrations": [registration] * 2})
    second = message(1)
    door.deposit([registered, second], AT)
    [name] = inbox(employer)
    outcomes = [
        {
            "ordinal": 1,
            "rowCode": "APA",
            "loadStatusCode": "SUCCESS",
            "applicantNumber": "10000017",
            "messages": [],
        },
        {
            "ordinal": 4,
            "rowCode": "APA",
            "loadStatusCode": "FAIL",
            "messages": [
                {"messageType": "WARNING", "messageCode": "NI_NUMBER_ABSENT", "messageText": "a"},
                {"messageType": "ERROR", "messageCode": "APPLICANT_EXISTS", "messageText": "b"},
            ],
        },
    ]
    confirm(employer, confirmation_rows("APC", name, outcomes))

    first, other = door.collect()

    assert first.message is registered
    assert (first.answer.taken, first.answer.applicant_number) == (True, "10000017")
    assert other.message is second
    assert (other.answer.taken, other.answer.codes) == (
        False,
        ("APPLICANT_EXISTS", "NI_NUMBER_ABSENT"),
    )
    assert door.waiting == {}
    assert door.collect() == []


def test_a_rejected_file_fails_every_message_and_gives_its_number_back(
    door: FileDoor, employer: Path
) -> None:
    door.deposit([message(0), message(1)], AT)
    [name] = inbox(employer)
    confirm(employer, rejection_rows(name, "FILE_COUNT_WRONG", "The footer is wrong."))

    answers = [item.answer for item in door.collect()]
    door.deposit([message(0)], AT)

    assert [(answer.taken, answer.codes) for answer in answers] == [
        (False, ("FILE_COUNT_WRONG",))
    ] * 2
    assert list(door.waiting) == [name]


def test_a_file_given_up_gives_its_number_back(door: FileDoor, employer: Path) -> None:
    door.deposit([message(0)], AT)
    [name] = door.waiting

    gone = door.give_up(name)
    door.deposit([message(0)], AT)

    assert [item.reference for item in gone.messages.values()] == [message(0).reference]
    assert list(door.waiting) == [name]
