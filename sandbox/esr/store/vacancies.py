"""Rows of vacancies."""

from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.esr.domain.applicant_life_cycle import Status
from sandbox.esr.tables import applicants, vacancies
from sandbox.workspaces.store import next_record

_find = sa.select(vacancies.c.document).where(
    vacancies.c.workspace == sa.bindparam("workspace"),
    vacancies.c.vacancy_reference == sa.bindparam("vacancy_reference"),
)
_hired = (
    sa.select(sa.func.count())
    .select_from(applicants)
    .where(
        applicants.c.workspace == sa.bindparam("workspace"),
        applicants.c.vacancy_reference == sa.bindparam("vacancy_reference"),
        # Asked of the vacancy's few: the index of all who were hired is not followed.
        applicants.c.status + "" == Status.HIRED.value,
    )
)


def find_vacancy(
    connection: sa.Connection, workspace: str, vacancy_reference: str
) -> dict[str, Any] | None:
    """The `Vacancy`, or None."""
    text = connection.execute(
        _find, {"workspace": workspace, "vacancy_reference": vacancy_reference}
    ).scalar_one_or_none()
    return None if text is None else orjson.loads(text)


def list_vacancies(
    connection: sa.Connection,
    workspace: str,
    after: int,
    limit: int,
    ods_code: str | None,
    status: str | None,
) -> list[tuple[int, dict[str, Any]]]:
    """(record number, `Vacancy`) in the order of creation."""
    query = (
        sa.select(vacancies.c.record, vacancies.c.document)
        .where(vacancies.c.workspace == workspace, vacancies.c.record > after)
        .order_by(vacancies.c.record)
        .limit(limit)
    )
    if ods_code is not None:
        query = query.where(vacancies.c.ods_code == ods_code)
    if status is not None:
        query = query.where(vacancies.c.status == status)
    return [(row.record, orjson.loads(row.document)) for row in connection.execute(query)]


def insert_vacancies(
    connection: sa.Connection, workspace: str, documents: list[dict[str, Any]]
) -> None:
    """Adds vacancies."""
    if not documents:
        return
    last = next_record(connection, workspace, len(documents))
    first = last - len(documents) + 1
    connection.execute(
        vacancies.insert(),
        [
            {
                "workspace": workspace,
                "vacancy_reference": document["vacancyReference"],
                "ods_code": document["odsCode"],
                "status": document["status"],
                "record": first + offset,
                "document": orjson.dumps(document).decode(),
            }
            for offset, document in enumerate(documents)
        ],
    )


def update_vacancy(connection: sa.Connection, workspace: str, document: dict[str, Any]) -> None:
    """Replaces a vacancy."""
    connection.execute(
        sa.update(vacancies)
        .where(
            vacancies.c.workspace == workspace,
            vacancies.c.vacancy_reference == document["vacancyReference"],
        )
        .values(status=document["status"], document=orjson.dumps(document).decode())
    )


def count_hired(connection: sa.Connection, workspace: str, vacancy_reference: str) -> int:
    """How many applicants of a vacancy were hired."""
    return int(
        connection.execute(
            _hired, {"workspace": workspace, "vacancy_reference": vacancy_reference}
        ).scalar_one()
    )
