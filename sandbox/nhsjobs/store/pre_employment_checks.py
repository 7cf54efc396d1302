"""Rows of pre-employment checks, and of the updates that wait for the applicant's number."""

from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.nhsjobs.tables import pre_employment_checks, waiting_updates
from sandbox.workspaces.store import next_record


@dataclass(frozen=True, slots=True)
class HeldCheck:
    """A `PreEmploymentCheck`, with what NHS Jobs keeps beside it."""

    document: dict[str, Any]
    esr_version: int
    """The version of ESR's check that was last seen; 0 before any."""
    told: dict[str, Any] | None = None
    """ESR's `EmploymentCheck` of that version, where it came while an update of ours was on its way."""


@dataclass(frozen=True, slots=True)
class WaitingUpdate:
    """An update that could not be sent yet: version `version` of the check, with the body for ESR."""

    check_type: str
    version: int
    content: dict[str, Any]


_workspace = sa.bindparam("workspace", type_=sa.String)
_application = sa.bindparam("application_id", type_=sa.Integer)
_find = sa.select(
    pre_employment_checks.c.document,
    pre_employment_checks.c.esr_version,
    pre_employment_checks.c.told,
).where(
    pre_employment_checks.c.workspace == _workspace,
    pre_employment_checks.c.application_id == _application,
    pre_employment_checks.c.check_type == sa.bindparam("check_type"),
)
_list = sa.select(pre_employment_checks.c.document).where(
    pre_employment_checks.c.workspace == _workspace,
    pre_employment_checks.c.application_id == _application,
)
_insert = pre_employment_checks.insert()
_update = (
    sa.update(pre_employment_checks)
    .where(
        pre_employment_checks.c.workspace == sa.bindparam("of_workspace"),
        pre_employment_checks.c.application_id == sa.bindparam("of_application"),
        pre_employment_checks.c.check_type == sa.bindparam("of_type"),
    )
    .values(
        document=sa.bindparam("document"),
        esr_version=sa.bindparam("esr_version"),
        told=sa.bindparam("told"),
    )
)
_insert_waiting = waiting_updates.insert()
_waiting_of = (
    waiting_updates.c.workspace == _workspace,
    waiting_updates.c.application_id == _application,
)
_waiting = sa.select(waiting_updates).where(*_waiting_of).order_by(waiting_updates.c.record)
_forget_waiting = sa.delete(waiting_updates).where(*_waiting_of)


def find_check(
    connection: sa.Connection, workspace: str, application_id: int, check_type: str
) -> HeldCheck | None:
    """The check, or None."""
    row = connection.execute(
        _find,
        {"workspace": workspace, "application_id": application_id, "check_type": check_type},
    ).one_or_none()
    if row is None:
        return None
    told = None if row.told is None else orjson.loads(row.told)
    return HeldCheck(orjson.loads(row.document), row.esr_version, told)


def list_checks(
    connection: sa.Connection, workspace: str, application_id: int
) -> list[dict[str, Any]]:
    """Every `PreEmploymentCheck` of an application, in no order."""
    rows = connection.execute(
        _list, {"workspace": workspace, "application_id": application_id}
    ).scalars()
    return [orjson.loads(text) for text in rows]


def insert_check(connection: sa.Connection, workspace: str, held: HeldCheck) -> None:
    """Adds a check."""
    connection.execute(
        _insert,
        {
            "workspace": workspace,
            "application_id": held.document["applicationId"],
            "check_type": held.document["checkType"],
            "esr_version": held.esr_version,
            "told": None if held.told is None else orjson.dumps(held.told).decode(),
            "document": orjson.dumps(held.document).decode(),
        },
    )


def update_check(connection: sa.Connection, workspace: str, held: HeldCheck) -> None:
    """Replaces a check."""
    connection.execute(
        _update,
        {
            "of_workspace": workspace,
            "of_application": held.document["applicationId"],
            "of_type": held.document["checkType"],
            "esr_version": held.esr_version,
            "told": None if held.told is None else orjson.dumps(held.told).decode(),
            "document": orjson.dumps(held.document).decode(),
        },
    )


def keep_waiting(
    connection: sa.Connection, workspace: str, application_id: int, update: WaitingUpdate
) -> None:
    """Keeps an update until the applicant has a number."""
    connection.execute(
        _insert_waiting,
        {
            "workspace": workspace,
            "record": next_record(connection, workspace),
            "application_id": application_id,
            "check_type": update.check_type,
            "version": update.version,
            "content": orjson.dumps(update.content).decode(),
        },
    )


def take_waiting(
    connection: sa.Connection, workspace: str, application_id: int
) -> list[WaitingUpdate]:
    """The updates that waited, in the order in which they were recorded; they wait no longer."""
    key = {"workspace": workspace, "application_id": application_id}
    found = [
        WaitingUpdate(row.check_type, row.version, orjson.loads(row.content))
        for row in connection.execute(_waiting, key)
    ]
    if found:
        connection.execute(_forget_waiting, key)
    return found
