"""Two processes on one database: whatever is sent to both at one moment, ESR's invariants hold, through the front door of each.

Two sandboxes with a port each share a PostgreSQL database, so that a test knows which process it asks.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import postgres
import pytest
import sqlalchemy as sa
from harness import Workspace
from receiving import Receiver, change_position, subscribe

from sandbox.journal.store import broken_link
from sandbox.journal.tables import exchanges
from sandbox.server import Started, started
from sandbox.timestamps import from_text, to_text
from simulators.world import World

T = TypeVar("T")
BEGIN = "2030-04-01T09:30:00.000Z"
WAIT = 60


@dataclass
class Pair:
    """One tenant as two processes show it."""

    first: Workspace
    second: Workspace
    engine: sa.Engine

    def __iter__(self) -> Iterator[Workspace]:
        return iter((self.first, self.second))

    def at_once(self, *acts: Callable[[], T]) -> list[T]:
        """What comes of the acts, begun at one moment."""
        gate = threading.Barrier(len(acts))

        def act(each: Callable[[], T]) -> T:
            gate.wait(WAIT)
            return each()

        with ThreadPoolExecutor(len(acts)) as pool:
            return [done.result(WAIT) for done in [pool.submit(act, each) for each in acts]]

    def submit_at_once(
        self, one: dict[str, Any], other: dict[str, Any], *identifiers: str
    ) -> list[httpx.Response]:
        """What two submissions are answered that come to the two processes at one moment."""
        first, second = identifiers or (str(uuid4()), str(uuid4()))
        sent = ((self.first, one, first), (self.second, other, second))
        return self.at_once(
            *(
                partial(
                    each.write, "POST", "/applicants", wanted, headers={"X-Request-ID": identifier}
                )
                for each, wanted, identifier in sent
            )
        )


@pytest.fixture(scope="module")
def two(postgresql: postgres.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two sandboxes on one database, and a look into it."""
    folder, database = tmp_path_factory.mktemp("two"), postgresql.make_database()
    options = ("--only", "esr", "--world", "empty")
    engine = sa.create_engine(database)
    with (
        started(*options, folder=folder / "first", database=database) as first,
        started(*options, folder=folder / "second", database=database) as second,
    ):
        yield first, second, engine
    engine.dispose()


@pytest.fixture
def pair(two: tuple[Started, Started, sa.Engine]) -> Iterator[Pair]:
    """A tenant of this test alone, whose journal is whole at the end."""
    first, second, engine = two
    name = f"race-{uuid4().hex[:8]}"
    with httpx.Client(base_url=first.url, timeout=30, trust_env=False) as client:
        made = client.post("/control/v1/workspaces", json={"name": name}).raise_for_status()
        wanted = {"seed": 1, "organisations": 1, "positionsPerOrganisation": 60}
        client.post(f"/w/{name}/control/v1/seed", json=wanted).raise_for_status()
    here = Workspace(name, first.url, made.json()["token"], World.make(1, 1, 60))
    there = replace(here, url=second.url)
    there._people = here._people
    yield Pair(here, there, engine)
    here.freeze()  # A refusal is kept in the journal without being waited for; a write comes behind it.
    there.freeze()
    with engine.connect() as connection:
        assert broken_link(connection, name) is None
        count = sa.select(sa.func.count(), sa.func.max(exchanges.c.exchange_id))
        kept, last = connection.execute(count.where(exchanges.c.workspace == name)).one()
    assert kept == last


@pytest.fixture(params=[5, pytest.param(200, marks=pytest.mark.prove)])
def rounds(request: pytest.FixtureRequest) -> range:
    """How often a race is run."""
    return range(request.param)


