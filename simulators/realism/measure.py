"""The whole examination: applicants of a seed, one after another, diagnosed and counted.

>>> measure(300, 1, surroundings, print).holds  # doctest: +SKIP
True
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulators.applicants import applicant
from simulators.checks import check_history
from simulators.realism.agreement import AGREEMENT
from simulators.realism.case import Case, Surroundings
from simulators.realism.codes import CODES
from simulators.realism.counting import OF_A_YEAR, RATES, SHARES, staff_gaps
from simulators.realism.diagnostic import Diagnostic, Examination, Finding
from simulators.realism.forms import FORMS
from simulators.realism.histories import HISTORIES, UNIQUE
from simulators.realism.marginals import Marginal, Tally, marginal
from simulators.realism.published import Assumption, assumptions, published_figures
from simulators.year import Year

DIAGNOSTICS: tuple[Diagnostic, ...] = (*FORMS, *CODES, *AGREEMENT, *HISTORIES)
_OF_STAFF = "disclosure-gaps-of-staff"


@dataclass(frozen=True, slots=True)
class Assumed:
    """An assumption, and what comes of it where that can be counted."""

    assumption: Assumption
    shares: Mapping[str, float]
    """In a hundred, the commonest first."""
    of: int


@dataclass(frozen=True, slots=True)
class Realism:
    """What the examination found."""

    count: int
    seed: int
    findings: tuple[Finding, ...]
    marginals: tuple[Marginal, ...]
    assumed: tuple[Assumed, ...]

    @property
    def holds(self) -> bool:
        """Whether every diagnostic held for every applicant."""
        return all(finding.holds for finding in self.findings)


def case_of(index: int, around: Surroundings) -> Case:
    """Applicant `index` with the history of their checks."""
    made: dict[str, Any] = applicant(around.seed, index, around.world)
    history = check_history(made, around.seed, index, around.world.today)
    return Case(index, made, tuple(history), around)


def measure(count: int, around: Surroundings, progress: Callable[[int], None]) -> Realism:
    """Examines applicants 0 to `count` - 1, and counts the start dates of as many who are sent over a year;
    `progress` hears how many are done.
    """
    examination = Examination(DIAGNOSTICS, UNIQUE)
    tallies = {name: Tally() for name in (*SHARES, *OF_A_YEAR, *RATES, _OF_STAFF)}
    year = Year(around.seed, around.world, max(1, count), around.world.today)
    for index in range(count):
        case = case_of(index, around)
        examination.look_at(case)
        for name, labels in SHARES.items():
            tallies[name].add_labels(labels(case))
        for name, rates in RATES.items():
            tallies[name].add_rates(rates(case))
        sent = Case(index, year.history(index)[0].body, (), around)
        for name, labels in OF_A_YEAR.items():
            tallies[name].add_labels(labels(sent))
        progress(index + 1)
    for employee in around.world.employees:
        tallies[_OF_STAFF].add_rates(staff_gaps(employee["person"]))
    return Realism(
        count=count,
        seed=around.seed,
        findings=examination.findings,
        marginals=tuple(marginal(figure, tallies[figure.id]) for figure in published_figures()),
        assumed=tuple(
            _assumed(each, tallies.get(each.id, Tally()).count) for each in assumptions()
        ),
    )


def _assumed(assumption: Assumption, count: Counter[str]) -> Assumed:
    of = count.total()
    shares = {label: number / of * 100 for label, number in count.most_common()}
    return Assumed(assumption, shares, of)
