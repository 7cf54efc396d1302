"""What a supplier tells ESR in the parity of a rehearsal: applicants, their checks, changes of mind and a few mistakes.

Rules kept here:

- The first day takes the applicants, the two that follow the updates of their checks: the weeks that these take are
  pressed into two days, in their order, and each day has the hours of a working day.
- All applicants for the position that most of them want come within one hour, as after a recruitment event: their file
  has to be split.
- Within an hour ESR loads a supplier's applicant files before the check files. So that both doors are told the same in
  the same order, a withdrawal comes in a later hour than the last check, and nobody withdraws while a regulator has to
  answer: when that happens follows from a number that ESR gives.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sandbox.rehearsal.messages import Kind, Message
from simulators.applicants import applicant
from simulators.check_details import COMPLETE, REGISTRATION, REQUESTED
from simulators.checks import CheckStep, check_history
from simulators.identifiers import national_insurance_number
from simulators.streams import Stream
from simulators.working_day import WorkingDay
from simulators.world import World

SHARES: Mapping[str, float] = {
    "an open offer is accepted": 50,
    "the start date moves by a week": 6,
    "consent is given or taken back": 4,
    "personal details change": 4,
    "withdrawn": 4,
    "mistake: sent twice": 1,
    "mistake: ends before it starts": 1,
    "mistake: a complete check is asked for again": 1,
    "mistake: taken up again after the withdrawal": 50,
}
"""In a hundred of those whom it may concern. Assumed; none is published."""

_SLICES = 1 << 20
_CHECK_DAYS = 2
_EVENT_HOUR = 10


@dataclass(frozen=True, slots=True)
class ConversationPlan:
    """What decides a conversation: the same plan gives the same messages."""

    count: int
    seed: int
    world: World
    today: date
    """The first day."""

    def messages(self) -> list[Message]:
        """Every message in the order of its moment."""
        wanted = self._submissions()
        busiest, _ = Counter(body["positionId"] for body in wanted).most_common(1)[0]
        employers = {item["vacancyReference"]: item["odsCode"] for item in self.world.vacancies}
        histories = self._histories(wanted)
        found: list[Message] = []
        for index, body in enumerate(wanted):
            moment = self._arrival(index)
            if body["positionId"] == busiest:
                share = (moment - self._midnight(0)) / timedelta(days=1)
                moment = self._midnight(0) + timedelta(hours=_EVENT_HOUR + share)
            employer = employers[body["vacancyReference"]]
            talk = _Talk(self, index, body, employer, moment, histories[index])
            found += talk.messages()
        # The sort keeps the order of what one applicant's messages have at one moment.
        return sorted(found, key=lambda message: message.moment)

    def at(self, share: float) -> datetime:
        """The moment in the days of checks by which `share` of their volume has passed."""
        days, rest = divmod(share * _CHECK_DAYS, 1)
        day = WorkingDay().intended_time(int(rest * _SLICES), _SLICES, self.seed)
        return self._midnight(1 + int(days)) + timedelta(seconds=day)

    def _submissions(self) -> list[dict[str, Any]]:
        world = replace(self.world, today=self.today)
        return [applicant(self.seed, index, world) for index in range(self.count)]

    def _histories(self, wanted: list[dict[str, Any]]) -> list[list[tuple[datetime, CheckStep]]]:
        """The updates of each applicant's checks with their moments in the pressed calendar."""
        steps = sorted(
            (
                (step.day, step.second, index, step)
                for index, body in enumerate(wanted)
                for step in check_history(body, self.seed, index, self.today)
            ),
            key=lambda each: each[:3],
        )
        found: list[list[tuple[datetime, CheckStep]]] = [[] for _ in wanted]
        for place, (_, _, index, step) in enumerate(steps):
            found[index].append((self.at(place / len(steps)), step))
        return found

    def _arrival(self, index: int) -> datetime:
        seconds = WorkingDay().intended_time(index, self.count, self.seed)
        return self._midnight(0) + timedelta(seconds=seconds)

    def _midnight(self, day: int) -> datetime:
        return datetime.combine(self.today + timedelta(days=day), time(), UTC)


