"""Parity: one conversation, by files hour after hour in one workspace and by the API in another.

The clocks of both stand still but for being moved, and begin at the same moment of the world. By files: the messages of an
hour lie in the inbox when it strikes, in files that were closed at the stroke; so nothing that a regulator answers within
the hour makes them stale. By the API: they are sent while the clock shows the beginning of that hour, at a
rate that answers do not slow down. In the end both clocks are moved on until every regulator has answered.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

from sandbox.rehearsal.answers import AnswerDifference, Answers, compare_answers
from sandbox.rehearsal.api_door import ApiDoor
from sandbox.rehearsal.comparison import Comparison, State, compare
from sandbox.rehearsal.conversation import ConversationPlan
from sandbox.rehearsal.file_door import FileDoor
from sandbox.rehearsal.messages import Answer, Kind, Message
from sandbox.rehearsal.overlaps import UNSEEN
from sandbox.rehearsal.tenant import Tenant, WorldSize
from sandbox.rehearsal.timing import NO_WAITING, DoorTimes, Timing, spread
from sandbox.server import Started

Progress = Callable[[str, float, float], None]
"""(what is being done, how far, of how much)."""

_HOUR = timedelta(hours=1)
_REGULATORS_ANSWER_WITHIN = timedelta(days=8)
_SLOWEST, _FASTEST, _API_SECONDS = 100.0, 300.0, 100.0


@dataclass(frozen=True, slots=True)
class ParityResult:
    """What came of it."""

    messages: dict[str, int]
    """How many of each kind went through each door."""
    hours: tuple[tuple[datetime, int, int], ...]
    """The hours of the conversation: (beginning, messages about applicants, check updates)."""
    files_sent: int
    files_split: int
    """How many of them there were only because a position has a limit."""
    answers: dict[str, int]
    """How often each answer came, by files."""
    comparison: Comparison
    answer_differences: tuple[AnswerDifference, ...]
    timing: Timing

    @property
    def agrees(self) -> bool:
        """Whether nothing differs, and something was compared."""
        seen = bool(self.comparison.applicants and self.comparison.checks)
        return seen and not self.comparison.differences and not self.answer_differences


def run_parity(
    running: Started,
    hub: Path,
    plan: ConversationPlan,
    size: WorldSize,
    progress: Progress,
) -> ParityResult:
    """Has the conversation through both doors and compares. Raises SandboxFails or NoAnswer."""
    progress("making up the conversation", 0, 1)
    messages = plan.messages()
    rate = rate_for(len(messages))
    hours = [
        (hour, list(group))
        for hour, group in groupby(messages, lambda message: _hour_of(message.moment))
    ]
    vpds = {item["odsCode"]: item["vpd"] for item in plan.world.organisations}
    begins = hours[0][0].replace(hour=0)
    ends = hours[-1][0] + _HOUR + _REGULATORS_ANSWER_WITHIN
    with (
        closing(Tenant(running.url, "rehearsal-files", running.operator_token)) as by_files,
        closing(Tenant(running.url, "rehearsal-api", running.operator_token)) as by_api,
    ):
        for tenant, files in ((by_files, True), (by_api, False)):
            tenant.make(begins, plan.seed, size)
            for ods_code in vpds:
                tenant.switch(ods_code, {"files": files, "api": not files})
        door = FileDoor(hub, by_files.name, vpds)
        told_files, times_files = _send_files(by_files, door, begins, hours, progress)
        by_files.advance(ends)
        told_api, times_api = asyncio.run(_send_api(running.url, by_api, hours, rate, progress))
        by_api.advance(ends)
        progress("reading both back", 0, 2 * plan.count)
        states = [
            asyncio.run(_read(running.url, tenant, progress, place * plan.count, 2 * plan.count))
            for place, tenant in enumerate((by_files, by_api))
        ]
    progress("comparing", 0, 1)
    return ParityResult(
        messages=dict(Counter(str(message.kind) for message in messages)),
        hours=tuple(_counted(hour, group) for hour, group in hours),
        files_sent=door.files_sent,
        files_split=door.files_split,
        answers=told_files.by_code,
        comparison=compare(*states),
        answer_differences=compare_answers(told_files, told_api),
        timing=Timing(times_files, times_api, rate),
    )


def rate_for(messages: int) -> float:
    """Messages a second for which the API is asked: enough to be done in less than two minutes, within bounds."""
    return min(_FASTEST, max(_SLOWEST, messages / _API_SECONDS))


def _send_files(
    tenant: Tenant,
    door: FileDoor,
    begins: datetime,
    hours: list[tuple[datetime, list[Message]]],
    progress: Progress,
) -> tuple[Answers, DoorTimes]:
    answers = Answers()
    waited: list[float] = []
    took: list[float] = []
    strikes, done, total = begins, 0, _count(hours)
    for hour, messages in hours:
        if hour > strikes:
            # What lies in the inbox is looked at every hour, not only in its own.
            tenant.advance(hour)
        strikes = hour + _HOUR
        door.deposit(messages, strikes)
        began = tenant.advance(strikes)
        for item in door.collect():
            answers.note(item.message, item.answer)
            waited.append((strikes - item.message.moment).total_seconds())
            took.append(max(0.0, item.at - began))
        for name in list(door.waiting):
            for message in door.give_up(name).messages.values():
                answers.note(message, Answer(False, (UNSEEN,)))
        done += len(messages)
        progress("by files, hour after hour", done, total)
    return answers, DoorTimes(spread(waited), spread(took))


async def _send_api(
    url: str,
    tenant: Tenant,
    hours: list[tuple[datetime, list[Message]]],
    rate: float,
    progress: Progress,
) -> tuple[Answers, DoorTimes]:
    answers = Answers()
    took: list[float] = []
    total = _count(hours)

    def answered(message: Message, answer: Answer) -> None:
        answers.note(message, answer)
        if answer.seconds is not None:
            took.append(answer.seconds)
        if len(took) % 50 == 0:
            progress(f"by the API, {rate:.0f} a second", len(took), total)

    async with ApiDoor(url, tenant.access, tenant.name) as door:
        for hour, messages in hours:
            tenant.advance(hour)
            await door.send_all(messages, rate, answered)
    return answers, DoorTimes(NO_WAITING, spread(took))


async def _read(url: str, tenant: Tenant, progress: Progress, before: int, total: int) -> State:
    async with ApiDoor(url, tenant.access, tenant.name) as door:
        return await door.read_state(
            lambda done: progress("reading both back", before + done, total), with_transfers=True
        )


def _count(hours: list[tuple[datetime, list[Message]]]) -> int:
    return sum(len(messages) for _, messages in hours)


def _counted(hour: datetime, messages: list[Message]) -> tuple[datetime, int, int]:
    checks = sum(message.kind is Kind.CHECK for message in messages)
    return hour, len(messages) - checks, checks


def _hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
