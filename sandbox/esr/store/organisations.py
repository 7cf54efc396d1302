"""Rows of organisations."""

from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.esr.tables import organisations
from sandbox.prepared import Prepared

_find = Prepared(
    sa.select(organisations.c.document).where(
        organisations.c.workspace == sa.bindparam("workspace"),
        organisations.c.ods_code == sa.bindparam("ods_code"),
    )
)
_update = (
    sa.update(organisations)
    .where(
        organisations.c.workspace == sa.bindparam("of_workspace"),
        organisations.c.ods_code == sa.bindparam("code"),
    )
    .values(document=sa.bindparam("document"))
)


def find_organisation(
    connection: sa.Connection, workspace: str, ods_code: str
) -> dict[str, Any] | None:
    """The `Organisation`, or None."""
    row = _find.run(connection, {"workspace": workspace, "ods_code": ods_code}).fetchone()
    return None if row is None else orjson.loads(row[0])


def list_organisations(connection: sa.Connection, workspace: str) -> list[dict[str, Any]]:
    """Every `Organisation`, by ODS code. An ESR has some hundreds at most."""
    rows = connection.execute(
        sa.select(organisations.c.document)
        .where(organisations.c.workspace == workspace)
        .order_by(organisations.c.ods_code)
    )
    return [orjson.loads(text) for text in rows.scalars()]


def insert_organisations(
    connection: sa.Connection, workspace: str, documents: list[dict[str, Any]]
) -> None:
    """Adds organisations."""
    if documents:
        connection.execute(
            organisations.insert(),
            [
                {
                    "workspace": workspace,
                    "ods_code": document["odsCode"],
                    "document": orjson.dumps(document).decode(),
                }
                for document in documents
            ],
        )


def update_organisation(
    connection: sa.Connection, workspace: str, document: dict[str, Any]
) -> None:
    """Replaces an organisation."""
    connection.execute(
        _update,
        {
            "of_workspace": workspace,
            "code": document["odsCode"],
            "document": orjson.dumps(document).decode(),
        },
    )
