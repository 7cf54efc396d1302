"""Rows of the events that were received."""

from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.nhsjobs.domain.events import HELD
from sandbox.nhsjobs.tables import events

_workspace = sa.bindparam("workspace", type_=sa.String)
_known = sa.select(events.c.event_id).where(
    events.c.workspace == _workspace,
    events.c.source == sa.bindparam("source"),
    events.c.event_id == sa.bindparam("event_id"),
)
_insert = events.insert()
_held = (
    sa.select(events.c.document)
    .where(
        events.c.workspace == _workspace,
        events.c.waits_for == sa.bindparam("waits_for"),
        events.c.state == HELD,
    )
    .order_by(events.c.sequence)
)
_settle = (
    sa.update(events)
    .where(
        events.c.workspace == sa.bindparam("of_workspace"),
        events.c.source == sa.bindparam("of_source"),
        events.c.event_id == sa.bindparam("of_event"),
    )
    .values(state=sa.bindparam("state"), waits_for=None, document=None)
)


def is_known(connection: sa.Connection, workspace: str, event: dict[str, Any]) -> bool:
    """Whether the event was received before: it is one by its source and id."""
    key = {"workspace": workspace, "source": event["source"], "event_id": event["id"]}
    return connection.execute(_known, key).one_or_none() is not None


def insert_event(
    connection: sa.Connection,
    workspace: str,
    event: dict[str, Any],
    state: str,
    waits_for: str | None = None,
) -> None:
    """Keeps an event: with its document and what it waits for when it is HELD, else only that it came."""
    sequence = event.get("sequence")
    connection.execute(
        _insert,
        {
            "workspace": workspace,
            "source": event["source"],
            "event_id": event["id"],
            "sequence": sequence[:12] if isinstance(sequence, str) else "",
            "type": event["type"],
            "state": state,
            "waits_for": waits_for,
            "document": orjson.dumps(event).decode() if state == HELD else None,
        },
    )


def list_held(connection: sa.Connection, workspace: str, waits_for: str) -> list[dict[str, Any]]:
    """The events that wait for something, in the order in which they happened."""
    rows = connection.execute(_held, {"workspace": workspace, "waits_for": waits_for}).scalars()
    return [orjson.loads(text) for text in rows]


def settle_event(
    connection: sa.Connection, workspace: str, event: dict[str, Any], state: str
) -> None:
    """Ends an event's waiting."""
    connection.execute(
        _settle,
        {
            "of_workspace": workspace,
            "of_source": event["source"],
            "of_event": event["id"],
            "state": state,
        },
    )
