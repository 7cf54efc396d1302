"""Tenants of one sandbox who have all lived, and one's way through all operations with what is another's."""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import httpx
from harness import Workspace
from in_process import served
from lived_in import Tenant
from tenant_walk import (
    NOWHERE,
    OF_ALL_WORKSPACES,
    OWN_NUMBERS,
    REFUSED,
    VOLATILE,
    Operation,
    Place,
    ask,
)

from sandbox.database import Transaction
from sandbox.identity.store import (
    change_client,
    ensure_client,
    ensure_token,
    insert_token,
    new_token,
)
from sandbox.runtime import Runtime
from sandbox.settings import LOOPBACK, Level, Settings
from simulators.world import World

Rows = dict[tuple[str, str], list[str]]
"""By (whose, table): rows as they stand, byte for byte."""


@dataclass(frozen=True)
class Party:
    """Who asks, whose ids it asks with, and what must neither change nor be seen."""

    asking: Tenant
    other: Tenant
    marks: tuple[str, ...]
    look: Callable[[], Rows]
    common: frozenset[str] = frozenset()
    """Kinds of ids of which each side may know the other's."""
    refused: Mapping[str, int] = field(default_factory=lambda: REFUSED)
    """Operations that do not come to an end with the ids of the one who asks, and what they are answered with."""
    shared: frozenset[str] = OF_ALL_WORKSPACES
    """Operations that show every workspace."""


_OPERATOR = "the operator's token of this test"
_OPERATORS = (
    "change_client",
    "create_client",
    "create_workspace",
    "delete_client",
    "delete_workspace",
)


@contextmanager
def three_tenants(folder: Path, level: Level = Level.SANDBOX) -> Iterator[Party]:
    """Three workspaces: the other has ids that the one who asks has not, its twin has the same ids and other people."""
    database = folder / "sandbox.db"
    settings = Settings(
        request_seconds=10,
        database=str(database),
        port=0,
        hub=folder / "hub",
        level=level,
        operator_token=_OPERATOR,
        allowed_networks=LOOPBACK,
    )
    with served(settings) as runtime:
        url = runtime.settings.public_url
        is_hosted = level is Level.PLATFORM
        tell = partial(_token, runtime) if is_hosted else None
        other = tenant(url, "CanaryA", 1, 24, tell)
        twin, asking = (tenant(url, mark, 2, 6, tell) for mark in ("CanaryB", "CanaryC"))
        for kind, value in asking.ids.items():
            if kind not in OWN_NUMBERS | {"day"}:
                assert other.ids[kind] != value, f"both have the {kind} {value}"
        for kind in ("applicantNumber", "advertId", "applicationId", "positionId"):
            assert twin.ids[kind] == asking.ids[kind]

        def look() -> Rows:
            return {
                (tenant.mark, table): rows
                for tenant in (other, twin)
                for table, rows in everything_of(database, tenant.workspace.name).items()
            }

        party = Party(asking, other, (other.mark, twin.mark), look)
        if is_hosted:
            refused = {**REFUSED, **dict.fromkeys(_OPERATORS, 403)}
            party = replace(party, refused=refused, shared=frozenset())
        yield party


def _token(runtime: Runtime, client_id: str, workspace: str) -> str:
    """A token of the client that is good for an hour, as if it had been got from the token endpoint."""
    token, ends = new_token(), int((time.time() + 3600) * 1000)

    def add(transaction: Transaction) -> None:
        insert_token(transaction.connection, client_id, token, ends)

    runtime.database.write(add, workspace).result()
    return token


@contextmanager
def two_employers(folder: Path) -> Iterator[Party]:
    """One workspace: each employer has a client that is let in for it alone."""
    database = folder / "sandbox.db"
    settings = Settings(request_seconds=10, database=str(database), port=0, hub=folder / "hub")
    with served(settings) as runtime:
        url = runtime.settings.public_url
        name = "employers"
        _made(url, name, seed=2, positions=8)
        world = World.make(2, 2, 8)
        lives = []
        for mark, organisations in (
            ("CanaryB", world.organisations[::-1]),
            ("CanaryC", world.organisations),
        ):
            code = str(organisations[0]["odsCode"])
            token = new_token()
            client = f"client-of-{mark.lower()}"

            def let_in(
                transaction: Transaction, client: str = client, code: str = code, token: str = token
            ) -> None:
                ensure_client(transaction.connection, client, name, "Of one employer")
                ensure_token(transaction.connection, client, token)
                change_client(transaction, name, client, {"employers": [code]})

            runtime.database.write(let_in, name).result()
            own = [item for item in world.positions if item["odsCode"] == code]
            theirs = [item for item in world.positions if item["odsCode"] != code]
            seen = replace(world, organisations=organisations, positions=(*own, *theirs))
            lives.append(Tenant(Workspace(name, url, token, seen), mark))
            lives[-1].live()
        other, asking = lives

        def of_the_other() -> Rows:
            # Of both there is one journal, and the snapshots hold both.
            rows = everything_of(database, name)
            return {
                (other.mark, table): [row for row in rows[table] if other.mark in row]
                for table in rows.keys() - {"exchanges", "snapshots", "workspaces"}
            }

        held = of_the_other()

        def look() -> Rows:
            # Whoever sends another's reference has a row with it; what is the other's is what was there before.
            return {key: sorted(set(rows) & set(held[key])) for key, rows in of_the_other().items()}

        # Employers of one ESR share what it knows of people, whom they can name as a previous employer, and its clock.
        common = frozenset({"emailAddress", "niNumber", "personId"})
        yield Party(asking, other, (other.mark,), look, common)


