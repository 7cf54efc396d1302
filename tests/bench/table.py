"""The table of the bench: one row for each figure, beside what it is held against."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

HEADINGS = ("measure", "unit", "ours", "beside", "theirs", "ratio", "target", "")


@dataclass(frozen=True, slots=True)
class Target:
    """What the ratio has to be; `aim` is what it should be."""

    must: float
    aim: float | None = None
    at_most: bool = False
    """Whether the ratio has to stay below instead of reaching it."""

    def __str__(self) -> str:
        sign = "≤" if self.at_most else "≥"
        aim = "" if self.aim is None else f", aim {sign} {self.aim:g}"
        return f"{sign} {self.must:g}{aim}"

    def verdict(self, ratio: float) -> str:
        """Whether a ratio meets it, in words."""
        if not self._holds(ratio, self.must):
            return "not met"
        return "met" if self.aim is None or self._holds(ratio, self.aim) else "met, aim not met"

    def _holds(self, ratio: float, limit: float) -> bool:
        return ratio <= limit if self.at_most else ratio >= limit


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `ours` and `theirs` are medians of their rounds; None where there is none."""

    measure: str
    unit: str
    ours: float | None = None
    beside: str = ""
    theirs: float | None = None
    target: Target | None = None
    left_out: str = ""
    """Why there is no figure of theirs, where that was to be expected: a peer that cannot be had here."""
    failed: str = ""
    """Why there is no figure at all."""

    @property
    def ratio(self) -> float | None:
        """Ours to theirs."""
        return self.ours / self.theirs if self.ours is not None and self.theirs else None

    @property
    def verdict(self) -> str:
        """The last column."""
        if self.failed:
            return f"failed: {self.failed}"
        if self.left_out:
            return f"left out: {self.left_out}"
        return self.target.verdict(self.ratio) if self.target and self.ratio is not None else ""

    def cells(self) -> tuple[str, ...]:
        """The row as text, under `HEADINGS`."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        target = "" if self.target is None else str(self.target)
        told = (self.measure, self.unit, _number(self.ours), self.beside, _number(self.theirs))
        return (*told, ratio, target, self.verdict)


def of_rounds(rounds: Sequence[float]) -> float | None:
    """The figure of several rounds: their median; None without any."""
    return median(rounds) if rounds else None


def as_text(rows: Iterable[Row]) -> str:
    """The table for a terminal."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def as_markdown(rows: Iterable[Row]) -> str:
    """The table for docs/performance.md."""
    rule = ("---", "---", "---:", "---", "---:", "---:", "---", "---")
    lines = [HEADINGS, rule, *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
