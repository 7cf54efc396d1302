"""Reads and writes the faults of a workspace, and counts how often each was met and done."""

from collections.abc import Mapping
from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.faults.rules import FaultRule
from sandbox.faults.tables import faults
from sandbox.prepared import Prepared

_rules = Prepared(
    sa.select(
        faults.c.fault_id, faults.c.document, faults.c.created_at, faults.c.met, faults.c.done
    )
    .where(faults.c.workspace == sa.bindparam("of_workspace"))
    .order_by(faults.c.fault_id)
)
_of_one = (
    faults.c.workspace == sa.bindparam("of_workspace"),
    faults.c.fault_id == sa.bindparam("of_fault"),
)
# The row stays locked until the transaction ends, so that no two meetings have one number, nor two strikes.
_meet = Prepared(
    sa.update(faults)
    .where(*_of_one)
    .values(met=faults.c.met + 1)
    .returning(faults.c.met, faults.c.done)
)
_count = Prepared(sa.update(faults).where(*_of_one).values(done=faults.c.done + 1))


def load_faults(connection: sa.Connection, workspace: str) -> tuple[FaultRule, ...]:
    """The workspace's faults, oldest first."""
    rows = _rules.run(connection, {"of_workspace": workspace}).fetchall()
    return tuple(
        FaultRule(fault_id, orjson.loads(document), *counts) for fault_id, document, *counts in rows
    )


def insert_fault(
    connection: sa.Connection, workspace: str, document: Mapping[str, Any], created_at: str
) -> FaultRule:
    """Adds a fault behind those that are set."""
    last = connection.execute(
        sa.select(sa.func.max(faults.c.fault_id)).where(faults.c.workspace == workspace)
    ).scalar()
    rule = FaultRule((last or 0) + 1, document, created_at)
    connection.execute(
        faults.insert().values(
            workspace=workspace,
            fault_id=rule.fault_id,
            document=orjson.dumps(document).decode(),
            created_at=created_at,
            met=0,
            done=0,
        )
    )
    return rule


def delete_faults(connection: sa.Connection, workspace: str) -> None:
    """Takes every fault of the workspace away."""
    connection.execute(sa.delete(faults).where(faults.c.workspace == workspace))


def meet_fault(connection: sa.Connection, workspace: str, fault_id: int) -> tuple[int, int]:
    """Counts one more that meets the fault; how many have met it, and how often it has struck."""
    row = _meet.run(connection, {"of_workspace": workspace, "of_fault": fault_id}).fetchone()
    return int(row[0]), int(row[1])


def count_strike(connection: sa.Connection, workspace: str, fault_id: int) -> None:
    """Counts one more that the fault has struck."""
    _count.run(connection, {"of_workspace": workspace, "of_fault": fault_id})
