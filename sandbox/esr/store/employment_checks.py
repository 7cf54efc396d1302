"""Rows of employment checks."""

from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.esr.tables import employment_checks

_find = sa.select(employment_checks.c.document).where(
    employment_checks.c.workspace == sa.bindparam("workspace"),
    employment_checks.c.applicant_number == sa.bindparam("applicant_number"),
    employment_checks.c.check_type == sa.bindparam("check_type"),
)
_list = (
    sa.select(employment_checks.c.document)
    .where(
        employment_checks.c.workspace == sa.bindparam("workspace"),
        employment_checks.c.applicant_number == sa.bindparam("applicant_number"),
    )
    .order_by(employment_checks.c.check_type)
)
_insert = employment_checks.insert()
_update = (
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
    text = connection.execute(
        _find,
        {
            "workspace": workspace,
            "applicant_number": applicant_number,
            "check_type": check_type,
        },
    ).scalar_one_or_none()
    return None if text is None else orjson.loads(text)


def list_checks(
    connection: sa.Connection, workspace: str, applicant_number: str
) -> list[dict[str, Any]]:
    """Every `EmploymentCheck` of an applicant."""
    rows = connection.execute(_list, {"workspace": workspace, "applicant_number": applicant_number})
    return [orjson.loads(text) for text in rows.scalars()]


def insert_check(connection: sa.Connection, workspace: str, document: dict[str, Any]) -> None:
    """Adds a check."""
    connection.execute(
        _insert,
        {
            "workspace": workspace,
            "applicant_number": document["applicantNumber"],
            "check_type": document["checkType"],
            "document": orjson.dumps(document).decode(),
        },
    )


def update_check(connection: sa.Connection, workspace: str, document: dict[str, Any]) -> None:
    """Replaces a check."""
    connection.execute(
        _update,
        {
            "of_workspace": workspace,
            "number": document["applicantNumber"],
            "of_type": document["checkType"],
            "document": orjson.dumps(document).decode(),
        },
    )
