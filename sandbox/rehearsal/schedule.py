"""Which message of a cutover goes through which door, when, and what has to come of it.

Every other applicant meets an overlap, the kinds in turn; the others just go on, through the old door until both are open
and through the new one from the hour after. In flight is whoever was sent before the old door closes and is not done with
before both are open.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sandbox.rehearsal.intentions import Intention
from sandbox.rehearsal.messages import Door, Kind, Message
from sandbox.rehearsal.overlaps import (
    CLOSES_IN,
    LAST_HOUR,
    OVERLAP_BEGINS,
    TAKEN,
    Content,
    Direction,
    Overlap,
    Sending,
    Slot,
    overlaps_of,
)
from simulators.applicants import applicant
from simulators.check_details import COMPLETE, IDENTITY, IN_PROGRESS, REGISTRATION
from simulators.checks import check_history
from simulators.streams import Stream
from simulators.world import World


@dataclass(frozen=True, slots=True)
class Planned:
    """One message on its way: what is sent, how, and for which overlap, if for any."""

    message: Message
    sending: Sending
    overlap: str | None
    request: str
    """Names the request, so that it can be repeated."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything that is sent in one direction."""

    planned: tuple[Planned, ...]
    meant: Mapping[str, Intention]
    in_flight: int
    """Applicants who were sent before the old door closed, and not done with before both were open."""

    def of(self, hour: int, door: Door, slot: Slot) -> list[Planned]:
        """What goes through a door in one slot of an hour, in its order."""
        return [
            item
            for item in self.planned
            if (item.sending.hour, item.sending.door, item.sending.slot) == (hour, door, slot)
        ]


