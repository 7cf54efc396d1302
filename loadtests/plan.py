"""What a replay sends, as a pure function of its scope: every message with its number, its intended time and its bytes.

The messages are those of the year that `simulators.year` tells; a profile replays the whole of it or a window. An
applicant's messages form a conversation: the submission, the updates of its checks, perhaps another start date, a
withdrawal, a message sent again. Any one conversation can be made alone, so a worker's share, a resumed run and a
reconciliation all see the same bytes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from hashlib import blake2b, sha256
from typing import Any
from uuid import UUID

import orjson

from loadtests.dates import shifted_to
from simulators.streams import Stream, Weighted
from simulators.world import World
from simulators.year import STEPS, Event, Kind, Year
from simulators.year.hours import local_day

HOUR = 3_600_000_000
"""In microseconds, the unit of every intended time."""


@dataclass(frozen=True, slots=True)
class WorldParameters:
    """What the sandbox was seeded with; the seeding operation of `control/v1` takes the same three numbers."""

    seed: int
    organisations: int
    positions_per_organisation: int

    def make(self) -> World:
        """The world itself. Raises ValueError for numbers that no world can have."""
        return _world(self)


@lru_cache(maxsize=4)
def _world(told: WorldParameters) -> World:
    # Nothing is assumed of the target: it may know none of the staff of whom some applicants could be.
    return World.make(
        told.seed, told.organisations, told.positions_per_organisation
    ).without_staff()


@dataclass(frozen=True, slots=True)
class Scope:
    """All that decides which messages there are; two replays with one scope send the same bytes.

    Moments are microseconds since the Unix epoch.
    """

    seed: int
    world: WorldParameters
    applicants: int
    """Applicants of the whole year, of which a window meets a part."""
    first_applicant: int = 0
    window: tuple[int, int] | None = None
    """The part of the year that is replayed, its end left out; None is all of it."""
    hourly: bool = False
    """Whether each hour's messages go at its end, all at once, as the file interface sends them; in the window."""
    closed: tuple[int, int] | None = None
    """While ESR is closed nothing is sent; all that was due meanwhile is due when it opens again."""
    sent_on: str | None = None
    """Where ESR's clock cannot be moved: the date (ISO 8601) on which everything is sent; dates are shifted to it."""

    @property
    def run(self) -> str:
        """A name that no other scope has; every supplier reference of the replay starts with it."""
        told = json.dumps(self.to_dict(), sort_keys=True).encode()
        return "R" + blake2b(told, digest_size=5).hexdigest().upper()

    def stream(self, purpose: str, index: int) -> Stream:
        """The draws of this replay for one purpose and index."""
        return Stream(self.seed, f"replay-{purpose}", index)

    def intended(self, at: int) -> int:
        """When a message of the moment `at` of the year is due in this replay; never earlier."""
        if self.closed is not None and self.closed[0] <= at < self.closed[1]:
            at = self.closed[1]
        # What went before the window stays there, also in the hour at whose end the window begins.
        return -(-at // HOUR) * HOUR if self.hourly and self.holds(at) else at

    def holds(self, at: int) -> bool:
        """Whether a moment of the year lies in the window."""
        return self.window is None or self.window[0] <= at < self.window[1]

    def to_dict(self) -> dict[str, Any]:
        """The scope as JSON takes it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Scope:
        """The scope of which `told` is the `to_dict`."""

        def pair(name: str) -> tuple[int, int] | None:
            return tuple(told[name]) if told[name] else None

        return cls(
            **{
                **told,
                "world": WorldParameters(**told["world"]),
                "window": pair("window"),
                "closed": pair("closed"),
            }
        )


@dataclass(frozen=True, slots=True)
class Vacancy:
    """A vacancy of the set-up, as ESR confirmed it."""

    vacancyReference: str
    positionId: int
    odsCode: str
    openings: int


_OPERATIONS = {
    Kind.APPLICANT: ("submit_applicant", "POST", "/applicants"),
    Kind.CHECK: (
        "record_employment_check",
        "PUT",
        "/applicants/{number}/employment-checks/{check_type}",
    ),
    Kind.START_DATE_CHANGE: ("amend_applicant", "PATCH", "/applicants/{number}"),
    Kind.WITHDRAWAL: ("withdraw_applicant", "POST", "/applicants/{number}/withdrawal"),
}


@dataclass(frozen=True, slots=True)
class Message:
    """One request of the replay."""

    number: int
    kind: Kind
    supplierReference: str
    requestId: str
    intended: int
    """Microseconds since the Unix epoch on the year's own calendar."""
    odsCode: str
    body: bytes
    checkType: str | None = None
    again: bool = False
    """Whether it is an earlier message of the same applicant sent once more, under the same request id."""

    @property
    def applicant(self) -> int:
        """The index of the applicant that it is about."""
        return self.number // STEPS

    @property
    def counted(self) -> Kind:
        """What it is counted as: a message sent again is a re-send, whatever it says."""
        return Kind.RESEND if self.again else self.kind

    @property
    def operation(self) -> str:
        """The contract's operation id."""
        return _OPERATIONS[self.kind][0]

    @property
    def method(self) -> str:
        return _OPERATIONS[self.kind][1]

    @property
    def media_type(self) -> str:
        """The Content-Type that the contract asks for."""
        amends = self.kind is Kind.START_DATE_CHANGE
        return "application/merge-patch+json" if amends else "application/json"

    @property
    def digest(self) -> str:
        """SHA-256 of the body."""
        return sha256(self.body).hexdigest()

    def path(self, applicant_number: str | None) -> str:
        """Where it goes, below the base address; all but a submission need the number that it was answered with."""
        return _OPERATIONS[self.kind][2].format(number=applicant_number, check_type=self.checkType)

    def headers(self) -> dict[str, str]:
        """The headers that are this message's own."""
        return {
            "X-Request-ID": self.requestId,
            "NHSD-End-User-Organisation-ODS": self.odsCode,
            "Content-Type": self.media_type,
        }


def request_id(scope: Scope, number: int) -> str:
    """The X-Request-ID of a message: the same whenever it is sent again, and of no other message.

    The set-up's vacancies have negative numbers, from -1 down.
    """
    told = f"{scope.run}/{number}".encode()
    return str(UUID(bytes=blake2b(told, digest_size=16).digest(), version=4))


@dataclass(frozen=True, slots=True)
class Census:
    """How many messages a plan has."""

    by_hour: dict[int, dict[str, int]]
    """By the hour (seconds since the Unix epoch) in which they are intended, and by kind."""
    caught_up: int
    """Messages of the time before the window, which the set-up sends so that the window's find their applicants."""

    @property
    def messages(self) -> int:
        """All of the window."""
        return sum(sum(kinds.values()) for kinds in self.by_hour.values())

    @property
    def by_kind(self) -> dict[str, int]:
        """All of the window, by kind."""
        kinds: Counter[str] = Counter({kind.value: 0 for kind in Kind})
        for each in self.by_hour.values():
            kinds.update(each)
        return dict(kinds)


class Plan:
    """The messages of one scope, sent to these vacancies."""

    def __init__(self, scope: Scope, vacancies: tuple[Vacancy, ...]) -> None:
        self.scope = scope
        self.vacancies = vacancies
        self._run = scope.run
        self._sent_on = date.fromisoformat(scope.sent_on) if scope.sent_on else None
        # The world as the replay sees it: the vacancies that its set-up created, and no other.
        self.year = Year(
            scope.seed,
            replace(
                scope.world.make(),
                vacancies=tuple(asdict(vacancy) for vacancy in vacancies),
                hiring=Weighted.of({place: each.openings for place, each in enumerate(vacancies)}),
            ),
            applicants=scope.applicants,
            first_applicant=scope.first_applicant,
        )

    def sends(self, event: Event) -> bool:  # noqa: ARG002 - a plan that leaves something out says what
        """Whether the replay has a message of this event: of every one."""
        return True

    def body(self, event: Event) -> Mapping[str, Any]:
        """What the message of an event says."""
        return event.body

    def index_of(self, supplier_reference: str) -> int | None:
        """The index of the applicant with this reference; None when it is none of the plan's."""
        run, _, digits = supplier_reference.partition("-")
        if run != self._run or not (digits.isascii() and digits.isdigit()):
            return None
        return int(digits) if int(digits) < self.scope.applicants else None

    def conversation(self, applicant: int) -> tuple[Message, ...]:
        """Everything that the replay sends about one applicant, in its order, made alone; empty for one not met."""
        events = [event for event in self.year.history(applicant) if self.sends(event)]
        met = [place for place, event in enumerate(events) if self.scope.holds(event.at)]
        return tuple(map(self._message, events[: met[-1] + 1])) if met else ()

    def messages(self, worker: int = 0, workers: int = 1) -> Iterator[Message]:
        """One worker's share of the window in the order of intended times, in constant memory."""
        first, last = self.scope.window or (None, None)
        return map(
            self._message, filter(self.sends, self.year.events(worker, workers, first, last))
        )

    def caught_up(self, worker: int = 0, workers: int = 1) -> Iterator[Message]:
        """One worker's share of what went before the window about the applicants that it meets, one after another."""
        if self.scope.window is None:
            return
        for applicant in self._met(worker, workers):
            for message in self.conversation(applicant):
                if message.intended < self.scope.window[0]:
                    yield message

    def census(self) -> Census:
        """Counts the plan. Makes all of it once, without its bytes."""
        by_hour: dict[int, Counter[str]] = {}
        caught_up = 0
        for history in self.year.histories(0, 1, *(self.scope.window or ())):
            before = 0
            met = False
            for event in filter(self.sends, history):
                if self.scope.holds(event.at):
                    hour = self.scope.intended(event.at) // HOUR * 3600
                    by_hour.setdefault(hour, Counter())[event.kind.value] += 1
                    met = True
                elif not met:
                    before += 1
            caught_up += before if met else 0
        return Census({hour: dict(by_hour[hour]) for hour in sorted(by_hour)}, caught_up)

    def _met(self, worker: int = 0, workers: int = 1) -> range:
        """The applicants of a share who may have a message in the window."""
        first, last = self.scope.window or (None, None)
        return self.year.share(worker, workers, first, last)

    def _message(self, event: Event) -> Message:
        body = self.body(event)
        if self._sent_on is not None:
            # Sent again, a message is the same, even on the next day.
            first = event if event.of is None else self.year.event(event.of)
            body = shifted_to(self._sent_on, body, local_day(first.at))
        kind = event.kind
        if kind is Kind.RESEND:
            kind = Kind.CHECK if event.check_type else Kind.APPLICANT
        reference = f"{self._run}-{event.applicant:07d}"
        if kind is Kind.APPLICANT:
            body = {**body, "supplierReference": reference, "internalCandidate": False}
        return Message(
            number=event.number,
            kind=kind,
            supplierReference=reference,
            requestId=request_id(self.scope, event.number if event.of is None else event.of),
            intended=self.scope.intended(event.at),
            odsCode=self._employer[event.vacancy],
            body=orjson.dumps(body),
            checkType=event.check_type,
            again=event.of is not None,
        )

    @cached_property
    def _employer(self) -> dict[str, str]:
        return {vacancy.vacancyReference: vacancy.odsCode for vacancy in self.vacancies}
