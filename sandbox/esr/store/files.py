"""Rows of files, of what became of each of their rows, and of the sequences in which they are numbered."""

from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.esr.tables import file_rows, file_sequences, files

_LISTED = tuple(column for column in files.c if column.name != "content")
_unfiled = (
    sa.select(*_LISTED)
    .where(files.c.workspace == sa.bindparam("workspace"), files.c.is_filed.is_(False))
    .order_by(files.c.file_id)
)
_sequences = sa.select(file_sequences).where(
    file_sequences.c.workspace == sa.bindparam("workspace")
)


@dataclass(frozen=True, slots=True)
class Sequence:
    """Where the files of one employer and type have come to."""

    ods_code: str
    file_type: str
    sequence: int = 0
    """The number of the last file."""
    mark: int = 0
    """The last change or record that was told of."""
    event_mark: int = 0
    """The last event that was told of."""
    made_at: str | None = None
    """When the last file was made; None before the first."""


def insert_file(connection: sa.Connection, workspace: str, values: dict[str, Any]) -> None:
    """Adds a file, by column."""
    connection.execute(
        files.insert().values(
            {"workspace": workspace, "rows": 0, "rows_done": 0, "rows_failed": 0, **values}
        )
    )


def update_file(connection: sa.Connection, workspace: str, file_id: int, **values: Any) -> None:
    """Sets columns of a file."""
    connection.execute(
        sa.update(files)
        .where(files.c.workspace == workspace, files.c.file_id == file_id)
        .values(**values)
    )


def find_file(connection: sa.Connection, workspace: str, file_id: int) -> dict[str, Any] | None:
    """A file with its content, by column, or None."""
    row = connection.execute(
        sa.select(files).where(files.c.workspace == workspace, files.c.file_id == file_id)
    ).one_or_none()
    return dict(row._mapping) if row else None


def unfiled(connection: sa.Connection, workspace: str) -> list[dict[str, Any]]:
    """The files that are not where they belong yet, without their content, in the order in which they were noted."""
    return [dict(row._mapping) for row in connection.execute(_unfiled, {"workspace": workspace})]


def is_loaded(
    connection: sa.Connection, workspace: str, ods_code: str, digest: str, state: str
) -> bool:
    """Whether a file of the employer with this content has come to `state`."""
    found = connection.execute(
        sa.select(files.c.file_id)
        .where(
            files.c.workspace == workspace,
            files.c.ods_code == ods_code,
            files.c.digest == digest,
            files.c.state == state,
        )
        .limit(1)
    )
    return found.first() is not None


def list_files(
    connection: sa.Connection, workspace: str, after: int, limit: int, **filters: str | None
) -> list[tuple[int, dict[str, Any]]]:
    """(number, file by column without its content) in the order in which they were noted."""
    query = (
        sa.select(*_LISTED)
        .where(files.c.workspace == workspace, files.c.file_id > after)
        .order_by(files.c.file_id)
        .limit(limit)
    )
    for name, value in filters.items():
        if value is not None:
            query = query.where(files.c[name] == value)
    return [(row.file_id, dict(row._mapping)) for row in connection.execute(query)]


def insert_row(
    connection: sa.Connection,
    workspace: str,
    file_id: int,
    ordinal: int,
    subject: str | None,
    version: int | None,
    outcome: dict[str, Any],
) -> None:
    """Keeps what became of a row."""
    connection.execute(
        file_rows.insert().values(
            workspace=workspace,
            file_id=file_id,
            ordinal=ordinal,
            subject=subject,
            version=version,
            outcome=orjson.dumps(outcome).decode(),
        )
    )


def outcomes_of(connection: sa.Connection, workspace: str, file_id: int) -> list[dict[str, Any]]:
    """What became of each row of a file, in order."""
    rows = connection.execute(
        sa.select(file_rows.c.outcome)
        .where(file_rows.c.workspace == workspace, file_rows.c.file_id == file_id)
        .order_by(file_rows.c.ordinal)
    )
    return [orjson.loads(text) for text in rows.scalars()]


def was_made_by_a_row(
    connection: sa.Connection, workspace: str, subject: str, version: int
) -> bool:
    """Whether a row of a file made this version of a record."""
    found = connection.execute(
        sa.select(file_rows.c.file_id)
        .where(
            file_rows.c.workspace == workspace,
            file_rows.c.subject == subject,
            file_rows.c.version == version,
        )
        .limit(1)
    )
    return found.first() is not None


def sequences_of(connection: sa.Connection, workspace: str) -> dict[tuple[str, str], Sequence]:
    """By (ODS code, type of file): where the files have come to."""
    return {
        (row.ods_code, row.file_type): Sequence(
            row.ods_code, row.file_type, row.sequence, row.mark, row.event_mark, row.made_at
        )
        for row in connection.execute(_sequences, {"workspace": workspace})
    }


def find_sequence(
    connection: sa.Connection, workspace: str, ods_code: str, file_type: str
) -> Sequence:
    """Where the files of an employer and type have come to; before the first, at zero."""
    held = sequences_of(connection, workspace)
    return held.get((ods_code, file_type)) or Sequence(ods_code, file_type)


def put_sequence(connection: sa.Connection, workspace: str, held: Sequence) -> None:
    """Replaces where the files of an employer and type have come to."""
    key = {
        "workspace": workspace,
        "ods_code": held.ods_code,
        "file_type": held.file_type,
    }
    values = {
        "sequence": held.sequence,
        "mark": held.mark,
        "event_mark": held.event_mark,
        "made_at": held.made_at,
    }
    changed = connection.execute(
        sa.update(file_sequences)
        .where(*(file_sequences.c[name] == value for name, value in key.items()))
        .values(**values)
    )
    if changed.rowcount == 0:
        connection.execute(file_sequences.insert().values(**key, **values))
