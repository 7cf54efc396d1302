"""Rows of employees: the people whom ESR employs or has employed, one row for each employment."""

from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.esr.domain.people import Employment
from sandbox.esr.tables import employees
from sandbox.prepared import Prepared

# Sorted here: asked for an order by number, the database would walk all employees in it and look for the person on the way.
_of_person = Prepared(
    sa.select(employees.c.employee_number, employees.c.document).where(
        employees.c.workspace == sa.bindparam("workspace"),
        employees.c.person_id == sa.bindparam("person_id"),
    )
)
_of_people = sa.select(
    employees.c.employee_number, employees.c.person_id, employees.c.ods_code, employees.c.end_date
).where(
    employees.c.workspace == sa.bindparam("workspace"),
    employees.c.person_id.in_(sa.bindparam("people", expanding=True)),
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
    rows = sorted(_of_person.run(connection, wanted).fetchall())
    return [orjson.loads(text) for _, text in rows]


def employments_of_people(
    connection: sa.Connection, workspace: str, people: list[int]
) -> list[tuple[int, Employment]]:
    """(person id, where the person works or worked) of several people, present and past."""
    found = connection.execute(_of_people, {"workspace": workspace, "people": people}).all()
    rows = sorted(found, key=lambda row: str(row.employee_number))
    return [(row.person_id, Employment(row.ods_code, row.end_date)) for row in rows]
