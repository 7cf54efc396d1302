"""What is to be told to ESR, kept until ESR has answered for good.

A message keeps its request id and, once it has one, the version that it builds on: what is tried again is the same message.
"""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

# Kinds of message.
SUBMIT, AMEND, WITHDRAW, CHECK = "SUBMIT", "AMEND", "WITHDRAW", "CHECK"
READ = "READ"
"""Tells nothing: has us read what ESR now holds of the applicant."""

WAITING, DONE, REFUSED = "WAITING", "DONE", "REFUSED"

MERGE_PATCH, JSON = "application/merge-patch+json", "application/json"


@dataclass(frozen=True, slots=True)
class Problem:
    """What somebody has to look at."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message, with what of its application it is sent with."""

    message_id: int
    kind: str
    supplier_reference: str
    ods_code: str
    applicant_number: str | None
    check_type: str | None
    body: dict[str, Any]
    request_id: str
    if_match: str | None
    tries: int
    """How often it has gone out."""
    failures: int
    """How many tries in a row had no definite answer."""
    due_at: float
    """Wall time, in seconds since 1970: it survives a restart."""


OLDEST = "MIN(message_id)"
"""Which message of an application goes next: each in its turn."""
NEWEST = "COALESCE(MIN(CASE kind WHEN 'SUBMIT' THEN message_id END), MAX(message_id))"
"""The last one in, though not before the applicant."""
_NEXT = """
SELECT message_id, kind, messages.supplier_reference, ods_code, applicant_number, check_type, body, request_id, if_match,
       tries, failures, due_at
FROM messages JOIN applications USING (supplier_reference)
WHERE message_id IN (SELECT {} FROM messages WHERE state = ? GROUP BY supplier_reference)
ORDER BY due_at, message_id
"""


def enqueue(
    database: sqlite3.Connection,
    kind: str,
    supplier_reference: str,
    request_id: str,
    body: dict[str, Any] | None = None,
    check_type: str | None = None,
) -> None:
    """Puts a message behind all others of its application."""
    database.execute(
        "INSERT INTO messages (kind, supplier_reference, check_type, body, request_id, state) VALUES (?, ?, ?, ?, ?, ?)",
        (kind, supplier_reference, check_type, json.dumps(body or {}), request_id, WAITING),
    )


def next_of_each(database: sqlite3.Connection, which: str = OLDEST) -> list[Message]:
    """The message of each application that goes next, `OLDEST` or `NEWEST`, the one that is due first in front."""
    return [
        Message(**{**dict(row), "body": json.loads(row["body"])})
        for row in database.execute(_NEXT.format(which), (WAITING,))
    ]


def note_try(database: sqlite3.Connection, message: Message) -> None:
    """Notes that a message goes out, before it does."""
    database.execute(
        "UPDATE messages SET tries = tries + 1, if_match = ? WHERE message_id = ?",
        (message.if_match, message.message_id),
    )


def postpone(
    database: sqlite3.Connection, message: Message, due_at: float, problem: Problem | None = None
) -> None:
    """Has a message tried again later; `problem` says what holds it back, where somebody should know."""
    database.execute(
        "UPDATE messages SET failures = failures + 1, due_at = ?, problem_code = ?, problem_detail = ? WHERE message_id = ?",
        (due_at, *_told(problem), message.message_id),
    )


def begin_anew(
    database: sqlite3.Connection, message: Message, request_id: str, due_at: float
) -> None:
    """Makes another message of one whose version was stale: it gets an id of its own, and reads first."""
    database.execute(
        "UPDATE messages SET request_id = ?, if_match = NULL, tries = 0, failures = failures + 1, due_at = ? "
        "WHERE message_id = ?",
        (request_id, due_at, message.message_id),
    )


def end(
    database: sqlite3.Connection, message: Message, state: str, problem: Problem | None = None
) -> None:
    """Ends a message as DONE or REFUSED."""
    database.execute(
        "UPDATE messages SET state = ?, problem_code = ?, problem_detail = ? WHERE message_id = ?",
        (state, *_told(problem), message.message_id),
    )


def refuse_rest(database: sqlite3.Connection, supplier_reference: str, problem: Problem) -> None:
    """Ends whatever of an application still waits: there is no applicant whom it could be told of."""
    database.execute(
        "UPDATE messages SET state = ?, problem_code = ?, problem_detail = ? WHERE supplier_reference = ? AND state = ?",
        (REFUSED, *_told(problem), supplier_reference, WAITING),
    )


def count_unsent(database: sqlite3.Connection, supplier_reference: str) -> int:
    """How many messages of an application ESR has not answered for good."""
    query = "SELECT COUNT(*) FROM messages WHERE supplier_reference = ? AND state = ? AND kind <> ?"
    [count] = database.execute(query, (supplier_reference, WAITING, READ)).fetchone()
    return int(count)


def last_problem(database: sqlite3.Connection, supplier_reference: str) -> Problem | None:
    """The newest problem of an application."""
    row = database.execute(
        "SELECT problem_code, problem_detail FROM messages WHERE supplier_reference = ? AND problem_code IS NOT NULL "
        "ORDER BY message_id DESC LIMIT 1",
        (supplier_reference,),
    ).fetchone()
    return None if row is None else Problem(row["problem_code"], row["problem_detail"])


def _told(problem: Problem | None) -> tuple[str | None, str | None]:
    return (None, None) if problem is None else (problem.code, problem.detail[:1000])
