"""A verdict as plain values: what was asked, what was found, and what follows."""

from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.conformance.results import Result, rolled_up


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a verdict table: expected against actual, in words."""

    what: str
    result: Result
    measured: str
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the job."""

    title: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def result(self) -> Result:
        """The worst of its lines; nothing at all is inconclusive."""
        return rolled_up(line.result for line in self.lines)


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart: the drawing, what it says in a sentence, and the table behind it."""

    title: str
    svg: str
    says: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a report shows."""

    title: str
    sections: tuple[Section, ...]
    facts: dict[str, str]
    """What a reader has to know to judge it: versions, seed, times, machine."""
    figures: tuple[Figure, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)
    """What the JSON holds besides."""

    @property
    def result(self) -> Result:
        """The worst of the sections."""
        return rolled_up(section.result for section in self.sections)

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it; without the drawings."""
        return {
            "title": self.title,
            "result": self.result,
            "facts": self.facts,
            "sections": [
                {"result": section.result, **asdict(section)} for section in self.sections
            ],
            "figures": [
                {"title": figure.title, "headings": figure.headings, "rows": figure.rows}
                for figure in self.figures
            ],
            **self.details,
        }
