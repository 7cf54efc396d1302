"""Rows of the employers that advertise, and of the ESR positions that NHS Jobs knows."""

from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.nhsjobs.tables import employers, positions


@dataclass(frozen=True, slots=True)
class Employer:
    """An employer that advertises; `vpd` is its number in ESR, three digits."""

    ods_code: str
    vpd: str
    name: str


_workspace = sa.bindparam("workspace", type_=sa.String)
_find = sa.select(employers.c.ods_code, employers.c.vpd, employers.c.name).where(
    employers.c.workspace == _workspace, employers.c.ods_code == sa.bindparam("ods_code")
)
_find_position = sa.select(positions.c.document, positions.c.esr_sequence).where(
    positions.c.workspace == _workspace, positions.c.position_id == sa.bindparam("position_id")
)
_update_position = (
    sa.update(positions)
    .where(
        positions.c.workspace == sa.bindparam("of_workspace"),
        positions.c.position_id == sa.bindparam("number"),
    )
    .values(document=sa.bindparam("document"), esr_sequence=sa.bindparam("esr_sequence"))
)


def find_employer(connection: sa.Connection, workspace: str, ods_code: str) -> Employer | None:
    """The employer, or None."""
    row = connection.execute(_find, {"workspace": workspace, "ods_code": ods_code}).one_or_none()
    return None if row is None else Employer(row.ods_code, row.vpd, row.name)


def insert_employers(connection: sa.Connection, workspace: str, added: list[Employer]) -> None:
    """Adds employers."""
    if added:
        connection.execute(
            employers.insert(),
            [
                {
                    "workspace": workspace,
                    "ods_code": each.ods_code,
                    "vpd": each.vpd,
                    "name": each.name,
                }
                for each in added
            ],
        )


def find_position(
    connection: sa.Connection, workspace: str, position_id: int
) -> dict[str, Any] | None:
    """ESR's `Position` as NHS Jobs knows it, or None."""
    row = connection.execute(
        _find_position, {"workspace": workspace, "position_id": position_id}
    ).one_or_none()
    return None if row is None else orjson.loads(row.document)


def insert_positions(
    connection: sa.Connection, workspace: str, documents: list[dict[str, Any]]
) -> None:
    """Adds positions as they were before any event."""
    if documents:
        connection.execute(
            positions.insert(),
            [
                {
                    "workspace": workspace,
                    "position_id": document["positionId"],
                    "esr_sequence": "",
                    "document": orjson.dumps(document).decode(),
                }
                for document in documents
            ],
        )


def replace_position(
    connection: sa.Connection, workspace: str, document: dict[str, Any], sequence: str
) -> None:
    """Puts a position in place as event `sequence` tells of it, unless a later event was there before."""
    identifier = document["positionId"]
    held = connection.execute(
        _find_position, {"workspace": workspace, "position_id": identifier}
    ).one_or_none()
    text = orjson.dumps(document).decode()
    if held is None:
        connection.execute(
            positions.insert(),
            {
                "workspace": workspace,
                "position_id": identifier,
                "esr_sequence": sequence,
                "document": text,
            },
        )
    elif held.esr_sequence < sequence:
        connection.execute(
            _update_position,
            {
                "of_workspace": workspace,
                "number": identifier,
                "document": text,
                "esr_sequence": sequence,
            },
        )
