"""No tenant gets at another's: every operation of every contract is asked with what is another's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from scoping import OF_ALL_ON_PURPOSE, watched
from tenant_walk import Operation, operations
from tenants import Party, Walk, three_tenants, two_employers

from sandbox.app import contracts_of

_SYSTEMS = frozenset({"esr", "nhs-jobs"})
CARELESS = [
    ("esr.store.applicants.find_applicant", "read_applicant"),
    ("esr.store.applicants.list_applicants", "list_applicants"),
    ("esr.store.applicants.update_applicant", "withdraw_applicant"),
    ("esr.store.employment_checks.find_check", "read_employment_check"),
    ("esr.store.events.list_events", "list_events"),
    ("esr.store.organisations.find_organisation", "read_organisation"),
    ("esr.store.people.people_alike", "submit_applicant"),
    ("esr.store.positions.find_position", "read_position"),
    ("esr.store.vacancies.find_vacancy", "read_vacancy"),
    ("journal.store.list_exchanges", "list_exchanges"),
    ("nhsjobs.store.adverts.find_advert", "read_advert"),
    ("nhsjobs.store.applications.list_applications", "list_applications"),
    ("nhsjobs.store.offers.find_offer", "read_offer"),
    ("nhsjobs.store.search.search", "search_adverts"),
]
"""(function that forgets to name the tenant, operation that shows it)."""


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Party]:
    with three_tenants(tmp_path_factory.mktemp("tenants")) as tenants:
        yield tenants


def test_no_operation_lets_a_tenant_at_anothers(tmp_path: Path) -> None:
    wanted = operations(contracts_of(_SYSTEMS))

    with watched() as watch, three_tenants(tmp_path) as tenants:
        walk = Walk(tenants)
        walk.go(wanted)

    print(
        f"{len(wanted)} operations, {walk.places} places, {walk.asked} requests: "
        f"{len(walk.leaks)} leaks"
    )
    assert walk.unsound == []
    assert walk.leaks == []
    assert watch.strays <= OF_ALL_ON_PURPOSE


@pytest.mark.parametrize(("function", "operation_id"), CARELESS)
def test_a_statement_that_names_no_tenant_is_caught(
    lived_in: Party, function: str, operation_id: str
) -> None:
    wanted = [
        item for item in operations(contracts_of(_SYSTEMS)) if item.operation_id == operation_id
    ]
    sound, caught = Walk(lived_in), Walk(lived_in)

    sound.go(wanted)
    with watched(function) as watch:
        caught.go(wanted)

    assert (sound.leaks, sound.unsound) == ([], [])
    # Where one row was looked for and two are found, the request fails.
    assert caught.leaks or caught.unsound
    assert function in {name for name, _ in watch.strays - OF_ALL_ON_PURPOSE}


def _of_employers(*operation_ids: str) -> list[Operation]:
    return [
        operation
        for operation in operations(contracts_of(_SYSTEMS))
        # What takes no token acts for no employer, and the sandbox's powers are over all of them.
        if operation.secured
        and operation.system != "control"
        and (not operation_ids or operation.operation_id in operation_ids)
    ]


def test_no_operation_lets_a_client_at_another_employers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = _of_employers()

    with two_employers(tmp_path) as party:
        walk, careless = Walk(party), Walk(party)
        walk.go(wanted)
        monkeypatch.setattr("sandbox.web.operations.check_employer", lambda _: None)
        monkeypatch.setattr("sandbox.esr.service.organisations._is_own", lambda *_: True)
        careless.go(_of_employers("list_applicants", "read_organisation"))

    print(f"{len(wanted)} operations, {walk.places} places: {len(walk.leaks)} leaks")
    assert walk.unsound == []
    assert walk.leaks == []
    # Where nobody asks who may act for whom, the walk sees it.
    assert {leak.split(",")[0] for leak in careless.leaks} == {
        "list_applicants",
        "read_organisation",
    }
