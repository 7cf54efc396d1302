"""The one database of a sandbox: one SQLite file, a database in memory, or one that several processes share on PostgreSQL."""

from sandbox.database.copying import copy_file, flush
from sandbox.database.database import Database, Flush, forget_database
from sandbox.database.link import Link
from sandbox.database.postgresql import bring_up_to_date, is_address, without_password
from sandbox.database.schema import (
    SCHEMA_VERSION,
    DatabaseUnusable,
    metadata,
    schema_version,
)
from sandbox.database.sqlite import held_version
from sandbox.database.transaction import Transaction, Undone, Work, is_fatal, undoable

__all__ = [
    "SCHEMA_VERSION",
    "Database",
    "DatabaseUnusable",
    "Flush",
    "Link",
    "Transaction",
    "Undone",
    "Work",
    "bring_up_to_date",
    "copy_file",
    "flush",
    "forget_database",
    "held_version",
    "is_address",
    "is_fatal",
    "metadata",
    "schema_version",
    "undoable",
    "without_password",
]
