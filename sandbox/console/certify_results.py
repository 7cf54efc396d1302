"""The results of a certification as its report has them, and how those of two runs differ."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from shlex import quote
from typing import Any

import orjson

from sandbox.console.certifying import RESULTS
from sandbox.console.runs import Run
from sandbox.console.words import moment

Line = Mapping[str, Any]
_ORDER = ("error", "fail", "inconclusive", "review", "warn", "pass")
"""Worst first."""
_ABSENT = ("skip", "omit", "not judged", None)
_LEFT_OUT = frozenset({"skip", "omit"})
WORDS: Mapping[str, str] = {
    "error": "the suite broke",
    "fail": "it did not do what it must",
    "inconclusive": "too little was seen to say anything",
    "review": "only a person can tell; a named reviewer decides",
    "warn": "it did not do what it should; this never stands in the way",
    "pass": "it did what it must",
    "skip": "left out on purpose",
    "omit": "about a feature that was not declared",
    "not judged": "no case of this run is about it",
}
_DRIVEN = {"inbound": "by its driver", "outbound": "by its adapter", "guided": "by a person"}
_IN_WORDS: Mapping[str, Callable[[str], str]] = {
    "began": moment,
    "ended": moment,
    "driven": lambda told: _DRIVEN.get(told, told),
}
"""How a page tells a fact that a report has as it is written."""


@dataclass(frozen=True, slots=True)
class Results:
    """The report of a run (`<role>.json`)."""

    told: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """What it is enough for: none, functional, go-live."""
        return str(self.told["certifiable"]["kind"])

    @property
    def is_certifiable(self) -> bool:
        """Whether it is enough for any certificate."""
        return self.kind != "none"

    @property
    def reasons(self) -> list[str]:
        """Why it is not certifiable: what is about the whole, and what failed, first."""
        return sorted(self.told["certifiable"]["reasons"], key=_is_minor)

    @property
    def facts(self) -> Mapping[str, str]:
        """What a reader has to know to judge it."""
        facts: Mapping[str, str] = self.told["facts"]
        return {name: _IN_WORDS.get(name, str)(told) for name, told in facts.items()}

    @property
    def suites(self) -> list[Line]:
        """Each suite with its result and its counts."""
        return list(self.told["suites"])

    @property
    def requirements(self) -> list[tuple[str, list[Line]]]:
        """The requirements by their result, worst first, each with the cases that show it."""
        cases = {case["id"]: case for case in self.told["cases"]}
        lines = [
            {**line, "showing": [cases[name] for name in line["cases"] if name in cases]}
            for line in self.told["requirements"]
        ]
        return _by_result(lines)

    @property
    def troubled(self) -> list[Line]:
        """The cases that were played and did not pass, worst first, each with the command that plays it again."""
        found = [
            {**case, "again": self.again(case)}
            for case in self.told["cases"]
            if case["result"] not in (*_LEFT_OUT, "pass")
        ]
        return sorted(found, key=lambda case: _ORDER.index(case["result"]))

    @property
    def clauses(self) -> Mapping[str, Line]:
        """By id: the requirement."""
        return {line["id"]: line for line in self.told["requirements"]}

    @property
    def passed(self) -> list[tuple[str, list[Line]]]:
        """The cases that passed, by the file in which they are written."""
        return _by_file(case for case in self.told["cases"] if case["result"] == "pass")

    @property
    def left_out(self) -> list[tuple[str, list[Line]]]:
        """The cases that were not played, by file."""
        return _by_file(case for case in self.told["cases"] if case["result"] in _LEFT_OUT)

    @property
    def operations(self) -> list[Line]:
        """What the suite contract found, by operation, worst first."""
        return sorted(self.told["contract"], key=_place)

    @property
    def traffic(self) -> list[Line]:
        """What the subject's own traffic says, by requirement, worst first."""
        return sorted(self.told["traffic"], key=_place)

    @property
    def volume(self) -> Line | None:
        """What the replay came to, where there was one."""
        found: Line | None = self.told["volume"]
        return found

    def again(self, case: Line) -> str:
        """The command that plays a case again."""
        subject = self.told["subject"]
        what = "subject.yaml"
        if subject["environment"] == "reference":
            outbound = "-outbound" if subject.get("driving") == "outbound" else ""
            is_supplier = subject["role"] == "recruitment-system"
            what = f"--reference {f'supplier{outbound}' if is_supplier else subject['role']}"
        return (
            f"esr-sandbox certify {what} --suite {case['suite']} --only {quote(case['id'])} "
            f"--seed {self.told['seed']}"
        )


def results_of(run: Run) -> Results | None:
    """The results of a run; None where it has left none."""
    path = run.folder / RESULTS / f"{run.about.get('role')}.json"
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int) -> Results:
    return Results(orjson.loads(path.read_bytes()))


def _is_minor(reason: str) -> bool:
    return not (reason.startswith(("The run", "The suite")) or reason.endswith(" failed."))


def _place(line: Line) -> int:
    return _ORDER.index(line["result"]) if line["result"] in _ORDER else len(_ORDER)


def _by_result(lines: Iterable[Line]) -> list[tuple[str, list[Line]]]:
    order = (*_ORDER, "not judged", "skip", "omit")
    ordered = sorted(lines, key=lambda line: (order.index(line["result"]), line["id"]))
    return [(word, list(held)) for word, held in groupby(ordered, lambda line: str(line["result"]))]


def _by_file(cases: Iterable[Line]) -> list[tuple[str, list[Line]]]:
    ordered = sorted(cases, key=lambda case: str(case["file"]))
    return [(file, list(held)) for file, held in groupby(ordered, lambda case: str(case["file"]))]


@dataclass(frozen=True, slots=True)
class Change:
    """One requirement or case whose result is another in the second run."""

    id: str
    before: str
    after: str
    text: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between two runs, of requirements or of cases."""

    better: list[Change]
    worse: list[Change]
    new: list[Change]
    """Judged in the second run only."""
    gone: list[Change]
    """Judged in the first run only."""
    same: int
    """How many have the same result in both."""


def compared(before: Results, after: Results, noun: str) -> Changes:
    """How the results of `after` differ from those of `before`; `noun` is `requirements` or `cases`."""
    first = {line["id"]: line for line in before.told[noun]}
    second = {line["id"]: line for line in after.told[noun]}
    found = Changes([], [], [], [], 0)
    same = 0
    for name in sorted({*first, *second}):
        old, new = (side.get(name, {}).get("result") for side in (first, second))
        line = second.get(name) or first[name]
        change = Change(
            name, old or "not there", new or "not there", line.get("text") or line["title"]
        )
        if old in _ABSENT and new in _ABSENT:
            continue
        if old in _ABSENT:
            found.new.append(change)
        elif new in _ABSENT:
            found.gone.append(change)
        elif old == new:
            same += 1
        else:
            (found.better if _ORDER.index(new) > _ORDER.index(old) else found.worse).append(change)
    return Changes(found.better, found.worse, found.new, found.gone, same)
