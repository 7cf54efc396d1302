"""How near the applicants come to each published figure: the distance, beside what chance alone would make of it.

The distance of shares is the total variation distance: the points that would have to move from one label to
another. Of rates it is the largest difference, in the figure's own unit, among the labels that were counted often
enough to say anything.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import pi, sqrt

from simulators.realism.published import Kind, PublishedFigure

FEW = 30
"""A rate that was counted less often is shown, and makes no distance."""


@dataclass(slots=True)
class Tally:
    """What was counted for one figure."""

    count: Counter[str] = field(default_factory=Counter)
    total: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    square: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add_labels(self, labels: Iterable[str]) -> None:
        """Counts labels of one applicant."""
        self.count.update(labels)

    def add_rates(self, rates: Iterable[tuple[str, float]]) -> None:
        """Adds (label, value) pairs of one applicant."""
        for label, value in rates:
            self.count[label] += 1
            self.total[label] += value
            self.square[label] += value * value


@dataclass(frozen=True, slots=True)
class Value:
    """One label of a figure: what is published, and what was counted among `of`."""

    label: str
    published: float
    ours: float | None
    """None where nothing was counted."""
    of: int
    chance: float
    """How far `ours` would be off on average if it were drawn from what is published."""

    @property
    def difference(self) -> float | None:
        """Ours less the published one."""
        return None if self.ours is None else self.ours - self.published


@dataclass(frozen=True, slots=True)
class Marginal:
    """A published figure beside ours."""

    figure: PublishedFigure
    values: tuple[Value, ...]
    seen: int

    @property
    def largest(self) -> Value | None:
        """Where the two are farthest apart; None where too little was counted."""
        least = 1 if self.figure.kind is Kind.SHARES else FEW
        counted = [value for value in self.values if value.ours is not None and value.of >= least]
        return max(counted, key=lambda value: abs(value.difference or 0), default=None)

    @property
    def distance(self) -> float | None:
        """The total variation distance of shares in points, the largest difference of rates."""
        if self.figure.kind is Kind.SHARES and self.seen:
            return sum(abs(value.difference or 0) for value in self.values) / 2
        return abs(self.largest.difference or 0) if self.largest else None

    @property
    def chance(self) -> float:
        """What the distance would be on average by chance alone."""
        if self.figure.kind is Kind.SHARES:
            return sum(value.chance for value in self.values) / 2
        return self.largest.chance if self.largest else 0.0


def marginal(figure: PublishedFigure, tally: Tally) -> Marginal:
    """The figure beside what was counted for it."""
    make = _shares if figure.kind is Kind.SHARES else _rates
    values = tuple(make(figure, tally))
    return Marginal(figure, values, sum(value.of for value in values))


def _shares(figure: PublishedFigure, tally: Tally) -> Iterable[Value]:
    whole = sum(figure.values.values())
    seen = sum(tally.count[label] for label in figure.values)
    for label, value in figure.values.items():
        share = value / whole
        ours = tally.count[label] / seen * 100 if seen else None
        chance = _off_by_chance(100 * sqrt(share * (1 - share)), seen)
        yield Value(label, share * 100, ours, tally.count[label], chance)


def _rates(figure: PublishedFigure, tally: Tally) -> Iterable[Value]:
    for label, value in figure.values.items():
        seen = tally.count[label]
        ours = tally.total[label] / seen if seen else None
        if figure.unit.startswith("%"):
            spread = sqrt(value * (100 - value))
        else:
            spread = sqrt(max(0.0, tally.square[label] / seen - (ours or 0) ** 2)) if seen else 0.0
        yield Value(label, float(value), ours, seen, _off_by_chance(spread, seen))


def _off_by_chance(spread: float, seen: int) -> float:
    """The mean absolute error of a mean of `seen` draws that spread so far."""
    return spread * sqrt(2 / (pi * seen)) if seen else 0.0
