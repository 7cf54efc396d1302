"""What a workspace's home page counts and what it looks at for trouble. No count goes past `MOST`, however much there is."""

from dataclasses import dataclass

import sqlalchemy as sa

from sandbox.esr.tables import applicants, employment_checks, organisations, positions, vacancies
from sandbox.outbox.store import DEAD, WALL, WORLD
from sandbox.outbox.tables import outbox

MOST = 10_000
_LOOKED_AT = 1_000
_COUNTED = {
    "employers": organisations,
    "positions": positions,
    "vacancies": vacancies,
    "applicants": applicants,
    "employment checks": employment_checks,
}


@dataclass(frozen=True, slots=True)
class Stuck:
    """A message that was tried in vain and will be tried again."""

    url: str
    attempts: int
    due_clock: str
    due_at: str
    last_answer: str


def counts(connection: sa.Connection, workspace: str) -> dict[str, int]:
    """How many there are of each kind of record; `MOST + 1` stands for more than `MOST`."""
    return {
        name: _counted(connection, sa.select(table.c.workspace), table.c.workspace == workspace)
        for name, table in _COUNTED.items()
    }


def dead_letters(connection: sa.Connection, workspace: str) -> int:
    """How many messages were given up; `MOST + 1` stands for more than `MOST`."""
    return _counted(
        connection,
        sa.select(outbox.c.workspace),
        outbox.c.workspace == workspace,
        outbox.c.state == DEAD,
    )


def stuck(connection: sa.Connection, workspace: str, limit: int) -> list[Stuck]:
    """Messages that were tried in vain and wait, of the next thousand that are due by each clock; the next due first."""
    found = []
    for clock in (WALL, WORLD):
        columns = ("message_id", "url", "attempts", "due_clock", "due_at", "last_answer")
        among = (
            sa.select(*(outbox.c[name] for name in columns))
            .where(outbox.c.is_first, outbox.c.workspace == workspace, outbox.c.due_clock == clock)
            .order_by(outbox.c.due_at, outbox.c.message_id)
            .limit(_LOOKED_AT)
            .subquery("among")
        )
        rows = connection.execute(
            sa.select(*(among.c[name] for name in columns[1:]))
            .where(among.c.attempts > 0)
            .order_by(among.c.due_at, among.c.message_id)
            .limit(limit)
        )
        found += [Stuck(*row) for row in rows]
    return found[:limit]


def _counted(
    connection: sa.Connection, select: sa.Select[tuple[str]], *criteria: sa.ColumnElement[bool]
) -> int:
    some = select.where(*criteria).limit(MOST + 1).subquery("some")
    return connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
