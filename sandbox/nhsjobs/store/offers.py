"""Rows of offers: one at most for an application."""

from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.nhsjobs.tables import offers

_find = sa.select(offers.c.document).where(
    offers.c.workspace == sa.bindparam("workspace"),
    offers.c.application_id == sa.bindparam("application_id"),
)
_insert = offers.insert()
_update = (
    sa.update(offers)
    .where(
        offers.c.workspace == sa.bindparam("of_workspace"),
        offers.c.application_id == sa.bindparam("number"),
    )
    .values(document=sa.bindparam("document"))
)


def find_offer(
    connection: sa.Connection, workspace: str, application_id: int
) -> dict[str, Any] | None:
    """The `Offer`, or None."""
    text = connection.execute(
        _find, {"workspace": workspace, "application_id": application_id}
    ).scalar_one_or_none()
    return None if text is None else orjson.loads(text)


def insert_offer(connection: sa.Connection, workspace: str, document: dict[str, Any]) -> None:
    """Adds the offer of an application."""
    connection.execute(
        _insert,
        {
            "workspace": workspace,
            "application_id": document["applicationId"],
            "document": orjson.dumps(document).decode(),
        },
    )


def update_offer(connection: sa.Connection, workspace: str, document: dict[str, Any]) -> None:
    """Replaces an offer."""
    connection.execute(
        _update,
        {
            "of_workspace": workspace,
            "number": document["applicationId"],
            "document": orjson.dumps(document).decode(),
        },
    )
