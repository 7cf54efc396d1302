"""What is read of one applicant for the journey, and what applicants are found by. Every look follows an index and is bounded."""

import hashlib
from collections.abc import Iterable
from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.console.journeys.facts import Document, FileRow, Receiver, Sending
from sandbox.esr.tables import applicants, event_subscriptions, events, file_rows, files, people
from sandbox.journal.tables import ABOUT_SOMEBODY
from sandbox.nhsjobs.tables import events as received
from sandbox.nhsjobs.tables import waiting_updates
from sandbox.outbox.store import DEAD, DONE, DROPPED, WAITING
from sandbox.outbox.tables import outbox

MOST = 500
"""Exchanges, events and messages of one applicant that a journey shows."""
REFUSED_AMONG = 2_000
"""Refused submissions, and rows of files, the newest first, among which a reference is looked for."""
_HELD = "/held"
_LAST = "\U0010ffff"

Applicants = list[tuple[str, Document]]


def latest_applicants(
    connection: sa.Connection, workspace: str, before: str | None, limit: int
) -> Applicants:
    """(number, `Applicant`), the newest first, from before a number on."""
    query = (
        sa.select(applicants.c.applicant_number, applicants.c.document)
        .where(applicants.c.workspace == workspace)
        .order_by(applicants.c.applicant_number.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(applicants.c.applicant_number < before)
    return _applicants(connection, query)


def applicants_by_reference(
    connection: sa.Connection, workspace: str, reference: str, limit: int
) -> Applicants:
    """(number, `Applicant`) of those who have, or had, a supplier's reference."""
    query = (
        sa.select(applicants.c.applicant_number, applicants.c.document)
        .where(applicants.c.workspace == workspace, applicants.c.supplier_reference == reference)
        .order_by(applicants.c.applicant_number)
        .limit(limit)
    )
    return _applicants(connection, query)


def applicants_by_name(
    connection: sa.Connection, workspace: str, name_key: str, limit: int
) -> Applicants:
    """(number, `Applicant`) of the people whose key of the name (`sandbox.esr.domain.people`) begins so."""
    found = connection.execute(
        sa.select(people.c.person_id)
        .where(
            people.c.workspace == workspace,
            people.c.name_key >= name_key,
            people.c.name_key < name_key + _LAST,
        )
        .order_by(people.c.name_key)
        # Most of those whom ESR knows are employees, and no applicants.
        .limit(20 * limit)
    )
    known = [int(number) for number in found.scalars()]
    rows: Applicants = []
    for first in range(0, len(known), 100):
        query = sa.select(applicants.c.applicant_number, applicants.c.document).where(
            applicants.c.workspace == workspace,
            applicants.c.person_id.in_(known[first : first + 100]),
        )
        rows += _applicants(connection, query)
        if len(rows) >= limit:
            break
    return sorted(rows, reverse=True)[:limit]


def events_about(connection: sa.Connection, workspace: str, number: str) -> list[Document]:
    """Every `CloudEvent` about an applicant, in order; MOST of them at most."""
    rows = connection.execute(
        sa.select(events.c.document)
        .where(
            events.c.workspace == workspace,
            events.c.applicant_number == number,
            sa.text(ABOUT_SOMEBODY),
        )
        .order_by(events.c.sequence)
        .limit(MOST)
    )
    return [orjson.loads(text) for text in rows.scalars()]


def receivers(
    connection: sa.Connection, workspace: str, nhs_jobs_client: str
) -> dict[str, Receiver]:
    """Whom ESR delivers events to, by the id of the subscription."""
    rows = connection.execute(
        sa.select(event_subscriptions.c.document, event_subscriptions.c.client).where(
            event_subscriptions.c.workspace == workspace
        )
    )
    found = {}
    for text, client in rows:
        subscription = orjson.loads(text)
        receiver = Receiver(subscription["url"].partition("?")[0], client == nhs_jobs_client)
        found[subscription["subscriptionId"]] = receiver
    return found


def deliveries_about(
    connection: sa.Connection, workspace: str, subscriptions: Iterable[str], number: str
) -> list[Sending]:
    """What is, or was, to be delivered of an applicant's events to subscriptions, in order."""
    lanes = [f"{each}/applicants/{number}" for each in subscriptions]
    return _sendings(connection, workspace, [*lanes, *(lane + _HELD for lane in lanes)])[0]


def messages_of_nhs_jobs(
    connection: sa.Connection, workspace: str, advert_id: int, application_id: int
) -> tuple[list[Sending], list[str]]:
    """What NHS Jobs tells, or told, ESR of an application and its advert, in order; and the ids of those requests."""
    lanes = [f"nhs-jobs/adverts/{advert_id}", f"nhs-jobs/applications/{application_id}"]
    return _sendings(connection, workspace, lanes)


def rows_about(connection: sa.Connection, workspace: str, number: str) -> list[FileRow]:
    """The rows of files that changed an applicant or a check of the applicant, in the order of their files."""
    subject = f"applicants/{number}"
    query = _rows(workspace).where(
        file_rows.c.subject >= subject, file_rows.c.subject < f"{subject}0"
    )
    found = [_row(row) for row in connection.execute(query.limit(MOST))]
    return sorted(found, key=lambda row: (row.noted_at, row.outcome.get("ordinal", 0)))


def rows_that_changed_nothing(
    connection: sa.Connection, workspace: str, reference: str
) -> list[FileRow]:
    """Of the newest rows that changed nothing those with a supplier's reference, oldest first."""
    among = (
        _rows(workspace)
        .where(file_rows.c.subject.is_(None))
        .order_by(file_rows.c.file_id.desc(), file_rows.c.ordinal.desc())
        .limit(REFUSED_AMONG)
        .subquery("among")
    )
    query = sa.select(among).where(has_reference(among.c.outcome, reference))
    found = [_row(row) for row in connection.execute(query)]
    return [row for row in reversed(found) if row.outcome.get("supplierReference") == reference]


def receipts_of(connection: sa.Connection, workspace: str, told: list[Document]) -> dict[str, str]:
    """By the id of an event, what became of it at NHS Jobs; of those that came there."""
    found: dict[str, str] = {}
    for source in {event["source"] for event in told}:
        ids = [event["id"] for event in told if event["source"] == source]
        rows = connection.execute(
            sa.select(received.c.event_id, received.c.state).where(
                received.c.workspace == workspace,
                received.c.source == source,
                received.c.event_id.in_(ids),
            )
        )
        found |= {row.event_id: row.state for row in rows}
    return found


def waiting_updates_of(connection: sa.Connection, workspace: str, application_id: int) -> int:
    """How many updates of checks wait until ESR has given the applicant a number."""
    rows = connection.execute(
        sa.select(waiting_updates.c.record)
        .where(
            waiting_updates.c.workspace == workspace,
            waiting_updates.c.application_id == application_id,
        )
        .limit(MOST)
    )
    return len(rows.all())


def _applicants(connection: sa.Connection, query: sa.Select[Any]) -> Applicants:
    rows = connection.execute(query)
    return [(row.applicant_number, orjson.loads(row.document)) for row in rows]


def _sendings(
    connection: sa.Connection, workspace: str, lanes: list[str]
) -> tuple[list[Sending], list[str]]:
    rows = connection.execute(
        sa.select(outbox)
        .where(
            outbox.c.state.in_((WAITING, DONE, DEAD, DROPPED)),
            outbox.c.workspace == workspace,
            outbox.c.lane.in_(lanes),
        )
        .limit(MOST)
    ).all()
    found, request_ids = [], []
    for row in sorted(rows, key=lambda row: int(row.message_id)):
        body = bytes(row.body)
        sending = Sending(
            row.kind,
            row.reference,
            row.lane.partition("/")[0],
            row.url.partition("?")[0],
            hashlib.sha256(body).hexdigest(),
            document_of(body) or {},
            row.state,
            row.attempts,
            row.due_at,
            row.last_answer or "",
        )
        found.append(sending)
        request_id = orjson.loads(row.headers).get("X-Request-ID")
        if request_id:
            request_ids.append(request_id)
    return found, request_ids


def _rows(workspace: str) -> sa.Select[Any]:
    return (
        sa.select(files.c.name, files.c.noted_at, file_rows.c.outcome)
        .select_from(file_rows)
        .join(
            files,
            sa.and_(
                files.c.workspace == file_rows.c.workspace, files.c.file_id == file_rows.c.file_id
            ),
        )
        .where(file_rows.c.workspace == workspace)
    )


def _row(row: Any) -> FileRow:
    return FileRow(row.name, row.noted_at, orjson.loads(row.outcome))


def has_reference(document: sa.ColumnElement[Any], reference: str) -> sa.ColumnElement[bool]:
    """Whether a JSON text has the supplier's reference, as it is written there."""
    return document.contains(
        f'"supplierReference":{orjson.dumps(reference).decode()}', autoescape=True
    )


def document_of(text: str | bytes | None) -> Document | None:
    """The JSON object that a text is; None where it is none, or the journal kept only that there was one."""
    if not text:
        return None
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
