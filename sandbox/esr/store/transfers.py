"""Rows of inter-authority transfers: one for each applicant whose transfer is more than what follows from the applicant."""

from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.esr.tables import transfers
from sandbox.prepared import Prepared

_find = Prepared(
    sa.select(transfers.c.document).where(
        transfers.c.workspace == sa.bindparam("workspace"),
        transfers.c.applicant_number == sa.bindparam("applicant_number"),
    )
)
_insert = Prepared(transfers.insert())
_update = Prepared(
    sa.update(transfers)
    .where(
        transfers.c.workspace == sa.bindparam("of_workspace"),
        transfers.c.applicant_number == sa.bindparam("number"),
    )
    .values(document=sa.bindparam("document"))
)


def find_transfer(
    connection: sa.Connection, workspace: str, applicant_number: str
) -> dict[str, Any] | None:
    """The `InterAuthorityTransfer`, or None."""
    wanted = {"workspace": workspace, "applicant_number": applicant_number}
    row = _find.run(connection, wanted).fetchone()
    return None if row is None else orjson.loads(row[0])


def keep_transfer(connection: sa.Connection, workspace: str, document: dict[str, Any]) -> None:
    """Replaces a transfer, or adds it."""
    text = orjson.dumps(document).decode()
    number = document["applicantNumber"]
    replaced = _update.run(
        connection, {"of_workspace": workspace, "number": number, "document": text}
    )
    if replaced.rowcount == 0:
        _insert.run(
            connection, {"workspace": workspace, "applicant_number": number, "document": text}
        )
