"""A world with one employer and two positions, in memory, in which services are called as handlers call them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar

import orjson
import pytest

import sandbox.app  # noqa: F401  (every table must be known before a database is made)
from sandbox.database import Database
from sandbox.journal.store import FLUSH, append
from sandbox.nhsjobs.service import adverts, applications, offers
from sandbox.nhsjobs.service.answers import ANSWERS
from sandbox.nhsjobs.service.employers import take_on
from sandbox.outbox.sending import Answer
from sandbox.outbox.store import WALL, Message, due_messages, settle_message
from sandbox.web.call import Unit, open_unit
from sandbox.workspaces.store import change_workspace, insert_workspace

T = TypeVar("T")

ODS = "X0A1B"
POSITION = 900_000_000_000_001
TODAY = datetime(2026, 4, 1, 9, 30, tzinfo=UTC)
NAME = "default"


def position(identifier: int = POSITION, **changes: Any) -> dict[str, Any]:
    return {
        "positionId": identifier,
        "positionNumber": 9_000_000_001,
        "positionTitle": "Staff Nurse",
        "odsCode": ODS,
        "costCentre": "A901001",
        "changeDeleteIndicator": "C",
        "staffGroup": "03",
        "jobRole": "03007",
        "areaOfWork": "Respiratory Medicine",
        "occupationCode": "N6A",
        "payScale": "BAND_5",
        "contractedHours": 37.5,
        "shared": True,
        "hiringStatus": "ACTIVE",
        "effectiveFrom": "2024-04-01",
        "updatedAt": "2026-03-01T08:00:00Z",
        **changes,
    }


def submission(reference: str = "REQ-1001", **changes: Any) -> dict[str, Any]:
    return {
        "supplierReference": reference,
        "title": "Staff Nurse",
        "description": "We are looking for a registered nurse for our respiratory ward.",
        "staffGroup": "03",
        "jobRole": "03007",
        "payBand": "BAND_5",
        "contractType": "Permanent",
        "workingPattern": ["full-time", "part-time"],
        "salary": {"text": "£31049.00 to £37796.00", "minimum": 31049, "maximum": 37796},
        "locations": [{"town": "Northmere", "postcode": "NA1 2AB"}],
        "closeDate": "2026-04-30",
        "positionId": POSITION,
        **changes,
    }


def candidate(address: str = "amara.fielding@example.org", **changes: Any) -> dict[str, Any]:
    return {
        "candidate": {
            "firstName": "Amara",
            "lastName": "Fielding",
            "gender": "2",
            "nationality": "GB",
            "emailAddress": address,
            "address": {
                "line1": "1 Example Street",
                "town": "Northmere",
                "postcode": "NA1 2AB",
                "country": "GB",
            },
        },
        "recruitmentSource": "01",
        **changes,
    }


TERMS = {
    "offerDate": "2026-04-01",
    "startDate": "2026-06-01",
    "contractType": "05",
    "assignmentType": "01",
    "hoursPerWeek": 37.5,
}
ACCEPTANCE = {"answer": "ACCEPT", "dateOfBirth": "1994-05-17", "dataSharingConsent": True}
VACANCY_REFERENCE = "901-M9901-26-0001"


def confirmation(message: Message) -> dict[str, Any]:
    """ESR's `Confirmation` of success for an applicant that it was sent."""
    sent = orjson.loads(message.body)
    return {
        "loadStatusCode": "SUCCESS",
        "supplierReference": sent["supplierReference"],
        "vacancyReference": sent["vacancyReference"],
        "positionId": sent["positionId"],
        "applicantNumber": "10000017",
        "assignmentId": 20_000_017,
        "messages": [],
    }


@dataclass
class NhsJobs:
    """NHS Jobs without HTTP; ESR is whoever answers its messages."""

    database: Database
    now: datetime = TODAY

    ods: ClassVar[str] = ODS
    position_id: ClassVar[int] = POSITION
    vacancy_reference: ClassVar[str] = VACANCY_REFERENCE
    terms: ClassVar[dict[str, Any]] = TERMS
    acceptance: ClassVar[dict[str, Any]] = ACCEPTANCE
    position = staticmethod(position)
    submission = staticmethod(submission)
    candidate = staticmethod(candidate)
    confirmation = staticmethod(confirmation)

    def do(self, act: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """One unit of work, committed; raises what `act` raises, with nothing changed."""
        return self.database.write(
            lambda transaction: act(
                open_unit(transaction, NAME, self.now, "supplier"), *arguments, **named
            )
        ).result()

    def pass_days(self, days: int) -> None:
        self.now += timedelta(days=days)

    def waiting(self) -> list[Message]:
        """The next message of each lane to ESR."""
        return self.do(
            lambda unit: due_messages(unit.connection, unit.workspace.name, WALL, unit.wall, 1000)
        )

    def answer(self, message: Message, status: int, document: Any) -> None:
        """ESR answers a message."""

        def settle(unit: Unit) -> None:
            settle_message(unit.connection, message, str(status))
            ANSWERS[message.kind](unit, message, Answer(status, orjson.dumps(document)))

        self.do(settle)

    def published(self, reference: str = "REQ-1001", **changes: Any) -> int:
        """The number of an advert that is published."""
        pushed = self.do(adverts.push_advert, ODS, submission(reference, **changes))
        return int(self.do(adverts.publish_advert, pushed["advertId"])["advertId"])

    def accepted(self, advert_id: int, address: str = "amara.fielding@example.org") -> int:
        """The number of an application whose offer is accepted."""
        applied = self.do(applications.apply_for_advert, advert_id, candidate(address))
        application_id = int(applied["applicationId"])
        self.do(offers.make_offer, application_id, TERMS)
        self.do(offers.answer_offer, application_id, ACCEPTANCE)
        return application_id

    def open_vacancy(self) -> None:
        """ESR makes the vacancy that it is asked for."""
        [message] = self.waiting()
        self.answer(message, 201, {"vacancyReference": VACANCY_REFERENCE})

    def sent(self) -> tuple[int, str]:
        """An application that ESR has taken, and its applicant number there."""
        advert_id = self.published()
        self.open_vacancy()
        application_id = self.accepted(advert_id)
        [message] = self.waiting()
        self.answer(message, 201, confirmation(message))
        return application_id, "10000017"

    def show_oddities(self) -> None:
        self.do(lambda unit: change_workspace(unit.connection, NAME, search_oddities=True))

    def status(self, application_id: int) -> str:
        return str(self.do(applications.read_application, application_id)["status"])


@pytest.fixture
def nhs_jobs() -> Iterator[NhsJobs]:
    database = Database(None, {FLUSH: append})

    def prepare(transaction: Any) -> None:
        insert_workspace(transaction.connection, NAME, 1, "FULL", TODAY)
        organisation = {"odsCode": ODS, "vpd": "901", "name": "Northmere and Vale NHS Trust"}
        take_on(open_unit(transaction, NAME, TODAY), [organisation], [position()])

    database.write(prepare).result()
    yield NhsJobs(database)
    database.close()
