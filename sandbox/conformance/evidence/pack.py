"""Writes a pack: the files of a run in one zip, under one manifest that lists each of them, under one signature.

    write_pack(path, {"results.json": b"...", "cases/a.json": b"..."}, facts, key)

The same files, facts and key make the same bytes: entries are in the order of their names and bear no time.
"""

import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from sandbox.conformance.evidence.archive import new_entry
from sandbox.conformance.evidence.envelope import MANIFEST, signed, statement
from sandbox.conformance.evidence.keys import PrivateKey
from sandbox.conformance.evidence.manifest import (
    Facts,
    canonical,
    read_manifest,
    sha256,
)

ENVELOPE = "manifest.dsse.json"
_COMPRESSION = 6


def write_pack(
    path: Path, files: Mapping[str, bytes], facts: Facts, key: PrivateKey, *witnesses: PrivateKey
) -> str:
    """Writes the pack whole or not at all; answers its SHA-256. A witness signs the same statement with a key of their own.

    Raises PackRefused for a manifest that breaks its schema or a name that no pack has.
    """
    manifest = {
        **facts.to_dict(),
        "files": [
            {"name": name, "size": len(content), "sha256": sha256(content)}
            for name, content in sorted(files.items())
        ],
    }
    sealed = canonical(manifest)
    read_manifest(sealed)
    envelope = signed(statement(sha256(sealed), manifest), [key, *witnesses])
    return write_zip(path, {**files, MANIFEST: sealed, ENVELOPE: envelope})


def write_zip(path: Path, files: Mapping[str, bytes]) -> str:
    """Writes files as a zip of the form that every pack has; answers its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            with zipfile.ZipFile(file, "w") as archive:
                for entry, content in sorted(files.items()):
                    archive.writestr(new_entry(entry), content, zipfile.ZIP_DEFLATED, _COMPRESSION)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            digest = sha256(file.read())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return digest
