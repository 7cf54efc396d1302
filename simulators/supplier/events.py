"""ESR's events: kept once, whatever comes, and applied as soon as what they tell of is known.

Deliveries and the feed both end here. An event that overtakes the answer which names its applicant waits for that answer.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from simulators.supplier import applications, positions
from simulators.supplier.policies import Policies
from simulators.supplier.storage import Storage

APPLIED, IGNORED, UNREADABLE, WAITING = "APPLIED", "IGNORED", "UNREADABLE", "WAITING"
_SHOWN = 1000
# Of the database only what says that a value cannot be kept; that a disk is full is no fault of an event.
_UNREADABLE = (
    *(KeyError, TypeError, ValueError),
    *(sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError),
)
_PING = "ping"


class Events:
    """The events that we hold."""

    def __init__(self, storage: Storage, policies: Policies) -> None:
        self._storage = storage
        self._policies = policies
        self._apply_by_type: Mapping[
            str, Callable[[sqlite3.Connection, Mapping[str, Any]], str | None]
        ] = {
            "applicant.amended": self._applicant_told,
            "applicant.accepted": self._applicant_told,
            "applicant.identified": self._applicant_told,
            "applicant.hired": self._applicant_told,
            "applicant.moved": self._applicant_told,
            "applicant.withdrawn": self._applicant_told,
            "employment-check.started": self._check_told,
            "employment-check.updated": self._check_told,
            "position.changed": self._position_told,
            "position.deleted": self._position_told,
        }

    def take(self, event: Mapping[str, Any]) -> bool:
        """Keeps an event and applies it; when this returns, it is safe. False where we had it already."""
        with self._storage.transaction() as database:
            return self.take_within(database, event)

    def take_within(self, database: sqlite3.Connection, event: Mapping[str, Any]) -> bool:
        """As `take`, in a transaction of the caller."""
        source, identifier = self._policies.identity(event)
        values = (source, identifier, _text(event, "sequence"), _text(event, "type"))
        inserted = database.execute(
            "INSERT INTO events (source, id, sequence, type, body, state) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (*values, json.dumps(event), IGNORED),
        )
        if inserted.rowcount == 0:
            return False
        self._settle(database, source, identifier, event)
        return True

    def is_known_type(self, event_type: str) -> bool:
        """Whether we know what to do with events of a type."""
        return event_type in self._apply_by_type or event_type == _PING

    def apply_waiting(self, database: sqlite3.Connection, reference: str) -> None:
        """Applies the events that waited for ESR's answer about an application, in the order in which they happened."""
        held = applications.find(database, reference)
        if held is None or held.applicant_number is None:
            return
        keys = (_by_reference(reference), _by_number(held.applicant_number))
        waiting = [
            row
            for key in keys
            for row in database.execute(
                "SELECT source, id, sequence, body FROM events WHERE waits_for = ?", (key,)
            )
        ]
        for row in sorted(waiting, key=lambda item: str(item["sequence"])):
            self._settle(database, row["source"], row["id"], json.loads(row["body"]))

    def view(self) -> dict[str, Any]:
        """Which events we hold: `EventsView` of the driver contract."""
        database = self._storage.connection
        [received] = database.execute("SELECT COUNT(*) FROM events").fetchone()
        newest = database.execute(
            "SELECT id, sequence FROM events ORDER BY sequence DESC, id LIMIT ?", (_SHOWN,)
        ).fetchall()
        view: dict[str, Any] = {"received": received, "ids": [row["id"] for row in newest]}
        if newest and newest[0]["sequence"]:
            view["lastSequence"] = newest[0]["sequence"]
        return view

    def _settle(
        self, database: sqlite3.Connection, source: str, identifier: str, event: Mapping[str, Any]
    ) -> None:
        apply = self._apply_by_type.get(_text(event, "type"))
        waits_for = None
        if apply is None:
            state = IGNORED
        else:
            try:
                waits_for = apply(database, event)
                state = APPLIED if waits_for is None else WAITING
            except _UNREADABLE:
                # It is kept, and no fault of who delivered it: refusing it would bring it again and again.
                state = UNREADABLE
        database.execute(
            "UPDATE events SET state = ?, waits_for = ? WHERE source = ? AND id = ?",
            (state, waits_for, source, identifier),
        )

    def _applicant_told(self, database: sqlite3.Connection, event: Mapping[str, Any]) -> str | None:
        """Applies the state of an applicant; answers what it waits for, if anything."""
        told = event["data"]
        held = applications.find(database, told["supplierReference"])
        if held is None or _employer(event) != held.ods_code:
            return None  # Somebody else's applicant.
        if held.applicant_number is None:
            return _by_reference(held.supplier_reference)
        if held.applicant_number != told["applicantNumber"]:
            return None
        if self._policies.is_newer(told["version"], held.version):
            applications.take_over(database, held, told)
        return None

    def _check_told(self, database: sqlite3.Connection, event: Mapping[str, Any]) -> str | None:
        told = event["data"]
        held = applications.find_by_number(database, told["applicantNumber"])
        if held is None:
            return _by_number(told["applicantNumber"])
        reference = held.supplier_reference
        version = applications.check_version(database, reference, told["checkType"])
        if self._policies.is_newer(told["version"], version):
            applications.take_over_check(database, reference, told)
        return None

    def _position_told(self, database: sqlite3.Connection, event: Mapping[str, Any]) -> str | None:
        told, sequence = event["data"], _text(event, "sequence")
        held = positions.place_of(database, told["positionId"])
        place = (positions.moment(told["updatedAt"]), sequence)
        if held is None or self._policies.is_newer(place, held):
            positions.put(database, told, sequence)
        return None


def _text(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""


def _employer(event: Mapping[str, Any]) -> str:
    return str(event["source"]).rpartition("/")[2]


def _by_reference(supplier_reference: str) -> str:
    return f"reference/{supplier_reference}"


def _by_number(applicant_number: str) -> str:
    return f"number/{applicant_number}"
