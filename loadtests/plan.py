"""What a replay sends, as a pure function of its scope: every message with its number, its intended time and its bytes.

An applicant's messages form a conversation: the submission, then the updates of its employment checks in their
order. Any one conversation can be made alone by its index, so a share of the plan, a resumed run and a
reconciliation all see the same bytes. People, histories and the shape of the day come from `simulators`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from hashlib import blake2b, sha256
from typing import Any
from uuid import UUID

from loadtests.ledger import Entry, Kind
from simulators.applicants import applicant
from simulators.checks import check_history
from simulators.streams import Stream, Weighted
from simulators.working_day import WorkingDay
from simulators.world import TODAY, World

STEPS = 64
"""Numbers set aside for each applicant: its submission and up to 63 updates."""

_SLICES = 1 << 20
"""Into how many slices of equal volume the day is cut to find the time at which a share of it has been sent."""


@dataclass(frozen=True, slots=True)
class WorldParameters:
    """What the sandbox was seeded with; the seeding operation of `control/v1` takes the same three numbers."""

    seed: int
    organisations: int
    positions_per_organisation: int
    today: str = TODAY.isoformat()
    """The date (ISO 8601) on which the world stands: applicants are offered their posts shortly before it."""

    def make(self) -> World:
        """The world itself. Raises ValueError for numbers that no world can have."""
        return _world(self)


@lru_cache(maxsize=4)
def _world(told: WorldParameters) -> World:
    today = date.fromisoformat(told.today)
    return World.make(told.seed, told.organisations, told.positions_per_organisation, today)


@dataclass(frozen=True, slots=True)
class Scope:
    """All that decides which messages there are; two replays with one scope send the same bytes."""

    seed: int
    world: WorldParameters
    first_applicant: int
    applicants: int
    history_share: float
    """The share of the day's volume over which one applicant's messages are spread (0 to 1)."""

    @property
    def run(self) -> str:
        """A name that no other scope has; every supplier reference of the replay starts with it."""
        told = json.dumps(self.to_dict(), sort_keys=True).encode()
        return "R" + blake2b(told, digest_size=5).hexdigest().upper()

    def stream(self, purpose: str, index: int) -> Stream:
        """The draws of this replay for one purpose and index."""
        return Stream(self.seed, f"replay-{purpose}", index)

    def to_dict(self) -> dict[str, Any]:
        """The scope as JSON takes it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Scope:
        """The scope of which `told` is the `to_dict`."""
        return cls(**{**told, "world": WorldParameters(**told["world"])})


@dataclass(frozen=True, slots=True)
class Vacancy:
    """A vacancy of the set-up, as ESR confirmed it."""

    vacancyReference: str
    positionId: int
    odsCode: str
    openings: int


@dataclass(frozen=True, slots=True)
class Message:
    """One request of the day."""

    number: int
    kind: Kind
    supplierReference: str
    requestId: str
    intended: float
    """Simulated seconds after midnight."""
    odsCode: str
    body: bytes
    checkType: str | None = None

    @property
    def operation(self) -> str:
        """The contract's operation id."""
        return "submit_applicant" if self.kind is Kind.APPLICANT else "record_employment_check"

    @property
    def method(self) -> str:
        return "POST" if self.kind is Kind.APPLICANT else "PUT"

    @property
    def digest(self) -> str:
        """SHA-256 of the body."""
        return sha256(self.body).hexdigest()

    def path(self, applicant_number: str | None) -> str:
        """Where it goes, below the base address; a check needs the number that the submission was answered with."""
        if self.kind is Kind.APPLICANT:
            return "/applicants"
        return f"/applicants/{applicant_number}/employment-checks/{self.checkType}"

    def headers(self) -> dict[str, str]:
        """The headers that are this message's own."""
        return {"X-Request-ID": self.requestId, "NHSD-End-User-Organisation-ODS": self.odsCode}

    def entry(self, applicant_number: str | None, due: float, sent: float, late: float) -> Entry:
        """The ledger's first line on this message."""
        return Entry(
            number=self.number,
            kind=self.kind,
            supplierReference=self.supplierReference,
            requestId=self.requestId,
            intended=self.intended,
            due=due,
            sent=sent,
            digest=self.digest,
            checkType=self.checkType,
            applicantNumber=applicant_number,
            late=late,
        )


