"""A copy of a sandbox's SQLite file, made while the sandbox runs, and looked through before it is called a backup.

The copy is of one moment: all that was acknowledged before it began is in it, and of nothing a part. It is one file, which a
sandbox can be started on.
"""

import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.database import (
    Database,
    DatabaseUnusable,
    Transaction,
    copy_file,
    flush,
    held_version,
)
from sandbox.journal.store import broken_link
from sandbox.workspaces.store import heads, workspace_names

_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds."""

    path: Path
    size: int
    """In bytes."""
    workspaces: int
    records: int
    """How many records the workspaces have given a number, all together."""


def back_up(path: Path, to: Path, *, replaces: bool = False) -> Backup:
    """Copies the database `path` to `to`, readable by this user alone; with `replaces`, in place of what lies there.

    The copy has its name only once it is whole: every page of it sound, every reference kept, and the chain of each
    workspace's journal unbroken. Raises DatabaseUnusable, with nothing at `to` that was not there before.
    """
    if to.exists() and not replaces:
        raise DatabaseUnusable(
            f"{to} is there already. Name another file with --to, or add --force."
        )
    if to.exists() and to.samefile(path):
        raise DatabaseUnusable(f"{to} is the database itself. Name another file with --to.")
    if held_version(path) is None:
        raise DatabaseUnusable(
            f"{path} is no sandbox's database. Name the one to copy with --database."
        )
    growing = to.with_name(f".{to.name}.part")
    try:
        copy_file(path, growing)
        workspaces, records = _checked(growing)
        size = growing.stat().st_size
        _put(growing, to, replaces=replaces)
    finally:
        for suffix in ("", "-wal", "-shm", "-journal", ".lock"):
            growing.with_name(f"{growing.name}{suffix}").unlink(missing_ok=True)
    return Backup(to, size, workspaces, records)


def _checked(copy: Path) -> tuple[int, int]:
    """How many workspaces and records a copy holds. Raises DatabaseUnusable for what is not whole."""
    with closing(sqlite3.connect(copy)) as connection:
        try:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
            found += [str(row) for row in connection.execute("PRAGMA foreign_key_check")]
        except sqlite3.Error as problem:
            found = [str(problem)]
    if found != ["ok"]:
        raise DatabaseUnusable(
            f"No backup was made: the database is damaged ({found[0]}). Keep the backups that you have, and start from "
            "the newest of them."
        )

    def look(transaction: Transaction) -> tuple[int, int]:
        names = workspace_names(transaction.connection)
        for name in names:
            broken = broken_link(transaction.connection, name)
            if broken is not None:
                raise DatabaseUnusable(
                    f"No backup was made: the journal of workspace {name} is broken at exchange {broken}. Somebody has "
                    "changed the file beside the sandbox; keep the backups that you have."
                )
        return len(names), sum(heads(transaction.connection, name)[0] for name in names)

    database = Database(copy)
    try:
        found_whole: tuple[int, int] = database.read(look).result(_SECONDS)
    finally:
        database.close()
    return found_whole


def _put(growing: Path, to: Path, *, replaces: bool) -> None:
    """Gives the copy its name, on the disk and for good. Raises DatabaseUnusable where the name was taken meanwhile."""
    with closing(sqlite3.connect(growing)) as connection:
        # One file, with no log beside it.
        connection.execute("PRAGMA journal_mode=DELETE")
    flush(growing)
    if replaces:
        growing.replace(to)
        for suffix in (
            "-wal",
            "-shm",
        ):  # Of what was there before; with them the copy would be another.
            with suppress(FileNotFoundError):
                to.with_name(f"{to.name}{suffix}").unlink()
    else:
        try:
            os.link(growing, to)
        except FileExistsError:
            raise DatabaseUnusable(f"{to} is there already. Name another file with --to.") from None
    flush(to.parent)