def schedule(
    direction: Direction, count: int, seed: int, world: World, begins: datetime
) -> Schedule:
    """The schedule of `count` applicants in flight, and some who come after."""
    kinds = overlaps_of(direction)
    today = replace(world, today=begins.date())
    planned: list[Planned] = []
    meant: dict[str, Intention] = {}
    index = in_flight = 0
    while in_flight < count:
        case = _Case(direction, seed, index, today, begins)
        overlap = None if index % 2 else kinds[index // 2 % len(kinds)]
        mine = list(case.overlapping(overlap) if overlap else case.going_on())
        intention = Intention()
        for item in mine:
            if item.sending.result == TAKEN:
                intention.mean(item.message)
        meant[case.reference] = intention
        planned += mine
        hours = [item.sending.hour for item in mine]
        in_flight += min(hours) <= CLOSES_IN and max(hours) >= OVERLAP_BEGINS
        index += 1
    return Schedule(tuple(planned), meant, in_flight)


class _Case:
    """One applicant with everything there is to tell."""

    def __init__(
        self, direction: Direction, seed: int, index: int, world: World, begins: datetime
    ) -> None:
        self._direction = direction
        self._begins = begins
        self._draws = Stream(seed, "cutover", index)
        self._body = applicant(seed, index, world)
        self.reference = self._body["supplierReference"]
        vacancy = self._body["vacancyReference"]
        self._employer = next(
            item["odsCode"] for item in world.vacancies if item["vacancyReference"] == vacancy
        )
        self._checks: dict[str, list[dict[str, Any]]] = {}
        for step in check_history(self._body, seed, index, world.today):
            updates = self._checks.setdefault(step.check_type, [])
            # What a regulator answers in between is another story than that of two doors.
            if step.check_type != REGISTRATION or not updates:
                updates.append(step.update)

    def going_on(self) -> Iterator[Planned]:
        """Submitted while the old door was in use, with checks until the end."""
        hour = self._draws.below(OVERLAP_BEGINS + 1)
        yield self._regular(self._message(Kind.SUBMISSION, self._body), hour)
        updates = [
            self._message(Kind.CHECK, update, check_type)
            for check_type, held in self._checks.items()
            for update in held
        ]
        hours = sorted(self._draws.between(hour + 1, LAST_HOUR) for _ in updates)
        if hours:
            hours[-1] = max(hours[-1], CLOSES_IN + 1)
        for message, when in zip(updates, hours, strict=True):
            yield self._regular(message, when)

    def overlapping(self, overlap: Overlap) -> Iterator[Planned]:
        """Submitted in time for the overlap, which is met; then the rest, unless the application was ended."""
        contents = {item.content for item in overlap.sendings}
        target = self._target()
        others = {name: held for name, held in self._checks.items() if name != target}
        if contents.isdisjoint({Content.CHECK, Content.OLDER_CHECK}):
            others = self._checks
        is_known = Content.SUBMISSION not in contents
        if is_known:
            yield self._regular(self._message(Kind.SUBMISSION, self._body), 0)
        for check_type, held in others.items():
            for update in held[: len(held) // 2 if is_known else 0]:
                yield self._regular(self._message(Kind.CHECK, update, check_type), 1)
        for item in overlap.sendings:
            message = self._content(item.content, target)
            yield self._planned(message, item, overlap.name)
        if overlap.ends:
            return
        for check_type, held in others.items():
            for update in held[len(held) // 2 if is_known else 0 :]:
                yield self._regular(self._message(Kind.CHECK, update, check_type), LAST_HOUR)

    def _target(self) -> str:
        """The type of check that an overlap is about."""
        return next((name for name in self._checks if name != REGISTRATION), IDENTITY)

    def _content(self, content: Content, target: str) -> Message:
        match content:
            case Content.SUBMISSION:
                return self._message(Kind.SUBMISSION, self._body)
            case Content.CHECK:
                return self._message(Kind.CHECK, self._last(target), target)
            case Content.OLDER_CHECK:
                requested = self._last(target)["requestedDate"]
                older = {"state": IN_PROGRESS, "requestedDate": requested}
                return self._message(Kind.CHECK, older, target)
            case Content.AMENDMENT:
                return self._message(Kind.AMENDMENT, {"startDate": self._start_in(14)})
            case Content.OLDER_AMENDMENT:
                return self._message(Kind.AMENDMENT, {"startDate": self._start_in(7)})
            case Content.WITHDRAWAL:
                day = self._begins.date().isoformat()
                body = {"reason": "CANDIDATE_WITHDREW", "withdrawnDate": day}
                return self._message(Kind.WITHDRAWAL, body)

    def _last(self, check_type: str) -> dict[str, Any]:
        day = self._begins.date().isoformat()
        fallback = {"state": IN_PROGRESS, "requestedDate": day, "checkedBy": "Recruitment"}
        held = self._checks.get(check_type, [])
        return next((item for item in reversed(held) if item["state"] == COMPLETE), fallback)

    def _start_in(self, days: int) -> str:
        start = date.fromisoformat(self._body["startDate"])
        return (start + timedelta(days=days)).isoformat()

    def _regular(self, message: Message, hour: int) -> Planned:
        by_files = (hour <= OVERLAP_BEGINS) is (self._direction is Direction.TO_API)
        door, slot = (Door.FILES, Slot.BEFORE) if by_files else (Door.API, Slot.API)
        return self._planned(message, Sending(Content.CHECK, door, hour, slot, TAKEN), None)

    def _planned(self, message: Message, sending: Sending, overlap: str | None) -> Planned:
        moment = self._begins + timedelta(hours=sending.hour, minutes=sending.slot)
        once = "again" if sending.version_before else "once"
        return Planned(
            replace(message, moment=moment),
            sending,
            overlap,
            f"{self.reference}/{message.what}/{message.body.get('state', '')}/{once}"
            if overlap
            else f"{self.reference}/{message.what}/{self._draws.word()}",
        )

    def _message(
        self, kind: Kind, body: Mapping[str, Any], check_type: str | None = None
    ) -> Message:
        return Message(
            kind,
            self._begins,
            self._employer,
            self.reference,
            self._body["vacancyReference"],
            self._body["positionId"],
            body,
            check_type,
        )
