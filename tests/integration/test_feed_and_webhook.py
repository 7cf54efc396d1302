"""Feed and webhook agree: the same events, each applicant's in order, whatever the receiver does meanwhile."""

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any

import httpx
import pytest
from harness import Workspace
from receiving import Delivery, Receiver, read_keys, subscribe

from sandbox.signatures import UnknownKey, read_key_set, verify_request

pytestmark = pytest.mark.any_database

_CHECK_TYPES = ("identity", "right-to-work", "employment-history-and-references", "dbs")
_STATES = ("IN_PROGRESS", "AWAITING_ANSWER")
_OPEN_STATUSES = ("01", "02", "11", "12")
_WITHDRAWAL = {"reason": "CANDIDATE_WITHDREW", "withdrawnDate": "2026-04-02"}
_MOST_TRIES = 20
"""Moves of the clock by half a day after which everything must have arrived."""


class Flaky:
    """Takes four deliveries in five. Of the rest some are refused, some are cut off, and some are taken and then cut off."""

    _FAILURES = ("refuse", "close", "hang up", "dawdle", "take and hang up")

    def __init__(self, workspace: Workspace, draw: random.Random) -> None:
        self._workspace = workspace
        self._draw = draw
        self._lock = Lock()
        self._keys = read_key_set(read_keys(workspace))
        self.taken: list[dict[str, Any]] = []
        self.failures: Counter[str] = Counter()

    def __call__(self, delivery: Delivery) -> int:
        self._verify(delivery)
        with self._lock:
            fails = self._draw.random() < 0.2
            failure = self._draw.choice(self._FAILURES) if fails else ""
            self.failures[failure] += 1
            if failure in ("", "take and hang up"):
                self.taken.append(delivery.event)
        if failure == "dawdle":
            Event().wait(0.1)
        return {"": 202, "refuse": 500, "close": 503, "dawdle": 503}.get(failure, 0)

    def _verify(self, delivery: Delivery) -> None:
        request = (delivery.method, delivery.url, delivery.headers, delivery.body)
        try:
            verify_request(*request, self._keys)
        except UnknownKey:
            self._keys = read_key_set(read_keys(self._workspace))
            verify_request(*request, self._keys)


@dataclass
class Changes:
    """What a recruitment system and ESR's users do in a day, drawn at random, and the events that must follow."""

    workspace: Workspace
    draw: random.Random
    expected: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    _statuses: dict[str, str] = field(default_factory=dict)
    """The vacancies of our own, with their status."""
    _live: dict[str, bool] = field(default_factory=dict)
    """The applicants who are neither hired nor withdrawn, and whether their offer is accepted."""
    _checks: dict[tuple[str, str], str] = field(default_factory=dict)

    def make(self, count: int) -> None:
        """Makes so many changes; those that a rule refuses do not count."""
        acts: tuple[tuple[Callable[[], str | None], int], ...] = (
            (self.submit, 15), (self.check, 30), (self.amend, 15), (self.accept, 5), (self.withdraw, 5), (self.hire, 5),
            (self.create_vacancy, 5), (self.move_vacancy, 8), (self.publish_vacancy, 4), (self.change_position, 8),
        )  # fmt: skip
        names, weights = zip(*acts, strict=True)
        target = self.done.total() + count
        while self.done.total() < target:
            [act] = self.draw.choices(names, weights)
            try:
                kind = act()
            except httpx.HTTPStatusError as problem:
                self.refused.append(f"{act.__name__}: {problem.response.text}")
                assert len(self.refused) < 10 + self.done.total() / 5, self.refused[-10:]
                continue
            except LookupError:
                continue  # There is nobody to whom it could be done yet.
            self.done[act.__name__] += 1
            if kind is not None:
                self.expected[kind] += 1

    def submit(self) -> None:
        submission = self.workspace.submission()
        answer = self.workspace.write("POST", "/applicants", submission).raise_for_status()
        number = answer.json()["applicantNumber"]
        status = self.workspace.read(number)["status"]
        if status in ("OFFER", "ACCEPTED"):
            self._live[number] = status == "ACCEPTED"

    def amend(self) -> str:
        number = self._someone()
        name = f"Person {chr(ord('A') + self.draw.randrange(26))}"
        self.workspace.amend(number, {"person": {"middleNames": name}}).raise_for_status()
        return "applicant.amended"

    def accept(self) -> str:
        number = self._someone(accepted=False)
        day = self.workspace.read(number)["offerDate"]
        self.workspace.amend(number, {"offerAcceptedDate": day}).raise_for_status()
        self._live[number] = True
        return "applicant.accepted"

    def withdraw(self) -> str:
        number = self._someone()
        path = f"/applicants/{number}/withdrawal"
        self.workspace.write("POST", path, _WITHDRAWAL).raise_for_status()
        del self._live[number]
        return "applicant.withdrawn"

    def hire(self) -> str:
        number = self._someone(accepted=True)
        vacancy = f"/vacancies/{self.workspace.read(number)['vacancyReference']}"
        before = self.workspace.esr.get(vacancy).json()["status"]
        self.workspace.hire(number).raise_for_status()
        if self.workspace.esr.get(vacancy).json()["status"] != before:
            self.expected["vacancy.status-changed"] += 1  # A hire may fill it.
        del self._live[number]
        return "applicant.hired"

    def check(self) -> str:
        key = self._someone(), self.draw.choice(_CHECK_TYPES)
        state = _STATES[self._checks.get(key) == _STATES[0]]
        answer = self.workspace.write(
            "PUT",
            f"/applicants/{key[0]}/employment-checks/{key[1]}",
            {"state": state, "requestedDate": "2026-03-02"},
        ).raise_for_status()
        self._checks[key] = state
        return (
            "employment-check.started" if answer.status_code == 201 else "employment-check.updated"
        )

    def create_vacancy(self) -> None:
        position = self.draw.choice(self.workspace.world.positions)
        body = {
            "supplierReference": f"V-{self.done.total()}",
            "positionId": position["positionId"],
            "title": position["positionTitle"],
            "openings": 1,
        }
        answer = self.workspace.write("POST", "/vacancies", body).raise_for_status()
        self._statuses[answer.json()["vacancyReference"]] = answer.json()["status"]

    def move_vacancy(self) -> str:
        reference = self.draw.choice(sorted(self._statuses))
        others = [status for status in _OPEN_STATUSES if status != self._statuses[reference]]
        status = self.draw.choice(others)
        self.workspace.write(
            "PUT", f"/vacancies/{reference}/status", {"status": status}
        ).raise_for_status()
        self._statuses[reference] = status
        return "vacancy.status-changed"

    def publish_vacancy(self) -> str:
        position = self.draw.choice(self.workspace.world.positions)
        self._act("/esr/vacancies", {"positionId": position["positionId"]})
        return "vacancy.published"

    def change_position(self) -> str:
        position = self.draw.choice(self.workspace.world.positions)["positionId"]
        changes = {"positionTitle": f"Staff Nurse {self.draw.randrange(1000)}"}
        self._act(f"/esr/positions/{position}/change", changes)
        return "position.changed"

    def _act(self, path: str, body: Any) -> None:
        self.workspace.control.post(path, json=body).raise_for_status()

    def _someone(self, accepted: bool | None = None) -> str:
        return self.draw.choice(
            [number for number, has in self._live.items() if accepted in (None, has)]
        )


