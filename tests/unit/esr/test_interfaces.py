"""What an employer has not switched on is refused.

No world that can be seeded has an interface off, so these worlds are made by hand.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

import sandbox.app  # noqa: F401  (every table must be known before a database is made)
from sandbox.database import Database
from sandbox.errors import Code, Refusal
from sandbox.esr.service import applicants, employment_checks, vacancies
from sandbox.esr.store.organisations import insert_organisations
from sandbox.web.call import Unit, open_unit
from sandbox.workspaces.store import insert_workspace

T = TypeVar("T")
NOW = datetime(2026, 4, 1, 9, 30, tzinfo=UTC)
OFF, ON = "X0A1B", "X0A2B"
InWorld = Callable[[Callable[[Unit], Any]], Any]


def organisation(ods_code: str, switched_on: bool) -> dict[str, Any]:
    names = ("vacancies", "applicants", "employmentChecks", "events")
    return {"odsCode": ods_code, "vpd": "901", "interfaces": dict.fromkeys(names, switched_on)}


@pytest.fixture
def in_world() -> Iterator[InWorld]:
    """Runs a service in a world with an employer that has every interface off, and one that has them on."""
    database = Database(None)

    def prepare(transaction: Any) -> None:
        insert_workspace(transaction.connection, "default", 1, "FULL", NOW)
        employers = [organisation(OFF, False), organisation(ON, True)]
        insert_organisations(transaction.connection, "default", employers)

    database.write(prepare).result()
    yield lambda work: database.write(
        lambda transaction: work(open_unit(transaction, "default", NOW, "supplier"))
    ).result()
    database.close()


WRITES: dict[str, Callable[[Unit, str], Any]] = {
    "create_vacancy": lambda unit, employer: vacancies.create_vacancy(
        unit, employer, {"supplierReference": "A", "positionId": 1}
    ),
    "change_vacancy_status": lambda unit, employer: vacancies.change_vacancy_status(
        unit, "901-A", employer, "02"
    ),
    "amend_applicant": lambda unit, employer: applicants.amend_applicant(
        unit, "10000001", employer, '"1"', {"startDate": "2026-06-01"}
    ),
    "withdraw_applicant": lambda unit, employer: applicants.withdraw_applicant(
        unit, "10000001", employer, {"reason": "OTHER", "withdrawnDate": "2026-04-01"}
    ),
    "record_employment_check": lambda unit, employer: employment_checks.record_employment_check(
        unit, "10000001", "dbs", employer, {"state": "REQUESTED", "requestedDate": "2026-04-01"}
    ),
}


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize(
    ("employer", "code"),
    [(OFF, Code.INTERFACE_NOT_ENABLED), ("X0A9B", Code.EMPLOYER_UNKNOWN)],
    ids=["switched off", "unknown"],
)
def test_a_write_for_an_employer_without_the_interface_is_refused(
    in_world: InWorld, operation: str, employer: str, code: Code
) -> None:
    with pytest.raises(Refusal) as refused:
        in_world(lambda unit: WRITES[operation](unit, employer))

    assert refused.value.code == code
    assert refused.value.status == 422


@pytest.mark.parametrize("operation", WRITES)
def test_a_write_for_an_employer_with_the_interface_goes_on_to_its_own_rules(
    in_world: InWorld, operation: str
) -> None:
    with pytest.raises(Refusal) as refused:
        in_world(lambda unit: WRITES[operation](unit, ON))

    assert refused.value.code in (Code.NOT_FOUND, Code.POSITION_UNKNOWN)
