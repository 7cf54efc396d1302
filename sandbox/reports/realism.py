"""How real the synthetic applicants are, as plain values, as JSON and as one HTML page."""

from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson

from sandbox.conformance.results import Result
from sandbox.reports.writing import page


@dataclass(frozen=True, slots=True)
class DiagnosticLine:
    """Something that must be true of every applicant."""

    name: str
    part: str
    sentence: str
    source: str
    checked: int
    failed: int
    examples: tuple[int, ...]
    """The first applicants that failed, by index."""

    @property
    def result(self) -> Result:
        """Fail where it failed once; inconclusive where it never applied."""
        if self.failed:
            return Result.FAIL
        return Result.PASS if self.checked else Result.INCONCLUSIVE


@dataclass(frozen=True, slots=True)
class ComparedValue:
    """One label of a published figure; `ours` None where nothing was counted."""

    label: str
    published: float
    ours: float | None
    difference: float | None
    of: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A published figure beside what was made."""

    id: str
    title: str
    is_shares: bool
    """Parts of a whole, whose distance is the total variation distance; else rates, whose largest difference it is."""
    unit: str
    basis: str
    population: str
    date: str
    source: str
    urls: tuple[str, ...]
    note: str
    values: tuple[ComparedValue, ...]
    counted: int
    distance: float | None
    chance: float
    """What the distance would be on average by chance alone."""
    farthest: str
    """The label with the largest difference."""

    @property
    def measure(self) -> str:
        """What the distance is counted in."""
        return "points" if self.unit.startswith("%") else self.unit

    @property
    def says(self) -> str:
        """The comparison in a sentence."""
        if self.distance is None:
            return "Nothing was counted."
        what = "Total variation distance" if self.is_shares else "Largest difference"
        return (
            f"{what}: {self.distance:.1f} {self.measure}, of which chance alone would make {self.chance:.1f};"
            f" farthest apart: {self.farthest}."
        )


@dataclass(frozen=True, slots=True)
class AssumptionLine:
    """Something for which no figure is published, and what comes of it."""

    title: str
    text: str
    shares: dict[str, float]
    of: int


@dataclass(frozen=True, slots=True)
class RealismReport:
    """Everything that the page shows."""

    diagnostics: tuple[DiagnosticLine, ...]
    comparisons: tuple[Comparison, ...]
    assumptions: tuple[AssumptionLine, ...]
    facts: dict[str, str]
    title: str = "How real the synthetic applicants are"

    @property
    def result(self) -> Result:
        """Whether every diagnostic held for every applicant; distances are told, not judged."""
        failed = any(line.failed for line in self.diagnostics)
        return Result.FAIL if failed else Result.PASS

    @property
    def parts(self) -> list[tuple[str, list[DiagnosticLine]]]:
        """The diagnostics by part, in their order."""
        ordered = sorted(self.diagnostics, key=lambda line: self._first(line.part))
        return [(part, list(lines)) for part, lines in groupby(ordered, lambda line: line.part)]

    def _first(self, part: str) -> int:
        return next(place for place, line in enumerate(self.diagnostics) if line.part == part)

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it; without the drawings."""
        return {
            "title": self.title,
            "result": self.result,
            "facts": self.facts,
            "diagnostics": [{**asdict(line), "result": line.result} for line in self.diagnostics],
            "marginals": [
                {**asdict(comparison), "says": comparison.says} for comparison in self.comparisons
            ],
            "assumptions": [asdict(line) for line in self.assumptions],
        }

    def to_json(self) -> bytes:
        """The JSON, indented."""
        return orjson.dumps(self.to_dict(), option=orjson.OPT_INDENT_2)


def write_realism(report: RealismReport, folder: Path) -> list[Path]:
    """Writes `realism.html` and `realism.json` into the folder; answers their paths."""
    from sandbox.reports.realism_charts import beside_each_other

    folder.mkdir(parents=True, exist_ok=True)
    html, data = folder / "realism.html", folder / "realism.json"
    charts = {each.id: beside_each_other(each) for each in report.comparisons}
    html.write_text(page("realism.html.j2", report=report, charts=charts), "utf-8")
    data.write_bytes(report.to_json())
    return [html, data]
