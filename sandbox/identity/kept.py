"""Secrets that a sandbox makes for itself and keeps in files of their own, which only their owner may read."""

import os
from contextlib import suppress
from pathlib import Path

from sandbox.identity.store import new_token


def kept_secret(path: Path) -> str:
    """The secret that stands in `path`, made when there is none: the same after every restart."""
    try:
        kept = path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return _made(path)
    if kept:
        return kept
    secret = new_token()
    write_private(path, f"{secret}\n".encode())
    return secret


def _made(path: Path) -> str:
    """A new secret, whole or not at all; of several processes that begin at once all have the one that is kept."""
    draft = path.with_name(f".{path.name}.{new_token()}")
    write_private(draft, f"{new_token()}\n".encode(), is_new=True)
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii").strip()


def write_private(path: Path, content: bytes, is_new: bool = False) -> None:
    """Writes a file that only its owner may read. Raises FileExistsError where `is_new` and there is such a file."""
    way = os.O_WRONLY | os.O_CREAT | (os.O_EXCL if is_new else os.O_TRUNC)
    with os.fdopen(os.open(path, way, 0o600), "wb") as file:
        file.write(content)
