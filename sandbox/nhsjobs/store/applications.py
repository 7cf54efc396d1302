"""Rows of applications."""

from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.nhsjobs.tables import applications


@dataclass(frozen=True, slots=True)
class HeldApplication:
    """An `Application`, with what NHS Jobs keeps beside it."""

    document: dict[str, Any]
    beside: dict[str, Any]
    esr_version: int
    """The version of ESR's applicant that was last taken over; 0 before any."""

    @property
    def applicant_number(self) -> str | None:
        """ESR's number of the applicant, once known."""
        number = self.document.get("esr", {}).get("applicantNumber")
        return None if number is None else str(number)


_workspace = sa.bindparam("workspace", type_=sa.String)
_columns = (applications.c.document, applications.c.beside, applications.c.esr_version)
_find = sa.select(*_columns).where(
    applications.c.workspace == _workspace,
    applications.c.application_id == sa.bindparam("application_id"),
)
_by_reference = sa.select(*_columns).where(
    applications.c.workspace == _workspace,
    applications.c.reference == sa.bindparam("reference"),
)
_by_applicant = sa.select(*_columns).where(
    applications.c.workspace == _workspace,
    applications.c.applicant_number == sa.bindparam("applicant_number"),
)
_by_candidate = sa.select(applications.c.application_id).where(
    applications.c.workspace == _workspace,
    applications.c.advert_id == sa.bindparam("advert_id"),
    applications.c.email_key == sa.bindparam("email_key"),
)
_of_advert = (
    sa.select(*_columns)
    .where(
        applications.c.workspace == _workspace,
        applications.c.advert_id == sa.bindparam("advert_id"),
        applications.c.status == sa.bindparam("status"),
    )
    .order_by(applications.c.application_id)
)
_insert = applications.insert()
_update = (
    sa.update(applications)
    .where(
        applications.c.workspace == sa.bindparam("of_workspace"),
        applications.c.application_id == sa.bindparam("number"),
    )
    .values(
        status=sa.bindparam("status"),
        applicant_number=sa.bindparam("applicant_number"),
        esr_version=sa.bindparam("esr_version"),
        document=sa.bindparam("document"),
    )
)


def find_application(
    connection: sa.Connection, workspace: str, application_id: int
) -> HeldApplication | None:
    """The application, or None."""
    return _one(
        connection.execute(_find, {"workspace": workspace, "application_id": application_id})
    )


def find_by_reference(
    connection: sa.Connection, workspace: str, reference: str
) -> HeldApplication | None:
    """The application with NHS Jobs' reference, or None."""
    return _one(connection.execute(_by_reference, {"workspace": workspace, "reference": reference}))


def find_by_applicant(
    connection: sa.Connection, workspace: str, applicant_number: str
) -> HeldApplication | None:
    """The application whose candidate is ESR's applicant, or None."""
    return _one(
        connection.execute(
            _by_applicant, {"workspace": workspace, "applicant_number": applicant_number}
        )
    )


def find_by_candidate(
    connection: sa.Connection, workspace: str, advert_id: int, email_address: str
) -> int | None:
    """The number of the application that this e-mail address has sent for the advert, or None."""
    return connection.execute(
        _by_candidate,
        {"workspace": workspace, "advert_id": advert_id, "email_key": email_key(email_address)},
    ).scalar_one_or_none()


def list_of_advert(
    connection: sa.Connection, workspace: str, advert_id: int, status: str
) -> list[HeldApplication]:
    """The advert's applications in a state, oldest first."""
    rows = connection.execute(
        _of_advert, {"workspace": workspace, "advert_id": advert_id, "status": status}
    )
    return [_held(row) for row in rows]


def list_applications(
    connection: sa.Connection, workspace: str, after: int, limit: int, **filters: str | int | None
) -> list[tuple[int, dict[str, Any]]]:
    """(number, `Application`) in the order of making, with the given column values."""
    query = (
        sa.select(applications.c.application_id, applications.c.document)
        .where(applications.c.workspace == workspace, applications.c.application_id > after)
        .order_by(applications.c.application_id)
        .limit(limit)
    )
    for name, value in filters.items():
        if value is not None:
            query = query.where(applications.c[name] == value)
    return [(row.application_id, orjson.loads(row.document)) for row in connection.execute(query)]


def insert_application(
    connection: sa.Connection, workspace: str, document: dict[str, Any], beside: dict[str, Any]
) -> None:
    """Adds an application. The database refuses a second one of a candidate for an advert."""
    connection.execute(
        _insert,
        {
            "workspace": workspace,
            "application_id": document["applicationId"],
            "advert_id": document["advertId"],
            "ods_code": document["odsCode"],
            "status": document["status"],
            "reference": document["reference"],
            "email_key": email_key(document["candidate"]["emailAddress"]),
            "esr_version": 0,
            "beside": orjson.dumps(beside).decode(),
            "document": orjson.dumps(document).decode(),
        },
    )


def update_application(connection: sa.Connection, workspace: str, held: HeldApplication) -> None:
    """Replaces an application."""
    connection.execute(
        _update,
        {
            "of_workspace": workspace,
            "number": held.document["applicationId"],
            "status": held.document["status"],
            "applicant_number": held.applicant_number,
            "esr_version": held.esr_version,
            "document": orjson.dumps(held.document).decode(),
        },
    )


def email_key(email_address: str) -> str:
    """What tells one candidate from another."""
    return email_address.lower()


def _one(result: Any) -> HeldApplication | None:
    row = result.one_or_none()
    return None if row is None else _held(row)


def _held(row: Any) -> HeldApplication:
    return HeldApplication(orjson.loads(row.document), orjson.loads(row.beside), row.esr_version)
