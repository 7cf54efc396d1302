"""What must hold of a sandbox's database after each kill, read from the database itself."""

import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.esr.tables import applicants, events, file_rows
from sandbox.journal.store import link
from sandbox.journal.tables import exchanges
from sandbox.outbox.tables import outbox
from sandbox.web.outcomes import request_outcomes
from sandbox.workspaces.tables import snapshots, workspaces
from tests.durability.acts import Act

_NOBODY = "0" * 64


@dataclass
class _Journal:
    """How far a workspace's journal has been followed."""

    last: int = 0
    chain: str = _NOBODY


@dataclass
class Looker:
    """Looks into the database after each kill. Each check raises AssertionError for what does not hold."""

    engine: sa.Engine
    _journals: dict[str, _Journal] = field(default_factory=dict)
    _told: dict[str, dict[int, int]] = field(default_factory=dict)
    """By workspace and number: a digest of each event as it was first seen."""
    _whole: set[tuple[str, int]] = field(default_factory=set)

    def look(self, names: list[str], ends: frozenset[str]) -> None:
        """All that must hold of every workspace of `names`; the worlds of `ends` are put back or ended now and then."""
        with self.engine.connect() as connection, connection.begin():
            for name in names:
                self._journal(connection, name)
                self._outcomes(connection, name)
                self._events(connection, name, forget=name in ends)
                self._outbox(connection, name)
                self._snapshots(connection, name)

    def held(self, workspace: str) -> dict[str, tuple[int, bytes]]:
        """By request id: the outcome."""
        with self.engine.connect() as connection:
            columns = request_outcomes.c
            rows = connection.execute(
                sa.select(columns.request_id, columns.status, columns.body).where(
                    columns.workspace == workspace
                )
            )
            return {row.request_id: (row.status, bytes(row.body)) for row in rows}

    def lost(self, workspace: str, acts: list[Act]) -> list[Act]:
        """The acts that were acknowledged and are not there as they were."""
        held = self.held(workspace)
        return [act for act in acts if held.get(act.request_id) != (act.status, act.answer)]

    def damage(self) -> None:
        """The file itself is whole."""
        if self.engine.dialect.name != "sqlite":
            return
        with self.engine.connect() as connection:
            found = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        assert found == ["ok"], found[:5]

    def waiting(self, workspace: str) -> int:
        """How many messages of the outbox wait."""
        with self.engine.connect() as connection:
            return int(
                connection.execute(
                    sa.select(sa.func.count())
                    .select_from(outbox)
                    .where(outbox.c.workspace == workspace, outbox.c.state == "WAITING")
                ).scalar_one()
            )

    def events(self, workspace: str) -> list[dict[str, Any]]:
        """Every event, in order."""
        with self.engine.connect() as connection:
            rows = connection.execute(
                sa.select(events.c.document)
                .where(events.c.workspace == workspace)
                .order_by(events.c.sequence)
            )
            return [orjson.loads(text) for text in rows.scalars()]

    def _journal(self, connection: sa.Connection, name: str) -> None:
        seen = self._journals.setdefault(name, _Journal())
        rows = connection.execute(
            sa.select(exchanges)
            .where(exchanges.c.workspace == name, exchanges.c.exchange_id > seen.last)
            .order_by(exchanges.c.exchange_id)
        )
        for row in rows:
            values = dict(row._mapping)
            seen.last += 1
            seen.chain = link(seen.chain, values)
            assert values["exchange_id"] == seen.last, (name, "journal", seen.last)
            assert values["chain"] == seen.chain, (name, "journal", seen.last)
        head = connection.execute(
            sa.select(workspaces.c.last_exchange, workspaces.c.journal_chain).where(
                workspaces.c.name == name
            )
        ).one()
        assert tuple(head) == (seen.last, seen.chain), (name, "head of the journal", head)

    def _outcomes(self, connection: sa.Connection, name: str) -> None:
        """Change, outcome and journal row: all of them or none."""
        spoken = exchanges.c
        outcome = request_outcomes.c
        without_row = connection.execute(
            sa.select(outcome.request_id, outcome.operation_id).where(
                outcome.workspace == name,
                ~sa.exists().where(
                    spoken.workspace == name, sa.func.lower(spoken.request_id) == outcome.request_id
                ),
            )
        ).all()
        assert without_row == [], (name, "outcomes without an exchange", without_row[:3])
        bodies = connection.execute(
            sa.select(outcome.body).where(
                outcome.workspace == name,
                outcome.operation_id == "submit_applicant",
                outcome.status == 201,
            )
        ).scalars()
        told = Counter(str(orjson.loads(bytes(body))["applicantNumber"]) for body in bodies)
        filed = connection.execute(
            sa.select(file_rows.c.subject).where(
                file_rows.c.workspace == name, file_rows.c.subject.startswith("applicants/")
            )
        ).scalars()
        told.update(str(subject).rsplit("/", 1)[1] for subject in filed)
        there = Counter(
            connection.execute(
                sa.select(applicants.c.applicant_number).where(applicants.c.workspace == name)
            ).scalars()
        )
        assert told == there, (
            name,
            "applicants and outcomes",
            list((told - there) + (there - told))[:5],
        )

    def _events(self, connection: sa.Connection, name: str, *, forget: bool) -> None:
        rows = connection.execute(
            sa.select(events.c.sequence, events.c.document)
            .where(events.c.workspace == name)
            .order_by(events.c.sequence)
        ).all()
        last = connection.execute(
            sa.select(workspaces.c.last_event).where(workspaces.c.name == name)
        ).scalar_one()
        numbers = [row.sequence for row in rows]
        assert numbers == list(range(1, last + 1)), (name, "events", len(numbers), last)
        digests = {row.sequence: hash(row.document) for row in rows}
        if not forget:
            before = self._told.get(name, {})
            altered = [number for number, digest in before.items() if digests.get(number) != digest]
            assert altered == [], (name, "events that were altered or lost", altered[:5])
        self._told[name] = digests
        changes: Counter[tuple[str, str]] = Counter()
        for row in rows:
            document = orjson.loads(row.document)
            assert int(document["sequence"]) == row.sequence, (name, document)
            if document["type"].startswith("applicant."):
                changes[f"{document['type']} {document['subject']}", f"{document['data']}"] += 1
        doubled = [change for change, count in changes.items() if count > 1]
        assert doubled == [], (name, "events told twice", doubled[:3])

    def _outbox(self, connection: sa.Connection, name: str) -> None:
        rows = connection.execute(
            sa.select(outbox.c.lane, outbox.c.message_id, outbox.c.is_first)
            .where(outbox.c.workspace == name, outbox.c.state == "WAITING")
            .order_by(outbox.c.message_id)
        ).all()
        lanes: dict[str, list[bool]] = {}
        for row in rows:
            lanes.setdefault(row.lane, []).append(bool(row.is_first))
        wrong = [
            lane for lane, firsts in lanes.items() if firsts != [True] + [False] * (len(firsts) - 1)
        ]
        assert wrong == [], (name, "lanes whose first is not the first", wrong[:3])

    def _snapshots(self, connection: sa.Connection, name: str) -> None:
        rows = connection.execute(
            sa.select(snapshots.c.snapshot_id, snapshots.c.content).where(
                snapshots.c.workspace == name
            )
        )
        for number, content in rows:
            if (name, number) not in self._whole:
                kept = orjson.loads(zlib.decompress(content))
                assert kept["workspace"]["last_event"] == len(kept["tables"]["esr_events"])
                self._whole.add((name, number))
