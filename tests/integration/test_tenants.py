"""No tenant gets at another's: every operation of every contract is asked with what is another's."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from harness import Workspace
from in_process import served
from lived_in import Tenant
from scoping import OF_ALL_ON_PURPOSE, watched
from tenant_walk import (
    NOWHERE,
    OF_ALL_WORKSPACES,
    OWN_NUMBERS,
    REFUSED,
    VOLATILE,
    Operation,
    Place,
    ask,
    operations,
)

from sandbox.app import contracts_of
from sandbox.settings import Settings
from simulators.world import World

_SYSTEMS = frozenset({"esr", "nhs-jobs"})


@dataclass(frozen=True)
class Tenants:
    """Three tenants of one sandbox: `other` has ids that the one who asks has not, `twin` has the same ids and other people."""

    database: Path
    asking: Tenant
    other: Tenant
    twin: Tenant


@contextmanager
def three_tenants(folder: Path, settings: Settings | None = None) -> Iterator[Tenants]:
    """A sandbox in this process whose three tenants have all lived; the other's life is the longest."""
    database = folder / "sandbox.db"
    settings = settings or Settings(request_seconds=10)
    settings = replace(settings, database=str(database), port=0, hub=folder / "hub")
    with served(settings) as runtime:
        url = runtime.settings.public_url
        other = _tenant(url, "CanaryA", seed=1, positions=24)
        twin, asking = (_tenant(url, mark, seed=2, positions=6) for mark in ("CanaryB", "CanaryC"))
        for kind, value in asking.ids.items():
            if kind not in OWN_NUMBERS | {"day"}:
                assert other.ids[kind] != value, f"both have the {kind} {value}"
        for kind in ("applicantNumber", "advertId", "applicationId", "positionId"):
            assert twin.ids[kind] == asking.ids[kind]
        yield Tenants(database, asking, other, twin)


def _tenant(url: str, mark: str, seed: int, positions: int) -> Tenant:
    name = mark.lower()
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        made = client.post("/control/v1/workspaces", json={"name": name}).json()
        wanted = {"seed": seed, "organisations": 2, "positionsPerOrganisation": positions}
        client.post(f"/w/{name}/control/v1/seed", json=wanted).raise_for_status()
    tenant = Tenant(Workspace(name, url, made["token"], World.make(seed, 2, positions)), mark)
    tenant.live()
    return tenant


def everything_of(database: Path, name: str) -> dict[str, list[str]]:
    """Every row of a workspace, byte for byte, by table."""
    found = {}
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        tables = opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in tables.fetchall():
            columns = {row[1] for row in opened.execute(f"PRAGMA table_info({table})")}
            key = "name" if table == "workspaces" else "workspace"
            if key in columns:
                rows = opened.execute(f"SELECT * FROM {table} WHERE {key} = ?", [name])
                found[table] = sorted(map(repr, rows))
    return found


def told(answer: httpx.Response, value: Any) -> tuple[Any, ...]:
    """What an answer says, but for the id that was asked about."""
    # Longer ids stand within others too: a vacancy's reference is made of the supplier's.
    edge = r"\b" if len(str(value)) < 8 else ""
    text = re.sub(rf"{edge}{re.escape(str(value))}{edge}", "<id>", answer.text, flags=re.IGNORECASE)
    return answer.status_code, answer.headers.get("content-type"), text


class Walk:
    """One tenant's way through all operations, with its own ids, which are its twin's, and with the other's."""

    def __init__(self, tenants: Tenants) -> None:
        self.tenants = tenants
        self.asked = self.places = 0
        self.leaks: list[str] = []
        self.unsound: list[str] = []
        """Requests that do not get as far as the other's rows, and so prove nothing."""

    def go(self, wanted: list[Operation]) -> None:
        """Walks the operations. What stands in `leaks` afterwards, got through."""
        before = self._of_the_others()
        for operation in wanted:
            own = self._ask(operation)
            expected = REFUSED.get(operation.operation_id)
            if own.status_code != expected and not own.is_success:
                self.unsound.append(f"{operation.operation_id}: {own.status_code} {own.text}")
            for place in operation.places:
                self._try(operation, place, own)
            after = self._of_the_others()
            if after != before:
                changed = [key for key in before if before[key] != after[key]]
                self.leaks.append(f"{operation.operation_id} changed another's {changed}")
                before = after

    def _of_the_others(self) -> dict[tuple[str, str], list[str]]:
        others = (self.tenants.other, self.tenants.twin)
        return {
            (tenant.mark, table): rows
            for tenant in others
            for table, rows in everything_of(self.tenants.database, tenant.workspace.name).items()
        }

    def _try(self, operation: Operation, place: Place, own: httpx.Response) -> None:
        self.places += 1
        kind = place.kind
        theirs = self.tenants.other.ids[kind]
        found = told(self._ask(operation, place, theirs), theirs)
        if kind in OWN_NUMBERS:
            return
        if place.pointer == ("X-Request-ID",):
            expected = told(own, theirs)
        else:
            expected = told(self._ask(operation, place, NOWHERE[kind]), NOWHERE[kind])
        if operation.operation_id in VOLATILE:
            found, expected = found[:1], expected[:1]
        if found != expected and operation.operation_id not in OF_ALL_WORKSPACES:
            self.leaks.append(f"{operation.operation_id}, {place}: {found} for {expected}")

    def _ask(
        self, operation: Operation, place: Place | None = None, value: Any = None
    ) -> httpx.Response:
        self.asked += 1
        asking = self.tenants.asking
        answer = ask(asking, operation, place, value)
        if answer.status_code >= 500:
            self.unsound.append(f"{operation.operation_id}, {place}: {answer.text}")
        shown = answer.text.replace(str(value), "").lower()
        for tenant in (self.tenants.other, self.tenants.twin):
            if tenant.mark.lower() in shown and operation.operation_id not in OF_ALL_WORKSPACES:
                self.leaks.append(f"{operation.operation_id}, {place}: shows {answer.text}")
        if answer.is_success and operation.method != "GET":
            restore = f"/snapshots/{asking.ids['snapshotId']}/restore"
            asking.workspace.control.post(restore).raise_for_status()
        return answer


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
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenants]:
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
    lived_in: Tenants, function: str, operation_id: str
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
