"""What is wrong in a workspace right now, in sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.clock import ClockMode
from sandbox.console.at_home import STUCK, Seen
from sandbox.console.powers import Answer
from sandbox.console.store.home import MOST, Stuck
from sandbox.console.words import last_answer, moment, number, words
from sandbox.faults.rules import DELIVERIES, FaultRule
from sandbox.outbox.store import WORLD
from sandbox.timestamps import to_text

_NEARLY = 0.9
_CHECKS = {
    "systems": "The two systems",
    "database": "The database",
    "outbox": "Deliveries",
    "clocks": "The worlds' clocks",
    "process": "The sandbox",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong, or that a test has to know of."""

    text: str
    is_wrong: bool = True
    """Whether something fails; else it was asked for, or is how things stand."""
    place: str = ""
    """The page on which to do something about it: clock, faults, refused or dead-letters."""


def troubles_of(seen: Seen, ready: Answer) -> list[Trouble]:
    """What fails comes first."""
    found = [*_of_the_sandbox(ready), *_of_deliveries(seen), *_of_the_quota(seen), *_set(seen)]
    return sorted(found, key=lambda item: not item.is_wrong)


def _of_the_sandbox(ready: Answer) -> Iterator[Trouble]:
    checks: dict[str, Any] = (ready.body or {}).get("checks", {})
    for name, results in checks.items():
        for result in results:
            if result.get("status") != "pass":
                yield Trouble(f"{_CHECKS.get(name, name)}: {result.get('output', 'not ready')}.")


def _of_deliveries(seen: Seen) -> Iterator[Trouble]:
    if seen.dead:
        many = f"More than {number(MOST)}" if seen.dead > MOST else number(seen.dead)
        verb = "message was" if seen.dead == 1 else "messages were"
        yield Trouble(
            f"{many} {verb} given up after the last try (dead letters). They can be delivered again.",
            place="dead-letters",
        )
    by_receiver: dict[tuple[str, str], list[Stuck]] = {}
    for stuck in seen.stuck:
        by_receiver.setdefault((stuck.url, stuck.last_answer), []).append(stuck)
    for alike in by_receiver.values():
        yield Trouble(_stuck(alike, is_cut=len(seen.stuck) >= STUCK), place="refused")


def _stuck(alike: list[Stuck], *, is_cut: bool) -> str:
    first, tries = alike[0], max(item.attempts for item in alike)
    several = f"{len(alike)}{' or more' if is_cut else ''} deliveries to {first.url} were"
    what = f"A delivery to {first.url} was" if len(alike) == 1 else several
    times = "once" if tries == 1 else f"up to {number(tries)} times"
    clock = "the world's time" if first.due_clock == WORLD else "wall time"
    answer = last_answer(first.last_answer)
    return f"{what} tried {times} in vain. The next try is due on {moment(first.due_at)} ({clock}). Last answer: {answer}"


def _of_the_quota(seen: Seen) -> Iterator[Trouble]:
    held, most = seen.workspace.held, seen.workspace.quota
    for kind in ("records", "events", "exchanges"):
        has, may = getattr(held, kind), getattr(most, kind)
        if has >= may:
            yield Trouble(
                f"The workspace holds {number(may)} {kind}, all that it may. Requests are refused until it is reset."
            )
        elif has >= may * _NEARLY:
            yield Trouble(
                f"The workspace holds {number(has)} of the {number(may)} {kind} that it may."
            )


def _set(seen: Seen) -> Iterator[Trouble]:
    workspace = seen.workspace
    if workspace.clock_target is not None:
        there = moment(to_text(workspace.clock_target))
        yield Trouble(f"The clock is being moved to {there}.", is_wrong=False, place="clock")
    elif workspace.clock.mode is ClockMode.FROZEN:
        yield Trouble(
            "The clock is frozen: nothing that is due later happens until it is moved.",
            is_wrong=False,
            place="clock",
        )
    for fault in (fault for fault in seen.faults if not fault.is_spent):
        yield Trouble(_fault(fault), is_wrong=False, place="faults")


def _fault(fault: FaultRule) -> str:
    document = fault.document
    place = document.get("operationId") or document.get("eventType")
    system = "deliveries" if document["system"] == DELIVERIES else document["system"]
    where = f"{system}, {place}" if place else f"all of {system}"
    told = f"A fault is set: {words(str(document['kind']))} for {where}"
    if "status" in document:
        told += f", status {document['status']}"
    if "header" in document:
        told += f", where the header {document['header']['name']} is {document['header']['value']}"
    times = "once" if fault.done == 1 else f"{number(fault.done)} times"
    return f"{told}. It has struck {times if fault.done else 'nothing yet'}."
