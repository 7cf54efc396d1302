"""No tenant gets at another's: every operation of every contract is asked with what is another's."""

from pathlib import Path

import pytest
from scoping import OF_ALL_ON_PURPOSE, watched
from tenant_walk import Operation, operations
from tenants import Party, Walk, three_tenants, two_employers

from sandbox.app import contracts_of
from sandbox.settings import Level

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


def test_no_operation_lets_a_tenant_at_anothers(tmp_path: Path) -> None:
    """In a hosted sandbox, where everything is asked for that keeps tenants apart."""
    wanted = operations(contracts_of(_SYSTEMS))

    with watched() as watch, three_tenants(tmp_path, Level.PLATFORM) as party:
        walk = Walk(party)
        walk.go(wanted)
        strays = frozenset(watch.strays)
        caught = {function: _careless(party, function, name) for function, name in CARELESS}

    print(
        f"{len(wanted)} operations, {walk.places} places, {walk.asked} requests: "
        f"{len(walk.leaks)} leaks"
    )
    assert walk.unsound == []
    assert walk.leaks == []
    assert strays <= OF_ALL_ON_PURPOSE
    # A statement that forgets to name the tenant is caught by the walk, and by the look at statements.
    assert [function for function, found in caught.items() if found != (True, True)] == []


def _careless(party: Party, function: str, operation_id: str) -> tuple[bool, bool]:
    """Whether the walk, and whether the look at statements, catches a function that forgets to name the tenant."""
    wanted = [
        item for item in operations(contracts_of(_SYSTEMS)) if item.operation_id == operation_id
    ]
    walk = Walk(party)
    with watched(function) as watch:
        walk.go(wanted)
    # Where one row was looked for and two are found, the request fails.
    return bool(walk.leaks or walk.unsound), function in {name for name, _ in watch.strays}


@pytest.mark.prove
def test_no_operation_lets_a_tenant_at_anothers_on_ones_own_machine(tmp_path: Path) -> None:
    with three_tenants(tmp_path) as party:
        walk = Walk(party)
        walk.go(operations(contracts_of(_SYSTEMS)))

    assert (walk.unsound, walk.leaks) == ([], [])


def _of_employers(*operation_ids: str) -> list[Operation]:
    return [
        operation
        for operation in operations(contracts_of(_SYSTEMS))
        # What takes no token acts for no employer, and the sandbox's powers are over all of them.
        if operation.secured
        and operation.system != "control"
        and (not operation_ids or operation.operation_id in operation_ids)
    ]


@pytest.mark.prove
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
