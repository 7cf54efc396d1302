"""The folders: what is whole appears under its name, what is strange is set aside unopened, and nothing is replaced."""

import json
import os
from pathlib import Path

import pytest

from sandbox.esr.files import hub
from sandbox.esr.files.hub import FOLDERS, EmployerFolder, Hub, TooLarge, Unreadable

AT = "2030-01-01T09:00:00.000Z"


@pytest.fixture
def folder(tmp_path: Path) -> EmployerFolder:
    made = Hub(tmp_path).employer("acme", "X0A1B")
    made.make()
    made.make()
    return made


def test_an_employer_has_four_folders_below_its_workspace(
    folder: EmployerFolder, tmp_path: Path
) -> None:
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("*/*/*")}

    assert found == {f"acme/X0A1B/{name}" for name in FOLDERS}


def test_work_in_progress_is_not_looked_at(folder: EmployerFolder) -> None:
    for name in (".ER.DAT", "ER.DAT.part", "b.DAT", "a.DAT"):
        (folder.path / "inbox" / name).write_bytes(b"x")

    assert folder.waiting() == ["a.DAT", "b.DAT"]


def test_an_inbox_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert Hub(tmp_path).employer("acme", "X9Z9Z").waiting() == []


@pytest.mark.parametrize("kind", ["link", "dangling link", "folder", "pipe", "socket folder link"])
def test_what_is_no_regular_file_is_never_opened(
    folder: EmployerFolder, tmp_path: Path, kind: str
) -> None:
    place = folder.path / "inbox" / "a.DAT"
    secret = tmp_path / "secret"
    secret.write_text("not yours")
    match kind:
        case "link":
            place.symlink_to(secret)
        case "dangling link":
            place.symlink_to(tmp_path / "nowhere")
        case "folder":
            place.mkdir()
            (place / "deep").write_text("x")
        case "pipe":
            os.mkfifo(place)
        case _:
            place.symlink_to(tmp_path, target_is_directory=True)

    with pytest.raises(Unreadable):
        folder.read("a.DAT")
    folder.set_aside("a.DAT", "FILE_UNREADABLE", "No file.", AT)

    assert folder.waiting() == []
    assert os.path.lexists(folder.path / "quarantine" / "a.DAT")
    assert secret.read_text() == "not yours"


def test_a_file_that_the_system_refuses_to_open_is_unreadable(
    folder: EmployerFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.path / "inbox" / "a.DAT").write_bytes(b"x")

    def refuse(*_arguments: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(hub.os, "open", refuse)

    with pytest.raises(Unreadable, match="Permission denied"):
        folder.read("a.DAT")


def test_a_file_may_hold_ten_megabytes_and_no_byte_more(folder: EmployerFolder) -> None:
    for name, more in (("most.DAT", 0), ("more.DAT", 1)):
        (folder.path / "inbox" / name).write_bytes(b"x" * (10 * 1024 * 1024 + more))

    assert len(folder.read("most.DAT")) == 10 * 1024 * 1024
    with pytest.raises(TooLarge):
        folder.read("more.DAT")


def test_a_file_may_hold_a_hundred_thousand_rows_and_not_one_more(folder: EmployerFolder) -> None:
    (folder.path / "inbox" / "most.DAT").write_bytes(b"\n" * 100_000)
    (folder.path / "inbox" / "more.DAT").write_bytes(b"\n" * 100_001)

    assert folder.read("most.DAT")
    with pytest.raises(TooLarge):
        folder.read("more.DAT")


def test_a_reason_replaces_nothing_that_was_set_aside_before(folder: EmployerFolder) -> None:
    for name in ("a.DAT.reason.json", "a.DAT"):
        (folder.path / "inbox" / name).write_text("the supplier's")
        folder.set_aside(name, "FILE_NAME_UNKNOWN", "No name.", AT)

    quarantine = folder.path / "quarantine"
    assert (quarantine / "a.DAT.reason.json").read_text() == "the supplier's"
    assert json.loads((quarantine / "a.DAT.2.reason.json").read_text())["at"] == AT


def test_a_file_that_cannot_be_moved_leaves_one_reason_however_often_it_is_tried(
    folder: EmployerFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.path / "inbox" / "a.DAT").write_bytes(b"x")

    def refuse(*_arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(hub.Path, "rename", refuse)
    for _ in range(3):
        with pytest.raises(PermissionError):
            folder.set_aside("a.DAT", "FILE_NAME_UNKNOWN", "No name.", AT)

    assert [path.name for path in (folder.path / "quarantine").iterdir()] == ["a.DAT.reason.json"]


def test_the_reason_lies_beside_what_is_set_aside(folder: EmployerFolder) -> None:
    (folder.path / "inbox" / "a.DAT").write_bytes(b"x")

    folder.set_aside("a.DAT", "FILE_EMPTY", "Nothing in it.", AT)

    reason = json.loads((folder.path / "quarantine" / "a.DAT.reason.json").read_text())
    assert reason == {"code": "FILE_EMPTY", "text": "Nothing in it.", "at": AT}
    assert (folder.path / "quarantine" / "a.DAT").read_bytes() == b"x"


def test_nothing_that_was_kept_is_replaced(folder: EmployerFolder) -> None:
    for content in (b"1", b"2", b"3"):
        (folder.path / "inbox" / "a.DAT").write_bytes(content)
        folder.keep("a.DAT")
        (folder.path / "inbox" / "a.DAT").write_bytes(content)
        folder.set_aside("a.DAT", "FILE_EMPTY", "Nothing in it.", AT)

    kept = {path.name: path.read_bytes() for path in (folder.path / "archive").iterdir()}
    assert kept == {"a.DAT": b"1", "a.DAT.2": b"2", "a.DAT.3": b"3"}
    aside = sorted(path.name for path in (folder.path / "quarantine").iterdir())
    assert [name for name in aside if not name.endswith(".json")] == ["a.DAT", "a.DAT.2", "a.DAT.3"]
    assert len([name for name in aside if name.endswith(".json")]) == 3


def test_what_has_gone_meanwhile_is_no_trouble(folder: EmployerFolder) -> None:
    folder.keep("gone.DAT")
    folder.set_aside("gone.DAT", "FILE_EMPTY", "Nothing in it.", AT)

    assert not any(folder.path.glob("*/*"))


def test_a_name_as_long_as_the_system_allows_can_be_set_aside(folder: EmployerFolder) -> None:
    name = "ä" * 127
    (folder.path / "inbox" / name).write_bytes(b"x")

    folder.set_aside(name, "FILE_NAME_UNKNOWN", "What a name.", AT)

    assert folder.waiting() == []
    assert len(list((folder.path / "quarantine").iterdir())) == 2


def test_a_file_of_esr_appears_whole_or_not_at_all(
    folder: EmployerFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.send("a.DAT", b"first")
    monkeypatch.setattr(hub.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "full")))

    with pytest.raises(OSError, match="full"):
        folder.send("a.DAT", b"second")

    assert (folder.path / "outbox" / "a.DAT").read_bytes() == b"first"
    assert [p.name for p in (folder.path / "outbox").iterdir() if hub.is_finished(p.name)] == [
        "a.DAT"
    ]
