"""The supplier's database: SQLite, one connection, used from one thread.

What was committed survives a killed process and a power cut: that is what lets the receiver answer 2xx, and the driver DONE.

    with storage.transaction() as database:
        database.execute("INSERT ...")
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

_TABLES = """
CREATE TABLE IF NOT EXISTS applications (
    supplier_reference TEXT PRIMARY KEY,
    ods_code TEXT NOT NULL,
    offer TEXT NOT NULL,
    start_date TEXT NOT NULL,
    applicant_number TEXT,
    status TEXT,
    version INTEGER NOT NULL DEFAULT 0,
    message_codes TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX IF NOT EXISTS applications_by_number ON applications (applicant_number);
CREATE TABLE IF NOT EXISTS checks (
    supplier_reference TEXT NOT NULL REFERENCES applications ON DELETE CASCADE,
    check_type TEXT NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT,
    version INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (supplier_reference, check_type)
);
CREATE TABLE IF NOT EXISTS messages (
    message_id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    supplier_reference TEXT NOT NULL REFERENCES applications ON DELETE CASCADE,
    check_type TEXT,
    body TEXT NOT NULL,
    request_id TEXT NOT NULL,
    if_match TEXT,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL DEFAULT 0,
    problem_code TEXT,
    problem_detail TEXT
);
CREATE INDEX IF NOT EXISTS messages_by_state ON messages (state, supplier_reference);
CREATE TABLE IF NOT EXISTS events (
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    sequence TEXT NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    waits_for TEXT,
    PRIMARY KEY (source, id)
);
CREATE INDEX IF NOT EXISTS events_that_wait ON events (waits_for) WHERE waits_for IS NOT NULL;
CREATE TABLE IF NOT EXISTS positions (
    position_id INTEGER PRIMARY KEY,
    document TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    sequence TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS actions (
    action_id TEXT PRIMARY KEY,
    hook TEXT NOT NULL,
    arguments TEXT NOT NULL,
    outcome TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS notes (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
"""


class Storage:
    """The open database."""

    def __init__(self, path: str) -> None:
        """Opens the file at `path`, or `:memory:`, and makes what is missing. Raises sqlite3.Error."""
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.connection.row_factory = sqlite3.Row
        self.connection.execute("PRAGMA journal_mode = WAL")
        # The default of WAL loses the last commits in a power cut; what we acknowledged must not be lost.
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.execute("PRAGMA foreign_keys = ON")
        self.connection.executescript(_TABLES)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of what the block does, or nothing. Nothing may be awaited within: the connection is one for all."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def note(self, name: str) -> str | None:
        """A single value that is kept by name, such as the cursor of the feed."""
        row = self.connection.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row["value"])

    def keep_note(self, name: str, value: str) -> None:
        """Keeps a single value by name."""
        self.connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    def forget_note(self, name: str) -> None:
        """Forgets a single value."""
        self.connection.execute("DELETE FROM notes WHERE name = ?", (name,))

    def close(self) -> None:
        """Closes the database."""
        self.connection.close()
