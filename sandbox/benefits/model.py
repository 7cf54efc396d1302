"""What an API in place of hourly files may be worth in a year.

Two things are kept apart. *Elapsed hours* are how much earlier the records are in ESR: nobody sits beside them, so they
are no money. *Working hours* are a recruiter's: records that somebody looks at again while they are on their way, and
applicants who are entered by hand because the file did not load them. Working hours times an hourly cost are pounds.

Every number that is not measured is a row of ASSUMPTIONS with its basis: public (published, with the source) or assumed
(ours). A range is the model run three times: with every low value, with every middle one, with every high one. Times
enter it as low: the median through files less the 95th percentile through the API; middle: the two medians; high: the
95th percentile through files less the median through the API.
"""

from dataclasses import asdict, dataclass
from typing import Any

from sandbox.benefits.timing import Timing

PUBLISHED_SAVING = 2_900_000
"""Pounds a year."""
PUBLISHED_SPEED_UP = 99
"""Per cent."""
PUBLISHED_IN = (
    "https://esrnews.nhs.uk/march-2022/programme-news/"
    "modernising-esr-integration-services-to-deliver-benefits-to-recruiters/print"
)
PUBLIC, ASSUMED = "public", "assumed"
_SECONDS_IN_AN_HOUR, _MINUTES_IN_AN_HOUR = 3600, 60


@dataclass(frozen=True, slots=True)
class Range:
    """A low, a middle and a high value."""

    low: float
    mid: float
    high: float

    def values(self) -> tuple[float, float, float]:
        """In this order."""
        return self.low, self.mid, self.high


@dataclass(frozen=True, slots=True)
class Assumption:
    """A number that goes into the model and was not measured."""

    name: str
    what: str
    value: Range
    unit: str
    basis: str
    source: str


def _fixed(value: float) -> Range:
    return Range(value, value, value)


_OURS = "ours: no published figure is known"

APPLICATIONS = Assumption(
    "applications",
    "applications for new starters that reach ESR in a year",
    _fixed(250_000),
    "records",
    PUBLIC,
    PUBLISHED_IN,
)
CHECK_UPDATES = Assumption(
    "checkUpdates",
    "employment-check updates that reach ESR in a year",
    _fixed(1_200_000),
    "records",
    PUBLIC,
    PUBLISHED_IN,
)
HOURLY_COST = Assumption(
    "hourlyCost",
    "what an hour of a recruiter's work costs the employer",
    Range(19.0, 22.0, 26.0),
    "GBP",
    ASSUMED,
    "ours: about a band 4 salary with the employer's on-costs, over the hours worked in a year; set it with --hourly-cost",
)
LOOKED_AT_AGAIN = Assumption(
    "lookedAtAgain",
    "records that somebody looks at again while they are on their way",
    Range(0.02, 0.05, 0.15),
    "share",
    ASSUMED,
    _OURS,
)
MINUTES_TO_LOOK = Assumption(
    "minutesToLook",
    "a recruiter's time for one such look, and for taking up the work again",
    Range(1.0, 3.0, 5.0),
    "minutes",
    ASSUMED,
    _OURS,
)
ENTERED_BY_HAND = Assumption(
    "enteredByHand",
    "applicants who are entered by hand because the file did not load them",
    Range(0.005, 0.02, 0.05),
    "share",
    ASSUMED,
    _OURS,
)
MINUTES_TO_ENTER = Assumption(
    "minutesToEnter",
    "a recruiter's time to enter one applicant",
    Range(10.0, 20.0, 30.0),
    "minutes",
    ASSUMED,
    _OURS,
)
MENDED_AT_ONCE = Assumption(
    "mendedAtOnce",
    "of these, applicants whom an answer at once lets the supplier mend and send again",
    Range(0.25, 0.5, 0.75),
    "share",
    ASSUMED,
    _OURS,
)

ASSUMPTIONS = (
    APPLICATIONS,
    CHECK_UPDATES,
    HOURLY_COST,
    LOOKED_AT_AGAIN,
    MINUTES_TO_LOOK,
    ENTERED_BY_HAND,
    MINUTES_TO_ENTER,
    MENDED_AT_ONCE,
)
"""All of them, in the order in which they are told."""


@dataclass(frozen=True, slots=True)
class Benefits:
    """The result, with everything that it rests on."""

    timing: Timing
    assumptions: tuple[Assumption, ...]
    elapsed_hours: Range
    """How much earlier all records of a year are in ESR, added up."""
    faster_percent: Range
    """By how much a record's way is shorter."""
    working_hours: Range
    """A recruiter's hours in a year."""
    pounds: Range
    """What these cost."""
    break_even_minutes: Range
    """A recruiter's time for each record that would give the published saving, and nothing else saved."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it; numbers are not rounded."""
        return {
            "timing": asdict(self.timing),
            "assumptions": [asdict(row) for row in self.assumptions],
            "result": {
                "elapsedHours": asdict(self.elapsed_hours),
                "fasterPercent": asdict(self.faster_percent),
                "workingHours": asdict(self.working_hours),
                "pounds": asdict(self.pounds),
            },
            "breakEvenMinutesPerRecord": asdict(self.break_even_minutes),
            "published": {
                "pounds": PUBLISHED_SAVING,
                "fasterPercent": PUBLISHED_SPEED_UP,
                "source": PUBLISHED_IN,
                "confirmed": False,
            },
        }


def benefits(timing: Timing, hourly_cost: float | None = None) -> Benefits:
    """The model, run for the times that were measured or assumed; `hourly_cost` takes the place of the assumed one."""
    rows = tuple(
        _told(row, hourly_cost) if row is HOURLY_COST and hourly_cost is not None else row
        for row in ASSUMPTIONS
    )
    value = {row.name: row.value.values() for row in rows}
    applications, updates = value[APPLICATIONS.name], value[CHECK_UPDATES.name]
    records = [sum(pair) for pair in zip(applications, updates, strict=True)]
    files, api = timing.files.total, timing.api.total
    through_files = (files.median, files.median, files.p95)
    through_api = (api.p95, api.median, api.median)
    ways = list(zip(through_files, through_api, strict=True))
    shorter = [max(0.0, 1 - short / long) if long else 0.0 for long, short in ways]
    looks = [
        records[case]
        * value[LOOKED_AT_AGAIN.name][case]
        * value[MINUTES_TO_LOOK.name][case]
        * shorter[case]
        for case in range(3)
    ]
    entries = [
        applications[case]
        * value[ENTERED_BY_HAND.name][case]
        * value[MINUTES_TO_ENTER.name][case]
        * value[MENDED_AT_ONCE.name][case]
        for case in range(3)
    ]
    hours = [sum(pair) / _MINUTES_IN_AN_HOUR for pair in zip(looks, entries, strict=True)]
    cost = value[HOURLY_COST.name]
    even = [
        PUBLISHED_SAVING / records[case] / cost[case] * _MINUTES_IN_AN_HOUR for case in range(3)
    ]
    return Benefits(
        timing=timing,
        assumptions=rows,
        elapsed_hours=Range(
            *(
                records[case] * (long - short) / _SECONDS_IN_AN_HOUR
                for case, (long, short) in enumerate(ways)
            )
        ),
        faster_percent=Range(*(share * 100 for share in shorter)),
        working_hours=Range(*hours),
        pounds=Range(*(hours[case] * cost[case] for case in range(3))),
        # Who costs more saves the sum in fewer minutes.
        break_even_minutes=Range(*sorted(even)),
    )


def _told(row: Assumption, value: float) -> Assumption:
    return Assumption(row.name, row.what, _fixed(value), row.unit, ASSUMED, "given: --hourly-cost")
