"""Rows of applicants."""

from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.esr.domain.applicant_life_cycle import Status
from sandbox.esr.domain.people import Application
from sandbox.esr.tables import (
    ON_THE_WAY,
    applicants,
    employees,
    organisations,
    positions,
    vacancies,
)
from sandbox.prepared import Prepared

HIRED, TERMINATED = Status.HIRED.value, Status.TERMINATED.value

_workspace = sa.bindparam("workspace", type_=sa.String)


@dataclass(frozen=True, slots=True)
class Context:
    """What is held that bears on a submission; None where nothing is."""

    organisation: dict[str, Any] | None
    vacancy: dict[str, Any] | None
    position: dict[str, Any] | None
    is_held: bool
    """Whether somebody is in the position on the start date, or on the way into it."""
    reference_taken_by: str | None


def _among_them(column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """A column asked of the few rows that a narrower one has found: an index of its own is not followed."""
    return column + ""


_position = sa.bindparam("position_id", type_=sa.BigInteger)
_is_held = sa.or_(
    sa.exists().where(
        employees.c.workspace == _workspace,
        employees.c.position_id == _position,
        sa.or_(
            employees.c.end_date.is_(None),
            employees.c.end_date >= sa.bindparam("start_date"),
        ),
    ),
    sa.exists().where(
        applicants.c.workspace == _workspace,
        applicants.c.position_id == _position,
        sa.text(ON_THE_WAY),
    ),
)
_context = Prepared(
    sa.select(
        sa.select(organisations.c.document)
        .where(
            organisations.c.workspace == _workspace,
            organisations.c.ods_code == sa.bindparam("ods_code"),
        )
        .scalar_subquery(),
        sa.select(vacancies.c.document)
        .where(
            vacancies.c.workspace == _workspace,
            vacancies.c.vacancy_reference == sa.bindparam("vacancy_reference"),
        )
        .scalar_subquery(),
        sa.select(positions.c.document)
        .where(
            positions.c.workspace == _workspace,
            positions.c.position_id == _position,
        )
        .scalar_subquery(),
        _is_held,
        # The first that is found will do: asked for the smallest, the database would walk all numbers in their order.
        sa.select(applicants.c.applicant_number)
        .where(
            applicants.c.workspace == _workspace,
            applicants.c.supplier_reference == sa.bindparam("supplier_reference"),
            _among_them(applicants.c.ods_code) == sa.bindparam("ods_code"),
            applicants.c.status != TERMINATED,
        )
        .limit(1)
        .scalar_subquery(),
    )
)
_find = Prepared(
    sa.select(applicants.c.document).where(
        applicants.c.workspace == _workspace,
        applicants.c.applicant_number == sa.bindparam("applicant_number"),
    )
)
# Sorted here: asked for an order by number, the database would walk all applicants in it and look for the people on the way.
_of_people = sa.select(
    applicants.c.person_id,
    applicants.c.applicant_number,
    applicants.c.vacancy_reference,
    applicants.c.status,
).where(
    applicants.c.workspace == _workspace,
    applicants.c.person_id.in_(sa.bindparam("people", expanding=True)),
)
_of_reference = sa.select(applicants.c.document).where(
    applicants.c.workspace == sa.bindparam("workspace"),
    applicants.c.supplier_reference == sa.bindparam("supplier_reference"),
    _among_them(applicants.c.ods_code) == sa.bindparam("ods_code"),
)
_NARROWEST_FIRST = ("supplier_reference", "vacancy_reference", "ods_code")
_insert = Prepared(applicants.insert())
_update = Prepared(
    sa.update(applicants)
    .where(
        applicants.c.workspace == sa.bindparam("of_workspace"),
        applicants.c.applicant_number == sa.bindparam("number"),
    )
    .values(
        person_id=sa.bindparam("person"),
        status=sa.bindparam("status"),
        version=sa.bindparam("version"),
        document=sa.bindparam("document"),
    )
)


def submission_context(
    connection: sa.Connection, workspace: str, ods_code: str, submission: dict[str, Any]
) -> Context:
    """Everything that bears on a submission, in one look."""
    row = _context.run(
        connection,
        {
            "workspace": workspace,
            "ods_code": ods_code,
            "vacancy_reference": submission["vacancyReference"],
            "position_id": submission["positionId"],
            "start_date": submission["startDate"],
            "supplier_reference": submission["supplierReference"],
        },
    ).fetchone()
    organisation, vacancy, position, held, taken = row
    return Context(
        organisation=orjson.loads(organisation) if organisation else None,
        vacancy=orjson.loads(vacancy) if vacancy else None,
        position=orjson.loads(position) if position else None,
        is_held=bool(held),
        reference_taken_by=taken,
    )


def insert_applicant(connection: sa.Connection, workspace: str, document: dict[str, Any]) -> None:
    """Adds an applicant. The database refuses a second live one of a person for a vacancy."""
    _insert.run(
        connection,
        {
            "workspace": workspace,
            "applicant_number": document["applicantNumber"],
            "person_id": document["personId"],
            "ods_code": document["odsCode"],
            "vacancy_reference": document["vacancyReference"],
            "position_id": document["positionId"],
            "supplier_reference": document["supplierReference"],
            "status": document["status"],
            "version": document["version"],
            "document": orjson.dumps(document).decode(),
        },
    )


def find_applicant(
    connection: sa.Connection, workspace: str, applicant_number: str
) -> dict[str, Any] | None:
    """The `Applicant`, or None."""
    row = _find.run(
        connection, {"workspace": workspace, "applicant_number": applicant_number}
    ).fetchone()
    return None if row is None else orjson.loads(row[0])


def applications_of(
    connection: sa.Connection, workspace: str, people: list[int]
) -> list[tuple[int, Application]]:
    """(person id, what the person is or was an applicant for), in the order of submission."""
    found = connection.execute(_of_people, {"workspace": workspace, "people": people}).all()
    rows = sorted(found, key=lambda row: str(row.applicant_number))
    return [
        (
            row.person_id,
            Application(row.applicant_number, row.vacancy_reference, row.status),
        )
        for row in rows
    ]


def applicants_of_reference(
    connection: sa.Connection, workspace: str, ods_code: str, supplier_reference: str
) -> list[dict[str, Any]]:
    """Every `Applicant` of an employer who has, or had, the supplier's reference, in the order of submission."""
    rows = connection.execute(
        _of_reference,
        {
            "workspace": workspace,
            "ods_code": ods_code,
            "supplier_reference": supplier_reference,
        },
    )
    found = [orjson.loads(text) for text in rows.scalars()]
    return sorted(found, key=lambda applicant: str(applicant["applicantNumber"]))


def list_applicants(
    connection: sa.Connection,
    workspace: str,
    after: int,
    limit: int,
    **filters: str | None,
) -> list[tuple[int, dict[str, Any]]]:
    """(applicant number, `Applicant`) in the order of submission, with the given column values."""
    query = (
        sa.select(applicants.c.applicant_number, applicants.c.document)
        .where(applicants.c.workspace == workspace, applicants.c.applicant_number > f"{after:08d}")
        .order_by(applicants.c.applicant_number)
        .limit(limit)
    )
    given = {name: value for name, value in filters.items() if value is not None}
    narrowest = next((name for name in _NARROWEST_FIRST if name in given), None)
    for name, value in given.items():
        column = applicants.c[name]
        query = query.where((column if name == narrowest else _among_them(column)) == value)
    return [
        (int(row.applicant_number), orjson.loads(row.document)) for row in connection.execute(query)
    ]


def update_applicant(connection: sa.Connection, workspace: str, document: dict[str, Any]) -> None:
    """Replaces an applicant."""
    _update.run(
        connection,
        {
            "of_workspace": workspace,
            "number": document["applicantNumber"],
            "person": document["personId"],
            "status": document["status"],
            "version": document["version"],
            "document": orjson.dumps(document).decode(),
        },
    )
