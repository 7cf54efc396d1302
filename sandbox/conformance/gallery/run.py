"""Goes through the gallery: first every case on the sound subject, then every deviation with the cases that should notice it.

A case that fails on the sound subject is a false alarm, and no case that does not pass there says anything about a deviation.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from sandbox.conformance.case import Case, load_cases
from sandbox.conformance.gallery.collection import deviations
from sandbox.conformance.gallery.deviation import Deviation
from sandbox.conformance.gallery.trial import Trial, candidates
from sandbox.conformance.gallery.workers import CONTROL, DEVIATION, Job, Orders, Workers
from sandbox.conformance.results import Result

ROLES = ("esr", "nhs-jobs", "recruitment-system")
"""The roles whose reference subject runs in a worker's own process: all of them."""

Show = Callable[[int, int, str], None]
_SLICE = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")


@dataclass(slots=True)
class Tour:
    """What a run through the gallery found."""

    deviations: list[Deviation]
    """Those that were tried, in the gallery's order."""
    trials: dict[str, Trial] = field(default_factory=dict)
    alarms: dict[str, str] = field(default_factory=dict)
    """Cases that failed on the sound subject, with what was said."""
    silent: dict[str, str] = field(default_factory=dict)
    """Cases that came to nothing on the sound subject."""
    cases: int = 0
    """How many cases were played on the sound subject."""

    @property
    def false_alarms(self) -> dict[str, str]:
        """Each case that failed where nothing deviated: before a deviation was tried, or after it."""
        after = {
            case: f"it fails still after {trial.deviation} is gone"
            for trial in self.trials.values()
            for case in trial.alarms
        }
        return self.alarms | after


def chosen(
    role: str | None = None, only: Sequence[str] = (), part: str | None = None
) -> list[Deviation]:
    """The deviations of a role whose id matches one of the patterns, and of these a slice such as `2/6`.

    Raises ValueError for a slice that is none.
    """
    found = [item for item in deviations(role) if item.role in ROLES]
    if only:
        found = [item for item in found if any(_matches(item.id, each) for each in only)]
    if part is None:
        return found
    told = _SLICE.fullmatch(part)
    if told is None or int(told[1]) > int(told[2]):
        raise ValueError(f"a slice is like 2/6, the second of six, and not {part}")
    number, of = int(told[1]) - 1, int(told[2])
    return [item for place, item in enumerate(found) if place % of == number]


def _matches(identifier: str, pattern: str) -> bool:
    return fnmatchcase(identifier, pattern if "*" in pattern else f"*{pattern}*")


def tour(
    wanted: Sequence[Deviation],
    orders: Orders,
    hints: Mapping[str, Sequence[str]],
    show: Show = lambda _done, _total, _what: None,
    processes: int = 2,
) -> Tour:
    """Tries the deviations. `hints`: by deviation, the cases that noticed it before, which are played first."""
    found = Tour(list(wanted))
    cases = [case for role in ROLES for case in load_cases(role)]
    needed = _needed(wanted, cases)
    total = len(needed) + len(wanted)
    done = 0
    with Workers(orders, None, processes) as workers:
        for each in workers.run([Job(CONTROL, case.id) for case in needed]):
            done += 1
            assert each.result is not None
            _note_control(found, each.job.name, each.result.result, each.result.sentence)
            show(done, total, f"sound subject: {each.job.name}")
        unsound = frozenset({*found.alarms, *found.silent})
        jobs = [Job(DEVIATION, item.id, tuple(hints.get(item.id, ())), unsound) for item in wanted]
        for each in workers.run(jobs):
            done += 1
            assert each.trial is not None
            found.trials[each.job.name] = each.trial
            show(done, total, each.job.name)
    found.cases = len(needed)
    return found


def _needed(wanted: Iterable[Deviation], cases: Sequence[Case]) -> list[Case]:
    """The cases that any of the deviations may be noticed by."""
    about = {case.id for item in wanted for case in candidates(item, cases)}
    return [case for case in cases if case.id in about]


def _note_control(found: Tour, case: str, result: Result, sentence: str) -> None:
    if result is Result.FAIL:
        found.alarms[case] = sentence
    elif result is not Result.PASS:
        found.silent[case] = f"{result}: {sentence}"
