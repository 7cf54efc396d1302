"""Rows of adverts."""

from datetime import date
from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.nhsjobs.domain.adverts import Status
from sandbox.nhsjobs.tables import advert_numbers, adverts

_workspace = sa.bindparam("workspace", type_=sa.String)
_find = sa.select(adverts.c.document).where(
    adverts.c.workspace == _workspace, adverts.c.advert_id == sa.bindparam("advert_id")
)
_by_supplier = sa.select(adverts.c.advert_id).where(
    adverts.c.workspace == _workspace,
    adverts.c.ods_code == sa.bindparam("ods_code"),
    adverts.c.supplier_reference == sa.bindparam("supplier_reference"),
)
_by_vacancy = sa.select(adverts.c.document, adverts.c.esr_sequence).where(
    adverts.c.workspace == _workspace,
    adverts.c.vacancy_reference == sa.bindparam("vacancy_reference"),
)
_insert = adverts.insert()
_update = (
    sa.update(adverts)
    .where(
        adverts.c.workspace == sa.bindparam("of_workspace"),
        adverts.c.advert_id == sa.bindparam("number"),
    )
    .values(
        status=sa.bindparam("status"),
        vacancy_reference=sa.bindparam("vacancy_reference"),
        close_date=sa.bindparam("close_date"),
        document=sa.bindparam("document"),
    )
)
_place = (
    adverts.c.workspace == sa.bindparam("of_workspace"),
    adverts.c.advert_id == sa.bindparam("number"),
)
_note_sequence = sa.update(adverts).where(*_place).values(esr_sequence=sa.bindparam("esr_sequence"))
_note_problem = (
    sa.update(adverts).where(*_place).values(vacancy_problem=sa.bindparam("vacancy_problem"))
)
_problem = sa.select(adverts.c.vacancy_problem).where(
    adverts.c.workspace == _workspace, adverts.c.advert_id == sa.bindparam("advert_id")
)
_next_number = (
    sa.update(advert_numbers)
    .where(
        advert_numbers.c.workspace == sa.bindparam("of_workspace"),
        advert_numbers.c.ods_code == sa.bindparam("of_employer"),
        advert_numbers.c.year == sa.bindparam("of_year"),
    )
    .values(last=advert_numbers.c.last + 1)
    .returning(advert_numbers.c.last)
)


def next_number(connection: sa.Connection, workspace: str, ods_code: str, year: int) -> int:
    """The next number of an employer's adverts in a year, from 1."""
    found = connection.execute(
        _next_number, {"of_workspace": workspace, "of_employer": ods_code, "of_year": year}
    ).scalar_one_or_none()
    if found is not None:
        return int(found)
    connection.execute(
        advert_numbers.insert(),
        {"workspace": workspace, "ods_code": ods_code, "year": year, "last": 1},
    )
    return 1


def find_advert(connection: sa.Connection, workspace: str, advert_id: int) -> dict[str, Any] | None:
    """The `Advert` as stored, or None."""
    text = connection.execute(
        _find, {"workspace": workspace, "advert_id": advert_id}
    ).scalar_one_or_none()
    return None if text is None else orjson.loads(text)


def find_by_supplier_reference(
    connection: sa.Connection, workspace: str, ods_code: str, supplier_reference: str
) -> int | None:
    """The number of the employer's advert with this reference of the supplier, or None."""
    return connection.execute(
        _by_supplier,
        {
            "workspace": workspace,
            "ods_code": ods_code,
            "supplier_reference": supplier_reference,
        },
    ).scalar_one_or_none()


def find_by_vacancy(
    connection: sa.Connection, workspace: str, vacancy_reference: str
) -> tuple[dict[str, Any], str] | None:
    """The `Advert` of an ESR vacancy and the sequence of the last event about it, or None."""
    row = connection.execute(
        _by_vacancy, {"workspace": workspace, "vacancy_reference": vacancy_reference}
    ).one_or_none()
    return None if row is None else (orjson.loads(row.document), row.esr_sequence)


def list_adverts(
    connection: sa.Connection,
    workspace: str,
    after: int,
    limit: int,
    today: date,
    status: str | None,
    **filters: str | None,
) -> list[tuple[int, dict[str, Any]]]:
    """(number, `Advert` as stored) in the order of making, with the status as it is on `today`."""
    query = (
        sa.select(adverts.c.advert_id, adverts.c.document)
        .where(adverts.c.workspace == workspace, adverts.c.advert_id > after)
        .order_by(adverts.c.advert_id)
        .limit(limit)
    )
    expired = sa.and_(
        adverts.c.status == Status.PUBLISHED, adverts.c.close_date < today.isoformat()
    )
    if status == Status.CLOSED:
        query = query.where(sa.or_(adverts.c.status == Status.CLOSED, expired))
    elif status is not None:
        query = query.where(adverts.c.status == status, ~expired)
    for name, value in filters.items():
        if value is not None:
            query = query.where(adverts.c[name] == value)
    return [(row.advert_id, orjson.loads(row.document)) for row in connection.execute(query)]


def insert_advert(
    connection: sa.Connection, workspace: str, document: dict[str, Any], sequence: str = ""
) -> None:
    """Adds an advert. The database refuses a supplier reference, or a vacancy, that an advert has already."""
    connection.execute(
        _insert,
        {
            "workspace": workspace,
            "advert_id": document["advertId"],
            "ods_code": document["odsCode"],
            "status": document["status"],
            "reference": document["reference"],
            "supplier_reference": document.get("supplierReference"),
            "vacancy_reference": document.get("vacancyReference"),
            "close_date": document.get("closeDate"),
            "esr_sequence": sequence,
            "document": orjson.dumps(document).decode(),
        },
    )


def update_advert(connection: sa.Connection, workspace: str, document: dict[str, Any]) -> None:
    """Replaces an advert."""
    connection.execute(
        _update,
        {
            "of_workspace": workspace,
            "number": document["advertId"],
            "status": document["status"],
            "vacancy_reference": document.get("vacancyReference"),
            "close_date": document.get("closeDate"),
            "document": orjson.dumps(document).decode(),
        },
    )


def note_sequence(connection: sa.Connection, workspace: str, advert_id: int, sequence: str) -> None:
    """Notes the last event that told of the advert's vacancy."""
    connection.execute(
        _note_sequence,
        {"of_workspace": workspace, "number": advert_id, "esr_sequence": sequence},
    )


def note_vacancy_problem(
    connection: sa.Connection, workspace: str, advert_id: int, problem: str
) -> None:
    """Notes why ESR made no vacancy for the advert."""
    connection.execute(
        _note_problem,
        {"of_workspace": workspace, "number": advert_id, "vacancy_problem": problem},
    )


def find_vacancy_problem(connection: sa.Connection, workspace: str, advert_id: int) -> str | None:
    """Why ESR made no vacancy for the advert; None when it did, or was not asked."""
    return connection.execute(
        _problem, {"workspace": workspace, "advert_id": advert_id}
    ).scalar_one_or_none()
