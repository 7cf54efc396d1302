"""What must be true of every applicant, and how often it was."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from simulators.realism.case import Case

EXAMPLES = 5
"""How many failing applicants are named, by index."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something that holds of each applicant by itself."""

    name: str
    part: str
    holds: Callable[[Case], bool | None]
    """Whether it does; None where it does not apply."""
    sentence: str
    source: str


@dataclass(frozen=True, slots=True)
class Unique:
    """Something that no two applicants share."""

    name: str
    keys: Callable[[Case], Iterable[str]]
    sentence: str
    source: str
    part: str = "Uniqueness"


@dataclass(slots=True)
class Finding:
    """How often a diagnostic was asked, and how often it failed."""

    name: str
    part: str
    sentence: str
    source: str
    checked: int = 0
    failed: int = 0
    examples: list[int] = field(default_factory=list)
    """The first applicants that failed, by index."""

    @property
    def holds(self) -> bool:
        """Whether it never failed."""
        return self.failed == 0

    def note(self, index: int, *, held: bool) -> None:
        """One more answer."""
        self.checked += 1
        if not held:
            self.failed += 1
            if len(self.examples) < EXAMPLES:
                self.examples.append(index)


class Examination:
    """Asks every diagnostic of one applicant after another."""

    def __init__(self, rows: tuple[Diagnostic, ...], unique: tuple[Unique, ...]) -> None:
        self._rows = [(row, Finding(row.name, row.part, row.sentence, row.source)) for row in rows]
        self._unique: list[tuple[Unique, Finding, set[str]]] = [
            (row, Finding(row.name, row.part, row.sentence, row.source), set()) for row in unique
        ]

    def look_at(self, case: Case) -> None:
        """Examines one applicant."""
        for row, finding in self._rows:
            answer = row.holds(case)
            if answer is not None:
                finding.note(case.index, held=answer)
        for unique, finding, seen in self._unique:
            for key in unique.keys(case):
                finding.note(case.index, held=key not in seen)
                seen.add(key)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, in the order of the tables."""
        return (
            *(finding for _, finding in self._rows),
            *(finding for _, finding, _ in self._unique),
        )
