"""What one employer sees of the hub over SFTP, and what it may do there.

`/inbox`: send and list. `/outbox`: list, read and remove. `/archive` and `/quarantine`: list and read. There is nothing
else, whatever a path says: no links, no new folders, no other names. A file is in the inbox once the client has closed
it, whole, and not before: it is written under a hidden name, and a session that ends before leaves nothing.
"""

import asyncio
import os
import posixpath
import secrets
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import asyncssh
from asyncssh import SFTPAttrs, SFTPName

from sandbox.esr.files.envelope import parse_name
from sandbox.esr.files.hub import (
    FOLDERS,
    INBOX,
    LARGEST_FILE,
    OUTBOX,
    UNFINISHED,
    EmployerFolder,
    is_finished,
)

FOLDER = "employer_folder"
"""Under this name a connection holds the path of its employer's folder."""
ACCESS = "access"
"""Under this name a connection holds the function that says whether its token is still good."""

MOST_FILES = 20_000
"""Of one employer: in the inbox, in the archive and set aside."""
MOST_BYTES = 1024 * 1024 * 1024
_MOST_OPEN_FILES = 16
_WRITES = asyncssh.FXF_WRITE | asyncssh.FXF_APPEND | asyncssh.FXF_CREAT | asyncssh.FXF_TRUNC


@dataclass(slots=True)
class _Upload:
    """A file that is on its way into the inbox."""

    file: BinaryIO
    hidden: Path
    target: Path
    spoilt: bool = False


def _forbidden(*_: object) -> Any:
    raise asyncssh.SFTPPermissionDenied(
        "Folders and names are fixed: files are sent, listed, read and removed."
    )


_FORBIDDEN: Any = _forbidden


class EmployerSession(asyncssh.SFTPServer):
    """One session. Every path is `/`, `/<folder>` or `/<folder>/<name>`; there is no other."""

    def __init__(self, channel: "asyncssh.SSHServerChannel[bytes]") -> None:
        super().__init__(channel)
        self._folder: Path = channel.get_extra_info(FOLDER)
        self._is_good: Callable[[], Awaitable[bool]] = channel.get_extra_info(ACCESS)
        self._open_files = 0

    async def _check_access(self) -> None:
        """Raises SFTPPermissionDenied where the token has expired, or its client may no longer act for the employer."""
        if not await self._is_good():
            raise asyncssh.SFTPPermissionDenied(
                "The token of this session is no longer good: connect again with another."
            )

    async def open(self, path: bytes, pflags: int, attrs: SFTPAttrs) -> object:
        del attrs
        await self._check_access()
        folder, name, place = self._place(path)
        if folder is None or name is None:
            raise asyncssh.SFTPFailure("This is a folder.")
        if self._open_files >= _MOST_OPEN_FILES:
            raise asyncssh.SFTPFailure(f"At most {_MOST_OPEN_FILES} files are open at a time.")
        self._open_files += 1
        try:
            if pflags & _WRITES:
                _check_upload(folder, name, pflags)
                await asyncio.to_thread(_check_room, self._folder)
                return _begin(place)
            if folder == INBOX:
                raise asyncssh.SFTPPermissionDenied("What is in the inbox is not read back.")
            return _regular_file(place)
        except BaseException:
            self._open_files -= 1
            raise

    def read(self, file_obj: Any, offset: int, size: int) -> bytes:
        if isinstance(file_obj, _Upload):
            raise asyncssh.SFTPPermissionDenied("What is sent is not read back.")
        file_obj.seek(offset)
        content: bytes = file_obj.read(size)
        return content

    def write(self, file_obj: Any, offset: int, data: bytes) -> int:
        if not isinstance(file_obj, _Upload):
            raise asyncssh.SFTPPermissionDenied("The file is open for reading.")
        if offset + len(data) > LARGEST_FILE:
            file_obj.spoilt = True
            raise asyncssh.SFTPFailure(f"A file may hold {LARGEST_FILE:,} bytes at most.")
        try:
            os.pwrite(file_obj.file.fileno(), data, offset)
        except OSError:
            file_obj.spoilt = True
            raise
        return len(data)

    async def _finish(self, upload: _Upload, dropped: bool) -> None:
        try:
            if dropped:
                return
            if upload.spoilt:
                raise asyncssh.SFTPFailure("The file did not arrive whole and was not kept.")
            await self._check_access()
            await asyncio.to_thread(_deliver, upload)
        finally:
            upload.file.close()
            upload.hidden.unlink(missing_ok=True)

    def close(self, file_obj: Any) -> Any:
        self._open_files -= 1
        if isinstance(file_obj, _Upload):
            # What is still open when a session ends is closed by the library, while it handles what ended it.
            return self._finish(file_obj, dropped=sys.exc_info()[1] is not None)
        file_obj.close()
        return None

    def lstat(self, path: bytes) -> SFTPAttrs:
        return _attributes(self._place(path)[2], path)

    def stat(self, path: bytes) -> SFTPAttrs:
        return self.lstat(path)

    def fstat(self, file_obj: Any) -> SFTPAttrs:
        file = file_obj.file if isinstance(file_obj, _Upload) else file_obj
        return _told(os.fstat(file.fileno()))

    def setstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        self.lstat(path)
        _leave_as_it_is(attrs)

    def lsetstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        self.setstat(path, attrs)

    def fsetstat(self, file_obj: object, attrs: SFTPAttrs) -> None:
        del file_obj
        _leave_as_it_is(attrs)

    async def scandir(self, path: bytes) -> AsyncIterator[SFTPName]:
        await self._check_access()
        folder, name, here = self._place(path)
        if name is not None:
            raise asyncssh.SFTPFailure("This is no folder.")
        for itself in (b".", b".."):
            yield SFTPName(itself, attrs=_attributes(here, path))
        names = FOLDERS if folder is None else sorted(entry.name for entry in here.iterdir())
        for entry in filter(is_finished, names):
            # What has gone meanwhile, and what is no file, is passed over; so is a name that is no text.
            with suppress(asyncssh.SFTPNoSuchFile, UnicodeEncodeError):
                yield SFTPName(entry.encode(), attrs=_attributes(here / entry, entry.encode()))

    def realpath(self, path: bytes) -> bytes:
        return _whole(path)

    async def remove(self, path: bytes) -> None:
        await self._check_access()
        folder, name, place = self._place(path)
        if folder != OUTBOX or name is None:
            raise asyncssh.SFTPPermissionDenied("Only files of the outbox are removed.")
        _attributes(place, path)
        place.unlink()

    def _place(self, path: bytes) -> tuple[str | None, str | None, Path]:
        """The folder, the name in it, and where that is. Raises SFTPNoSuchFile for what cannot be."""
        folder, name = _parts(path)
        place = self._folder
        if folder is not None:
            place /= folder
            _attributes(place, path)
        return folder, name, place / name if name else place

    open56 = mkdir = rmdir = rename = posix_rename = _FORBIDDEN
    symlink = link = readlink = statvfs = fstatvfs = _FORBIDDEN

    def fsync(self, file_obj: Any) -> None:
        """Nothing: a file is on the disk once it is closed."""


