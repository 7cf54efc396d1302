"""What is read of the journal for a journey: exchanges about an applicant, and those in which one was sent and not taken.

Every look follows an index and is bounded.
"""

from typing import Any

import sqlalchemy as sa

from sandbox.console.journeys.facts import Document, Exchange
from sandbox.console.store.journeys import MOST, REFUSED_AMONG, document_of, has_reference
from sandbox.journal.tables import ABOUT_SOMEBODY, NOT_TAKEN, exchanges
from sandbox.workspaces.tables import workspaces

BEFORE, AFTER = 500, 2000
"""So far from the applicant's first exchange acts in NHS Jobs and reads of the feed are looked for in the journal."""
_REFUSED = 100
"""Of the refused submissions with one reference so many are shown."""
_COLUMNS = (
    exchanges.c.exchange_id,
    exchanges.c.system,
    exchanges.c.direction,
    exchanges.c.operation_id,
    exchanges.c.path,
    exchanges.c.status,
    exchanges.c.world_time,
    exchanges.c.started_at,
    exchanges.c.client,
    exchanges.c.request_id,
    exchanges.c.request_body,
    exchanges.c.response_body,
    exchanges.c.request_digest,
    exchanges.c.applicant_number,
)


def exchanges_about(connection: sa.Connection, workspace: str, number: str) -> list[Exchange]:
    """The exchanges about an applicant, oldest first; MOST of them at most."""
    query = (
        sa.select(*_COLUMNS)
        .where(
            exchanges.c.workspace == workspace,
            exchanges.c.applicant_number == number,
            sa.text(ABOUT_SOMEBODY),
        )
        .order_by(exchanges.c.exchange_id)
        .limit(MOST)
    )
    return _exchanges(connection, query)


def exchanges_of_requests(
    connection: sa.Connection, workspace: str, request_ids: list[str]
) -> list[Exchange]:
    """The exchanges under request ids, in no order; MOST of them at most."""
    if not request_ids:
        return []
    query = (
        sa.select(*_COLUMNS)
        .where(
            exchanges.c.workspace == workspace,
            sa.func.lower(exchanges.c.request_id).in_([each.lower() for each in request_ids]),
        )
        .limit(MOST)
    )
    return _exchanges(connection, query)


def exchanges_around(
    connection: sa.Connection,
    workspace: str,
    place: int | None,
    application: Document | None,
    number: str | None,
) -> list[Exchange]:
    """Acts about an application in NHS Jobs, and reads of ESR's feed that told of the applicant, near a place in the journal.

    Without a place they are looked for among the newest exchanges.
    """
    wanted = []
    if application is not None:
        application_id, advert_id = application["applicationId"], application["advertId"]
        named = f'%"applicationId":{application_id},%'
        pushed = f'%"advertId":{advert_id},%'
        wanted = [
            sa.and_(
                exchanges.c.operation_id == "push_advert", exchanges.c.response_body.like(pushed)
            ),
            exchanges.c.path.like(f"%/applications/{application_id}/%"),
            exchanges.c.path.like(f"%/adverts/{advert_id}/publication"),
            sa.and_(
                exchanges.c.operation_id == "apply_for_advert",
                exchanges.c.response_body.like(named),
            ),
        ]
    if number is not None:
        wanted.append(
            sa.and_(
                exchanges.c.operation_id == "list_events",
                exchanges.c.response_body.like(f'%"subject":"applicants/{number}%'),
            )
        )
    if place is None:
        last = connection.scalar(
            sa.select(workspaces.c.last_exchange).where(workspaces.c.name == workspace)
        )
        place = int(last or 0) - AFTER
    query = (
        sa.select(*_COLUMNS)
        .where(
            exchanges.c.workspace == workspace,
            exchanges.c.exchange_id > place - BEFORE,
            exchanges.c.exchange_id <= place + AFTER,
            sa.or_(*wanted),
        )
        .order_by(exchanges.c.exchange_id)
        .limit(MOST)
    )
    return _exchanges(connection, query)


def refused_submissions(connection: sa.Connection, workspace: str, limit: int) -> list[Exchange]:
    """Exchanges in which an applicant was sent and not taken, the newest first."""
    return _exchanges(connection, _not_taken(workspace, limit))


def refused_with(connection: sa.Connection, workspace: str, reference: str) -> list[Exchange]:
    """Of the newest refused submissions those with a supplier's reference, oldest first."""
    among = _not_taken(workspace, REFUSED_AMONG).subquery("among")
    query = (
        sa.select(among)
        .where(
            sa.or_(
                has_reference(among.c.request_body, reference),
                has_reference(among.c.response_body, reference),
            )
        )
        .order_by(among.c.exchange_id.desc())
        .limit(_REFUSED)
    )
    # A text within another one may look like the property: what was found is looked at.
    found = [each for each in _exchanges(connection, query) if reference_of(each) == reference]
    return found[::-1]


def refused_exchange(connection: sa.Connection, workspace: str, number: int) -> list[Exchange]:
    """The exchange, where an applicant was sent in it and not taken; else nothing."""
    query = sa.select(*_COLUMNS).where(
        exchanges.c.workspace == workspace, exchanges.c.exchange_id == number, sa.text(NOT_TAKEN)
    )
    return _exchanges(connection, query)


def reference_of(exchange: Exchange) -> str | None:
    """The supplier's reference that a submission named; None where the journal does not tell."""
    for document in (exchange.request, (exchange.answer or {}).get("confirmation")):
        reference = (document or {}).get("supplierReference")
        if isinstance(reference, str):
            return reference
    return None


def _not_taken(workspace: str, limit: int) -> sa.Select[Any]:
    return (
        sa.select(*_COLUMNS)
        .where(exchanges.c.workspace == workspace, sa.text(NOT_TAKEN))
        .order_by(exchanges.c.exchange_id.desc())
        .limit(limit)
    )


def _exchanges(connection: sa.Connection, query: sa.Select[Any]) -> list[Exchange]:
    return [
        Exchange(
            number=row.exchange_id,
            system=row.system,
            is_out=row.direction == "OUT",
            operation=row.operation_id or "",
            path=row.path,
            status=row.status,
            world=row.world_time,
            wall=row.started_at,
            client=row.client or "",
            request_id=row.request_id or "",
            request=document_of(row.request_body),
            answer=document_of(row.response_body),
            digest=row.request_digest or "",
            applicant_number=row.applicant_number,
        )
        for row in connection.execute(query)
    ]
