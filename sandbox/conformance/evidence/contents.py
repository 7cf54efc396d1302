"""Whether the files of a pack are those of its manifest: all of them, no others, each with its size and digest."""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.conformance.evidence.archive import Archive
from sandbox.conformance.evidence.envelope import MANIFEST
from sandbox.conformance.evidence.pack import ENVELOPE
from sandbox.conformance.evidence.refusals import Code, PackRefused, shown


class PackFiles(Mapping[str, bytes]):
    """The files of a pack by name, without the manifest and its envelope; each is read when it is asked for."""

    def __init__(self, archive: Archive, manifest: Mapping[str, Any]) -> None:
        self._archive = archive
        self._names = tuple(file["name"] for file in manifest["files"])

    def __getitem__(self, name: str) -> bytes:
        if name not in self._names:
            raise KeyError(name)
        return self._archive.read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def check_listing(archive: Archive, manifest: Mapping[str, Any]) -> None:
    """Refuses a pack with a file too few or too many. Raises PackRefused."""
    listed = {file["name"] for file in manifest["files"]}
    there = set(archive.names) - {MANIFEST, ENVELOPE}
    for name in sorted(listed - there):
        raise PackRefused(Code.FILE_MISSING, f"The file {shown(name)} was taken away.")
    for name in sorted(there - listed):
        raise PackRefused(
            Code.FILE_EXTRA, f"The file {shown(name)} is not in the manifest: it was added."
        )


def check_digests(archive: Archive, manifest: Mapping[str, Any]) -> None:
    """Refuses a file that is not what was sealed, and has later readings held against the digests. Raises PackRefused."""
    digests = {file["name"]: file["sha256"] for file in manifest["files"]}
    owners = {digest: name for name, digest in digests.items()}
    for file in manifest["files"]:
        name = file["name"]
        size, digest = archive.measure(name)
        if digest == file["sha256"] and size == file["size"]:
            continue
        if digest in owners and owners[digest] != name:
            raise PackRefused(
                Code.FILE_SWAPPED,
                f"The file {shown(name)} holds what the manifest lists as {shown(owners[digest])}.",
            )
        if size != file["size"]:
            raise PackRefused(
                Code.SIZE_DIFFERS,
                f"The file {shown(name)} has {size:,} bytes; the manifest says {file['size']:,}.",
            )
        raise PackRefused(
            Code.DIGEST_DIFFERS, f"The file {shown(name)} was changed: its SHA-256 is {digest}."
        )
    archive.pin(digests)
