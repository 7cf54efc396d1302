"""Copies an SQLite file as it is committed at one moment, whoever writes to it meanwhile."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sandbox.database.schema import DatabaseUnusable


def copy_file(path: Path, to: Path) -> None:
    """Copies the database `path` to `to`, readable by this user alone; what lay there is replaced.

    All of it is read in one transaction, which holds up nobody who writes. Raises DatabaseUnusable.
    """
    try:
        to.unlink(missing_ok=True)
        os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with (
            closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)) as source,
            closing(sqlite3.connect(to)) as target,
        ):
            source.backup(target)
        flush(to)
    except (OSError, sqlite3.Error) as problem:
        to.unlink(missing_ok=True)
        raise DatabaseUnusable(
            f"{path} could not be copied to {to}: {problem}. The database was left as it is."
        ) from problem


def flush(path: Path) -> None:
    """Has a file, or the names in a folder, written to the disk. Raises OSError."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
