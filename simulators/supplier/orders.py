"""What each hook of the driver does in the supplier's system: the acts of its recruiters, and what it shows them.

An act changes our records and puts what ESR must be told into the outbox, in the transaction of the caller. What we know
that ESR would refuse is refused here, and nothing is sent.
"""

import sqlite3
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from simulators.supplier import applications, messages
from simulators.supplier.applications import Application
from simulators.supplier.events import Events
from simulators.supplier.messages import AMEND, CHECK, SUBMIT, WITHDRAW
from simulators.supplier.policies import Policies
from simulators.supplier.positions import Positions
from simulators.supplier.storage import Storage

Arguments = Mapping[str, Any]
Act = Callable[[sqlite3.Connection, Arguments], dict[str, Any]]

_DATE = "business-date"
_NOT_SUBMITTED = frozenset({"odsCode"})


class NotDone(Exception):
    """The system does not do what it is told; the message says why."""


class Orders:
    """The acts, by hook."""

    def __init__(
        self, storage: Storage, policies: Policies, positions: Positions, events: Events
    ) -> None:
        self._storage = storage
        self._policies = policies
        self._positions = positions
        self._events = events
        self.acts: dict[str, tuple[Act, tuple[str, ...]]] = {
            "START_OFFER": (
                self.start_offer,
                ("supplierReference", "odsCode", "positionId", "offerDate", "startDate"),
            ),
            "ACCEPT_OFFER": (self.accept_offer, ("supplierReference", "offerAcceptedDate")),
            "UPDATE_CHECK": (self.update_check, ("supplierReference", "checkType", "check")),
            "WITHDRAW": (self.withdraw, ("supplierReference", "reason", "withdrawnDate")),
            "CHANGE_START_DATE": (self.change_start_date, ("supplierReference", "startDate")),
            "REPORT_VIEW": (self.report_view, ("supplierReference",)),
            "REPORT_POSITION": (self.report_position, ("positionId",)),
            "REPORT_EVENTS": (self.report_events, ()),
            "SET_DATE": (self.set_date, ("date",)),
        }
        """What each hook does, and which arguments it cannot do without."""

    def start_offer(self, database: sqlite3.Connection, arguments: Arguments) -> dict[str, Any]:
        """Begins an application; ESR is sent the applicant. A reference is free again when its application has ended."""
        held = applications.find(database, arguments["supplierReference"])
        if held is not None and self._is_live(database, held):
            raise NotDone(f"There is an application {held.supplier_reference} already.")
        position = self._positions.find(arguments["positionId"])
        reason = self._policies.reason_not_to_offer(position, arguments["startDate"])
        if reason is not None:
            raise NotDone(reason)
        applications.insert(database, arguments)
        submission = {
            name: value for name, value in arguments.items() if name not in _NOT_SUBMITTED
        }
        self._tell(database, SUBMIT, arguments["supplierReference"], submission)
        return {}

    def accept_offer(self, database: sqlite3.Connection, arguments: Arguments) -> dict[str, Any]:
        """Records that the candidate has accepted; ESR is told by an amendment."""
        held = self._open(database, arguments)
        patch: dict[str, Any] = {"offerAcceptedDate": arguments["offerAcceptedDate"]}
        if "niNumber" in arguments:
            patch["person"] = {"niNumber": arguments["niNumber"]}
        self._tell(database, AMEND, held.supplier_reference, patch)
        return {}

    def update_check(self, database: sqlite3.Connection, arguments: Arguments) -> dict[str, Any]:
        """Records a check as it is now; ESR is sent the whole of it."""
        held = self._open(database, arguments)
        check_type, check = arguments["checkType"], dict(arguments["check"])
        applications.set_check(database, held.supplier_reference, check_type, check)
        self._tell(database, CHECK, held.supplier_reference, check, check_type)
        return {}

    def withdraw(self, database: sqlite3.Connection, arguments: Arguments) -> dict[str, Any]:
        """Ends the application before the hire; ESR is told with the reason and the day."""
        held = self._open(database, arguments)
        body = {name: arguments[name] for name in ("reason", "withdrawnDate")}
        self._tell(database, WITHDRAW, held.supplier_reference, body)
        return {}

    def change_start_date(
        self, database: sqlite3.Connection, arguments: Arguments
    ) -> dict[str, Any]:
        """Moves the start before the hire; ESR is told by an amendment."""
        held = self._open(database, arguments)
        applications.set_start(database, held, arguments["startDate"])
        self._tell(database, AMEND, held.supplier_reference, {"startDate": arguments["startDate"]})
        return {}

    def report_view(self, database: sqlite3.Connection, arguments: Arguments) -> dict[str, Any]:
        """What we hold of an application: `ApplicationView`."""
        held = self._application(database, arguments)
        reference = held.supplier_reference
        problem = messages.last_problem(database, reference)
        found = {
            "applicantNumber": held.applicant_number,
            "status": held.status,
            "startDate": held.start_date,
            "vacancyReference": held.offer.get("vacancyReference"),
            "lastProblem": problem and {"code": problem.code, "detail": problem.detail},
        }
        view = {name: value for name, value in found.items() if value is not None}
        return self._policies.view(
            {
                "supplierReference": reference,
                **view,
                "checks": applications.list_checks(database, reference),
                "messageCodes": held.message_codes,
                "unsent": messages.count_unsent(database, reference),
            }
        )

    def report_position(
        self, _database: sqlite3.Connection, arguments: Arguments
    ) -> dict[str, Any]:
        """What we hold of a position: `PositionView`."""
        return self._positions.view(arguments["positionId"])

    def report_events(self, _database: sqlite3.Connection, _arguments: Arguments) -> dict[str, Any]:
        """Which events we hold: `EventsView`."""
        return self._events.view()

    def set_date(self, _database: sqlite3.Connection, arguments: Arguments) -> dict[str, Any]:
        """Takes a date for today."""
        try:
            day = date.fromisoformat(arguments["date"])
        except ValueError as problem:
            raise NotDone(f"{arguments['date']!r} is no date.") from problem
        self._storage.keep_note(_DATE, day.isoformat())
        return {}

    def business_date(self) -> str:
        """What we take for today."""
        return self._storage.note(_DATE) or self._policies.today().isoformat()

    def _application(self, database: sqlite3.Connection, arguments: Arguments) -> Application:
        held = applications.find(database, arguments["supplierReference"])
        if held is None:
            raise NotDone(f"There is no application {arguments['supplierReference']}.")
        return held

    def _open(self, database: sqlite3.Connection, arguments: Arguments) -> Application:
        """The application that is to be changed. Raises NotDone where it is over, or was never loaded."""
        held = self._application(database, arguments)
        if not self._policies.is_open(held.status):
            raise NotDone(f"ESR has the applicant as {held.status}; nothing changes here any more.")
        if not self._is_live(database, held):
            raise NotDone("ESR did not load the applicant; see the problem, and offer anew.")
        return held

    def _is_live(self, database: sqlite3.Connection, held: Application) -> bool:
        if held.applicant_number is None:
            return messages.count_unsent(database, held.supplier_reference) > 0
        return self._policies.is_open(held.status)

    def _tell(
        self,
        database: sqlite3.Connection,
        kind: str,
        supplier_reference: str,
        body: dict[str, Any],
        check_type: str | None = None,
    ) -> None:
        request_id = self._policies.new_request_id()
        messages.enqueue(database, kind, supplier_reference, request_id, body, check_type)
