"""Rows of applicants, and of the people whom they are."""

from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.esr.tables import applicants, organisations, people, positions, vacancies
from sandbox.prepared import Prepared

TERMINATED = "TERMINATED"

_workspace = sa.bindparam("workspace", type_=sa.String)


@dataclass(frozen=True, slots=True)
class Context:
    """What is held that bears on a submission; None where nothing is."""

    organisation: dict[str, Any] | None
    vacancy: dict[str, Any] | None
    position: dict[str, Any] | None
    person_id: int | None
    live_applicant: str | None
    reference_taken_by: str | None


_person_id = (
    sa.select(people.c.person_id)
    .where(
        people.c.workspace == _workspace,
        sa.or_(
            people.c.ni_number == sa.bindparam("ni_number"),
            people.c.name_key == sa.bindparam("name_key"),
        ),
    )
    .limit(1)
    .scalar_subquery()
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
            positions.c.position_id == sa.bindparam("position_id"),
        )
        .scalar_subquery(),
        _person_id,
        sa.select(applicants.c.applicant_number)
        .where(
            applicants.c.workspace == _workspace,
            applicants.c.vacancy_reference == sa.bindparam("vacancy_reference"),
            applicants.c.person_id == _person_id,
            applicants.c.status != TERMINATED,
        )
        .scalar_subquery(),
        # The first that is found will do: asked for the smallest, the database would walk all numbers in their order.
        sa.select(applicants.c.applicant_number)
        .where(
            applicants.c.workspace == _workspace,
            applicants.c.supplier_reference == sa.bindparam("supplier_reference"),
            applicants.c.ods_code == sa.bindparam("ods_code"),
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
_insert_person = Prepared(people.insert())
_insert = Prepared(applicants.insert())
_update = (
    sa.update(applicants)
    .where(
        applicants.c.workspace == sa.bindparam("of_workspace"),
        applicants.c.applicant_number == sa.bindparam("number"),
    )
    .values(
        status=sa.bindparam("status"),
        version=sa.bindparam("version"),
        document=sa.bindparam("document"),
    )
)


def name_key(person: dict[str, Any]) -> str:
    """Last name, first name and date of birth, folded: what tells somebody without an NI number."""
    names = (person["lastName"], person["firstName"], person["dateOfBirth"])
    return "|".join(part.casefold() for part in names)


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
            "ni_number": submission["person"].get("niNumber"),
            "name_key": None
            if "niNumber" in submission["person"]
            else name_key(submission["person"]),
            "supplier_reference": submission["supplierReference"],
        },
    ).fetchone()
    organisation, vacancy, position, person_id, live, taken = row
    return Context(
        organisation=orjson.loads(organisation) if organisation else None,
        vacancy=orjson.loads(vacancy) if vacancy else None,
        position=orjson.loads(position) if position else None,
        person_id=person_id,
        live_applicant=live,
        reference_taken_by=taken,
    )


def insert_person(
    connection: sa.Connection, workspace: str, person_id: int, person: dict[str, Any]
) -> None:
    """Adds a person."""
    _insert_person.run(
        connection,
        {
            "workspace": workspace,
            "person_id": person_id,
            "ni_number": person.get("niNumber"),
            "name_key": name_key(person),
            "last_name": person["lastName"].casefold(),
            "previous_last_name": person.get("previousLastName"),
            "date_of_birth": person["dateOfBirth"],
            "provisional": False,
        },
    )


def insert_applicant(
    connection: sa.Connection, workspace: str, person_id: int, document: dict[str, Any]
) -> None:
    """Adds an applicant. The database refuses a second live one of a person for a vacancy."""
    _insert.run(
        connection,
        {
            "workspace": workspace,
            "applicant_number": document["applicantNumber"],
            "person_id": person_id,
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
    for name, value in filters.items():
        if value is not None:
            query = query.where(applicants.c[name] == value)
    return [
        (int(row.applicant_number), orjson.loads(row.document)) for row in connection.execute(query)
    ]


def update_applicant(connection: sa.Connection, workspace: str, document: dict[str, Any]) -> None:
    """Replaces an applicant."""
    connection.execute(
        _update,
        {
            "of_workspace": workspace,
            "number": document["applicantNumber"],
            "status": document["status"],
            "version": document["version"],
            "document": orjson.dumps(document).decode(),
        },
    )
