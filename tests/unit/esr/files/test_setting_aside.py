"""Files that are set aside: what is told of them, what they use up, and that nothing else waits for them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hub_office import Office

from sandbox.esr.files.hub import EmployerFolder
from sandbox.esr.files.supplier import inbound_file
from sandbox.esr.service.organisations import change_organisation


def crowd(office: Office, most: int) -> list[tuple[str, dict[str, Any]]]:
    """Applicants of whom `most` are for one position."""
    first = office.submission()
    wanted = ("vacancyReference", "positionId", "staffGroup", "jobRole")
    same = {name: first[name] for name in wanted}
    return [("APA", {**office.submission(registrations=[]), **same}) for _ in range(most)]


def test_forty_one_applicants_for_a_position_are_quarantined_in_silence(office: Office) -> None:
    name, content = office.file("APP", crowd(office, 41))
    office.put(name, content)

    office.hour()
    office.hour()

    assert (office.applicants(), office.confirmations()) == ([], [])
    assert office.names("quarantine") == [name, f"{name}.reason.json"]
    reason = json.loads((office.folder / "quarantine" / f"{name}.reason.json").read_text())
    assert reason["code"] == "FILE_POSITION_CROWDED"
    [file] = office.files("IN")
    assert (file["state"], file["code"], file["filed"]) == (
        "QUARANTINED",
        "FILE_POSITION_CROWDED",
        True,
    )


def test_forty_applicants_for_a_position_are_loaded(office: Office) -> None:
    confirmation = office.send("APP", crowd(office, 40))

    taken = [o for o in confirmation.outcomes if o.columns["loadStatusCode"] == "SUCCESS"]
    assert len(taken) == len(office.applicants()) == 40


def test_a_file_that_was_set_aside_uses_up_no_number(office: Office) -> None:
    name, content = office.file("APP", [("APA", office.submission(registrations=[]))])
    office.put(name, content.replace(b"TRL~3", b"TRL~4"))
    gap, ahead = inbound_file("APP", office.vpd, 2, office.now, [("APA", office.submission())])
    office.put(gap, ahead)
    office.hour()

    rejected = {item.name: item for item in office.confirmations()}
    assert {name: item.result for name, item in rejected.items()} == {
        name: "REJECTED",
        gap: "REJECTED",
    }
    assert [message["messageCode"] for message in rejected[name].messages] == ["FILE_COUNT_WRONG"]
    assert "sequence number is 1." in rejected[gap].messages[0]["messageText"]
    assert rejected[gap].messages[0]["messageType"] == "ERROR"
    assert office.applicants() == []

    office.put(name, content)
    office.put(gap, ahead)
    office.hour()

    assert [file["state"] for file in office.files("IN")] == ["REJECTED"] * 2 + ["CONFIRMED"] * 2
    assert len(office.applicants()) == 2
    assert office.names("archive") == [name, gap]


def test_a_file_that_comes_again_is_ignored_and_its_first_confirmation_stands(
    office: Office,
) -> None:
    name, content = office.file("APP", [("APA", office.submission())])
    for _ in range(2):
        office.put(name, content)
        office.hour()

    assert len(office.applicants()) == len(office.confirmations()) == 1
    assert [file["state"] for file in office.files("IN")] == ["CONFIRMED", "IGNORED"]
    assert office.names("quarantine") == [name, f"{name}.reason.json"]


def test_another_content_under_a_used_number_is_rejected(office: Office) -> None:
    office.send("APP", [("APA", office.submission())])
    office.put(*inbound_file("APP", office.vpd, 1, office.now, [("APA", office.submission())]))

    office.hour()

    assert [file.get("code") for file in office.files("IN")] == [None, "FILE_SEQUENCE_REPEATED"]
    assert len(office.applicants()) == 1


def test_strange_things_in_an_inbox_do_not_stop_the_hour(office: Office, tmp_path: Path) -> None:
    inbox = office.folder / "inbox"
    (inbox / "notes.txt").write_text("hello")
    (inbox / "folder").mkdir()
    (inbox / f"ER_{office.vpd}_APP_20300101_00000009.DAT").symlink_to(tmp_path / "anywhere")
    (inbox / ".hidden").write_text("x")
    (inbox / "growing.DAT.part").write_text("x")
    with open(bytes(inbox) + b"/\xff\xfe.DAT", "wb") as file:  # noqa: PTH123  (no name of Unicode)
        file.write(b"x")
    name, content = office.file("APP", [("APA", office.submission())])
    office.put(name, content)

    office.hour()

    assert office.confirmation(name).of(1).columns["loadStatusCode"] == "SUCCESS"
    assert office.names("inbox") == [".hidden", "growing.DAT.part"]
    found = {file["name"]: file.get("code") for file in office.files("IN")}
    assert found == {
        name: None,
        f"ER_{office.vpd}_APP_20300101_00000009.DAT": "FILE_UNREADABLE",
        "??.DAT": "FILE_NAME_UNKNOWN",
        "folder": "FILE_UNREADABLE",
        "notes.txt": "FILE_NAME_UNKNOWN",
    }


def test_an_employer_with_the_interface_off_gets_nothing_and_is_taken_nothing_from(
    office: Office,
) -> None:
    def switch(on: bool) -> Callable[[Any], Any]:
        return lambda unit: change_organisation(
            unit, office.ods_code, {"interfaces": {"files": on}}
        )

    office.do(switch(False))
    name, content = office.file("APP", [("APA", office.submission())])
    office.put(name, content)
    office.hour()

    assert office.names("outbox") == []
    assert [file["code"] for file in office.files("IN")] == ["FILE_INTERFACE_OFF"]
    assert office.applicants() == []

    office.do(switch(True))
    office.put(name, content)
    office.hour()

    assert office.confirmation(name).result == "LOADED"
    assert len(office.outbox("POS")) == 1


def test_a_file_that_cannot_be_moved_is_loaded_once_and_moved_later(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, content = office.file("APP", [("APA", office.submission())])
    office.put(name, content)

    def refuse(_folder: EmployerFolder, _name: str) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as broken:
        broken.setattr(EmployerFolder, "keep", refuse)
        office.hour()
        office.hour()

    assert office.names("inbox") == [name]
    assert [file["filed"] for file in office.files("IN")] == [False]

    office.hour()

    assert (office.names("inbox"), office.names("archive")) == ([], [name])
    assert [(file["state"], file["filed"]) for file in office.files("IN")] == [("CONFIRMED", True)]
    assert len(office.applicants()) == 1


def test_an_outbox_that_cannot_be_written_is_written_an_hour_later(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_folder: EmployerFolder, _name: str, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(EmployerFolder, "send", full)
        office.hour()
    assert office.names("outbox") == []

    office.hour()

    assert [name.split("_")[2] for name in office.names("outbox")] == ["POS", "VAC"]
