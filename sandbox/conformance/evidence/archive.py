"""Reads a zip that nobody trusts yet: every check comes before what it guards against could do harm.

Nothing is unpacked to disk, nothing is inflated beyond what its entry declares, and the bounds hold before anything is read.
A pack as the suite writes it has no comment, nothing before or behind it and no zip64; so the last 22 bytes tell where the list
of entries is, and a file that was cut is known by them.
"""

import hashlib
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType

from sandbox.conformance.evidence.refusals import Code, PackRefused, shown

MOST_ENTRIES = 10_000
LARGEST_PACK = 256 * 1024 * 1024
LARGEST_ENTRY = 128 * 1024 * 1024
LARGEST_WHOLE = 1024 * 1024 * 1024
LARGEST_RATIO = 200
"""How much an entry may grow when it is inflated, beyond its first `_SMALL` bytes. Exchanges grow tenfold to fiftyfold."""
LONGEST_NAME = 240
STAMP = (1980, 1, 1, 0, 0, 0)
"""The time that every entry bears, so that the same files make the same bytes."""
MODE = (stat.S_IFREG | 0o644) << 16
UNIX = 3

_SMALL = 1024 * 1024
_LARGEST_LIST = 8 * 1024 * 1024
_CHUNK = 64 * 1024
_END = struct.Struct("<4s4H2LH")
_FACTS, _MADE, _REST = struct.Struct("<5H3L2H"), struct.Struct("<4sBB"), struct.Struct("<3H2L")
_END_SIGN, _LOCAL_SIGN, _LISTED_SIGN = b"PK\x05\x06", b"PK\x03\x04", b"PK\x01\x02"
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    struct.error,
    OSError,
)


