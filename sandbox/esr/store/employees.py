"""Rows of employees: the people whom ESR employs or has employed, one row for each employment."""

from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.esr.domain.people import Employment
from sandbox.esr.tables import employees
from sandbox.prepared import Prepared

_of_person = Prepared(
    sa.select(employees.c.document)
    .where(
        employees.c.workspace == sa.bindparam("workspace"),
        employees.c.person_id == sa.bindparam("person_id"),
    )
    .order_by(employees.c.employee_number)
)
_of_people = (
    sa.select(employees.c.person_id, employees.c.ods_code, employees.c.end_date)
    .where(
        employees.c.workspace == sa.bindparam("workspace"),
        employees.c.person_id.in_(sa.bindparam("people", expanding=True)),
    )
    .order_by(employees.c.employee_number)
)


def insert_employees(
    connection: sa.Connection, workspace: str, documents: list[dict[str, Any]]
) -> None:
    """Adds employments. Each holds employeeNumber, personId, odsCode, positionId, startDate, perhaps endDate, and person."""
    if documents:
        connection.execute(
            employees.insert(),
            [
                {
                    "workspace": workspace,
                    "employee_number": document["employeeNumber"],
                    "person_id": document["personId"],
                    "ods_code": document["odsCode"],
                    "position_id": document["positionId"],
                    "start_date": document["startDate"],
                    "end_date": document.get("endDate"),
                    "document": orjson.dumps(document).decode(),
                }
                for document in documents
            ],
        )


def update_employee(connection: sa.Connection, workspace: str, document: dict[str, Any]) -> None:
    """Replaces an employment."""
    connection.execute(
        sa.update(employees)
        .where(
            employees.c.workspace == workspace,
            employees.c.employee_number == document["employeeNumber"],
        )
        .values(
            position_id=document["positionId"],
            start_date=document["startDate"],
            end_date=document.get("endDate"),
            document=orjson.dumps(document).decode(),
        )
    )


def employments_of(
    connection: sa.Connection, workspace: str, person_id: int
) -> list[dict[str, Any]]:
    """Every employment of a person, present and past."""
    wanted = {"workspace": workspace, "person_id": person_id}
    return [orjson.loads(text) for (text,) in _of_person.run(connection, wanted).fetchall()]


def employments_of_people(
    connection: sa.Connection, workspace: str, people: list[int]
) -> list[tuple[int, Employment]]:
    """(person id, where the person works or worked) of several people, present and past."""
    rows = connection.execute(_of_people, {"workspace": workspace, "people": people})
    return [(row.person_id, Employment(row.ods_code, row.end_date)) for row in rows]
