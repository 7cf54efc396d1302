"""What the home page reads of a workspace, in one look."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.conformance.record import json_of
from sandbox.console.store import home as store
from sandbox.console.store.traffic import Row, last_refused
from sandbox.faults.rules import FaultRule
from sandbox.faults.store import load_faults
from sandbox.identity.store import Registration, list_registrations
from sandbox.web.call import Unit
from sandbox.workspaces.store import Workspace

_REFUSED = 5
STUCK = 20
"""How many waiting messages are looked at."""
_CLIENTS = 20


@dataclass(frozen=True, slots=True)
class Seen:
    """A workspace as it stands."""

    workspace: Workspace
    wall: datetime
    counts: dict[str, int]
    dead: int
    stuck: list[store.Stuck]
    faults: tuple[FaultRule, ...]
    refused: list[tuple[Row, str]]
    """The last exchanges that were refused, failed or not answered, each with what was said."""
    clients: list[Registration]


def seen(unit: Unit) -> Seen:
    """Reads it."""
    connection, name = unit.connection, unit.workspace.name
    rows = last_refused(connection, name, _REFUSED)
    return Seen(
        unit.workspace,
        unit.wall,
        store.counts(connection, name),
        store.dead_letters(connection, name),
        store.stuck(connection, name, STUCK),
        load_faults(connection, name),
        [(row, _said(row)) for row in rows],
        [item for item in list_registrations(connection, name) if not item.is_internal][:_CLIENTS],
    )


def _said(row: Row) -> str:
    answer = json_of(row["response_body"])
    if isinstance(answer, dict) and answer.get("detail"):
        return str(answer["detail"])
    return "" if row["status"] else "No answer came."
