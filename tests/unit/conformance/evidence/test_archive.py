"""A zip that nobody trusts is looked at before anything of it is believed, inflated or written anywhere."""

import random
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from evidence_packs import Desk, contents

from sandbox.conformance.evidence.archive import Archive, new_entry
from sandbox.conformance.evidence.pack import write_zip
from sandbox.conformance.evidence.refusals import Code


def raw_zip(path: Path, entries: list[tuple[Any, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../outside.json", Code.ENTRY_TRAVERSAL),
        ("cases/../../outside.json", Code.ENTRY_TRAVERSAL),
        ("cases\\..\\..\\outside.json", Code.ENTRY_TRAVERSAL),
        ("/etc/passwd", Code.ENTRY_ABSOLUTE),
        ("\\\\server\\share", Code.ENTRY_ABSOLUTE),
        ("C:/outside.json", Code.ENTRY_ABSOLUTE),
        ("cases//a.json", Code.ENTRY_NAME),
        ("./a.json", Code.ENTRY_NAME),
        ("cases/", Code.ENTRY_NAME),
        ("a\x1b[31m.json", Code.ENTRY_NAME),
        ("cas\u0435s.json", Code.ENTRY_NAME),
        ("a" * 300, Code.ENTRY_NAME),
    ],
)
def test_an_entry_with_a_bad_name_is_refused(desk: Desk, name: str, code: Code) -> None:
    held = contents(desk.pack())
    path = raw_zip(desk.folder / "raw.zip", [*held.items(), (name, b"x")])

    assert desk.verify(path).code is code
    assert not (desk.folder / "outside.json").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["results.json", "RESULTS.json"])
def test_two_entries_of_one_name_are_refused(desk: Desk, name: str) -> None:
    held = contents(desk.pack())
    path = raw_zip(desk.folder / "raw.zip", [*held.items(), (name, b"{}")])

    assert desk.verify(path).code is Code.ENTRY_DUPLICATE


def test_a_link_is_refused(desk: Desk) -> None:
    link = zipfile.ZipInfo("cases/link.json")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    path = raw_zip(
        desk.folder / "raw.zip", [*contents(desk.pack()).items(), (link, b"/etc/passwd")]
    )

    assert desk.verify(path).code is Code.ENTRY_SYMLINK


def test_an_encrypted_entry_is_refused(desk: Desk) -> None:
    path = desk.pack()
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)

    assert desk.verify(path).code is Code.ENTRY_ENCRYPTED


def test_another_way_of_packing_is_refused(desk: Desk) -> None:
    other = new_entry("other.json")
    with zipfile.ZipFile(desk.folder / "raw.zip", "w") as archive:
        archive.writestr(other, b"{}" * 100, zipfile.ZIP_BZIP2)

    assert desk.verify(desk.folder / "raw.zip").code is Code.ENTRY_METHOD


def test_a_zip_bomb_is_refused_and_never_inflated(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = desk.folder / "bomb.zip"
    write_zip(bomb, {"bomb.json": bytes(100 * 1024 * 1024)})
    monkeypatch.setattr(Archive, "_chunks", lambda *_: pytest.fail("it was inflated"))

    verification = desk.verify(bomb)

    assert verification.code is Code.ZIP_BOMB
    assert bomb.stat().st_size < 200_000


def test_an_entry_that_lies_about_its_size_is_not_inflated_beyond_it(desk: Desk) -> None:
    path = desk.folder / "liar.zip"
    write_zip(path, {"manifest.json": bytes(50 * 1024 * 1024)})
    data = bytearray(path.read_bytes())
    struct.pack_into("<L", data, data.rindex(b"PK\x01\x02") + 24, 1000)
    path.write_bytes(data)

    assert desk.verify(path).code is Code.FILE_DAMAGED


def test_an_entry_that_is_too_large_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    path = desk.pack()

    monkeypatch.setattr("sandbox.conformance.evidence.archive.LARGEST_ENTRY", 100)
    assert desk.verify(path).code is Code.ENTRY_TOO_LARGE
    monkeypatch.undo()
    monkeypatch.setattr("sandbox.conformance.evidence.archive.LARGEST_WHOLE", 2000)
    assert desk.verify(path).code is Code.PACK_TOO_LARGE
    monkeypatch.undo()
    monkeypatch.setattr("sandbox.conformance.evidence.archive.MOST_ENTRIES", 3)
    assert desk.verify(path).code is Code.TOO_MANY_ENTRIES


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.99])
def test_a_truncated_zip_is_refused(desk: Desk, share: float) -> None:
    path = desk.pack()
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])

    assert desk.verify(path).code is Code.ZIP_TRUNCATED


def test_a_damaged_list_of_entries_is_refused(desk: Desk) -> None:
    path = desk.pack()
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02")] ^= 1
    path.write_bytes(data)

    assert desk.verify(path).code is Code.ZIP_DAMAGED


def test_what_is_put_before_or_behind_the_zip_is_refused(desk: Desk) -> None:
    whole = desk.pack().read_bytes()

    (desk.folder / "behind.zip").write_bytes(whole + b"more")
    (desk.folder / "before.zip").write_bytes(whole[:4] + b"more" + whole)

    assert desk.verify(desk.folder / "behind.zip").code is Code.ZIP_TRUNCATED
    assert desk.verify(desk.folder / "before.zip").code is Code.ZIP_TRUNCATED


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip at all", b"\x00" * 100])
def test_what_is_no_zip_is_refused(desk: Desk, content: bytes) -> None:
    path = desk.folder / "none.zip"
    path.write_bytes(content)

    assert desk.verify(path).code is Code.NOT_A_ZIP


def test_a_pack_that_is_not_there_is_refused(desk: Desk) -> None:
    assert desk.verify(desk.folder / "none.zip").code is Code.PACK_UNREADABLE
    assert desk.verify(desk.folder).code is Code.PACK_UNREADABLE


def test_a_pack_that_was_zipped_anew_is_told_as_such(desk: Desk) -> None:
    path = raw_zip(desk.folder / "raw.zip", list(contents(desk.pack()).items()))

    assert desk.verify(path).code is Code.FORM_DIFFERS


def test_no_byte_of_a_file_can_be_changed_unseen_and_none_breaks_the_verifier(desk: Desk) -> None:
    path = desk.pack()
    whole, held = path.read_bytes(), contents(path)
    chance = random.Random(1)
    changed = []

    for place in chance.sample(range(len(whole)), 700):
        data = bytearray(whole)
        data[place] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
        # There is more than one way of deflating the same bytes; what is inflated is what counts.
        if desk.verify(path).accepted and contents(path) != held:
            changed.append(place)

    assert changed == []


def test_no_byte_around_the_files_can_be_changed_unseen(desk: Desk) -> None:
    path = desk.pack()
    whole = path.read_bytes()
    accepted = []

    for place in _places_around_streams(whole):
        data = bytearray(whole)
        data[place] ^= 1
        path.write_bytes(data)
        if desk.verify(path).accepted:
            accepted.append(place)

    assert accepted == []


def _places_around_streams(whole: bytes) -> list[int]:
    """Where the zip holds names, sizes and times, and not what its entries hold."""
    start, places = 0, []
    while whole[start : start + 4] == b"PK\x03\x04":
        size, name = struct.unpack_from("<18xL4xH", whole, start)
        places += range(start, start + 30 + name)
        start += 30 + name + size
    return [*places, *range(start, len(whole))]