def story(workspace: Workspace, receiver: Receiver, count: int, seed: int) -> None:
    """Makes `count` changes, and some before, while the receiver fails and restarts twice; waits, and compares."""
    draw = random.Random(seed)
    changes, flaky = Changes(workspace, draw), Flaky(workspace, random.Random(seed + 1))
    receiver.answer = flaky
    workspace.freeze()
    changes.make(count // 10)
    before, cursor = workspace.walk("/events")
    identifier = subscribe(workspace, receiver.url)

    for part in range(8):  # The receiver is away in two of them.
        if part in (2, 5):
            receiver.close()
            workspace.control.post("/esr/event-signing-keys/rotation").raise_for_status()
        changes.make(count // 8)
        workspace.advance(by="PT10S")
        if part in (2, 5):
            receiver.open()

    feed, cursor = workspace.walk("/events", cursor)
    for _ in range(_MOST_TRIES):
        if {event["id"] for event in flaky.taken} == {event["id"] for event in feed}:
            break
        workspace.advance(by="PT12H")
    workspace.settle()

    by_id = {event["id"]: event for event in feed}
    more, _ = workspace.walk("/events", cursor)
    feed += more
    judge(changes, flaky, before, feed)
    assert len(by_id) + len(more) == len(feed)
    dead = workspace.esr.get(f"/event-subscriptions/{identifier}/dead-letters").json()
    assert dead == {"deadLetters": [], "more": False}


def judge(
    changes: Changes, flaky: Flaky, before: list[dict[str, Any]], feed: list[dict[str, Any]]
) -> None:
    first: dict[str, dict[str, Any]] = {}
    for event in flaky.taken:
        assert first.setdefault(event["id"], event) == event  # A repeat is the same to the letter.
    told = Counter(event["type"] for event in (*before, *feed))
    print(
        f"{changes.done.total()} changes, {len(feed)} events since the subscription; deliveries: "
        f"{flaky.failures.total()} received, {flaky.failures.total() - flaky.failures['']} of them failed, "
        f"{len(flaky.taken) - len(first)} repeated"
    )

    assert {kind: told[kind] for kind in changes.expected} == dict(changes.expected)
    assert all(changes.done[act] for act in ("submit", "check", "amend", "withdraw", "hire"))
    sequences = [int(event["sequence"]) for event in (*before, *feed)]
    assert sequences == list(range(1, len(sequences) + 1))
    assert first == {event["id"]: event for event in feed}
    assert by_thing(first.values()) == by_thing(feed)
    # It did hurt.
    assert flaky.failures.total() - flaky.failures[""] > len(feed) / 10


def by_thing(events: Any) -> dict[str, list[str]]:
    """The sequences of the events about each applicant, vacancy or position, in their order."""
    found: dict[str, list[str]] = {}
    for event in events:
        thing = "/".join(event["subject"].split("/")[:2])
        found.setdefault(thing, []).append(event["sequence"])
    return found


def test_a_receiver_that_fails_and_restarts_has_what_the_feed_has(
    workspace: Workspace, receiver: Receiver
) -> None:
    story(workspace, receiver, count=96, seed=7)


@pytest.mark.prove
def test_after_two_thousand_changes_feed_and_webhook_are_the_same(
    make_workspace: Callable[..., Workspace], receiver: Receiver
) -> None:
    seed = int(os.environ.get("PROVE_SEED") or 1)
    story(make_workspace(positions=60), receiver, count=2000, seed=seed)
