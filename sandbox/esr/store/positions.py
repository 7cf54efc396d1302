"""Rows of positions. `change` numbers the last change of each: the feed is a walk along it."""

from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.esr.tables import positions
from sandbox.workspaces.store import next_record

_find = sa.select(positions.c.document).where(
    positions.c.workspace == sa.bindparam("workspace"),
    positions.c.position_id == sa.bindparam("position_id"),
)


def find_position(
    connection: sa.Connection, workspace: str, position_id: int
) -> dict[str, Any] | None:
    """The `Position`, or None."""
    text = connection.execute(
        _find, {"workspace": workspace, "position_id": position_id}
    ).scalar_one_or_none()
    return None if text is None else orjson.loads(text)


def list_positions(
    connection: sa.Connection,
    workspace: str,
    after: int,
    limit: int,
    ods_code: str | None,
    cost_centre: str | None,
    with_deleted: bool,
) -> list[tuple[int, dict[str, Any]]]:
    """(change, `Position`) in the order of the last change, after change number `after`."""
    query = (
        sa.select(positions.c.change, positions.c.document)
        .where(positions.c.workspace == workspace, positions.c.change > after)
        .order_by(positions.c.change)
        .limit(limit)
    )
    if ods_code is not None:
        query = query.where(positions.c.ods_code == ods_code)
    if cost_centre is not None:
        query = query.where(positions.c.cost_centre == cost_centre)
    if not with_deleted:
        # As the document is written: inside one of its texts the quotation marks would be escaped.
        query = query.where(~positions.c.document.contains('"changeDeleteIndicator":"D"'))
    return [(row.change, orjson.loads(row.document)) for row in connection.execute(query)]


def insert_positions(
    connection: sa.Connection, workspace: str, documents: list[dict[str, Any]]
) -> None:
    """Adds positions, each as a change of its own."""
    if not documents:
        return
    last = next_record(connection, workspace, len(documents))
    first = last - len(documents) + 1
    connection.execute(
        positions.insert(),
        [
            {
                "workspace": workspace,
                "position_id": document["positionId"],
                "ods_code": document["odsCode"],
                "cost_centre": document["costCentre"],
                "change": first + offset,
                "document": orjson.dumps(document).decode(),
            }
            for offset, document in enumerate(documents)
        ],
    )


def update_position(connection: sa.Connection, workspace: str, document: dict[str, Any]) -> None:
    """Replaces a position and moves it to the end of the feed."""
    connection.execute(
        sa.update(positions)
        .where(
            positions.c.workspace == workspace, positions.c.position_id == document["positionId"]
        )
        .values(
            ods_code=document["odsCode"],
            cost_centre=document["costCentre"],
            change=next_record(connection, workspace),
            document=orjson.dumps(document).decode(),
        )
    )
