"""A supplier's records in memory, and events and offers to fill them with."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from simulators.supplier import Policies, Settings, applications
from simulators.supplier.events import Events
from simulators.supplier.messages import SUBMIT, enqueue, next_of_each
from simulators.supplier.outcomes import Outcomes
from simulators.supplier.storage import Storage

REFERENCE, NUMBER, EMPLOYER = "APP-1", "90000017", "X0A1B"
SETTINGS = Settings("http://127.0.0.1:9/esr/v1", "token")


@dataclass
class Records:
    """What a supplier holds, with one application that is on its way to ESR."""

    policies: Policies

    def __post_init__(self) -> None:
        self.storage = Storage(":memory:")
        self.events = Events(self.storage, self.policies)
        self.outcomes = Outcomes(self.storage, self.policies, self.events)
        offer = {
            "supplierReference": REFERENCE,
            "odsCode": EMPLOYER,
            "startDate": "2026-07-06",
        }
        with self.storage.transaction() as database:
            applications.insert(database, offer)
            enqueue(database, SUBMIT, REFERENCE, "request-1", {"supplierReference": REFERENCE})

    @property
    def application(self) -> applications.Application:
        found = applications.find(self.storage.connection, REFERENCE)
        assert found is not None
        return found

    @property
    def checks(self) -> list[dict[str, Any]]:
        return applications.list_checks(self.storage.connection, REFERENCE)

    @property
    def waiting(self) -> list[str]:
        """The kinds of the messages that are first in their lanes."""
        return [message.kind for message in next_of_each(self.storage.connection)]

    def state_of(self, identifier: str) -> str:
        """What became of an event."""
        query = "SELECT state FROM events WHERE id = ?"
        return str(self.storage.connection.execute(query, (identifier,)).fetchone()["state"])


@pytest.fixture
def records() -> Iterator[Records]:
    records = Records(Policies(SETTINGS))
    yield records
    records.storage.close()


def event(number: int, kind: str, data: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Event `number` of the employer."""
    return {
        "specversion": "1.0",
        "id": f"event-{number}",
        "source": f"/esr/v1/organisations/{EMPLOYER}",
        "type": kind,
        "sequence": f"{number:012d}",
        "data": data,
        **more,
    }


def told(number: int, status: str, version: int, **more: Any) -> dict[str, Any]:
    """An event about the applicant."""
    data = {
        "applicantNumber": NUMBER,
        "supplierReference": REFERENCE,
        "status": status,
        "startDate": "2026-07-06",
        "version": version,
    }
    return event(number, f"applicant.{more.pop('act', 'amended')}", data | more)


def check_told(number: int, state: str, version: int) -> dict[str, Any]:
    """An event about the applicant's DBS check."""
    data = {"applicantNumber": NUMBER, "checkType": "dbs", "state": state, "version": version}
    return event(number, "employment-check.updated", data)