def _made(url: str, name: str, seed: int, positions: int) -> dict[str, Any]:
    """Makes a workspace with a world of two employers."""
    operator = {"Authorization": f"Bearer {_OPERATOR}"}
    with httpx.Client(base_url=url, timeout=30, trust_env=False, headers=operator) as client:
        wanted: dict[str, Any] = {"name": name, "limits": {"mode": "OFF"}}
        made = client.post("/control/v1/workspaces", json=wanted).raise_for_status().json()
        wanted = {"seed": seed, "organisations": 2, "positionsPerOrganisation": positions}
        client.post(f"/w/{name}/control/v1/seed", json=wanted).raise_for_status()
    return dict(made)


def tenant(
    url: str,
    mark: str,
    seed: int,
    positions: int,
    tell: Callable[[str, str], str] | None = None,
) -> Tenant:
    """A workspace of its own that was lived in; `tell` makes a token of its client where none comes with it."""
    made = _made(url, mark.lower(), seed, positions)
    token = tell(made["clientId"], mark.lower()) if tell else made["token"]
    workspace = Workspace(mark.lower(), url, token, World.make(seed, 2, positions))
    found = Tenant(workspace, mark)
    if tell:
        workspace.control.headers["Authorization"] = f"Bearer {token}"
        found.operator = {"Authorization": f"Bearer {_OPERATOR}"}
    found.live()
    return found


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


def noted(database: Path, workspace: Workspace) -> None:
    """Returns when the journal holds all that was asked of a workspace: reads are noted after they are answered."""
    mark = f"noted-{uuid4()}"
    workspace.control.get("/clock", headers={"X-Correlation-ID": mark}).raise_for_status()
    end = time.monotonic() + 10
    while not any(mark in row for row in everything_of(database, workspace.name)["exchanges"]):
        assert time.monotonic() < end, "The journal does not get what was asked."
        Event().wait(0.01)


def told(answer: httpx.Response, value: Any) -> tuple[Any, ...]:
    """What an answer says, but for the id that was asked about."""
    # Longer ids stand within others too: a vacancy's reference is made of the supplier's.
    edge = r"\b" if len(str(value)) < 8 else ""
    text = re.sub(rf"{edge}{re.escape(str(value))}{edge}", "<id>", answer.text, flags=re.IGNORECASE)
    return answer.status_code, answer.headers.get("content-type"), text


@dataclass
class Walk:
    """A way through all operations, with one's own ids and with the other's."""

    party: Party
    asked: int = 0
    places: int = 0
    leaks: list[str] = field(default_factory=list)
    unsound: list[str] = field(default_factory=list)
    """Requests that do not get as far as the other's rows, and so prove nothing."""

    def go(self, wanted: list[Operation]) -> None:
        """Walks the operations. What stands in `leaks` afterwards, got through."""
        self._before = self.party.look()
        for operation in wanted:
            own = self._ask(operation)
            expected = self.party.refused.get(operation.operation_id)
            if own.status_code != expected and not own.is_success:
                self.unsound.append(f"{operation.operation_id}: {own.status_code} {own.text}")
            for place in operation.places:
                # Below level `platform` everybody may take any workspace away.
                if operation.operation_id != "delete_workspace" or not self.party.shared:
                    self._try(operation, place, own)
            self._compare(operation)

    def _compare(self, operation: Operation) -> None:
        after = self.party.look()
        if after != self._before:
            changed = [key for key in self._before if self._before[key] != after[key]]
            self.leaks.append(f"{operation.operation_id} changed another's {changed}")
            self._before = after

    def _try(self, operation: Operation, place: Place, own: httpx.Response) -> None:
        self.places += 1
        kind = place.kind
        theirs = self.party.other.ids[kind]
        found = told(self._ask(operation, place, theirs), theirs)
        if kind in OWN_NUMBERS | self.party.common:
            return
        if place.pointer == ("X-Request-ID",):
            expected = told(own, theirs)
        else:
            expected = told(self._ask(operation, place, NOWHERE[kind]), NOWHERE[kind])
        if operation.operation_id in VOLATILE and found[0] == expected[0] < 400:
            found, expected = found[:1], expected[:1]
        if found != expected and operation.operation_id not in self.party.shared:
            self.leaks.append(f"{operation.operation_id}, {place}: {found} for {expected}")

    def _ask(
        self, operation: Operation, place: Place | None = None, value: Any = None
    ) -> httpx.Response:
        self.asked += 1
        asking = self.party.asking
        answer = ask(asking, operation, place, value)
        if answer.status_code >= 500:
            self.unsound.append(f"{operation.operation_id}, {place}: {answer.text}")
        shown = answer.text.replace(str(value), "").lower()
        for mark in self.party.marks:
            if mark.lower() in shown and operation.operation_id not in self.party.shared:
                self.leaks.append(f"{operation.operation_id}, {place}: shows {answer.text}")
        if answer.is_success and operation.method != "GET":
            self._compare(operation)
            restore = f"/snapshots/{asking.ids['snapshotId']}/restore"
            asking.workspace.control.post(restore).raise_for_status()
        return answer
