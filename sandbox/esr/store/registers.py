"""Rows of register entries: what a test has a regulator say of a registration."""

from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.esr.tables import register_entries
from sandbox.prepared import Prepared

_find = Prepared(
    sa.select(register_entries.c.document).where(
        register_entries.c.workspace == sa.bindparam("workspace"),
        register_entries.c.body == sa.bindparam("body"),
        register_entries.c.number == sa.bindparam("number"),
    )
)
_update = (
    sa.update(register_entries)
    .where(
        register_entries.c.workspace == sa.bindparam("of_workspace"),
        register_entries.c.body == sa.bindparam("of_body"),
        register_entries.c.number == sa.bindparam("of_number"),
    )
    .values(document=sa.bindparam("document"))
)


def find_entry(
    connection: sa.Connection, workspace: str, body: str, number: str
) -> dict[str, Any] | None:
    """The `RegisterEntry`, or None."""
    wanted = {"workspace": workspace, "body": body, "number": number}
    row = _find.run(connection, wanted).fetchone()
    return None if row is None else orjson.loads(row[0])


def put_entry(connection: sa.Connection, workspace: str, document: dict[str, Any]) -> None:
    """Adds an entry, or replaces the one of the same body and number."""
    body, number = document["body"], document["number"]
    text = orjson.dumps(document).decode()
    replaced = connection.execute(
        _update,
        {"of_workspace": workspace, "of_body": body, "of_number": number, "document": text},
    )
    if replaced.rowcount == 0:
        connection.execute(
            register_entries.insert(),
            {"workspace": workspace, "body": body, "number": number, "document": text},
        )