class Archive:
    """A pack that is open for reading. Close it, or use it as a context."""

    def __init__(self, path: Path) -> None:
        """Opens it and reads its list of entries. Raises PackRefused."""
        if path.exists() and not path.is_file():
            raise PackRefused(Code.PACK_UNREADABLE, "The pack is no file.")
        try:
            self._file = path.open("rb")
        except OSError as problem:
            raise PackRefused(
                Code.PACK_UNREADABLE, f"The pack cannot be read: {problem.strerror or problem}."
            ) from problem
        try:
            self._check_end()
            self._zip = zipfile.ZipFile(self._file)
        except _BROKEN as problem:
            self._file.close()
            raise PackRefused(
                Code.ZIP_DAMAGED, "The zip's list of entries is damaged."
            ) from problem
        except BaseException:
            self._file.close()
            raise
        self._entries = self._zip.infolist()
        self._by_name = {entry.filename: entry for entry in self._entries}
        self._digests: Mapping[str, str] = {}

    def __enter__(self) -> "Archive":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _problem: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file."""
        self._zip.close()
        self._file.close()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the entries, in their order."""
        return tuple(entry.filename for entry in self._entries)

    def size(self, name: str) -> int:
        """How many bytes the entry declares."""
        return self._by_name[name].file_size

    def digest_of_whole(self) -> str:
        """The SHA-256 of the zip as a file."""
        self._file.seek(0)
        return hashlib.file_digest(self._file, "sha256").hexdigest()

    def _check_end(self) -> None:
        """Refuses a file that does not begin and end as a zip of ours. Raises PackRefused."""
        size = self._file.seek(0, 2)
        self._file.seek(0)
        head = self._file.read(4)
        if head not in (_LOCAL_SIGN, _END_SIGN):
            raise PackRefused(Code.NOT_A_ZIP, "This is no zip.")
        if size > LARGEST_PACK:
            raise PackRefused(
                Code.PACK_TOO_LARGE,
                f"The pack has {size:,} bytes; at most {LARGEST_PACK:,} are read.",
            )
        self._file.seek(max(0, size - _END.size))
        tail = self._file.read()
        if len(tail) < _END.size or not tail.startswith(_END_SIGN):
            raise PackRefused(
                Code.ZIP_TRUNCATED,
                "The zip does not end as a zip ends: it was cut, or something was put behind it.",
            )
        *_, length, start, _comment = _END.unpack(tail)
        if start + length + _END.size != size:
            raise PackRefused(
                Code.ZIP_TRUNCATED,
                "The zip is shorter or longer than its own list of entries says.",
            )
        if length > _LARGEST_LIST:
            raise PackRefused(Code.TOO_MANY_ENTRIES, "The zip's list of entries is too long.")

    def check_names(self) -> None:
        """Refuses entries whose names, kinds or methods no pack has."""
        seen: set[str] = set()
        for entry in self._entries:
            name = entry.orig_filename
            _check_name(name)
            # Some systems hold two names for one that differ in their capitals only.
            if name.casefold() in seen:
                raise PackRefused(Code.ENTRY_DUPLICATE, f"The entry {shown(name)} is there twice.")
            seen.add(name.casefold())
            mode = entry.external_attr >> 16
            if stat.S_ISLNK(mode):
                raise PackRefused(Code.ENTRY_SYMLINK, f"The entry {shown(name)} is a link.")
            if entry.flag_bits & 0x41:
                raise PackRefused(Code.ENTRY_ENCRYPTED, f"The entry {shown(name)} is encrypted.")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise PackRefused(
                    Code.ENTRY_METHOD,
                    f"The entry {shown(name)} is packed with method {entry.compress_type}.",
                )

    def check_sizes(self) -> None:
        """Refuses what is too much, by what the entries declare and before any is inflated."""
        if len(self._entries) > MOST_ENTRIES:
            raise PackRefused(
                Code.TOO_MANY_ENTRIES,
                f"The zip has {len(self._entries):,} entries; at most {MOST_ENTRIES:,} are read.",
            )
        for entry in self._entries:
            grown = entry.file_size - _SMALL
            if grown > 0 and grown > LARGEST_RATIO * entry.compress_size:
                raise PackRefused(
                    Code.ZIP_BOMB,
                    f"The entry {shown(entry.filename)} would grow from {entry.compress_size:,} to {entry.file_size:,} bytes; "
                    "it was not inflated.",
                )
            if entry.file_size > LARGEST_ENTRY:
                raise PackRefused(
                    Code.ENTRY_TOO_LARGE,
                    f"The entry {shown(entry.filename)} has {entry.file_size:,} bytes; at most {LARGEST_ENTRY:,} are read.",
                )
        whole = sum(entry.file_size for entry in self._entries)
        if whole > LARGEST_WHOLE:
            raise PackRefused(
                Code.PACK_TOO_LARGE,
                f"The entries have {whole:,} bytes together; at most {LARGEST_WHOLE:,} are read.",
            )

    def begins(self, name: str, length: int) -> bytes:
        """The first bytes of an entry. Raises PackRefused."""
        return next(self._chunks(name), b"")[:length]

    def measure(self, name: str) -> tuple[int, str]:
        """How many bytes an entry has, and their SHA-256; read piece by piece. Raises PackRefused."""
        size, digest = 0, hashlib.sha256()
        for chunk in self._chunks(name):
            size += len(chunk)
            digest.update(chunk)
        return size, digest.hexdigest()

    def read(self, name: str) -> bytes:
        """The bytes of an entry, held against its digest where one is pinned. Raises PackRefused and KeyError."""
        content = b"".join(self._chunks(name))
        pinned = self._digests.get(name)
        if pinned is not None and hashlib.sha256(content).hexdigest() != pinned:
            raise PackRefused(
                Code.DIGEST_DIFFERS, f"The file {shown(name)} changed while the pack was read."
            )
        return content

    def pin(self, digests: Mapping[str, str]) -> None:
        """Has every later reading held against these digests."""
        self._digests = digests

    def _chunks(self, name: str) -> Iterator[bytes]:
        entry = self._by_name[name]
        left = entry.file_size
        try:
            with self._zip.open(entry) as stream:
                while chunk := stream.read(_CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise PackRefused(
                            Code.ZIP_BOMB, f"The entry {shown(name)} is longer than it declares."
                        )
                    yield chunk
        except _BROKEN as problem:
            raise _damaged(name) from problem
        if left:
            raise _damaged(name)

    def check_form(self) -> None:
        """Refuses a zip of which a byte that holds no content is not as `write_pack` writes it. Raises PackRefused."""
        place, listed = 0, b""
        for entry in self._entries:
            header = _LOCAL_SIGN + _facts(entry) + entry.filename.encode()
            self._file.seek(place)
            if self._file.read(len(header)) != header:
                raise PackRefused(
                    Code.FORM_DIFFERS,
                    f"The zip was written anew, or altered at the entry {shown(entry.filename)}, after the suite wrote it.",
                )
            listed += _listed(entry, place)
            place += len(header) + entry.compress_size
        count = len(self._entries)
        end = _END.pack(_END_SIGN, 0, 0, count, count, len(listed), place, 0)
        self._file.seek(place)
        if self._file.read() != listed + end:
            raise PackRefused(
                Code.FORM_DIFFERS,
                "The zip's list of entries was altered, or holds something that no entry names.",
            )


def _check_name(name: str) -> None:
    if name.startswith(("/", "\\")) or name[1:2] == ":":
        raise PackRefused(Code.ENTRY_ABSOLUTE, f"The entry {shown(name)} has an absolute path.")
    parts = name.replace("\\", "/").split("/")
    if ".." in parts:
        raise PackRefused(Code.ENTRY_TRAVERSAL, f"The entry {shown(name)} leads out of the pack.")
    if (
        not 0 < len(name) <= LONGEST_NAME
        or "\\" in name
        or not name.isascii()
        or not name.isprintable()
        or any(part in ("", ".") for part in parts)
    ):
        raise PackRefused(Code.ENTRY_NAME, f"The entry {shown(name)} has a name that no pack has.")


def _damaged(name: str) -> PackRefused:
    return PackRefused(
        Code.FILE_DAMAGED, f"The file {shown(name)} cannot be read whole: its bytes are damaged."
    )


def new_entry(name: str) -> zipfile.ZipInfo:
    """An entry as a pack has it: the same for the same name, on any machine at any time."""
    _check_name(name)
    entry = zipfile.ZipInfo(name, STAMP)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = UNIX
    entry.external_attr = MODE
    return entry


def _facts(entry: zipfile.ZipInfo) -> bytes:
    """What stands of an entry both before its content and in the list of entries, as it is in every pack."""
    year, month, day, *_ = STAMP
    return _FACTS.pack(
        zipfile.DEFAULT_VERSION,
        0,
        zipfile.ZIP_DEFLATED,
        0,
        (year - 1980) << 9 | month << 5 | day,
        entry.CRC,
        entry.compress_size,
        entry.file_size,
        len(entry.filename),
        0,
    )


def _listed(entry: zipfile.ZipInfo, place: int) -> bytes:
    """An entry of the list, whose content begins at `place`, as it is in every pack."""
    made = _MADE.pack(_LISTED_SIGN, zipfile.DEFAULT_VERSION, UNIX)
    rest = _REST.pack(0, 0, 0, MODE, place)
    return made + _facts(entry) + rest + entry.filename.encode()