@dataclass(frozen=True, slots=True)
class Conversation:
    """The messages of one applicant that are to be sent, each after the answer to the one before."""

    index: int
    supplierReference: str
    messages: tuple[Message, ...]
    applicant_number: str | None = None
    """Known already where an earlier run of the replay had the submission answered."""


def request_id(scope: Scope, kind: Kind, number: int) -> str:
    """The X-Request-ID of a message: the same whenever it is sent again, and of no other message."""
    told = f"{scope.run}/{kind}/{number}".encode()
    return str(UUID(bytes=blake2b(told, digest_size=16).digest(), version=4))


class DayPlan:
    """The day of one scope, sent to these vacancies."""

    def __init__(self, scope: Scope, vacancies: tuple[Vacancy, ...]) -> None:
        self.scope = scope
        self.vacancies = vacancies
        self._day = WorkingDay()
        # The world as the replay sees it: the vacancies that its set-up created, and no other.
        self._world = replace(
            scope.world.make(),
            vacancies=tuple(asdict(vacancy) for vacancy in vacancies),
            hiring=Weighted.of({place: each.openings for place, each in enumerate(vacancies)}),
        )

    def index_of(self, supplier_reference: str) -> int | None:
        """The index of the conversation with this reference; None when it is none of the plan's."""
        run, _, digits = supplier_reference.partition("-")
        if run != self.scope.run or not (digits.isascii() and digits.isdigit()):
            return None
        return int(digits) if int(digits) < self.scope.applicants else None

    def conversations(self, worker: int = 0, workers: int = 1) -> Iterator[Conversation]:
        """The conversations of one worker's share in the order in which they begin, in constant memory."""
        return (self.conversation(index) for index in range(worker, self.scope.applicants, workers))

    def conversation(self, index: int) -> Conversation:
        """Everything about one applicant, made alone."""
        scope = self.scope
        person = scope.first_applicant + index
        reference = f"{scope.run}-{index:07d}"
        # Nothing is assumed of the target: it may know none of the staff of whom internal candidates are.
        submission = applicant(scope.seed, person, self._world) | {
            "supplierReference": reference,
            "internalCandidate": False,
        }
        history = check_history(submission, scope.seed, person, self._world.today)
        ods_code = self._employer[submission["vacancyReference"]]
        times = self._times(index, 1 + len(history))
        messages: list[tuple[Kind, str | None, dict[str, Any]]]
        messages = [(Kind.APPLICANT, None, submission)]
        messages += [(Kind.CHECK, step.check_type, step.update) for step in history]
        return Conversation(
            index=index,
            supplierReference=reference,
            messages=tuple(
                Message(
                    number=STEPS * index + step,
                    kind=kind,
                    supplierReference=reference,
                    requestId=request_id(scope, kind, STEPS * index + step),
                    intended=times[step],
                    odsCode=ods_code,
                    body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
                    checkType=check_type,
                )
                for step, (kind, check_type, body) in enumerate(messages)
            ),
        )

    @cached_property
    def by_hour(self) -> dict[int, int]:
        """Messages due in each hour of the day. Makes the whole plan once."""
        hours = Counter(
            int(message.intended // 3600)
            for conversation in self.conversations()
            for message in conversation.messages
        )
        return dict(sorted(hours.items()))

    @property
    def messages(self) -> int:
        """How many messages the plan has. Makes the whole plan once."""
        return sum(self.by_hour.values())

    @cached_property
    def _employer(self) -> dict[str, str]:
        return {vacancy.vacancyReference: vacancy.odsCode for vacancy in self.vacancies}

    def _times(self, index: int, count: int) -> list[float]:
        """When an applicant's messages are due: in order, within a share of the day's volume of their own.

        Spacing them by volume, not by the clock, keeps the day's shape for all messages together.
        """
        scope = self.scope
        draws = scope.stream("moments", index)
        begin = (
            (index + draws.below(1 << 30) / (1 << 30))
            / scope.applicants
            * (1 - scope.history_share)
        )
        offsets = [0.0, *sorted(draws.below(1 << 30) / (1 << 30) for _ in range(count - 1))]
        slices = (
            min(_SLICES - 1, int((begin + scope.history_share * each) * _SLICES))
            for each in offsets
        )
        times = [self._day.intended_time(each, _SLICES, scope.seed) for each in slices]
        return sorted(times)
