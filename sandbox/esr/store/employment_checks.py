"""Rows of employment checks."""

from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.esr.tables import employment_checks
from sandbox.prepared import Prepared

_find = Prepared(
    sa.select(employment_checks.c.document).where(
        employment_checks.c.workspace == sa.bindparam("workspace"),
        employment_checks.c.applicant_number == sa.bindparam("applicant_number"),
        employment_checks.c.check_type == sa.bindparam("check_type"),
    )
)
_list = Prepared(
    sa.select(employment_checks.c.document)
    .where(
        employment_checks.c.workspace == sa.bindparam("workspace"),
        employment_checks.c.applicant_number == sa.bindparam("applicant_number"),
    )
    .order_by(employment_checks.c.check_type)
)
_insert = Prepared(employment_checks.insert())
_update = Prepared(
    sa.update(employment_checks)
    .where(
        employment_checks.c.workspace == sa.bindparam("of_workspace"),
        employment_checks.c.applicant_number == sa.bindparam("number"),
        employment_checks.c.check_type == sa.bindparam("of_type"),
    )
    .values(document=sa.bindparam("document"))
)


def find_check(
    connection: sa.Connection, workspace: str, applicant_number: str, check_type: str
) -> dict[str, Any] | None:
    """The `EmploymentCheck`, or None."""
    row = _find.run(
        connection,
        {
            "workspace": workspace,
            "applicant_number": applicant_number,
            "check_type": check_type,
        },
    ).fetchone()
    return None if row is None else orjson.loads(row[0])


def list_checks(
    connection: sa.Connection, workspace: str, applicant_number: str
) -> list[dict[str, Any]]:
    """Every `EmploymentCheck` of an applicant."""
    wanted = {"workspace": workspace, "applicant_number": applicant_number}
    return [orjson.loads(text) for (text,) in _list.run(connection, wanted).fetchall()]


def insert_check(connection: sa.Connection, workspace: str, document: dict[str, Any]) -> None:
    """Adds a check."""
    _insert.run(
        connection,
        {
            "workspace": workspace,
            "applicant_number": document["applicantNumber"],
            "check_type": document["checkType"],
            "document": orjson.dumps(document).decode(),
        },
    )


def update_check(connection: sa.Connection, workspace: str, document: dict[str, Any]) -> None:
    """Replaces a check."""
    _update.run(
        connection,
        {
            "of_workspace": workspace,
            "number": document["applicantNumber"],
            "of_type": document["checkType"],
            "document": orjson.dumps(document).decode(),
        },
    )
