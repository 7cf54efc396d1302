"""Applications at offer stage, and their checks, as the supplier holds them."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FINAL = frozenset({"HIRED", "TERMINATED"})
"""ESR's statuses after which a recruitment system changes nothing. Others, new ones too, are open."""


@dataclass(frozen=True, slots=True)
class Application:
    """One application."""

    supplier_reference: str
    ods_code: str
    offer: dict[str, Any]
    """What the recruiter entered."""
    start_date: str
    applicant_number: str | None
    status: str | None
    """ESR's last word, or None before there was one."""
    version: int
    """The version of ESR's record that `status` and `start_date` are from; 0 before there was one."""
    message_codes: list[str]


def insert(database: sqlite3.Connection, offer: Mapping[str, Any]) -> None:
    """Begins an application; one that ended under the same reference is forgotten."""
    database.execute(
        "DELETE FROM applications WHERE supplier_reference = ?", (offer["supplierReference"],)
    )
    database.execute(
        "INSERT INTO applications (supplier_reference, ods_code, offer, start_date) VALUES (?, ?, ?, ?)",
        (offer["supplierReference"], offer["odsCode"], json.dumps(offer), offer["startDate"]),
    )


def find(database: sqlite3.Connection, supplier_reference: str) -> Application | None:
    """The application of this reference."""
    return _one(database, "supplier_reference", supplier_reference)


def find_by_number(database: sqlite3.Connection, applicant_number: str) -> Application | None:
    """The application that ESR has loaded under this number."""
    return _one(database, "applicant_number", applicant_number)


def _one(database: sqlite3.Connection, column: str, value: str) -> Application | None:
    query = f"SELECT * FROM applications WHERE {column} = ?"  # nosec B608  # noqa: S608  (one of two names above)
    row = database.execute(query, (value,)).fetchone()
    if row is None:
        return None
    held = dict(row)
    return Application(
        **{**held, "offer": json.loads(held["offer"])}
        | {"message_codes": json.loads(held["message_codes"])}
    )


def name_applicant(
    database: sqlite3.Connection, supplier_reference: str, applicant_number: str
) -> None:
    """Keeps the number under which ESR has loaded the applicant."""
    database.execute(
        "UPDATE applications SET applicant_number = ? WHERE supplier_reference = ?",
        (applicant_number, supplier_reference),
    )


def take_over(database: sqlite3.Connection, held: Application, told: Mapping[str, Any]) -> None:
    """Holds what ESR tells of an applicant: its `Applicant`, or the data of an event."""
    database.execute(
        "UPDATE applications SET status = ?, start_date = ?, version = ? WHERE supplier_reference = ?",
        (
            told.get("status") or held.status,
            told.get("startDate") or held.start_date,
            told.get("version") or held.version,
            held.supplier_reference,
        ),
    )


def set_start(database: sqlite3.Connection, held: Application, start_date: str) -> None:
    """Holds a start date that the recruiter entered; ESR's next word replaces it."""
    database.execute(
        "UPDATE applications SET start_date = ? WHERE supplier_reference = ?",
        (start_date, held.supplier_reference),
    )


def add_message_codes(
    database: sqlite3.Connection, supplier_reference: str, codes: Iterable[str]
) -> None:
    """Adds the codes of messages, each once and in their order."""
    held = find(database, supplier_reference)
    if held is None:
        return
    known = dict.fromkeys([*held.message_codes, *codes])
    database.execute(
        "UPDATE applications SET message_codes = ? WHERE supplier_reference = ?",
        (json.dumps(list(known)), supplier_reference),
    )


def set_check(
    database: sqlite3.Connection, supplier_reference: str, check_type: str, check: Mapping[str, Any]
) -> None:
    """Holds a check as the recruiter entered it; the version stays that of ESR's last word."""
    database.execute(
        "INSERT INTO checks (supplier_reference, check_type, state, outcome) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET state = excluded.state, outcome = excluded.outcome",
        (supplier_reference, check_type, check["state"], check.get("outcome")),
    )


def check_version(database: sqlite3.Connection, supplier_reference: str, check_type: str) -> int:
    """The version of ESR's record of a check that we hold; 0 where ESR has said nothing yet."""
    row = database.execute(
        "SELECT version FROM checks WHERE supplier_reference = ? AND check_type = ?",
        (supplier_reference, check_type),
    ).fetchone()
    return 0 if row is None else int(row["version"])


def take_over_check(
    database: sqlite3.Connection, supplier_reference: str, told: Mapping[str, Any]
) -> None:
    """Holds a check as ESR tells it: its `EmploymentCheck`."""
    database.execute(
        "INSERT OR REPLACE INTO checks (supplier_reference, check_type, state, outcome, version) VALUES (?, ?, ?, ?, ?)",
        (
            supplier_reference,
            told["checkType"],
            told["state"],
            told.get("outcome"),
            told.get("version") or 0,
        ),
    )


def list_checks(database: sqlite3.Connection, supplier_reference: str) -> list[dict[str, Any]]:
    """The checks of an application, by type: `CheckView` of the driver contract."""
    query = "SELECT check_type, state, outcome FROM checks WHERE supplier_reference = ? ORDER BY check_type"
    return [
        {"checkType": row["check_type"], "state": row["state"]}
        | ({"outcome": row["outcome"]} if row["outcome"] else {})
        for row in database.execute(query, (supplier_reference,))
    ]
