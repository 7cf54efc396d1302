"""Rows of events and of event subscriptions."""

from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.esr.tables import event_subscriptions, events
from sandbox.identity.bearer import ANYBODY
from sandbox.identity.store import ClientState
from sandbox.identity.tables import clients
from sandbox.prepared import Prepared

_insert = Prepared(events.insert())
_subscriptions = Prepared(
    sa.select(
        event_subscriptions.c.record, event_subscriptions.c.client, event_subscriptions.c.document
    )
    .where(event_subscriptions.c.workspace == sa.bindparam("workspace"))
    .order_by(event_subscriptions.c.record)
)
_with_owners = Prepared(
    sa.select(
        event_subscriptions.c.document,
        clients.c.employers,
        clients.c.state,
        event_subscriptions.c.client,
    )
    .select_from(event_subscriptions)
    .outerjoin(
        clients,
        sa.and_(
            clients.c.workspace == event_subscriptions.c.workspace,
            clients.c.client_id == event_subscriptions.c.client,
        ),
    )
    .where(event_subscriptions.c.workspace == sa.bindparam("workspace"))
    .order_by(event_subscriptions.c.record)
)


def insert_event(
    connection: sa.Connection,
    workspace: str,
    sequence: int,
    ods_code: str | None,
    document: dict[str, Any],
) -> None:
    """Adds an event to the feed."""
    _insert.run(
        connection,
        {
            "workspace": workspace,
            "sequence": sequence,
            "ods_code": ods_code,
            "applicant_number": applicant_of(document["subject"]),
            "document": orjson.dumps(document).decode(),
        },
    )


def applicant_of(subject: str) -> str | None:
    """The number of the applicant whom the subject of an event names, or None."""
    thing, _, rest = subject.partition("/")
    return rest.split("/", 1)[0] if thing == "applicants" else None


def list_events(
    connection: sa.Connection, workspace: str, after: int, limit: int, ods_code: str | None
) -> list[tuple[int, dict[str, Any]]]:
    """(sequence, `CloudEvent`) in order, after sequence `after`."""
    query = (
        sa.select(events.c.sequence, events.c.document)
        .where(events.c.workspace == workspace, events.c.sequence > after)
        .order_by(events.c.sequence)
        .limit(limit)
    )
    if ods_code is not None:
        query = query.where(events.c.ods_code == ods_code)
    return [(row.sequence, orjson.loads(row.document)) for row in connection.execute(query)]


def list_subscriptions(
    connection: sa.Connection, workspace: str, client: str | None = None
) -> list[tuple[int, dict[str, Any]]]:
    """(record number, `EventSubscription`) in the order of creation, of one client or of all."""
    rows = _subscriptions.run(connection, {"workspace": workspace}).fetchall()
    return [
        (record, orjson.loads(document))
        for record, owner, document in rows
        if client in (None, owner)
    ]


def subscribers(connection: sa.Connection, workspace: str) -> list[str]:
    """The ids of all clients that have subscriptions."""
    rows = _subscriptions.run(connection, {"workspace": workspace}).fetchall()
    return sorted({owner for _, owner, _ in rows})


def subscriptions_for(
    connection: sa.Connection, workspace: str, ods_code: str | None
) -> list[dict[str, Any]]:
    """Every `EventSubscription` of those who may hear of an employer just now, in the order of creation."""
    rows = _with_owners.run(connection, {"workspace": workspace}).fetchall()
    return [
        orjson.loads(document)
        for document, employers, state, owner in rows
        if (state == ClientState.ACTIVE or owner == ANYBODY)
        and (employers is None or ods_code in orjson.loads(employers))
    ]


def find_subscription(
    connection: sa.Connection, workspace: str, client: str, subscription_id: str
) -> dict[str, Any] | None:
    """The `EventSubscription`, or None."""
    text = connection.execute(
        sa.select(event_subscriptions.c.document).where(
            event_subscriptions.c.workspace == workspace,
            event_subscriptions.c.client == client,
            event_subscriptions.c.subscription_id == subscription_id.lower(),
        )
    ).scalar_one_or_none()
    return None if text is None else orjson.loads(text)


def insert_subscription(
    connection: sa.Connection, workspace: str, client: str, record: int, document: dict[str, Any]
) -> None:
    """Adds a subscription."""
    connection.execute(
        event_subscriptions.insert().values(
            workspace=workspace,
            client=client,
            subscription_id=document["subscriptionId"],
            record=record,
            document=orjson.dumps(document).decode(),
        )
    )


def delete_subscription(connection: sa.Connection, workspace: str, subscription_id: str) -> None:
    """Removes a subscription."""
    connection.execute(
        sa.delete(event_subscriptions).where(
            event_subscriptions.c.workspace == workspace,
            event_subscriptions.c.subscription_id == subscription_id,
        )
    )