def _whole(path: bytes) -> bytes:
    return b"/" + posixpath.normpath(b"/" + path).lstrip(b"/")


def _check_upload(folder: str, name: str, pflags: int) -> None:
    """Raises SFTPError for a file that is not to be sent in this way."""
    if folder != INBOX:
        raise asyncssh.SFTPPermissionDenied("Files are sent to the inbox, nowhere else.")
    if pflags & asyncssh.FXF_READ:
        raise asyncssh.SFTPPermissionDenied("What is in the inbox is not read back.")
    if pflags & asyncssh.FXF_APPEND:
        raise asyncssh.SFTPFailure("A file is sent whole; an upload cannot be taken up again.")
    if parse_name(name) is None:
        raise asyncssh.SFTPFailure(
            "The name must be ER_<VPD>_<type>_<YYYYMMDD>_<sequence, 8 digits>.DAT; a file that is not closed is not "
            "seen, so no other name is needed on the way."
        )


def _check_room(folder: Path) -> None:
    """Raises SFTPFailure where the employer has as many files, or bytes, as it may: the disk is everybody's."""
    files, size = EmployerFolder(folder).held()
    if files >= MOST_FILES or size >= MOST_BYTES:
        raise asyncssh.SFTPFailure(
            f"An employer's folders hold {MOST_FILES:,} files and {MOST_BYTES:,} bytes at most: ask the operator of the "
            "sandbox to clear them."
        )


def _begin(target: Path) -> _Upload:
    if os.path.lexists(target):
        raise _taken()
    hidden = target.with_name(f".{target.name}.{secrets.token_hex(8)}{UNFINISHED}")
    return _Upload(hidden.open("xb", buffering=0), hidden, target)


def _taken() -> asyncssh.SFTPFailure:
    return asyncssh.SFTPFailure("A file of this name waits in the inbox already.")


def _parts(path: bytes) -> tuple[str | None, str | None]:
    try:
        parts = [part for part in _whole(path).decode().split("/") if part]
    except UnicodeDecodeError:
        raise _nothing(path) from None
    folder = parts[0] if parts else None
    name = parts[1] if len(parts) > 1 else None
    known = folder is None or folder in FOLDERS
    if not known or len(parts) > 2 or "\0" in (name or "") or not is_finished(name or "none"):
        raise _nothing(path)
    return folder, name


def _nothing(path: bytes) -> asyncssh.SFTPNoSuchFile:
    return asyncssh.SFTPNoSuchFile(f"There is no {path.decode(errors='replace')[:200]}.")


def _attributes(place: Path, path: bytes) -> SFTPAttrs:
    """What is told of a folder or a file; a link, a pipe and a device are not there."""
    try:
        found = place.lstat()
    except (OSError, ValueError):
        raise _nothing(path) from None
    if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
        raise _nothing(path)
    return _told(found)


def _told(found: os.stat_result) -> SFTPAttrs:
    is_folder = stat.S_ISDIR(found.st_mode)
    return SFTPAttrs(
        size=found.st_size,
        permissions=stat.S_IFDIR | 0o700 if is_folder else stat.S_IFREG | 0o600,
        atime=int(found.st_mtime),
        mtime=int(found.st_mtime),
    )


def _leave_as_it_is(attrs: SFTPAttrs) -> None:
    """Times and permissions are the hub's own, and clients set them unasked; a length is not to be had."""
    if attrs.size is not None:
        raise asyncssh.SFTPOpUnsupported("The length of a file is what was written to it.")


def _regular_file(place: Path) -> BinaryIO:
    _attributes(place, place.name.encode())
    opened = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    file = os.fdopen(opened, "rb", buffering=0)
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        file.close()
        raise _nothing(place.name.encode())
    return file


def _deliver(upload: _Upload) -> None:
    """Gives the file its name, unless another has taken it meanwhile."""
    os.fsync(upload.file.fileno())
    try:
        os.link(upload.hidden, upload.target)
    except FileExistsError:
        raise _taken() from None
    opened = os.open(upload.target.parent, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
