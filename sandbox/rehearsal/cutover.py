"""Cutover: an employer moves from one door to the other with applicants and checks in flight.

For two hours the old door alone is open, then for two hours both are, then the new one alone. In between the supplier sends
some records by both doors, by mistake or by caution. Each such overlap has its defined result (`overlaps.py`); in the end
what ESR holds is judged against what the supplier meant (`intentions.py`).
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sandbox.rehearsal.api_door import ApiDoor, Lanes
from sandbox.rehearsal.file_door import FileDoor
from sandbox.rehearsal.intentions import Fault, Verdict, judge
from sandbox.rehearsal.messages import Answer, Door
from sandbox.rehearsal.overlaps import (
    CLOSES_IN,
    CLOSING_MINUTE,
    LAST_HOUR,
    OVERLAP_BEGINS,
    TAKEN,
    UNSEEN,
    Direction,
    Slot,
    overlaps_of,
)
from sandbox.rehearsal.parity import Progress
from sandbox.rehearsal.schedule import Planned, Schedule, schedule
from sandbox.rehearsal.tenant import Tenant, WorldSize
from sandbox.server import Started
from simulators.world import World

_HOURS = LAST_HOUR + 1
_UNCHANGED = "CHECK_UNCHANGED"
_NAMES = {Direction.TO_API: "rehearsal-to-api", Direction.TO_FILES: "rehearsal-to-files"}
_SWITCHES = {Door.API: "api", Door.FILES: "files"}
_OLD_DOOR = {Direction.TO_API: Door.FILES, Direction.TO_FILES: Door.API}


@dataclass(frozen=True, slots=True)
class KindSeen:
    """One kind of overlap: how often it occurred, and how often with its defined result."""

    name: str
    defined: tuple[str, ...]
    """The door and the result of each message, in their order."""
    seen: int
    as_defined: int


@dataclass(frozen=True, slots=True)
class Unexpected:
    """A message that was answered otherwise than defined."""

    reference: str
    overlap: str | None
    what: str
    door: Door
    defined: str
    found: str


@dataclass(frozen=True, slots=True)
class CutoverResult:
    """What came of one direction."""

    direction: Direction
    applicants: int
    in_flight: int
    messages: dict[str, int]
    """By door."""
    kinds: tuple[KindSeen, ...]
    regular: int
    """Messages that met no overlap."""
    unexpected: tuple[Unexpected, ...]
    faults: tuple[Fault, ...]

    def count(self, verdict: Verdict) -> int:
        """How many records have this wrong with them."""
        return sum(fault.verdict is verdict for fault in self.faults)

    @property
    def agrees(self) -> bool:
        """Whether every kind of overlap occurred and had its result, and every record is as it was meant."""
        every_kind = all(kind.seen and kind.seen == kind.as_defined for kind in self.kinds)
        return every_kind and not self.unexpected and not self.faults


def run_cutover(
    running: Started,
    hub: Path,
    direction: Direction,
    count: int,
    world: World,
    begins: datetime,
    progress: Progress,
) -> CutoverResult:
    """Moves the employer of a world of one, with `count` applicants in flight. Raises SandboxFails or NoAnswer."""
    size = WorldSize(len(world.organisations), len(world.positions))
    with closing(Tenant(running.url, _NAMES[direction], running.operator_token)) as tenant:
        tenant.make(begins, world.seed, size)
        plan = schedule(direction, count, world.seed, world, begins)
        return asyncio.run(
            _Cutover(running, hub, tenant, direction, world, begins, plan).run(progress)
        )


class _Cutover:
    def __init__(
        self,
        running: Started,
        hub: Path,
        tenant: Tenant,
        direction: Direction,
        world: World,
        begins: datetime,
        plan: Schedule,
    ) -> None:
        self._url = running.url
        self._tenant = tenant
        self._direction = direction
        self._begins = begins
        self._plan = plan
        [employer] = world.organisations
        self._employer = employer["odsCode"]
        self._files = FileDoor(hub, tenant.name, {employer["odsCode"]: employer["vpd"]})
        self._in_files: dict[int, Planned] = {}
        self._found: list[tuple[Planned, str]] = []

    async def run(self, progress: Progress) -> CutoverResult:
        what = f"an employer moves {self._direction}, hour after hour"
        async with ApiDoor(self._url, self._tenant.access, self._tenant.name) as api:
            self._switch({_OLD_DOOR[self._direction]})
            for hour in range(_HOURS):
                progress(what, hour, _HOURS)
                await self._hour(api, hour)
            progress(what, _HOURS, _HOURS)
            state = await api.read_state(lambda _done: None)
        return self._result(judge(self._plan.meant, state))

    async def _hour(self, api: ApiDoor, hour: int) -> None:
        starts = self._begins + timedelta(hours=hour)
        if hour == OVERLAP_BEGINS:
            self._switch(set(Door))
        self._deposit(hour, Slot.BEFORE)
        self._tenant.advance(starts + timedelta(minutes=Slot.API))
        await self._send(api, self._plan.of(hour, Door.API, Slot.API))
        self._deposit(hour, Slot.AFTER)
        if hour == CLOSES_IN:
            self._tenant.advance(starts + timedelta(minutes=CLOSING_MINUTE))
            self._switch(set(Door) - {_OLD_DOOR[self._direction]})
        self._tenant.advance(starts + timedelta(hours=1))
        for item in self._files.collect():
            self._note(self._in_files[id(item.message)], item.answer)
            if item.answer.applicant_number is not None:
                api.numbers[item.message.reference] = item.answer.applicant_number
        self._look_for_the_rest()

    def _deposit(self, hour: int, slot: Slot) -> None:
        planned = self._plan.of(hour, Door.FILES, slot)
        if not planned:
            return
        moment = self._begins + timedelta(hours=hour, minutes=slot)
        self._tenant.advance(moment)
        self._in_files |= {id(item.message): item for item in planned}
        self._files.deposit((item.message for item in planned), moment)

    async def _send(self, api: ApiDoor, planned: Iterable[Planned]) -> None:
        lanes = Lanes()
        for item in planned:

            async def send(item: Planned = item) -> None:
                answer = await api.send(
                    item.message,
                    request=item.request,
                    version_before=item.sending.version_before,
                )
                self._note(item, answer)

            lanes.add(item.message.reference, send)
        await lanes.done()

    def _look_for_the_rest(self) -> None:
        """What no confirmation tells of: the supplier hears nothing, the sandbox says why."""
        if not self._files.waiting:
            return
        codes = {
            file["name"]: file["code"]
            for file in self._tenant.files(self._employer)
            if "code" in file
        }
        # The last first, for each gives its sequence number back.
        for name in sorted(self._files.waiting, reverse=True):
            for message in self._files.give_up(name).messages.values():
                answer = Answer(False, (codes.get(name, UNSEEN),))
                self._note(self._in_files[id(message)], answer)

    def _note(self, item: Planned, answer: Answer) -> None:
        self._found.append((item, _result_of(answer, item.sending.result)))

    def _switch(self, open_doors: set[Door]) -> None:
        interfaces = {name: door in open_doors for door, name in _SWITCHES.items()}
        self._tenant.switch(self._employer, interfaces)

    def _result(self, faults: tuple[Fault, ...]) -> CutoverResult:
        asked = {id(item) for item in self._plan.planned}
        found = [*self._found]
        found += [
            (item, "NEVER_ANSWERED")
            for item in self._plan.planned
            if id(item) in asked - {id(item) for item, _ in self._found}
        ]
        wrong = [(item, result) for item, result in found if result != item.sending.result]
        spoilt = {(item.overlap, item.message.reference) for item, _ in wrong}
        seen = Counter(
            overlap
            for overlap, _ in {
                (item.overlap, item.message.reference) for item in self._plan.planned
            }
        )
        return CutoverResult(
            direction=self._direction,
            applicants=len(self._plan.meant),
            in_flight=self._plan.in_flight,
            messages=dict(Counter(str(item.sending.door) for item in self._plan.planned)),
            kinds=tuple(
                KindSeen(
                    overlap.name,
                    tuple(f"{item.door}: {item.result}" for item in overlap.sendings),
                    seen[overlap.name],
                    seen[overlap.name] - sum(name == overlap.name for name, _ in spoilt),
                )
                for overlap in overlaps_of(self._direction)
            ),
            regular=sum(item.overlap is None for item in self._plan.planned),
            unexpected=tuple(
                Unexpected(
                    item.message.reference,
                    item.overlap,
                    item.message.what,
                    item.sending.door,
                    item.sending.result,
                    result,
                )
                for item, result in wrong
            ),
            faults=faults,
        )


def _result_of(answer: Answer, defined: str) -> str:
    """The result in the words of the table: of several codes the defined one, where it is among them."""
    if answer.taken:
        return _UNCHANGED if _UNCHANGED in answer.codes else TAKEN
    return defined if defined in answer.codes else " ".join(answer.codes)
