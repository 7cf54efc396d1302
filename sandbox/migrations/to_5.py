"""Schema 5: what the pages of the console are found by."""

import zlib
from typing import Any

import orjson
import sqlalchemy as sa
from alembic.operations import Operations


def upgrade(operations: Operations) -> None:
    """Adds the column by which an applicant's events are found, and indexes."""
    operations.add_column("esr_events", sa.Column("applicant_number", sa.String(8)))
    connection = operations.get_bind()
    _name_applicants(connection)
    _add_indexes(operations)
    _renew_snapshots(connection)


def _add_indexes(operations: Operations) -> None:
    _index(
        operations,
        "esr_applicants_by_status",
        "esr_applicants",
        ["workspace", "status", "applicant_number"],
    )
    _index(
        operations,
        "esr_events_by_applicant",
        "esr_events",
        ["workspace", "applicant_number", "sequence"],
        "applicant_number IS NOT NULL",
    )
    _index(
        operations,
        "esr_file_rows_without_subject",
        "esr_file_rows",
        ["workspace", "file_id", "ordinal"],
        "subject IS NULL",
    )
    _index(
        operations,
        "exchanges_by_applicant",
        "exchanges",
        ["workspace", "applicant_number", "exchange_id"],
        "applicant_number IS NOT NULL",
    )
    _index(
        operations,
        "exchanges_refused",
        "exchanges",
        ["workspace", "exchange_id"],
        "status >= 400 OR status = 0",
    )
    _index(
        operations,
        "exchanges_refused_submissions",
        "exchanges",
        ["workspace", "exchange_id"],
        "operation_id = 'submit_applicant' AND status >= 400",
    )


def _index(
    operations: Operations, name: str, table: str, columns: list[str], where: str | None = None
) -> None:
    condition = None if where is None else sa.text(where)
    operations.create_index(
        name, table, columns, sqlite_where=condition, postgresql_where=condition
    )


def _name_applicants(connection: sa.Connection) -> None:
    events = sa.table("esr_events", *map(sa.column, ("applicant_number", "document")))
    path: Any = ("data", "applicantNumber")
    if connection.dialect.name == "sqlite":
        number: Any = sa.func.json_extract(events.c.document, "$." + ".".join(path))
    else:
        number = sa.cast(events.c.document, sa.JSON)[path].as_string()
    connection.execute(sa.update(events).values(applicant_number=number))


def _renew_snapshots(connection: sa.Connection) -> None:
    names = ("workspace", "snapshot_id", "schema_version", "content")
    snapshots = sa.table("snapshots", *map(sa.column, names))
    kept = connection.execute(sa.select(snapshots).where(snapshots.c.schema_version == 4)).all()
    for row in kept:
        world = orjson.loads(zlib.decompress(row.content))
        for event in world["tables"]["esr_events"]:
            data = orjson.loads(event["document"])["data"]
            event["applicant_number"] = data.get("applicantNumber")
        connection.execute(
            sa.update(snapshots)
            .where(
                snapshots.c.workspace == row.workspace, snapshots.c.snapshot_id == row.snapshot_id
            )
            .values(schema_version=5, content=zlib.compress(orjson.dumps(world)))
        )