def statuses(answers: list[httpx.Response]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


def codes(answers: list[httpx.Response]) -> set[str]:
    return {answer.json()["code"] for answer in answers if answer.status_code >= 400}


def test_one_person_is_an_applicant_for_a_vacancy_once(pair: Pair, rounds: range) -> None:
    for number in rounds:
        wanted = pair.first.submission()

        answers = pair.submit_at_once(wanted, {**wanted, "supplierReference": f"AGAIN-{number}"})

        assert (statuses(answers), codes(answers)) == ([201, 409], {"APPLICANT_EXISTS"})
    assert len(pair.first.walk("/applicants", limit=100)[0]) == len(rounds)


def test_one_request_id_has_one_outcome(pair: Pair, rounds: range) -> None:
    for _ in rounds:
        wanted, identifier = pair.first.submission(), str(uuid4())

        one, other = pair.submit_at_once(wanted, wanted, identifier, identifier)

        assert (one.status_code, other.status_code) == (201, 201)
        assert one.content == other.content
    assert len(pair.second.walk("/applicants", limit=100)[0]) == len(rounds)


def test_one_request_id_is_never_two_messages(pair: Pair, rounds: range) -> None:
    for _ in rounds:
        identifier = str(uuid4())

        answers = pair.submit_at_once(
            pair.first.submission(), pair.first.submission(), identifier, identifier
        )

        assert (statuses(answers), codes(answers)) == ([201, 422], {"REQUEST_ID_REUSED"})


def test_a_supplier_reference_has_one_live_applicant(pair: Pair, rounds: range) -> None:
    for number in rounds:
        reference = {"supplierReference": f"ONE-{number}"}

        answers = pair.submit_at_once(
            pair.first.submission(**reference), pair.first.submission(**reference)
        )

        assert (statuses(answers), codes(answers)) == ([201, 409], {"SUPPLIER_REFERENCE_TAKEN"})


def test_a_version_is_amended_once(pair: Pair, rounds: range) -> None:
    number = pair.first.submit()
    for turn in rounds:
        held = pair.first.read(number)["version"]

        patches = [{"person": {"firstName": f"Zoë {turn} {place}"}} for place in "AB"]
        answers = pair.at_once(
            partial(pair.first.amend, number, patches[0], f'"{held}"'),
            partial(pair.second.amend, number, patches[1], f'"{held}"'),
        )

        assert (statuses(answers), codes(answers)) == ([200, 412], {"VERSION_STALE"})
        assert pair.second.read(number)["version"] == held + 1


def test_a_position_takes_one_of_those_who_come_at_once(pair: Pair, rounds: range) -> None:
    pair.first.carry(occupancy="single-1")
    pair.first.freeze(BEGIN)
    world = pair.first.world
    free = [
        vacancy
        for vacancy in world.vacancies
        if not world.position_by_id[vacancy["positionId"]]["shared"]
    ]
    for vacancy, _ in zip(free, rounds, strict=False):
        answers = pair.at_once(
            *(
                partial(each.write, "POST", "/applicants", _for_position(each, vacancy))
                for each in (*pair, *pair)
            )
        )

        assert statuses(answers) == [201, 422, 422, 422]
        assert codes(answers) == {"APPLICANT_REFUSED"}


def _for_position(workspace: Workspace, vacancy: dict[str, Any]) -> dict[str, Any]:
    position = workspace.world.position_by_id[vacancy["positionId"]]
    found = workspace.submission(
        vacancyReference=vacancy["vacancyReference"],
        positionId=vacancy["positionId"],
        staffGroup=position["staffGroup"],
        jobRole=position["jobRole"],
        startDate="2030-05-27",
    )
    found.pop("endDate", None)
    return {**found, "offerAcceptedDate": found["offerDate"]}


def test_who_follows_the_feed_meanwhile_sees_every_event_once_and_in_its_order(
    pair: Pair, rounds: range
) -> None:
    seen: dict[str, list[int]] = {}
    is_over = threading.Event()

    def follow(reader: Workspace) -> None:
        cursor: str | None = None
        found: list[int] = []
        is_last = False
        while not is_last:
            is_last = is_over.is_set()
            events, cursor = reader.walk("/events", cursor, limit=100)
            found += [int(event["sequence"]) for event in events]
        seen[reader.url] = found

    def cause(causer: Workspace) -> None:
        for turn in rounds:
            change_position(causer, turn % 10)

    # Clients of their own: those of those who cause events are busy.
    followers = [threading.Thread(target=follow, args=(replace(each),)) for each in pair]
    for each in followers:
        each.start()
    pair.at_once(*(partial(cause, replace(each)) for each in (*pair, *pair)))
    is_over.set()
    for each in followers:
        each.join(WAIT)

    whole = [int(event["sequence"]) for event in pair.first.walk("/events", limit=100)[0]]
    assert whole == list(range(1, len(whole) + 1))
    assert len(whole) == 4 * len(rounds)
    assert list(seen.values()) == [whole, whole]


def test_what_is_due_happens_once_whichever_process_moves_the_clock(
    pair: Pair, rounds: range
) -> None:
    pair.first.freeze(BEGIN)
    numbers = []
    for turn in rounds:
        number = pair.first.submit()
        update = {
            "state": "REQUESTED",
            "requestedDate": "2030-04-01",
            "registration": {"body": "09", "number": f"99Z{turn:04}Z"},
        }
        path = f"/applicants/{number}/employment-checks/registration-and-qualifications"
        assert pair.first.write("PUT", path, update).status_code in (200, 201)
        numbers.append(number)
    moment = to_text(from_text(BEGIN) + timedelta(days=8))

    answers = pair.at_once(
        *(partial(each.control.post, "/clock/advance", json={"to": moment}) for each in pair)
    )

    assert 200 in statuses(answers)
    for each in pair:
        each.settle()
        assert each.control.get("/clock").json()["now"] == moment
    events, _ = pair.second.walk("/events", limit=100)
    answered = [event for event in events if event["data"].get("updatedBy") == "REGULATOR"]
    assert sorted(event["data"]["applicantNumber"] for event in answered) == sorted(numbers)
    assert answered == sorted(answered, key=lambda event: event["time"])


@pytest.mark.parametrize("mode", ["REAL", "FROZEN"])
def test_an_event_is_delivered_once_and_those_about_one_applicant_in_order(
    pair: Pair, rounds: range, receiver: Receiver, mode: str
) -> None:
    if mode == "FROZEN":
        pair.first.freeze(BEGIN)
    subscribe(pair.first, receiver.url)

    def live(sender: Workspace) -> None:
        for _ in rounds:
            number = sender.submit()
            for name in ("Ada", "Bea"):
                assert sender.amend(number, {"person": {"firstName": name}}).status_code == 200

    pair.at_once(*(partial(live, replace(each)) for each in pair))
    for each in pair:
        each.settle()

    told = {event["id"]: event for event in pair.first.walk("/events", limit=100)[0]}
    delivered = [event["id"] for event in receiver.events]
    assert len(delivered) == len(set(delivered))
    assert set(delivered) == told.keys()
    by_applicant: dict[str, list[int]] = {}
    for event in receiver.events:
        applicant = by_applicant.setdefault(event["data"]["applicantNumber"], [])
        applicant.append(int(event["sequence"]))
    assert all(sequence == sorted(sequence) for sequence in by_applicant.values())
    assert len(by_applicant) == 2 * len(rounds)


def test_a_world_that_is_reset_in_one_process_is_told_of_by_none(
    pair: Pair, rounds: range, receiver: Receiver
) -> None:
    for _ in rounds:
        subscribe(pair.first, receiver.url)
        pair.at_once(pair.first.submit, pair.second.submit)

        pair.second.control.post("/reset").raise_for_status()

        assert pair.first.walk("/events")[0] == []
        for each in pair:
            each.settle()
        seeded = {"seed": 1, "organisations": 1, "positionsPerOrganisation": 60}
        pair.first.control.post("/seed", json=seeded).raise_for_status()


def test_a_change_of_the_settings_is_seen_by_the_next_request_to_the_other_process(
    pair: Pair, rounds: range
) -> None:
    fault = {"system": "esr", "operationId": "list_organisations", "kind": "STATUS", "status": 503}
    for _ in rounds:
        made = pair.first.control.post("/faults", json=fault)
        assert made.status_code == 201, made.text

        struck = pair.second.esr.get("/organisations").status_code
        pair.first.control.delete("/faults").raise_for_status()

        assert (struck, pair.second.esr.get("/organisations").status_code) == (503, 200)


def test_an_exchange_of_an_unheard_of_method_is_kept_and_takes_no_other_with_it(
    pair: Pair, rounds: range
) -> None:
    host, _, port = pair.first.url.removeprefix("http://").partition(":")
    wanted = f"UNSUBSCRIBE /w/{pair.first.name}/esr/v1/applicants HTTP/1.1\r\nHost: x\r\n\r\n"
    for _ in rounds:
        with socket.create_connection((host, int(port)), timeout=WAIT) as connection:
            connection.sendall(wanted.encode())
            assert connection.recv(12) == b"HTTP/1.1 405"
        pair.first.submit()

    with pair.engine.connect() as connection:
        kept = sa.select(exchanges.c.status).where(
            exchanges.c.workspace == pair.first.name, exchanges.c.method.startswith("UNSUB")
        )
        assert list(connection.execute(kept).scalars()) == [405 for _ in rounds]