@dataclass(slots=True)
class _Talk:
    """What is told of one applicant."""

    plan: ConversationPlan
    index: int
    body: dict[str, Any]
    ods_code: str
    arrives: datetime
    history: list[tuple[datetime, CheckStep]]
    _draws: Stream = field(init=False)

    def __post_init__(self) -> None:
        self._draws = Stream(self.plan.seed, "rehearsal", self.index)

    def messages(self) -> list[Message]:
        if self._happens("mistake: ends before it starts"):
            start = date.fromisoformat(self.body["startDate"])
            wrong = self.body | {"endDate": (start - timedelta(days=1)).isoformat()}
            return [self._message(Kind.SUBMISSION, self.arrives, wrong)]
        first = [self._message(Kind.SUBMISSION, self.arrives, self.body)]
        if self._happens("mistake: sent twice"):
            first.append(self._message(Kind.SUBMISSION, self._sometime(), self.body))
        checks = [
            self._message(Kind.CHECK, moment, step.update, step.check_type)
            for moment, step in self.history
        ]
        later = [*checks, *self._amendments(), *self._asked_again(checks)]
        if self._happens("withdrawn"):
            later = self._withdrawn(later)
        return [*first, *later]

    def _amendments(self) -> Iterator[Message]:
        body = self.body
        for patch in (
            self._acceptance(),
            self._another_start(),
            self._other_details(),
            self._other_consent(),
        ):
            if patch:
                yield self._message(Kind.AMENDMENT, self._sometime(), patch)
                body = body | patch

    def _acceptance(self) -> dict[str, Any]:
        if "offerAcceptedDate" in self.body or not self._happens("an open offer is accepted"):
            return {}
        found: dict[str, Any] = {
            "offerAcceptedDate": self.plan.today.isoformat(),
            "dataSharingConsent": self._draws.chance(85),
        }
        if "niNumber" not in self.body["person"]:
            number = national_insurance_number(self.plan.seed, self.index)
            found["person"] = {"niNumber": number}
        return found

    def _another_start(self) -> dict[str, Any]:
        if not self._happens("the start date moves by a week"):
            return {}
        found: dict[str, Any] = {}
        for name in ("startDate", "endDate"):
            if name in self.body:
                moved = date.fromisoformat(self.body[name]) + timedelta(days=7)
                found[name] = moved.isoformat()
        return found

    def _other_details(self) -> dict[str, Any]:
        if not self._happens("personal details change"):
            return {}
        changes: dict[str, Any] = {"mobileNumber": f"07700 900{self._draws.below(1000):03d}"}
        if "middleNames" in self.body["person"]:
            changes["middleNames"] = None
        if "line2" in self.body["person"]["address"]:
            changes["address"] = {"line2": None}
        return {"person": changes}

    def _other_consent(self) -> dict[str, Any]:
        if "dataSharingConsent" not in self.body:
            return {}
        if not self._happens("consent is given or taken back"):
            return {}
        return {"dataSharingConsent": not self.body["dataSharingConsent"]}

    def _asked_again(self, checks: list[Message]) -> list[Message]:
        done = [
            message
            for message in checks
            if message.body["state"] == COMPLETE and message.check_type != REGISTRATION
        ]
        if not done or not self._happens("mistake: a complete check is asked for again"):
            return []
        last = done[-1]
        body = {"state": REQUESTED, "requestedDate": last.body["requestedDate"]}
        moment = last.moment + timedelta(hours=1)
        return [self._message(Kind.CHECK, moment, body, last.check_type)]

    def _withdrawn(self, later: list[Message]) -> list[Message]:
        ends = self.plan.at(0.5 + 0.5 * self._share())
        kept = [
            message
            for message in later
            if message.moment <= ends and message.check_type != REGISTRATION
        ]
        last = max((message.moment for message in kept), default=ends)
        moment = last.replace(minute=0, second=0, microsecond=0)
        moment += timedelta(hours=1, minutes=1 + self._draws.below(58))
        reasons = ("CANDIDATE_WITHDREW", "OFFER_WITHDRAWN", "CHECKS_NOT_SATISFIED", "OTHER")
        body: dict[str, Any] = {
            "reason": self._draws.pick(reasons),
            "withdrawnDate": moment.date().isoformat(),
        }
        if self._draws.chance(30):
            body["note"] = "Told by telephone; the candidate stays where they are."
        kept.append(self._message(Kind.WITHDRAWAL, moment, body))
        if self._happens("mistake: taken up again after the withdrawal"):
            kept += self._taken_up_again(moment + timedelta(hours=1))
        return kept

    def _taken_up_again(self, moment: datetime) -> list[Message]:
        again = {"state": REQUESTED, "requestedDate": moment.date().isoformat()}
        return [
            self._message(Kind.AMENDMENT, moment, {"dataSharingConsent": True}),
            self._message(Kind.CHECK, moment, again, "identity"),
        ]

    def _message(
        self,
        kind: Kind,
        moment: datetime,
        body: Mapping[str, Any],
        check_type: str | None = None,
    ) -> Message:
        return Message(
            kind,
            moment,
            self.ods_code,
            self.body["supplierReference"],
            self.body["vacancyReference"],
            self.body["positionId"],
            body,
            check_type,
        )

    def _sometime(self) -> datetime:
        return self.plan.at(self._share())

    def _share(self) -> float:
        return self._draws.below(_SLICES) / _SLICES

    def _happens(self, what: str) -> bool:
        return self._draws.chance(SHARES[what])
